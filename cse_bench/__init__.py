"""Align the product embeddings of two shops: data, methods, and an honest benchmark."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

__version__ = "1.0.0"

if TYPE_CHECKING:
    from cse_bench.aligners.base import Aligner, Evidence, Shop
    from cse_bench.api import build, compare, describe, evaluate, load_release
    from cse_bench.metrics.cosine import unit
    from cse_bench.ragged import Ragged
    from cse_bench.release.read import Release
    from cse_bench.types import Matrix

_HOMES = {
    "Aligner": "cse_bench.aligners.base",
    "Evidence": "cse_bench.aligners.base",
    "Matrix": "cse_bench.types",
    "Ragged": "cse_bench.ragged",
    "Release": "cse_bench.release.read",
    "Shop": "cse_bench.aligners.base",
    "build": "cse_bench.api",
    "compare": "cse_bench.api",
    "describe": "cse_bench.api",
    "evaluate": "cse_bench.api",
    "load_release": "cse_bench.api",
    "unit": "cse_bench.metrics.cosine",
}

__all__ = [  # noqa: RUF022  # the public names, with the version last
    "Aligner",
    "Evidence",
    "Matrix",
    "Ragged",
    "Release",
    "Shop",
    "build",
    "compare",
    "describe",
    "evaluate",
    "load_release",
    "unit",
    "__version__",
]


def __getattr__(name: str) -> Any:
    """Import a public name when it is first used, so that ``import cse_bench`` costs nothing."""
    if name not in _HOMES:
        raise AttributeError(f"module 'cse_bench' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
