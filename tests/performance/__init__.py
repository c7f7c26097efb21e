"""What is measured by hand, and not at every run of the tests."""
