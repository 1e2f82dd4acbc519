"""Raw logs in: one checked schema, and one reader per source."""
