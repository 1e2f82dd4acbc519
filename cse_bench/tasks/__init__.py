"""Tasks: what is scored on the aligned space. One per file."""
