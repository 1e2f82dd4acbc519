"""Canonical correlation analysis on known pairs, with shrinkage."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class CCA(Aligner):
    r"""The directions in which paired products agree most, each weighted by its agreement.

    Unit vectors are centred at the mean of their shop. With X and Y those of the m pairs and
    :math:`C_x, C_y, C_{xy}` their second moments,

    .. math::

        \tilde C = C + \alpha\left(1 + \tfrac dm\right) \tfrac{\mathrm{tr}\,C}{d} I, \qquad
        \tilde C_x^{-1/2} C_{xy} \tilde C_y^{-1/2} = U R V^\top,

    a source product x goes to :math:`R^t U^\top \tilde C_x^{-1/2} x`, a target product y to
    :math:`R^t V^\top \tilde C_y^{-1/2} y`. The penalty grows where pairs are fewer than
    dimensions; directions without correlation are left out. A zero vector stays one.
    Cost: O(m d² + d³).

    Parameters
    ----------
    alpha : float
        Shrinkage towards a multiple of the identity, in units of the mean variance.
    exponent : float
        The power t of the canonical correlations: 0 counts every direction alike.

    References
    ----------
    Hotelling 1936, "Relations between two sets of variates"; Faruqui & Dyer 2014, "Improving
    Vector Space Word Representations Using Multilingual Correlation"; the ridge as in Vinod
    1976, "Canonical ridge and econometrics of joint production"; weighting by correlation as in
    Artetxe, Labaka & Agirre 2018, "Generalizing and Improving Bilingual Word Embedding Mappings".
    """

    name = "cca"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "canonical correlations of pairs, with shrinkage, weighted by correlation"
    licence = "Apache-2.0"
    citation = "Faruqui, M., Dyer, C. (2014). EACL 2014, 462-471. doi:10.3115/v1/E14-1049."
    uses = frozenset({"pairs"})
    stochastic = False

    def __init__(self, alpha: float = 1.0, exponent: float = 1.0) -> None:
        self.alpha = alpha
        self.exponent = exponent

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Whiten both sides, and rotate them by the singular vectors of what is left."""
        x, y = unit(source.vectors), unit(target.vectors)
        self.centre_ = x.mean(axis=0), y.mean(axis=0)
        ours, theirs = evidence.pairs.T
        x = (x[ours] - self.centre_[0]).astype(np.float64)
        y = (y[theirs] - self.centre_[1]).astype(np.float64)
        whiten_x, whiten_y = self._whitening(x), self._whitening(y)
        u, correlation, vt = np.linalg.svd(whiten_x @ (x.T @ y / len(x)) @ whiten_y)
        known = np.flatnonzero(correlation > correlation[0] * 1e-6)
        scale = correlation[known] ** self.exponent
        self.map_ = (whiten_x @ u[:, known] * scale).astype(np.float32)
        self.map_target_ = (whiten_y @ vt[known].T * scale).astype(np.float32)
        if not len(known):  # the pairs' vectors are the shops' means: they tell no direction
            self.map_, self.map_target_ = (np.zeros((len(c), 1), np.float32) for c in self.centre_)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Canonical variates of the source products."""
        return self._mapped(shop, self.centre_[0], self.map_)

    def transform_target(self, shop: Shop) -> Matrix:
        """Canonical variates of the target products."""
        return self._mapped(shop, self.centre_[1], self.map_target_)

    def _mapped(self, shop: Shop, centre: Matrix, map_: Matrix) -> Matrix:
        x = unit(shop.vectors)
        described = np.any(x != 0, axis=1, keepdims=True)
        return np.where(described, x - centre, np.float32(0)) @ map_

    def _whitening(self, x: Matrix) -> Matrix:
        """The inverse square root of the shrunk second moment."""
        m, d = x.shape
        moment = x.T @ x / m
        penalty = self.alpha * (1 + d / m) * max(np.trace(moment) / d, 1e-12)
        value, vector = np.linalg.eigh(moment + penalty * np.eye(d))
        return (vector / np.sqrt(value)) @ vector.T
