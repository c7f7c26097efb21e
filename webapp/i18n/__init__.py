"""Languages, messages, formatting, and folding of names."""
