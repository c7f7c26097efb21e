"""Lists as people and programs write them: CSV and spreadsheets. Knows no zipcode."""
