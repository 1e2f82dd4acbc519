"""Implicit alternating least squares on the session × product matrix, by `implicit`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from cse_bench.extras import require
from cse_bench.trainers.base import (
    MANY,
    Embeddings,
    Sessions,
    Trainer,
    as_float32,
    check_trainable,
)
from cse_bench.trainers.cooccurrence import distinct


class Ials(Trainer):
    r"""Factorise which product stands in which session, absences counting little.

    Minimises :math:`\sum_{sp} c_{sp} (b_{sp} - x_s^\top y_p)^2 + \lambda (\sum_s \|x_s\|^2 +
    \sum_p \|y_p\|^2)` with b the presence of product p in session s and the confidence
    :math:`c = 1 + \alpha b`; the vectors are :math:`y_p`. A product of no session has a vector of
    zeros, or nearly so.

    Parameters
    ----------
    dimensions : int
        Length of the vectors.
    alpha : float
        Confidence of a presence.
    regularization : float
        The weight :math:`\lambda`.
    iterations : int
        Sweeps over sessions and products.
    n_jobs : int
        Threads; the result does not depend on their number.
    random_state : int
        Seed of the start.

    References
    ----------
    Hu, Koren & Volinsky 2008, "Collaborative Filtering for Implicit Feedback Datasets", equations
    3 to 5; Takács, Pilászy & Tikk 2011 for the conjugate gradient solver.
    """

    name = "ials"
    description = "implicit-feedback ALS over sessions (implicit)"
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "alpha": (0, 1e6),
        "regularization": (0, 1e6),
        "iterations": (1, MANY),
    }

    def __init__(
        self,
        dimensions: int = 100,
        alpha: float = 10.0,
        regularization: float = 0.01,
        iterations: int = 15,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.alpha = alpha
        self.regularization = regularization
        self.iterations = iterations
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, sessions: Sessions) -> Embeddings:
        """Learn one vector per product; see `Trainer.fit`."""
        als = require("implicit.cpu.als", "build", f"the trainer {self.name}")
        from scipy.sparse import csr_matrix
        from threadpoolctl import threadpool_limits

        check_trainable(sessions, self.dimensions)
        rows = distinct(sessions.rows)
        present = csr_matrix(
            (np.ones(len(rows.values), np.float32), rows.values, rows.offsets),
            shape=(len(rows), len(sessions.ids)),
        )
        with threadpool_limits(1, "blas"):  # its own threads call BLAS
            model = als.AlternatingLeastSquares(
                factors=self.dimensions,
                regularization=self.regularization,
                alpha=self.alpha,
                iterations=self.iterations,
                num_threads=self.n_jobs,
                random_state=self.random_state,
            )
            model.fit(present, show_progress=False)
        return Embeddings(sessions.ids, as_float32(model.item_factors))
