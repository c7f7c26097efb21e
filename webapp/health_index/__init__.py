"""The health index: what Statbel publishes, kept and served."""
