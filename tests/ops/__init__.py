"""What machines ask of the running service."""
