"""CSV and spreadsheets, independent of zipcodes."""
