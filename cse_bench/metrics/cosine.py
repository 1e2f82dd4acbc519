"""Unit vectors, and the mean of a session's unit vectors."""

from __future__ import annotations

import numpy as np

from cse_bench.ragged import Ragged
from cse_bench.types import Matrix


def unit(vectors: Matrix) -> Matrix:
    """Scale rows to length 1; a row of zeros stays.

    Rows are first divided by their largest entry, so that neither huge nor tiny values overflow.

    Parameters
    ----------
    vectors : ndarray of shape (n, k), float32

    Returns
    -------
    ndarray of shape (n, k), float32
    """
    largest = np.abs(vectors).max(axis=1, keepdims=True, initial=0)
    scaled = np.divide(vectors, largest, out=np.zeros_like(vectors), where=largest > 0)
    norms = np.sqrt(np.einsum("ij,ij->i", scaled, scaled))[:, None]
    return np.divide(scaled, norms, out=scaled, where=norms > 0)


def session_means(vectors: Matrix, sessions: Ragged) -> Matrix:
    """Mean of the vectors of each session's products, scaled to length 1.

    Parameters
    ----------
    vectors : ndarray of shape (n, k), float32
        Unit vectors.
    sessions : Ragged
        Rows of `vectors`.

    Returns
    -------
    ndarray of shape (n_sessions, k), float32
    """
    from scipy.sparse import csr_array

    ones = np.ones(len(sessions.values), dtype=np.float32)
    member = csr_array(
        (ones, sessions.values, sessions.offsets), shape=(len(sessions), len(vectors))
    )
    return unit(np.asarray(member @ vectors, dtype=np.float32))
