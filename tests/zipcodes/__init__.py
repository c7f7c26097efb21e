"""Zipcodes: the file, the table in force, the results."""
