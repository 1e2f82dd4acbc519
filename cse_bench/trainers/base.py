"""The contract of a trainer: sessions of one shop in, one vector a product out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from cse_bench.errors import InputError
from cse_bench.ragged import Ragged
from cse_bench.types import Matrix


@dataclass(frozen=True, eq=False)
class Sessions:
    """The sessions of one shop.

    Attributes
    ----------
    ids : tuple of str
        The shop's products, distinct.
    rows : Ragged
        Each session as indices into `ids`.
    """

    ids: tuple[str, ...]
    rows: Ragged

    @classmethod
    def from_lists(cls, sessions: Iterable[Sequence[str]]) -> Sessions:
        """Read sessions given as lists of product ids.

        Raises
        ------
        InputError
            If an id is not a string.
        """
        rows = [list(session) for session in sessions]
        for number, row in enumerate(rows):
            for product in row:
                if not isinstance(product, str):
                    raise InputError(
                        f"session {number}: the product id {product!r} is not a string",
                        "give ids as strings, for instance str(id)",
                    )
        ids = sorted({product for row in rows for product in row})
        index = {product: i for i, product in enumerate(ids)}
        return cls(tuple(ids), Ragged.from_lists([[index[p] for p in row] for row in rows]))


@dataclass(frozen=True, eq=False)
class Embeddings:
    """One vector for each product.

    Attributes
    ----------
    ids : tuple of str
        The products, as in the sessions.
    vectors : ndarray of shape (n, d), float32
        Row ``i`` is the vector of ``ids[i]``; a product of no session has a row of zeros.
    """

    ids: tuple[str, ...]
    vectors: Matrix


MANY = 2**31
"""No parameter that counts something goes further."""

COMMON_LIMITS: dict[str, tuple[float, float]] = {
    "dimensions": (1, MANY),
    "random_state": (0, 2**32 - 1),
    "n_jobs": (1, 1024),
}


class Trainer(ABC):
    """Learns product embeddings from the sessions of one shop.

    ``__init__`` only stores parameters; ``random_state`` is one of them.
    """

    name: ClassVar[str]
    description: ClassVar[str]
    limits: ClassVar[dict[str, tuple[float, float]]] = {}
    """Parameter → least and largest value that it may have."""

    @property
    def deterministic(self) -> bool:
        """Whether the same sessions and `random_state` give the same vectors."""
        return True

    @abstractmethod
    def fit(self, sessions: Sessions) -> Embeddings:
        """Learn one vector per product.

        Parameters
        ----------
        sessions : Sessions
            The sessions of one shop.

        Returns
        -------
        Embeddings
            Finite float32 vectors, in the order of ``sessions.ids``.

        Raises
        ------
        InputError
            If the sessions cannot be learned from.
        """

    def check_limits(self) -> None:
        """Refuse parameters beyond `limits`, and what is no finite number.

        Raises
        ------
        InputError
            If there is one.
        """
        own = self.parameters()
        for name, (low, high) in (COMMON_LIMITS | self.limits).items():
            if name in own and not low <= own[name] <= high:
                told = f"from {low:g}" + (f" to {high:g}" if high < MANY else "")
                raise InputError(f"{self.name}: {name} is {own[name]}", f"{name} goes {told}")

    def parameters(self) -> dict[str, Any]:
        """What ``__init__`` stored, by name."""
        return {k: v for k, v in sorted(vars(self).items()) if not k.startswith("_")}


def check_trainable(sessions: Sessions, dimensions: int) -> None:
    """Refuse sessions that no trainer can learn `dimensions` dimensions from.

    Raises
    ------
    InputError
        If there are fewer than two products, no session of two, or too many dimensions.
    """
    n = len(sessions.ids)
    if n < 2 or not len(sessions.rows) or int(sessions.rows.lengths.max(initial=0)) < 2:
        raise InputError(
            f"{n} product(s) in {len(sessions.rows)} session(s): nothing occurs together",
            "a trainer needs sessions of at least two products",
        )
    check_dimensions(n, dimensions)


def check_dimensions(n: int, dimensions: int) -> None:
    """Refuse as many dimensions as products.

    Raises
    ------
    InputError
        If there are.
    """
    if not 0 < dimensions < n:
        raise InputError(
            f"{dimensions} dimensions were asked of {n} products",
            f"ask for 1 to {n - 1} dimensions",
        )


def as_float32(vectors: np.ndarray[Any, np.dtype[Any]]) -> Matrix:
    """Contiguous float32."""
    return np.ascontiguousarray(vectors, dtype=np.float32)
