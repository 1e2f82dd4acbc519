"""The contract of an aligner: two shops in, two matrices in one space out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from inspect import signature
from typing import Any, ClassVar, Self

from cse_bench.ragged import Ragged
from cse_bench.types import Ints, Matrix, Vector

MAX_DIMENSIONS = 1024
"""Width limit of the shared space."""

EVIDENCE_KINDS = ("content", "pairs", "cross_sessions")
"""What an aligner may declare in `Aligner.uses`."""


@dataclass(frozen=True, eq=False)
class Shop:
    """What an aligner sees of one shop. Rows are in a random order; there are no ids.

    Attributes
    ----------
    name : str
        ``SHOP1``, ``SHOP2``, …
    vectors : ndarray of shape (n, d), float32, read-only
        Product embeddings, trained in this shop alone. Shops may differ in d.
    popularity : ndarray of shape (n,), float32, read-only
        log2 of the number of events, rounded to 0.25.
    content : ndarray of shape (n, c), float32, read-only, or None
        Content vectors, comparable across shops; None unless `Aligner.uses` has ``content``.
    """

    name: str
    vectors: Matrix
    popularity: Vector
    content: Matrix = None  # type: ignore[assignment]  # there, if it is declared

    def __repr__(self) -> str:
        content = "" if self.content is None else f", content {self.content.shape}"
        return f"Shop({self.name!r}, vectors {self.vectors.shape}{content})"

    def __len__(self) -> int:
        return len(self.vectors)


@dataclass(frozen=True, eq=False)
class Evidence:
    """What an aligner may use beyond the two shops.

    Attributes
    ----------
    pairs : ndarray of shape (m, 2), int64, or None
        Rows of the source and of the target shop that are the same product.
    cross_sessions : (Ragged, Ragged) or None
        Cross-shop sessions: the source part and the target part of each, as rows of the shops.
    """

    # Typed as what a method that declares them gets, so that it need not ask.
    pairs: Ints = None  # type: ignore[assignment]
    cross_sessions: tuple[Ragged, Ragged] = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        pairs = "" if self.pairs is None else f"{len(self.pairs):,} pairs"
        rows = "" if self.cross_sessions is None else f"{len(self.cross_sessions[0]):,} sessions"
        return f"Evidence({', '.join(filter(None, (pairs, rows)))})"


class Aligner(ABC):
    """Puts the products of two shops into one vector space.

    ``__init__`` only stores parameters, all with defaults; what `fit` learns ends in ``_``. A
    stochastic aligner has a parameter ``random_state``. The attributes below are literals: they
    are read from the source without running it.

    Attributes
    ----------
    name, version, description, licence, citation : str
        Who it is. ``version`` changes whenever its output does.
    authors : tuple of str
        Whose it is.
    uses : frozenset of str
        The evidence it needs, of ``content``, ``pairs``, ``cross_sessions``; empty is unsupervised.
    stochastic : bool
        Whether its output depends on ``random_state``.
    """

    name: ClassVar[str] = "my-aligner"
    version: ClassVar[str] = "1"
    authors: ClassVar[tuple[str, ...]] = ()
    description: ClassVar[str] = ""
    licence: ClassVar[str] = ""
    citation: ClassVar[str] = ""
    uses: ClassVar[frozenset[str]] = frozenset()
    stochastic: ClassVar[bool] = False

    def chosen_parameters(self) -> dict[str, Any]:
        """The parameters that are other than the defaults of ``__init__``.

        Only what ``__init__`` stores under its own name is seen.

        Returns
        -------
        dict of str to value
        """
        given = list(signature(type(self).__init__).parameters.values())
        held = {p.name: getattr(self, p.name) for p in given if hasattr(self, p.name)}
        defaults = {p.name: repr(p.default) for p in given}
        return {name: value for name, value in held.items() if repr(value) != defaults[name]}

    def __repr__(self) -> str:
        told = ", ".join(f"{name}={value!r}" for name, value in self.chosen_parameters().items())
        return f"{type(self).__name__}({told})"

    @abstractmethod
    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Learn how the two shops lie to each other.

        Parameters
        ----------
        source, target : Shop
            The two shops.
        evidence : Evidence
            What is declared in `uses`; the rest is None.

        Returns
        -------
        self
        """

    @abstractmethod
    def transform(self, shop: Shop) -> Matrix:
        """Put the source shop's products into the shared space.

        Parameters
        ----------
        shop : Shop
            The source shop, as in `fit`.

        Returns
        -------
        ndarray of shape (n, k), float32, k at most 1024
        """

    def transform_target(self, shop: Shop) -> Matrix:
        """Put the target shop's products into the shared space; by default, where they are.

        Parameters
        ----------
        shop : Shop
            The target shop, as in `fit`.

        Returns
        -------
        ndarray of shape (n, k), float32
        """
        return shop.vectors
