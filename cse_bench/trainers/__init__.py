"""Trainers of product embeddings, one per file."""

from cse_bench.trainers.base import Embeddings, Sessions, Trainer

__all__ = ["Embeddings", "Sessions", "Trainer"]
