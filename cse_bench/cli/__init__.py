"""The command line: one thin verb per file."""
