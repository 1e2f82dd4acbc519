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

    Parameters
    ----------
    random_state : int
        Seed.
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
        gaussian = np.random.default_rng(self.random_state).standard_normal((k, k))
        q, r = np.linalg.qr(gaussian)
        self.rotation_ = (q * np.sign(np.diag(r))).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate."""
        return shop.vectors @ self.rotation_[: shop.vectors.shape[1]]

    def transform_target(self, shop: Shop) -> Matrix:
        """Leave the vectors where they are, with zeros up to the shared width."""
        k = len(self.rotation_)
        return np.pad(shop.vectors, ((0, 0), (0, k - shop.vectors.shape[1])))
