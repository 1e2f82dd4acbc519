"""The result record: its schema, its files, and how it looks on a terminal."""
