"""HTTP plumbing without a domain: cache, negotiation, errors, bodies, limits, static files."""
