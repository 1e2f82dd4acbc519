"""The board: results checked, run again, ranked, shown."""
