"""Tests in a browser, run by `make test-browser` and not by plain `pytest`."""
