"""What is tried of each trainer's parameters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse_bench.errors import InputError, did_you_mean

if TYPE_CHECKING:
    import optuna


@dataclass(frozen=True)
class Range:
    """Values from `low` to `high`; whole numbers if both are.

    Attributes
    ----------
    low, high : float
        The ends, both included.
    log : bool
        Whether ratios matter, not differences.
    """

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: optuna.Trial, name: str) -> float:
        """Ask a trial for a value."""
        if isinstance(self.low, int) and isinstance(self.high, int):
            return trial.suggest_int(name, self.low, self.high, log=self.log)
        return trial.suggest_float(name, self.low, self.high, log=self.log)


WORD2VEC = {
    "dimensions": Range(32, 160, log=True),
    "window": Range(3, 40, log=True),
    "negative": Range(2, 15, log=True),
    "ns_exponent": Range(-1.0, 1.0),
    "sample": Range(1e-5, 1e-2, log=True),
    "alpha": Range(0.01, 0.1, log=True),
}

SPACES: dict[str, dict[str, Range]] = {
    "ppmi-svd": {
        "dimensions": Range(32, 160, log=True),
        "smoothing": Range(0.3, 1.0),
        "shift": Range(1.0, 8.0, log=True),
        "eigenvalue_weight": Range(0.0, 1.0),
        "discount": Range(0.0, 4.0),
        "length_weight": Range(0.0, 1.5),
    },
    "prod2vec-cbow": WORD2VEC | {"epochs": Range(5, 60, log=True)},
    "prod2vec-sgns": WORD2VEC
    | {"epochs": Range(2, 15, log=True), "window": Range(3, 15, log=True)},
    "ials": {
        "dimensions": Range(32, 160, log=True),
        "alpha": Range(0.5, 50.0, log=True),
        "regularization": Range(1e-3, 10.0, log=True),
        "iterations": Range(3, 20, log=True),
    },
}
"""Trainer → parameter → range. Skip-gram, which costs a step for each pair of products in a window
where CBOW costs one for each product, is tried with shorter windows and fewer epochs."""


FIRST: dict[str, dict[str, float]] = {
    "ppmi-svd": {
        "dimensions": 100,
        "smoothing": 0.75,
        "shift": 1.0,
        "eigenvalue_weight": 0.5,
        "discount": 2.0,
        "length_weight": 1.0,
    },
    "prod2vec-cbow": {
        "dimensions": 100,
        "window": 20,
        "negative": 10,
        "ns_exponent": 0.75,
        "sample": 1e-3,
        "alpha": 0.025,
        "epochs": 30,
    },
    "prod2vec-sgns": {
        "dimensions": 100,
        "window": 15,
        "negative": 10,
        "ns_exponent": 0.75,
        "sample": 1e-3,
        "alpha": 0.025,
        "epochs": 15,
    },
    "ials": {"dimensions": 100, "alpha": 10.0, "regularization": 0.01, "iterations": 15},
}
"""What every study tries first, for comparison: plain settings, untuned."""


def space_of(trainer: str, fixed: dict[str, Any]) -> dict[str, Range]:
    """The parameters of a trainer that are to be tuned.

    Parameters
    ----------
    trainer : str
        Its name.
    fixed : dict
        Parameters that are given.

    Raises
    ------
    InputError
        If there is nothing to tune.
    """
    if trainer not in SPACES:
        raise InputError(f"{trainer!r} has nothing to tune", did_you_mean(trainer, list(SPACES)))
    space = {name: r for name, r in SPACES[trainer].items() if name not in fixed}
    if not space:
        raise InputError("every parameter is fixed: there is nothing to tune", "leave some out")
    return space
