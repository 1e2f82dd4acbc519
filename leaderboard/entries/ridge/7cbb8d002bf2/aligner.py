"""Ridge regression from source to target vectors of known pairs."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class Ridge(Aligner):
    r"""The linear map that predicts the target vector of a pair from its source vector.

    On unit vectors X, Y of the m paired products,

    .. math:: W = (X^\top X + \alpha \tfrac{m}{d} I)^{-1} X^\top Y,

    so that :math:`\alpha` is in units of the mean variance of a dimension. Cost: O(m d² + d³).

    Parameters
    ----------
    alpha : float
        Strength of the penalty.

    References
    ----------
    Mikolov, Le & Sutskever 2013, "Exploiting Similarities among Languages for Machine
    Translation", equation 3; the penalty as in Dinu, Lazaridou & Baroni 2015.
    """

    name = "ridge"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "penalised linear map fitted on pairs of unit vectors"
    licence = "Apache-2.0"
    citation = "Mikolov, T., Le, Q. V., Sutskever, I. (2013). arXiv:1309.4168."
    uses = frozenset({"pairs"})
    stochastic = False

    def __init__(self, alpha: float = 1.0) -> None:
        self.alpha = alpha

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Solve the normal equations."""
        ours, theirs = evidence.pairs.T
        x = unit(source.vectors[ours]).astype(np.float64)
        y = unit(target.vectors[theirs])
        m, d = x.shape
        penalty = self.alpha * m / d * np.eye(d)
        self.map_ = np.linalg.solve(x.T @ x + penalty, x.T @ y).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Map the unit vectors."""
        return unit(shop.vectors) @ self.map_
