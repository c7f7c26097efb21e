"""Tests in a real browser. `make test-browser` runs them, plain `pytest` leaves them out."""
