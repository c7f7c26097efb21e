"""Health index: base years, publication days, series, indexation."""
