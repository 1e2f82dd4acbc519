"""Aligners: the contract, and one reference method per file."""

from cse_bench.aligners.base import Aligner, Evidence, Shop

__all__ = ["Aligner", "Evidence", "Shop"]
