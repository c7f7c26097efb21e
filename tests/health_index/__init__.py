"""Tests of the health index: its sources, its rules, its service, its view."""
