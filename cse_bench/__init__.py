"""Align the product embeddings of two shops: data, methods, and an honest benchmark."""

__version__ = "0.9.0"
