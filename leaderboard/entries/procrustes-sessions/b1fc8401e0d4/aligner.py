"""Orthogonal Procrustes on cross-shop sessions: no dictionary, only visits."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.sparse import csr_array

from cse_bench import Aligner, Evidence, Matrix, Ragged, Shop, unit


class ProcrustesSessions(Aligner):
    r"""The orthogonal map that carries the source parts of sessions closest to their targets.

    The rows of X and Y are the mean unit vectors of a cross-shop session's two parts, scaled to
    length 1;

    .. math:: W = UV^\top, \quad U \Sigma V^\top = X^\top Y.

    Fewer sessions than dimensions leave directions of which they say nothing: these are mapped to
    zero. Shops of differing dimensions are padded with zeros to the larger one. A zero vector
    stays one. Cost: O(visited products · d + sessions · d² + d³).

    References
    ----------
    Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem"; sessions as
    evidence after Bianchi et al. 2020, "Fantastic Embeddings and How to Align Them".
    """

    name = "procrustes-sessions"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "orthogonal map fitted on the mean vectors of cross-shop sessions"
    licence = "Apache-2.0"
    citation = "Schönemann, P. H. (1966). Psychometrika 31, 1-10."
    uses = frozenset({"cross_sessions"})
    stochastic = False

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Solve for the rotation."""
        self.width_ = max(source.vectors.shape[1], target.vectors.shape[1])
        there, back = evidence.cross_sessions
        x, y = _means(self._padded(source), there), _means(self._padded(target), back)
        u, s, vt = np.linalg.svd(x.T.astype(np.float64) @ y)
        known = s > s[0] * 1e-6
        self.rotation_ = (u[:, known] @ vt[known]).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate the unit vectors."""
        return self._padded(shop) @ self.rotation_

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors, with zeros up to the shared width."""
        return self._padded(shop)

    def _padded(self, shop: Shop) -> Matrix:
        return np.pad(unit(shop.vectors), ((0, 0), (0, self.width_ - shop.vectors.shape[1])))


def _means(vectors: Matrix, sessions: Ragged) -> Matrix:
    """Mean of each session's vectors, scaled to length 1."""
    ones = np.ones(len(sessions.values), np.float32)
    member = csr_array((ones, sessions.values, sessions.offsets), (len(sessions), len(vectors)))
    return unit(np.asarray(member @ vectors, dtype=np.float32))
