"""The floor: a random rotation."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop


class RandomRotation(Aligner):
    """Rotate the source shop at random: what scores nothing but chance.

    The rotation is drawn from the Haar measure, by the QR decomposition of a Gaussian matrix with
    the signs of R's diagonal moved into Q (Mezzadri 2007, "How to generate random matrices from
    the classical compact groups"). Shops of differing dimensions meet in the larger one.

    Vectors share a common direction, and where a rotation happens to carry it decides much of its
    score. So seeds come in opposite pairs: an odd one negates the rotation of the seed before. It
    is just as random, every cosine changes its sign, and over a pair that luck cancels.

    Parameters
    ----------
    random_state : int
        Seed; an odd one gives the opposite of the rotation of the even one before it.
    """

    name = "random-rotation"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "a random rotation of the source shop: the floor"
    licence = "Apache-2.0"
    citation = ""
    uses = frozenset()
    stochastic = True

    def __init__(self, random_state: int = 0) -> None:
        self.random_state = random_state

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Draw the rotation."""
        k = max(source.vectors.shape[1], target.vectors.shape[1])
        gaussian = np.random.default_rng(self.random_state // 2).standard_normal((k, k))
        q, r = np.linalg.qr(gaussian)
        sign = -1 if self.random_state % 2 else 1
        self.rotation_ = (sign * q * np.sign(np.diag(r))).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate."""
        return shop.vectors @ self.rotation_[: shop.vectors.shape[1]]

    def transform_target(self, shop: Shop) -> Matrix:
        """Leave the vectors where they are, with zeros up to the shared width."""
        k = len(self.rotation_)
        return np.pad(shop.vectors, ((0, 0), (0, k - shop.vectors.shape[1])))
