"""EMCDR: a small neural network from source to target vectors."""

from __future__ import annotations

import warnings
from typing import Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class MLP(Aligner):
    r"""A network with one hidden layer that predicts a pair's target vector from its source vector.

    .. math:: f(x) = W_2 \tanh(W_1 x + b_1) + b_2

    is fitted to the unit vectors of the pairs, scaled to mean square 1 per coordinate, with a
    penalty on the weights, by L-BFGS from a random start. A zero vector is mapped to zero.
    Cost: O(iterations · m · d · hidden).

    Parameters
    ----------
    hidden : int
        Units of the hidden layer; the paper takes twice the dimension.
    alpha : float
        Strength of the penalty.
    iterations : int
        Greatest number of steps.
    random_state : int
        Seed of the start.

    References
    ----------
    Man, Shen, Jin & Cheng 2017, "Cross-Domain Recommendation: An Embedding and Mapping Approach".
    """

    name = "mlp"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "neural network from source to target vectors of pairs (EMCDR)"
    licence = "Apache-2.0"
    citation = "Man, T. et al. (2017). IJCAI 2017, 2464-2470. doi:10.24963/ijcai.2017/343."
    uses = frozenset({"pairs"})
    stochastic = True

    def __init__(
        self,
        hidden: int = 200,
        alpha: float = 10.0,
        iterations: int = 100,
        random_state: int = 0,
    ) -> None:
        self.hidden = hidden
        self.alpha = alpha
        self.iterations = iterations
        self.random_state = random_state

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Train the network."""
        from sklearn.exceptions import ConvergenceWarning
        from sklearn.neural_network import MLPRegressor

        ours, theirs = evidence.pairs.T
        self.scale_ = np.sqrt(source.vectors.shape[1])
        x = unit(source.vectors)[ours].astype(np.float64) * self.scale_
        y = unit(target.vectors)[theirs].astype(np.float64) * np.sqrt(target.vectors.shape[1])
        self.network_ = MLPRegressor(
            hidden_layer_sizes=(self.hidden,),
            activation="tanh",
            solver="lbfgs",
            alpha=self.alpha,
            max_iter=self.iterations,
            random_state=self.random_state,
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ConvergenceWarning)  # few steps are meant
            self.network_.fit(x, y[:, 0] if y.shape[1] == 1 else y)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """What the network predicts."""
        x = unit(shop.vectors)
        mapped = self.network_.predict(x.astype(np.float64) * self.scale_).reshape(len(x), -1)
        mapped[~x.any(axis=1)] = 0
        return mapped.astype(np.float32)

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors."""
        return unit(shop.vectors)
