"""Class centroids matched by content, then Procrustes: a dictionary of kinds, without a pair."""

from __future__ import annotations

from typing import Self

import numpy as np
from scipy.sparse import csr_array

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class ContentSeeds(Aligner):
    """Align the centroids of product kinds that both shops' content vectors describe alike.

    Products of equal content vectors are one kind. A kind of the source shop is matched with the
    nearest kind of the target shop, if each is the other's nearest and their cosine is at least
    ``min_cosine``. The kinds' mean unit vectors, weighted by the smaller number of products on
    the two sides to the power ``weight``, are aligned by orthogonal Procrustes. Kinds, unlike
    products, have vectors with little noise, and content tells them apart surely.
    Cost: O(kinds² c + n d²).

    Parameters
    ----------
    min_cosine : float
        Least cosine of two kinds' content vectors.
    weight : float
        Exponent of a kind's size.

    References
    ----------
    The noisy-seed family of Bianchi et al. 2020, "Fantastic Embeddings and How to Align Them",
    section 4; Procrustes as Schönemann 1966.
    """

    name = "content-seeds"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "centroids of product kinds matched by content, then an orthogonal map"
    licence = "Apache-2.0"
    citation = "Bianchi, F. et al. (2020). arXiv:2007.14906."
    uses = frozenset({"content"})
    stochastic = False

    def __init__(self, min_cosine: float = 0.95, weight: float = 0.5) -> None:
        self.min_cosine = min_cosine
        self.weight = weight

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Match the kinds and solve for the rotation."""
        self.width_ = max(source.vectors.shape[1], target.vectors.shape[1])
        our_kind, our_centroid, our_size = self._kinds(source)
        their_kind, their_centroid, their_size = self._kinds(target)
        cosine = our_kind @ their_kind.T
        theirs = cosine.argmax(axis=1)
        ours = np.arange(len(theirs))
        mutual = (cosine.argmax(axis=0)[theirs] == ours) & (cosine[ours, theirs] >= self.min_cosine)
        ours, theirs = ours[mutual], theirs[mutual]
        weight = np.minimum(our_size[ours], their_size[theirs]) ** self.weight
        x, y = our_centroid[ours].astype(np.float64) * weight[:, None], their_centroid[theirs]
        u, s, vt = np.linalg.svd(x.T @ y)
        known = s > s[0] * 1e-6  # directions of which the kinds say something
        self.rotation_ = (u[:, known] @ vt[known]).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate the unit vectors."""
        return self._padded(shop) @ self.rotation_

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors, with zeros up to the shared width."""
        return self._padded(shop)

    def _kinds(self, shop: Shop) -> tuple[Matrix, Matrix, Matrix]:
        """Content vector, mean unit vector and number of products of each kind."""
        described = np.flatnonzero(np.any(shop.content != 0, axis=1))
        content, kind = np.unique(np.round(shop.content[described], 5), axis=0, return_inverse=True)
        size = np.bincount(kind, minlength=len(content))
        vectors = self._padded(shop)[described]
        member = csr_array((np.ones(len(kind), np.float32), (kind, np.arange(len(kind)))))
        return unit(content), (member @ vectors) / size[:, None], size.astype(np.float32)

    def _padded(self, shop: Shop) -> Matrix:
        return np.pad(unit(shop.vectors), ((0, 0), (0, self.width_ - shop.vectors.shape[1])))
