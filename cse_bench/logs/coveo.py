"""The archive released with the paper (version 1.1.0), for those who hold it.

A zip file, or a directory, of five JSON files: one list of cross-shop sessions, each a list of ids
in order of time such as ``["SHOP1_SKU21", "SHOP1_SKU32", "SHOP2_SKU13"]``; two maps from id to
vector whose names hold ``original_vectors``, one a shop; and two whose names hold
``aligned_vectors``. Version 1.0.0 held pickles instead, which are never loaded.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from cse_bench.errors import InputError
from cse_bench.logs.schema import Drop
from cse_bench.types import Matrix

VECTORS = ("original_vectors", "aligned_vectors")


@dataclass(frozen=True, eq=False)
class Archive:
    """What the archive holds, checked.

    Attributes
    ----------
    shops : tuple of str
        Both shops, sorted.
    ids : dict of str to list of str
        Products of each shop that have an original vector, sorted.
    original, aligned : dict of str to ndarray of shape (n, d), float32
        Vectors of each shop, in the order of `ids`; `aligned` is empty where the archive has none.
    sessions : list of (list of str, list of str)
        Source part and target part of each cross-shop session.
    drops : list of Drop
        What could not be used.
    """

    shops: tuple[str, ...]
    ids: dict[str, list[str]]
    original: dict[str, Matrix]
    aligned: dict[str, Matrix]
    sessions: list[tuple[list[str], list[str]]]
    drops: list[Drop]


def read_archive(path: Path) -> Archive:
    """Read the archive.

    Parameters
    ----------
    path : Path
        The zip file, or the directory it was unpacked into.

    Raises
    ------
    InputError
        Naming the file that is missing or wrong.
    """
    lists: list[tuple[str, list[Any]]] = []
    maps: dict[str, dict[str, tuple[str, dict[str, Any]]]] = {kind: {} for kind in VECTORS}
    for name, text in _json_files(path):
        content = _parse(name, text)
        kind = next((k for k in VECTORS if k in Path(name).name), None)
        if kind is None and isinstance(content, list):
            lists.append((name, content))
        elif kind is not None and isinstance(content, dict) and content:
            shop = next(iter(content)).partition("_")[0]
            if shop in maps[kind]:
                raise InputError(f"{name} and {maps[kind][shop][0]} both hold {kind} of {shop}")
            maps[kind][shop] = (name, content)
    if len(lists) != 1:
        raise InputError(
            f"{path} holds {len(lists)} JSON lists of sessions, wanted is one",
            "the archive's version 1.1.0 has it",
        )
    if len(maps[VECTORS[0]]) != 2:
        raise InputError(
            f"{path} holds original_vectors of {len(maps[VECTORS[0]])} shops, wanted are two",
            "two JSON files whose names hold original_vectors",
        )
    shops = tuple(sorted(maps[VECTORS[0]]))
    original = {s: _vectors(*maps[VECTORS[0]][s], s) for s in shops}
    ids = {shop: sorted(vectors) for shop, vectors in original.items()}
    aligned: dict[str, Matrix] = {}
    if len(maps[VECTORS[1]]) == 2:
        moved = {s: _vectors(*maps[VECTORS[1]][s], s) for s in shops}
        missing = [i for s in shops for i in ids[s] if i not in moved[s]]
        if missing:
            raise InputError(f"{maps[VECTORS[1]][shops[0]][0]}: {missing[0]} has no aligned vector")
        aligned = {s: np.stack([moved[s][i] for i in ids[s]]) for s in shops}
    sessions, drops = _sessions(*lists[0], original)
    stacked = {s: np.stack([original[s][i] for i in ids[s]]) for s in shops}
    return Archive(shops, ids, stacked, aligned, sessions, drops)


def _json_files(path: Path) -> Iterator[tuple[str, bytes]]:
    """Name and content of every JSON file; pickles are refused unread."""
    if path.is_dir():
        names = sorted(p for p in path.rglob("*") if p.is_file())
        _refuse_pickles([p.name for p in names])
        for file in names:
            if file.suffix == ".json":
                yield str(file), file.read_bytes()
        return
    try:
        with zipfile.ZipFile(path) as archive:
            _refuse_pickles(archive.namelist())
            for name in sorted(archive.namelist()):
                if name.endswith(".json") and not name.startswith("__MACOSX"):
                    yield name, archive.read(name)
    except FileNotFoundError:
        raise InputError(f"there is no archive {path}") from None
    except (zipfile.BadZipFile, OSError, EOFError) as error:
        raise InputError(f"{path} is no complete zip file: {error}") from None


def _refuse_pickles(names: list[str]) -> None:
    found = [n for n in names if n.lower().endswith((".pkl", ".pickle", ".p"))]
    if found:
        raise InputError(
            f"{found[0]} is a pickle, and pickles are never loaded: they can run anything",
            "get version 1.1.0 of the archive, which holds JSON",
        )


def _parse(name: str, text: bytes) -> Any:
    try:
        return json.loads(text)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{name} is not JSON: {error}", "is the file complete?") from None


def _vectors(name: str, content: dict[str, Any], shop: str) -> dict[str, Matrix]:
    """Id → vector, all of one width and one shop."""
    vectors: dict[str, Matrix] = {}
    width = None
    for product, values in content.items():
        where = f"{name}: {product}"
        if product.partition("_")[0] != shop:
            raise InputError(f"{where} is of another shop than {shop}")
        try:
            vector = np.asarray(values, dtype=np.float32)
        except (TypeError, ValueError):
            raise InputError(f"{where} has no vector of numbers") from None
        width = vector.shape if width is None else width
        if vector.ndim != 1 or vector.shape != width or not np.isfinite(vector).all():
            raise InputError(
                f"{where} has a vector of shape {vector.shape}, or one that is not finite",
                f"the first in that file has shape {width}",
            )
        vectors[product] = vector
    return vectors


def _sessions(
    name: str, content: list[Any], known: dict[str, dict[str, Matrix]]
) -> tuple[list[tuple[list[str], list[str]]], list[Drop]]:
    """Source and target part of every session: its first shop, then the next."""
    sessions = []
    unknown, back, one = 0, 0, 0
    for number, session in enumerate(content):
        if not isinstance(session, list) or not all(isinstance(i, str) for i in session):
            raise InputError(f"{name}, session {number} is no list of ids: {str(session)[:80]}")
        kept = [i for i in session if i in known.get(i.partition("_")[0], {})]
        unknown += len(session) - len(kept)
        parts: list[list[str]] = []
        for product in kept:
            if not parts or parts[-1][0].partition("_")[0] != product.partition("_")[0]:
                parts.append([])
            parts[-1].append(product)
        if len(parts) < 2:
            one += 1
            continue
        back += sum(len(part) for part in parts[2:])
        sessions.append((parts[0], parts[1]))
    drops = [
        Drop("sessions", "products without a vector", unknown),
        Drop("sessions", "products after the session came back to its first shop", back),
        Drop("sessions", "sessions of one shop", one),
    ]
    return sessions, [drop for drop in drops if drop.rows]
