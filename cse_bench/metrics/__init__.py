"""Metrics: arrays in, per-query arrays out; one family per file."""
