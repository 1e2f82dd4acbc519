"""Places down to a depth only, and means of the best scores: cheap on long rows."""

from __future__ import annotations

import numpy as np

from cse_bench.metrics.ranking import count_above, count_greater
from cse_bench.types import Floats, Ints, Matrix

FOLD = 8
"""Columns that are folded into one group."""


def best_members(scores: Matrix, depth: int) -> tuple[Matrix, Matrix]:
    """A few scores of each row that hold its best ones.

    The columns are dealt into groups: group g of G holds g, g + G, g + 2 G, … The `depth`-th
    largest group maximum bounds the `depth`-th largest score from below, since the maxima are as
    many distinct scores; and whatever exceeds that bound stands in the groups of the `depth`
    largest maxima, or in the few columns beyond the groups.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
    depth : int
        At least 1; a row must have so many scores.

    Returns
    -------
    members : ndarray of shape (b, m), float32
        Holds every score above the bound, and the `depth` best.
    bound : ndarray of shape (b,), float32
        At least `depth` scores of the row reach it.
    """
    b, n = scores.shape
    maxima = _group_maxima(scores)
    groups = maxima.shape[1]
    if groups < depth:
        return scores, np.partition(scores, n - depth, axis=1)[:, n - depth]
    chosen = np.argpartition(maxima, groups - depth, axis=1)[:, groups - depth :]
    bound = np.take_along_axis(maxima, chosen[:, :1], axis=1)[:, 0]
    begin = chosen + n * np.arange(b)[:, None]
    flat = (begin[:, :, None] + groups * np.arange(FOLD)).reshape(b, -1)
    return np.concatenate([scores.ravel().take(flat), scores[:, groups * FOLD :]], axis=1), bound


def _group_maxima(scores: Matrix) -> Matrix:
    """The best score of each group of `best_members`: as many distinct scores of each row."""
    groups = scores.shape[1] // FOLD
    return scores[:, : groups * FOLD].reshape(len(scores), FOLD, groups).max(axis=1)


def count_above_to_depth(scores: Matrix, row: Ints, own: Matrix, depth: int) -> tuple[Ints, Ints]:
    """Place candidates among all of their row, exactly down to a depth.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
        Scores of all candidates.
    row : ndarray of shape (m,), int64
        Row of each candidate to place.
    own : ndarray of shape (m,), float32
        Its score.
    depth : int
        How far down places must be exact.

    Returns
    -------
    greater, ties : ndarray of shape (m,), int64
        As `ranking.count_above`; a candidate that surely ranks beyond `depth` has
        ``greater = depth`` and ``ties = 0``.
    """
    depth = min(depth, scores.shape[1])
    better_groups = count_greater(_group_maxima(scores).take(row, axis=0), own)
    greater = np.full(len(own), depth, np.int64)
    ties = np.zeros(len(own), np.int64)
    near = np.flatnonzero(better_groups < depth)
    greater[near], ties[near] = count_above(scores.take(row[near], axis=0), own[near])
    return greater, ties


def mean_of_best(scores: Matrix, depth: int) -> Floats:
    """Mean of the `depth` largest scores of each row.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
    depth : int
        If a row is shorter, all of it counts.

    Returns
    -------
    ndarray of shape (b,), float64
    """
    depth = min(depth, scores.shape[1])
    members, _ = best_members(scores, depth)
    cut = members.shape[1] - depth
    return np.partition(members, cut, axis=1)[:, cut:].mean(axis=1, dtype=np.float64)
