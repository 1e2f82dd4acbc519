"""Logs to release: sessions, splits, pseudonyms, and the pipeline that joins them."""
