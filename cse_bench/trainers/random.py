"""Random vectors: the control that knows nothing."""

from __future__ import annotations

import numpy as np

from cse_bench.trainers.base import Embeddings, Sessions, Trainer, as_float32, check_trainable


class Random(Trainer):
    """Independent normal vectors, whatever the sessions.

    Parameters
    ----------
    dimensions : int
        Length of the vectors.
    random_state : int
        Seed.
    """

    name = "random"
    description = "control: vectors that know nothing"

    def __init__(self, dimensions: int = 100, random_state: int = 0) -> None:
        self.dimensions = dimensions
        self.random_state = random_state

    def fit(self, sessions: Sessions) -> Embeddings:
        """Draw one vector per product; see `Trainer.fit`."""
        check_trainable(sessions, self.dimensions)
        shape = (len(sessions.ids), self.dimensions)
        drawn = np.random.default_rng(self.random_state).standard_normal(shape)
        return Embeddings(sessions.ids, as_float32(drawn))
