"""What prod2vec's two forms share: gensim's Word2Vec over sessions."""

from __future__ import annotations

import hashlib
from typing import ClassVar

import numpy as np

from cse_bench.errors import InputError
from cse_bench.extras import require
from cse_bench.trainers.base import (
    MANY,
    Embeddings,
    Sessions,
    Trainer,
    as_float32,
    check_trainable,
)


class Word2vec(Trainer):
    """Word2vec with negative sampling, a session being a sentence.

    A product met fewer than `min_count` times has a vector of zeros.

    Parameters
    ----------
    dimensions : int
        Length of the vectors.
    window : int
        How many products on either side are context; sessions without order want one as long as
        the sessions.
    negative : int
        Negative samples.
    ns_exponent : float
        Exponent of the negative-sampling distribution, from -1 to 1.
    sample : float
        Threshold above which frequent products are down-sampled.
    epochs : int
        Passes over the sessions.
    min_count : int
        How often a product must have been met.
    alpha : float
        Learning rate at the start.
    n_jobs : int
        Threads. With more than one the result differs from run to run.
    random_state : int
        Seed.

    References
    ----------
    Grbovic et al. 2015, "E-commerce in Your Inbox: Product Recommendations at Scale"; Mikolov et
    al. 2013, "Efficient Estimation of Word Representations in Vector Space", section 3; Caselles-
    Dupré et al. 2018, "Word2vec Applied to Recommendation: Hyperparameters Matter" (ns_exponent).
    """

    SKIP_GRAM: ClassVar[int]
    limits: ClassVar[dict[str, tuple[float, float]]] = {
        "window": (1, MANY),
        "negative": (1, 1000),
        "ns_exponent": (-1, 1),
        "sample": (0, 1),
        "epochs": (1, MANY),
        "min_count": (1, MANY),
        "alpha": (1e-9, 1),
    }

    def __init__(
        self,
        dimensions: int = 100,
        window: int = 20,
        negative: int = 10,
        ns_exponent: float = 0.75,
        sample: float = 1e-3,
        epochs: int = 30,
        min_count: int = 1,
        alpha: float = 0.025,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        self.dimensions = dimensions
        self.window = window
        self.negative = negative
        self.ns_exponent = ns_exponent
        self.sample = sample
        self.epochs = epochs
        self.min_count = min_count
        self.alpha = alpha
        self.n_jobs = n_jobs
        self.random_state = random_state

    @property
    def deterministic(self) -> bool:
        """With one thread only."""
        return self.n_jobs == 1

    def fit(self, sessions: Sessions) -> Embeddings:
        """Learn one vector per product; see `Trainer.fit`."""
        word2vec = require("gensim.models.word2vec", "build", f"the trainer {self.name}")
        check_trainable(sessions, self.dimensions)
        if np.bincount(sessions.rows.values).max() < self.min_count:
            raise InputError(
                f"no product was met {self.min_count} times, as min_count asks", "ask for less"
            )
        order = np.random.default_rng(self.random_state).permutation(len(sessions.rows))
        sentences = [[str(i) for i in row] for row in sessions.rows.take(order)]
        vectors = np.zeros((len(sessions.ids), self.dimensions), dtype=np.float32)
        model = word2vec.Word2Vec(
            sentences,
            vector_size=self.dimensions,
            window=self.window,
            negative=self.negative,
            ns_exponent=self.ns_exponent,
            sample=self.sample,
            epochs=self.epochs,
            min_count=self.min_count,
            alpha=self.alpha,
            sg=self.SKIP_GRAM,
            workers=self.n_jobs,
            seed=self.random_state,
            hashfxn=_stable_hash,
        )
        known = [int(word) for word in model.wv.index_to_key]
        vectors[known] = model.wv.vectors
        return Embeddings(sessions.ids, as_float32(vectors))


def _stable_hash(text: str) -> int:
    """A hash that does not change from process to process, for gensim's initial vectors."""
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=4).digest(), "big")
