"""Rank metrics in closed form over ties.

A candidate's place is given by two counts: how many candidates score strictly higher
(``greater``), and how many others score the same (``ties``). Every metric is its mean over all
orders of the tied candidates, so that a constant scorer is exactly at chance.

Cosines of float32 vectors carry rounding errors of about 1e-7, which differ with a candidate's
place in the block: what is closer than `TIE` is rounding, and counts as a tie. So one ranking
comes out on every machine, and all-equal vectors are all tied.
"""

from __future__ import annotations

import numpy as np

from cse_bench.ragged import Ragged
from cse_bench.types import Floats, Ints, Matrix, Vector

QUARTERS = 4
"""Popularity bins of equal size."""

TIE = np.float32(1e-6)
"""Scores no further apart than this are tied."""


def count_above(scores: Matrix | Floats, own: Matrix | Floats) -> tuple[Ints, Ints]:
    """Place one candidate a row among all of its row.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32 or float64
        Scores of all candidates.
    own : ndarray of shape (b,), float32 or float64
        Score of the candidate to place, itself one of the row.

    Returns
    -------
    greater, ties : ndarray of shape (b,), int64
        How many score higher by more than `TIE`; how many others are no further away than that.
    """
    greater = count_greater(scores, own)
    return greater, _count_where(np.greater_equal, scores, own - TIE) - greater - 1


def count_greater(scores: Matrix | Floats, own: Matrix | Floats) -> Ints:
    """How many of each row score higher than `own` by more than `TIE`.

    Parameters
    ----------
    scores, own
        As in `count_above`.

    Returns
    -------
    ndarray of shape (b,), int64
    """
    return _count_where(np.greater, scores, own + TIE)


def _count_where(compare: np.ufunc, scores: Matrix | Floats, bound: Matrix | Floats) -> Ints:
    """For how many of each row the comparison with its bound holds."""
    n = scores.shape[1]
    mask = np.empty((len(scores), -(-n // _WORD) * _WORD), np.bool_)
    mask[:, n:] = False
    compare(scores, bound[:, None], out=mask[:, :n])
    return _count_rows(mask)


_WORD = 8
"""Booleans are counted so many at a time."""


def _count_rows(mask: np.ndarray[tuple[int, int], np.dtype[np.bool_]]) -> Ints:
    """How many are true in each row.

    Booleans are bytes of 0 or 1. Eight of them are read as one number, and 255 such numbers can be
    added before any of the eight sums overflows its byte: a sixth of the time of a plain sum.

    Parameters
    ----------
    mask : ndarray of shape (b, n), bool
        Contiguous; n a multiple of `_WORD`.
    """
    words = mask.view(np.uint64)
    if not words.size:
        return np.zeros(len(mask), np.int64)
    sums = np.add.reduceat(words, np.arange(0, words.shape[1], 255), axis=1)
    return sums.view(np.uint8).sum(axis=1, dtype=np.int64)


def reciprocal_rank(greater: Ints, ties: Ints) -> Floats:
    """Expected 1 / rank.

    Parameters
    ----------
    greater, ties : ndarray of any one shape, int64
        From `count_above`.

    Returns
    -------
    ndarray, float64
        ``(H(greater + ties + 1) - H(greater)) / (ties + 1)`` with H the harmonic numbers.
    """
    harmonic = _cumulative(1.0 / np.arange(1, _last(greater, ties) + 1))
    return (harmonic[greater + ties + 1] - harmonic[greater]) / (ties + 1)


def hits_at(k: int | Ints, greater: Ints, ties: Ints) -> Floats:
    """Probability of a rank of at most `k`: ``(k - greater) / (ties + 1)``, from 0 to 1.

    Parameters
    ----------
    k : int or ndarray of int64
        Depth, of all or of each.
    greater, ties : ndarray of any one shape, int64
        From `count_above`.

    Returns
    -------
    ndarray of that shape, float64
    """
    share: Floats = np.clip((k - greater) / (ties + 1.0), 0.0, 1.0)
    return share


def discounted_gain_at(k: int, greater: Ints, ties: Ints) -> Floats:
    """Expected ``1 / log2(rank + 1)`` for a rank of at most `k`, else 0.

    Parameters
    ----------
    k : int
        Depth.
    greater, ties : ndarray of any one shape, int64
        From `count_above`.

    Returns
    -------
    ndarray of that shape, float64
    """
    gains = _cumulative(1.0 / np.log2(np.arange(2, k + 2)))
    end, start = np.minimum(greater + ties + 1, k), np.minimum(greater, k)
    return (gains[end] - gains[start]) / (ties + 1)


def ndcg_at(k: int, greater: Ints, ties: Ints, rows: Ragged) -> Floats:
    """NDCG@k of queries with several relevant candidates, gains 0 and 1.

    Parameters
    ----------
    k : int
        Depth.
    greater, ties : ndarray of shape (total,), int64
        Place of each relevant candidate among all.
    rows : Ragged
        The relevant candidates of each query, in the same order.

    References
    ----------
    Järvelin & Kekäläinen 2002, "Cumulated gain-based evaluation of IR techniques".
    """
    ideal = _cumulative(1.0 / np.log2(np.arange(2, k + 2)))
    gained = _row_sums(discounted_gain_at(k, greater, ties), rows)
    return gained / ideal[np.minimum(rows.lengths, k)]


def recall_at(k: int, greater: Ints, ties: Ints, rows: Ragged) -> Floats:
    """Expected share of a query's relevant candidates that rank at most `k`.

    Parameters
    ----------
    k, greater, ties, rows
        As in `ndcg_at`.

    Returns
    -------
    ndarray of shape (n_queries,), float64
    """
    return _row_sums(hits_at(k, greater, ties), rows) / rows.lengths


def first_hit_at(k: int, greater: Ints, ties: Ints, rows: Ragged) -> tuple[Floats, Floats]:
    """HR@k and MRR@k of queries with several relevant candidates.

    Only the tie block of the best relevant candidate matters: of its B members, r are relevant,
    and the first of these stands at the block's place j with probability C(B - j, r - 1) / C(B, r).

    Parameters
    ----------
    k, greater, ties, rows
        As in `ndcg_at`.

    Returns
    -------
    hit, reciprocal : ndarray of shape (n_queries,), float64
        Probability that one relevant candidate ranks at most `k`; expected ``1 / rank`` of the
        first one, 0 beyond `k`.
    """
    starts = rows.offsets[:-1]
    best = np.minimum.reduceat(greater, starts)
    in_best = greater == np.repeat(best, rows.lengths)
    block = np.maximum.reduceat(np.where(in_best, ties + 1, 0), starts)
    relevant = np.add.reduceat(in_best.astype(np.int64), starts)
    hit, reciprocal = np.zeros(len(rows)), np.zeros(len(rows))
    alive = np.where(best < k, 1.0, 0.0)  # probability that none of the first j places is relevant
    for j in range(1, k + 1):
        rank = best + j
        left = block - j + 1  # members of the block at places j and after
        chance = np.clip(np.divide(relevant, left, out=np.zeros(len(rows)), where=left > 0), 0, 1)
        here = np.where((rank <= k) & (j <= block), alive * chance, 0.0)
        hit += here
        reciprocal += here / rank
        alive -= here
    return hit, reciprocal


def mean_by(row: Ints, values: Floats, n: int) -> Floats:
    """Mean of the values of each of `n` rows; NaN for a row of none.

    Parameters
    ----------
    row : ndarray of shape (m,), int64
        Row of each value.
    values : ndarray of shape (m,), float64
        The values.
    n : int
        How many rows there are.

    Returns
    -------
    ndarray of shape (n,), float64
    """
    count = np.bincount(row, minlength=n)
    total = np.bincount(row, weights=values, minlength=n)
    return np.divide(total, count, out=np.full(n, np.nan), where=count > 0)


def quarters(popularity: Vector) -> Ints:
    """Quarter of each query by its item's popularity, 0 the least popular; equal ones in order.

    Parameters
    ----------
    popularity : ndarray of shape (m,), float32

    Returns
    -------
    ndarray of shape (m,), int64
    """
    quarter = np.empty(len(popularity), np.int64)
    order = np.argsort(popularity, kind="stable")
    quarter[order] = np.arange(len(popularity)) * QUARTERS // max(len(popularity), 1)
    return quarter


def _row_sums(values: Floats, rows: Ragged) -> Floats:
    sums: Floats = np.add.reduceat(values, rows.offsets[:-1])
    return sums


def _cumulative(values: Floats) -> Floats:
    return np.concatenate([[0.0], np.cumsum(values)])


def _last(greater: Ints, ties: Ints) -> int:
    return int((greater + ties).max(initial=0)) + 1
