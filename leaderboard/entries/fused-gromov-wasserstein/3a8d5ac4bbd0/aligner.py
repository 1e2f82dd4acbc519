"""Fused Gromov-Wasserstein: a transport plan that keeps content and distances, then Procrustes."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class FusedGromovWasserstein(Aligner):
    r"""Transport products to products of like content so that their distances agree as well.

    Between the most popular products of both shops, each of the same mass,

    .. math::

        P = \arg\min_P (1 - \alpha) \sum_{ij} M_{ij} P_{ij}
            + \alpha \sum_{ijkl} (D_{ik} - D'_{jl})^2 P_{ij} P_{kl},

    M being the cosine distances of content across the shops, D and D' those of vectors within
    each. Procrustes on the plan, :math:`X^\top P Y = U \Sigma V^\top, W = UV^\top`, carries all
    other products along. Directions of which the plan says nothing are mapped to zero; zero
    vectors stay. Nothing was tuned: alpha gives both terms the same weight. Equal products are
    ordered by popularity, then vector length. Cost: O(iterations · products³), memory O(products²).

    Parameters
    ----------
    products : int
        So many of each shop at most.
    alpha : float
        Weight of the distances within shops against content.
    iterations : int
        Most steps of conditional gradient.

    References
    ----------
    Vayer, Chapel, Flamary, Tavenard & Courty 2019, "Optimal Transport for Structured Data with
    Application on Graphs".
    """

    name = "fused-gromov-wasserstein"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "transport plan by content and distances of popular products, then Procrustes"
    licence = "Apache-2.0"
    citation = "Vayer, T. et al. (2019). ICML 2019, PMLR 97, 6275-6284. arXiv:1805.09114."
    uses = frozenset({"content"})
    stochastic = False

    def __init__(self, products: int = 1000, alpha: float = 0.5, iterations: int = 50) -> None:
        self.products = products
        self.alpha = alpha
        self.iterations = iterations

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Find the plan and solve for the rotation."""
        try:
            from ot.gromov import fused_gromov_wasserstein
        except ImportError as error:
            raise ImportError(
                "fused-gromov-wasserstein needs POT: pip install 'cse-bench[ot]'"
            ) from error

        self.width_ = max(source.vectors.shape[1], target.vectors.shape[1])
        ours, theirs = self._popular(source), self._popular(target)
        x = self._padded(source)[ours].astype(np.float64)
        y = self._padded(target)[theirs].astype(np.float64)
        content = unit(source.content)[ours].astype(np.float64), unit(target.content)[theirs]
        plan = fused_gromov_wasserstein(
            1 - content[0] @ content[1].T,
            1 - x @ x.T,
            1 - y @ y.T,
            alpha=self.alpha,
            max_iter=self.iterations,
        )
        u, s, vt = np.linalg.svd(x.T @ plan @ y)
        known = s > s[0] * 1e-6
        self.rotation_ = (u[:, known] @ vt[known]).astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate the unit vectors."""
        return self._padded(shop) @ self.rotation_

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors, with zeros up to the shared width."""
        return self._padded(shop)

    def _popular(self, shop: Shop) -> npt.NDArray[np.intp]:
        """The rows of the most popular products, in an order that is not the rows'."""
        length = np.linalg.norm(shop.vectors, axis=1)
        return np.lexsort((length, shop.popularity))[::-1][: self.products]

    def _padded(self, shop: Shop) -> Matrix:
        return np.pad(unit(shop.vectors), ((0, 0), (0, self.width_ - shop.vectors.shape[1])))
