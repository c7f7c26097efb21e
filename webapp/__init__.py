"""Belgian health index and zipcode risk factors."""
