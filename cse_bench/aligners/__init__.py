"""Aligners: the contract, and one reference method per file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cse_bench.aligners.base import Aligner, Evidence, Shop

__all__ = ["Aligner", "Evidence", "Shop"]


def __getattr__(name: str) -> Any:
    """Import the contract when it is first used: a sandbox starts without it."""
    if name not in __all__:
        raise AttributeError(f"module 'cse_bench.aligners' has no attribute {name!r}")
    from cse_bench.aligners import base

    return getattr(base, name)
