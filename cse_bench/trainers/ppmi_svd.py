"""PPMI and truncated SVD: prod2vec's objective, solved directly."""

from __future__ import annotations

import numpy as np

from cse_bench.ragged import Ragged
from cse_bench.trainers.base import (
    Embeddings,
    Sessions,
    Trainer,
    as_float32,
    check_trainable,
)
from cse_bench.types import Floats


class PpmiSvd(Trainer):
    r"""Factorise the positive pointwise mutual information of products in one session.

    With :math:`C_{ij}` the number of sessions that hold both products (weighted), the matrix

    .. math:: M_{ij} = \max\left(0, \log\frac{C_{ij} \sum_k C_{k\cdot}^{\alpha}}
              {C_{i\cdot} C_{j\cdot}^{\alpha}} - \log s\right)

    is factorised as :math:`U \Sigma V^\top`; the vectors are :math:`U \Sigma^{p}`. A pair met in
    k sessions counts only :math:`((k - 1) / (k + 1))^d` of its :math:`M_{ij}`: one basket alone
    leaves no trace, without which telling whether a rare basket was learned from is easy. A product
    of which no pair counts gets a random direction, and every other one a hundredth of one, so that
    no two coincide.

    Parameters
    ----------
    dimensions : int
        Length of the vectors.
    smoothing : float
        Context-distribution smoothing, the exponent :math:`\alpha`.
    shift : float
        Number of negative samples that the shift :math:`\log s` stands for.
    eigenvalue_weight : float
        The exponent :math:`p`.
    discount : float
        The exponent d; 0 counts every pair in full.
    length_weight : float
        A session of n products counts ``(n - 1) ** -length_weight`` for each of its pairs.
    n_iter : int
        Power iterations of the randomised SVD.
    random_state : int
        Seed of the randomised SVD.

    References
    ----------
    Levy & Goldberg 2014, "Neural Word Embedding as Implicit Matrix Factorization"; Levy, Goldberg
    & Dagan 2015, "Improving Distributional Similarity with Lessons Learned from Word Embeddings",
    equations 3, 5 and section 3.3; Halko, Martinsson & Tropp 2011 for the SVD.
    """

    name = "ppmi-svd"
    description = "sparse PPMI + truncated SVD: fast, deterministic"
    deterministic = True
    JITTER = 0.01

    def __init__(
        self,
        dimensions: int = 100,
        smoothing: float = 0.75,
        shift: float = 1.0,
        eigenvalue_weight: float = 0.5,
        discount: float = 2.0,
        length_weight: float = 1.0,
        n_iter: int = 4,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.smoothing = smoothing
        self.shift = shift
        self.eigenvalue_weight = eigenvalue_weight
        self.discount = discount
        self.length_weight = length_weight
        self.n_iter = n_iter
        self.random_state = random_state

    def fit(self, sessions: Sessions) -> Embeddings:
        """Learn one vector per product; see `Trainer.fit`."""
        from scipy.sparse import csr_array
        from sklearn.utils.extmath import randomized_svd

        check_trainable(sessions, self.dimensions)
        rows, n = sessions.rows, len(sessions.ids)
        weight = np.maximum(rows.lengths - 1, 1).astype(np.float64) ** (-self.length_weight / 2)
        holds = csr_array(
            (np.repeat(weight, rows.lengths).astype(np.float32), rows.values, rows.offsets),
            shape=(len(rows), n),
        )
        together = (holds.T @ holds).tocoo()
        apart = together.row != together.col
        i, j, count = together.row[apart], together.col[apart], together.data[apart]

        total = np.bincount(i, weights=count, minlength=n)
        context = total**self.smoothing
        context_mass = context.sum()
        safe = np.maximum(total, 1e-12)
        pmi = (
            np.log(count)
            - np.log(safe)[i]
            - self.smoothing * np.log(safe)[j]
            + np.log(context_mass)
            - np.log(self.shift)
        )
        if self.discount:
            pmi *= self._discounts(rows, n)[apart]
        positive = pmi > 0
        matrix = csr_array(
            (pmi[positive].astype(np.float32), (i[positive], j[positive])), shape=(n, n)
        )
        u, s, _ = randomized_svd(
            matrix, self.dimensions, n_iter=self.n_iter, random_state=self.random_state
        )
        vectors = u * s**self.eigenvalue_weight
        return Embeddings(sessions.ids, as_float32(self._apart(vectors)))

    def _apart(self, vectors: Floats) -> Floats:
        """Add a little random direction to every vector, and a whole one to those of nothing.

        Products whose few pairs are the same would coincide, and no aligner tell them apart.
        """
        drawn = np.random.default_rng(self.random_state).standard_normal(vectors.shape)
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        length = np.linalg.norm(vectors, axis=1, keepdims=True)
        usual = length[length > 0].mean() if length.any() else 1.0
        moved: Floats = vectors + drawn * np.where(length > 0, self.JITTER * length, usual)
        return moved

    def _discounts(self, rows: Ragged, n: int) -> Floats:
        """What share of its mutual information each pair counts, in the order of the counts."""
        from scipy.sparse import csr_array

        ones = np.ones(len(rows.values), np.float32)
        holds = csr_array((ones, rows.values, rows.offsets), shape=(len(rows), n))
        sessions = (holds.T @ holds).tocoo().data.astype(np.float64)
        share: Floats = ((sessions - 1) / (sessions + 1)) ** self.discount
        return share
