"""Places down to a depth only, and means of the best scores: cheap on long rows."""

from __future__ import annotations

import numpy as np

from cse_bench.types import Floats, Ints, Matrix

STRIDE = 64
"""Scores per group; a group's maximum is one comparison in place of so many."""


def lower_bound_of_best(scores: Matrix, depth: int) -> Matrix:
    """A value that at least `depth` scores of each row reach.

    The columns are dealt into groups; the maxima of `depth` groups are `depth` distinct scores, so
    the `depth`-th largest maximum is a lower bound of the `depth`-th largest score.

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
    b, n = scores.shape
    stride = min(STRIDE, n // max(2 * depth, 1))
    if n < depth:
        return np.full(b, -np.inf, np.float32)
    if stride < 2:
        bound: Matrix = np.partition(scores, n - depth, axis=1)[:, n - depth]
        return bound
    groups = n // stride
    maxima = scores[:, : stride * groups].reshape(b, stride, groups).max(axis=1)
    maxima.partition(groups - depth, axis=1)
    return maxima[:, groups - depth]


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
    for i in np.flatnonzero(own >= bound[row]):
        line, value = scores[row[i]], own[i]
        at_least = np.count_nonzero(line >= value)
        above = np.count_nonzero(line > value)
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
    bound = lower_bound_of_best(scores, depth)
    means = np.empty(b)
    for i in range(b):
        line = scores[i]
        best = line[line >= bound[i]]
        if len(best) > depth:
            best = np.partition(best, len(best) - depth)[-depth:]
        means[i] = best.mean(dtype=np.float64)
    return means
