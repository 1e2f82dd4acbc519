"""Smooth-maximum scores: a candidate is as near as the nearest products of a session."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from cse_bench.metrics.blocks import for_each_block
from cse_bench.ragged import Ragged
from cse_bench.types import Ints, Matrix

TEMPERATURE = np.float32(0.1)


@dataclass(frozen=True, eq=False)
class Wanted:
    """Which candidates are scored for which session, in the order in which they are met.

    Attributes
    ----------
    shape : (int, int)
        Of the scores: so many places, so many candidates each.
    session : ndarray of shape (places,), int64
        The session of each place.
    entry : ndarray of shape (places * candidates,), int32
        Flat index of every score, sorted by its candidate.
    begin : ndarray of shape (n_candidates + 1,), int64
        Where each candidate's entries begin.
    """

    shape: tuple[int, int]
    session: Ints
    entry: np.ndarray[tuple[int], np.dtype[np.int32]]
    begin: Ints

    @classmethod
    def sort(
        cls,
        session: Ints,
        index: np.ndarray[tuple[int, int], np.dtype[np.int32]],
        n_candidates: int,
    ) -> Wanted:
        """Sort what is to be scored by candidate, once for all scorings.

        Parameters
        ----------
        session : ndarray of shape (places,), int64
            Session of each place.
        index : ndarray of shape (places, width), int32
            Its candidates.
        n_candidates : int
            How many candidates there are.
        """
        places, width = index.shape
        entry = np.arange(index.size, dtype=np.int32)
        starts = np.arange(places + 1) * width
        by_candidate = csr_array(
            (entry, index.ravel(), starts), shape=(places, n_candidates)
        ).tocsc()  # a counting sort
        return cls(
            (places, width), session, by_candidate.data, by_candidate.indptr.astype(np.int64)
        )


def smooth_maxima(
    source: Matrix,
    target: Matrix,
    sessions: Ragged,
    wanted: Wanted,
    temperature: np.float32 = TEMPERATURE,
) -> Matrix:
    """Smooth maximum of the cosines of a session's products to a candidate.

    The score is ``t log(sum over the session's products x of exp(cos(x, y) / t))`` with t the
    temperature: between their maximum, and that plus ``t log n``.

    Parameters
    ----------
    source, target : ndarray of shape (n, k), float32
        Unit vectors.
    sessions : Ragged
        Rows of `source`, one session a row.
    wanted : Wanted
        What to score.
    temperature : float32
        The lower, the nearer to the maximum.

    Returns
    -------
    ndarray of shape ``wanted.shape``, float32
    """
    used, column = np.unique(sessions.values, return_inverse=True)
    ones = np.ones(len(column), np.float32)
    member = csr_array((ones, column, sessions.offsets), shape=(len(sessions), len(used)))
    width = wanted.shape[1]
    sums = np.empty(wanted.shape, np.float32)
    flat = sums.reshape(-1)

    def visit(part: slice, scores: Matrix) -> None:
        scores /= temperature
        np.exp(scores, out=scores)
        near = member @ np.ascontiguousarray(scores.T)  # (sessions, candidates of this block)
        begin = wanted.begin[part.start : part.stop + 1]
        entry = wanted.entry[begin[0] : begin[-1]]
        candidate = np.repeat(np.arange(len(scores)), np.diff(begin))
        flat[entry] = near[wanted.session[entry // width], candidate]

    for_each_block(target, source[used], visit)
    np.log(sums, out=sums)
    sums *= temperature
    return sums
