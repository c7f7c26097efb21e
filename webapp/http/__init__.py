"""HTTP plumbing, without knowledge of the domain."""
