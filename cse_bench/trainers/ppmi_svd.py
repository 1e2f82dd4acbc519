"""PPMI and truncated SVD: prod2vec's objective, solved directly."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cse_bench.trainers.base import (
    MANY,
    Embeddings,
    Sessions,
    Trainer,
    as_float32,
    check_dimensions,
    check_trainable,
)
from cse_bench.trainers.cooccurrence import Cooccurrence, count_pairs
from cse_bench.types import Floats

KINDS = (np.float32, np.int32, np.int32)
"""Of an entry of the matrix: its value, row and column."""


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

    The defaults follow from a tuning study (``benchmarks/tuning.md``).

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
    count_mb : int
        Megabytes that the counts may take at a time; the result does not depend on it.
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
    JITTER = 0.01
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "smoothing": (0, 1),
        "shift": (1e-6, 1e6),
        "eigenvalue_weight": (0, 2),
        "discount": (0, 100),
        "length_weight": (0, 10),
        "n_iter": (0, 1000),
        "count_mb": (1, MANY),
    }

    def __init__(
        self,
        dimensions: int = 64,
        smoothing: float = 0.9,
        shift: float = 1.5,
        eigenvalue_weight: float = 0.65,
        discount: float = 1.0,
        length_weight: float = 1.25,
        n_iter: int = 4,
        count_mb: int = 1024,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.smoothing = smoothing
        self.shift = shift
        self.eigenvalue_weight = eigenvalue_weight
        self.discount = discount
        self.length_weight = length_weight
        self.n_iter = n_iter
        self.count_mb = count_mb
        self.random_state = random_state

    def fit(self, sessions: Sessions) -> Embeddings:
        """Learn one vector per product; see `Trainer.fit`."""
        check_trainable(sessions, self.dimensions)
        counts = count_pairs(
            sessions.rows,
            len(sessions.ids),
            length_weight=self.length_weight,
            fewest=self.fewest(),
            megabytes=self.count_mb,
        )
        return self.fit_counts(sessions.ids, counts)

    def fewest(self) -> int:
        """In how many sessions a pair must have met to count at all."""
        return 2 if self.discount > 0 else 1

    def fit_counts(self, ids: tuple[str, ...], counts: Cooccurrence) -> Embeddings:
        """Learn from pairs that are counted already, wherever that was done.

        Parameters
        ----------
        ids : tuple of str
            The products.
        counts : Cooccurrence
            How often they met; its weights are those of `length_weight`.
        """
        from scipy.sparse import csr_array
        from sklearn.utils.extmath import randomized_svd

        n = len(ids)
        check_dimensions(n, self.dimensions)
        log_total = np.log(np.maximum(counts.total, 1e-12))
        shift = np.log((counts.total**self.smoothing).sum()) - np.log(self.shift)
        parts = []
        for met in counts.blocks:
            pmi = np.log(met.weight) - log_total[met.row] - self.smoothing * log_total[met.column]
            pmi += shift
            if self.discount:
                pmi *= ((met.sessions - 1) / (met.sessions + 1)) ** self.discount
            positive = pmi > 0
            kept = (pmi, met.row, met.column)
            parts.append([a[positive].astype(t) for a, t in zip(kept, KINDS, strict=True)])
        value, row, column = (np.concatenate(a) for a in zip(*parts, strict=True))
        matrix = csr_array((value, (row, column)), shape=(n, n))
        u, s, _ = randomized_svd(
            matrix, self.dimensions, n_iter=self.n_iter, random_state=self.random_state
        )
        return Embeddings(ids, as_float32(self._apart(u * s**self.eigenvalue_weight)))

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
