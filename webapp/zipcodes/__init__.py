"""Zipcodes, their risk factors and their places."""
