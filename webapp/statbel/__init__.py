"""Download, parsing and plausibility of Statbel's health index."""
