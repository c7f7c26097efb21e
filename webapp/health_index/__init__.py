"""The health index: base years, publication days, series, indexation."""
