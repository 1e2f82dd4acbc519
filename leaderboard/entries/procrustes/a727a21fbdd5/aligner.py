"""Orthogonal Procrustes on known pairs: the reference."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class Procrustes(Aligner):
    r"""The orthogonal map that carries the pairs' source vectors closest to their targets.

    With X and Y the unit vectors of the paired products,

    .. math:: W = \arg\min_{W^\top W = I} \|XW - Y\|_F = UV^\top, \quad U \Sigma V^\top = X^\top Y.

    Fewer pairs than dimensions leave directions of which they say nothing: these are mapped to
    zero (singular values of zero are left out), where a full rotation would turn them at random.
    Shops of differing dimensions are padded with zeros to the larger one. Cost: O(m d² + d³).

    References
    ----------
    Schönemann 1966, "A generalized solution of the orthogonal Procrustes problem"; Xing et al.
    2015, "Normalized Word Embedding and Orthogonal Transform for Bilingual Word Translation".
    """

    name = "procrustes"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "orthogonal map fitted on pairs of unit vectors"
    licence = "Apache-2.0"
    citation = "Schönemann, P. H. (1966). Psychometrika 31, 1-10."
    uses = frozenset({"pairs"})
    stochastic = False

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Solve for the rotation."""
        self.width_ = max(source.vectors.shape[1], target.vectors.shape[1])
        ours, theirs = evidence.pairs.T
        x, y = self._padded(source.vectors[ours]), self._padded(target.vectors[theirs])
        u, s, vt = np.linalg.svd(x.T.astype(np.float64) @ y)
        known = s > s[0] * 1e-6
        self.rotation_ = (u[:, known] @ vt[known]).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate the unit vectors."""
        return self._padded(shop.vectors) @ self.rotation_

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors, with zeros up to the shared width."""
        return self._padded(shop.vectors)

    def _padded(self, vectors: Matrix) -> Matrix:
        missing = self.width_ - vectors.shape[1]
        return np.pad(unit(vectors), ((0, 0), (0, missing))) if missing else unit(vectors)
