"""Places down to a depth only, and means of the best scores: cheap on long rows."""

from __future__ import annotations

import numpy as np

from cse_bench.metrics.ranking import TIE
from cse_bench.types import Floats, Ints, Matrix

FOLD = 8
"""Columns that are folded into one group."""


def group_maxima(scores: Matrix, at_least: int) -> tuple[Matrix, int]:
    """Fold the columns of each row into groups of `FOLD`, and take each group's maximum.

    Group g of G holds the columns g, g + G, g + 2 G, …; the few columns beyond are groups of their
    own, and come last.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
    at_least : int
        How many groups there must be.

    Returns
    -------
    maxima : ndarray of shape (b, G + n - G * FOLD), float32
    groups : int
        G; 0 where n is too small to fold, and every column is a group of its own.
    """
    b, n = scores.shape
    groups = n // FOLD
    if groups < at_least:
        return scores, 0
    folded = scores[:, : groups * FOLD].reshape(b, FOLD, groups).max(axis=1)
    return np.concatenate([folded, scores[:, groups * FOLD :]], axis=1), groups


def lower_bound_of_best(scores: Matrix, depth: int) -> Matrix:
    """A value that at least `depth` scores of each row reach.

    The maxima of `depth` groups are `depth` distinct scores, so the `depth`-th largest maximum is
    a lower bound of the `depth`-th largest score.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
    depth : int
        At least 1.

    Returns
    -------
    ndarray of shape (b,), float32
        Minus infinity where a row has too few scores.
    """
    if scores.shape[1] < depth:
        return np.full(len(scores), -np.inf, np.float32)
    maxima, _ = group_maxima(scores, depth)
    cut = maxima.shape[1] - depth
    return np.partition(maxima, cut, axis=1)[:, cut]


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
    greater = np.full(len(own), depth, np.int64)
    ties = np.zeros(len(own), np.int64)
    bound = lower_bound_of_best(scores, depth)
    for i in np.flatnonzero(own + TIE >= bound[row]):
        line, value = scores[row[i]], own[i]
        at_least = np.count_nonzero(line >= value - TIE)
        above = np.count_nonzero(line > value + TIE)
        greater[i], ties[i] = above, at_least - above - 1
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
    b, n = scores.shape
    depth = min(depth, n)
    maxima, groups = group_maxima(scores, depth)
    cut = maxima.shape[1] - depth
    if groups:
        # The best scores all stand in the groups of the largest maxima.
        chosen = np.argpartition(maxima, cut, axis=1)[:, cut:, None]
        alone = chosen >= groups  # a column beyond the groups, in column groups * (FOLD - 1) + it
        columns = chosen + groups * np.where(alone, FOLD - 1, np.arange(FOLD))
        flat = columns + n * np.arange(b)[:, None, None]
        members = scores.ravel().take(flat)
        members[np.broadcast_to(alone & (np.arange(FOLD) > 0), flat.shape)] = -np.inf
        maxima = members.reshape(b, -1)
        cut = maxima.shape[1] - depth
    best = np.partition(maxima, cut, axis=1)[:, cut:]
    return best.mean(axis=1, dtype=np.float64)
