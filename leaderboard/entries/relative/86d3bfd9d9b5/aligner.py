"""Relative representations: a product is its cosines to paired anchors."""

from __future__ import annotations

from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class Relative(Aligner):
    r"""A product's coordinates are its cosines to the paired products of its own shop.

    .. math:: r(x)_i = \cos(x, a_i), \quad r(y)_i = \cos(y, b_i), \quad (a_i, b_i) \in \text{pairs}.

    Nothing is fitted: whatever rotation parts the two shops leaves cosines as they are. Of more
    than ``anchors`` pairs, those most popular in both shops (by the lesser of the two) are taken;
    their vectors are the surest. A zero vector stays one. Cost: O(n · anchors · d).

    Parameters
    ----------
    anchors : int
        At most so many; 1024 is the greatest width.

    References
    ----------
    Moschella et al. 2023, "Relative Representations Enable Zero-shot Latent Space Communication".
    """

    name = "relative"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "cosines to paired anchors"
    licence = "Apache-2.0"
    citation = "Moschella, L. et al. (2023). ICLR 2023. arXiv:2209.15430."
    uses = frozenset({"pairs"})
    stochastic = False

    def __init__(self, anchors: int = 1024) -> None:
        self.anchors = anchors

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Choose the anchors and keep their vectors."""
        ours, theirs = evidence.pairs.T
        # Ties by vector length, since the order of rows is by chance.
        popularity = np.minimum(source.popularity[ours], target.popularity[theirs])
        length = np.linalg.norm(source.vectors[ours], axis=1)
        chosen = np.lexsort((length, popularity))[::-1][: self.anchors]
        self.ours_ = unit(source.vectors[ours[chosen]])
        self.theirs_ = unit(target.vectors[theirs[chosen]])
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Cosines to the source side of the anchors."""
        return unit(shop.vectors) @ self.ours_.T

    def transform_target(self, shop: Shop) -> Matrix:
        """Cosines to the target side of the anchors."""
        return unit(shop.vectors) @ self.theirs_.T
