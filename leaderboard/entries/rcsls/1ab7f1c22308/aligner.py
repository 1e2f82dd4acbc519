"""Relaxed CSLS: a linear map trained on the criterion by which it is judged."""

from __future__ import annotations

from typing import Self

import numpy as np
import numpy.typing as npt
from scipy.optimize import minimize

from cse_bench import Aligner, Evidence, Matrix, Shop, unit

BLOCK = 1024
Floats = npt.NDArray[np.float64]


class RCSLS(Aligner):
    r"""The map that brings pairs together and keeps each side's other neighbours away.

    With unit vectors, the m pairs (x_i, y_i), and N the k nearest products of the whole shop,

    .. math::

        \min_W \frac1m \sum_i \Big[ -2\, x_i W y_i^\top
            + \frac1k \sum_{y \in N(x_i W)} x_i W y^\top
            + \frac1k \sum_{xW \in N(y_i)} xW y_i^\top \Big]
            + \frac\lambda2 \Big(1 + \frac dm\Big) \| W - W_0 \|_F^2 .

    A sum of the greatest of linear functions is convex, the last term strictly so: L-BFGS. It
    starts from, and is held to, the Procrustes map W_0 of the pairs, the more so the fewer pairs
    there are (in place of the paper's unit spectral ball, which ``spectral`` adds at the end).
    Zero vectors stay. Cost: O(iterations · m (n_source + n_target) d), memory O(block · n).

    Parameters
    ----------
    neighbours : int
        Neighbours k.
    penalty : float
        How firmly the map is held to Procrustes.
    iterations : int
        Most steps of L-BFGS.
    spectral : bool
        Whether singular values above 1 are cut to 1.

    References
    ----------
    Joulin, Bojanowski, Mikolov, Jégou & Grave 2018, "Loss in Translation: Learning Bilingual Word
    Mapping with a Retrieval Criterion".
    """

    name = "rcsls"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "linear map trained on the relaxed CSLS of pairs, held to Procrustes"
    licence = "Apache-2.0"
    citation = "Joulin, A. et al. (2018). EMNLP 2018. doi:10.18653/v1/D18-1330."
    uses = frozenset({"pairs"})
    stochastic = False

    def __init__(
        self,
        neighbours: int = 10,
        penalty: float = 0.1,
        iterations: int = 15,
        spectral: bool = False,
    ) -> None:
        self.neighbours = neighbours
        self.penalty = penalty
        self.iterations = iterations
        self.spectral = spectral

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Minimise from Procrustes on."""
        x, y = unit(source.vectors), unit(target.vectors)
        ours, theirs = evidence.pairs.T
        m, shape = len(ours), (x.shape[1], y.shape[1])
        together = x[ours].T.astype(np.float64) @ y[theirs] / m
        u, s, vt = np.linalg.svd(together, full_matrices=False)
        known = s > s[0] * 1e-6
        start = u[:, known] @ vt[known]
        k = min(self.neighbours, len(x), len(y))
        hold = self.penalty * (1 + shape[0] / m)

        def loss(flat: Floats) -> tuple[float, Floats]:
            w = flat.reshape(shape)
            mapped = x @ w.astype(np.float32)
            forth, back = _near(mapped[ours], y, k), _near(y[theirs], mapped, k)
            pull = x[ours].T.astype(np.float64) @ y[forth].mean(axis=1) / m
            pull += x[back].mean(axis=1).T.astype(np.float64) @ y[theirs] / m
            apart = w - start
            gradient = pull - 2 * together  # of what is linear in W, as long as neighbours stay
            value = np.sum(w * gradient) + hold / 2 * np.sum(apart**2)
            return float(value), (gradient + hold * apart).ravel()

        found = minimize(
            loss, start.ravel(), jac=True, method="L-BFGS-B", options={"maxiter": self.iterations}
        )
        w = found.x.reshape(shape)
        if self.spectral:
            u, s, vt = np.linalg.svd(w, full_matrices=False)
            w = u * np.minimum(s, 1) @ vt
        self.map_ = w.astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Map the unit vectors."""
        return unit(shop.vectors) @ self.map_

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors."""
        return unit(shop.vectors)


def _near(queries: Matrix, items: Matrix, k: int) -> npt.NDArray[np.intp]:
    """Rows of the k items with the greatest dot product to each query."""
    rows = np.empty((len(queries), k), np.intp)
    for begin in range(0, len(queries), BLOCK):
        score = queries[begin : begin + BLOCK] @ items.T
        rows[begin : begin + BLOCK] = np.argpartition(score, -k, axis=1)[:, -k:]
    return rows
