"""Hubness: whether a few products are near neighbours of everything."""

from __future__ import annotations

from threading import Lock

import numpy as np

from cse_bench.metrics.blocks import for_each_block
from cse_bench.metrics.depth import best_members
from cse_bench.metrics.ranking import TIE
from cse_bench.types import Floats, Ints, Matrix

NEIGHBOURS = 10


def k_occurrence(source: Matrix, target: Matrix, k: int = NEIGHBOURS) -> Ints:
    """How often each target product is among the `k` nearest of a source product, by cosine.

    Those tied with the k-th nearest all count, so that the order of rows decides nothing. Memory:
    one block of scores a core (`metrics.blocks`).

    Parameters
    ----------
    source, target : ndarray of shape (n, d), float32
        Unit vectors.
    k : int
        How many neighbours; if there are fewer target products, all of them.

    Returns
    -------
    ndarray of shape (n_target,), int64
    """
    n = len(target)
    depth = min(k, n)
    counts, lock = np.zeros(n, np.int64), Lock()

    def visit(part: slice, scores: Matrix) -> None:
        members, _ = best_members(scores, depth)
        cut = members.shape[1] - depth
        last = np.partition(members, cut, axis=1)[:, cut, None]
        met = np.bincount(np.flatnonzero(scores >= last - TIE) % n, minlength=n)
        with lock:
            np.add(counts, met, out=counts)

    if n:
        for_each_block(source, target, visit)
    return counts


def skewness(counts: Ints | Floats) -> float:
    """Third standardised moment, ``E[(N - mean)³] / std³``; 0 where all counts are equal.

    Above 0 when a few are met very often: hubs. With hubs of the k-occurrence it is the hubness of
    Radovanović, Nanopoulos & Ivanović 2010, "Hubs in Space: Popular Nearest Neighbors in
    High-Dimensional Data", equation 1.
    """
    away = counts - np.mean(counts) if len(counts) else np.zeros(1)
    spread = np.sqrt(np.mean(away**2))
    return float(np.mean(away**3) / spread**3) if spread > 0 else 0.0
