"""Tests of the health index."""
