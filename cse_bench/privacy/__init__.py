"""Release gates: what a release promises of privacy, measured on it."""
