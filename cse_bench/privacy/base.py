"""What a gate is, what it may look at, and what it finds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from cse_bench.release.read import Release
from cse_bench.trainers.base import Sessions, Trainer
from cse_bench.types import Ints

Kind = tuple[str, str]
"""Config and split of a table."""


@dataclass(frozen=True, eq=False)
class RowFacts:
    """Where the rows of a table come from, in the order of the table.

    Attributes
    ----------
    user : ndarray of shape (n,), int64
        Number of each row's user.
    visits : ndarray of shape (n, 2), int64
        Numbers of the visits among the user's: of the source or only part, and of the target part,
        -1 where there is none.
    time : ndarray of shape (n,), int64
        When the first of them began, in seconds.
    """

    user: Ints
    visits: Ints
    time: Ints


@dataclass(frozen=True, eq=False)
class Facts:
    """What only those who hold log and key know. It never leaves the build.

    Attributes
    ----------
    raw_shops : dict of str to str
        Shop of the release → its raw name.
    raw_products : dict of str to list of str
        Shop of the release → raw id of each of its products, row by row.
    raw_values : frozenset of str
        All raw ids of users, products and sessions, and raw names of shops.
    keyed_place : dict of str to ndarray of shape (n,), int64
        Shop → place that the key gives each product.
    support : dict of str to ndarray of shape (n,), int64
        Shop → distinct train users of each product.
    train_events : dict of str to ndarray of shape (n,), int64
        Shop → events of train users with each product.
    rows : dict of (str, str) to RowFacts
        Of every table made of visits.
    query_users : dict of (str, str) to int
        (Shop, query) → distinct train users who typed it.
    vocabulary : frozenset of str
        Words of the catalogue's titles and categories.
    learned, unseen : dict of str to Sessions
        Shop → sessions of the users that the embeddings were learned from, and of all others.
    train_only : bool
        Whether the former are train users, all of them.
    fresh_seed : bool
        Whether the trainer's seed was drawn from the release's key.
    trainer : Trainer
        What learned the embeddings.
    """

    raw_shops: dict[str, str]
    raw_products: dict[str, list[str]]
    raw_values: frozenset[str]
    keyed_place: dict[str, Ints]
    support: dict[str, Ints]
    train_events: dict[str, Ints]
    rows: dict[Kind, RowFacts]
    query_users: dict[tuple[str, str], int]
    vocabulary: frozenset[str]
    learned: dict[str, Sessions]
    unseen: dict[str, Sessions]
    train_only: bool
    fresh_seed: bool
    trainer: Trainer


@dataclass(frozen=True, eq=False)
class Subject:
    """What is examined.

    Attributes
    ----------
    release : Release
        The release, as read from its files.
    facts : Facts or None
        What log and key tell; None where they are not at hand.
    """

    release: Release
    facts: Facts | None = None

    def known(self) -> Facts:
        """The facts, for a gate that declares that it needs the log."""
        assert self.facts is not None
        return self.facts


@dataclass(frozen=True)
class Reading:
    """One measured value.

    Attributes
    ----------
    what : str
        What was measured.
    value : float
        The value.
    limit : float or None
        What it may be at most; None where it is only reported.
    low, high : float or None
        Its 95 % interval.
    n : int or None
        Over how many rows, products or trials.
    at_least : bool
        Whether `limit` is a least value instead.
    judge_high : bool
        Whether the interval's upper end is held to the limit, not the value.
    example : str
        The first offender, in the release's own names.
    """

    what: str
    value: float
    limit: float | None = None
    low: float | None = None
    high: float | None = None
    n: int | None = None
    at_least: bool = False
    judge_high: bool = False
    example: str = ""

    @property
    def holds(self) -> bool:
        """Whether the limit is kept; a value that is only reported always does."""
        if self.limit is None:
            return True
        judged = self.high if self.judge_high and self.high is not None else self.value
        return judged >= self.limit if self.at_least else judged <= self.limit


@dataclass(frozen=True)
class Gate:
    """A frozen definition.

    Attributes
    ----------
    name : str
        Name, for ``--waive``.
    about : str
        What is measured.
    threat : str
        Which threats of the privacy model it is about.
    threshold : str
        What must hold, in words, or ``reported``.
    needs : frozenset of str
        ``log``, ``key``: what cannot be done without.
    why : str
        Why this threshold.
    measure : callable
        From a `Subject` to its readings; none where the release lacks what is measured.
    """

    name: str
    about: str
    threat: str
    threshold: str
    needs: frozenset[str]
    why: str
    measure: Callable[[Subject], list[Reading]]


LOG_AND_KEY = frozenset({"log", "key"})
"""The log alone does not say which product is which: that takes the key."""

NOTHING: frozenset[str] = frozenset()


def rank_correlation(first: Ints, second: Ints) -> float:
    """Spearman's correlation; 0 where one side is constant or there are fewer than three.

    Parameters
    ----------
    first, second : ndarray of shape (n,)
        Two series.

    Returns
    -------
    float
        Pearson's correlation of the ranks, ties given their mean rank (Spearman 1904).
    """
    from scipy.stats import rankdata

    if len(first) < 3:
        return 0.0
    ranks = [rankdata(series) - (len(first) + 1) / 2 for series in (first, second)]
    norm = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum() / norm) if norm > 0 else 0.0


def no_order(what: str, first: Ints, second: Ints) -> Reading:
    """A reading that holds where two series are unrelated: ``|Spearman| < max(.02, 4 / √n)``.

    Of unrelated series the correlation has a standard deviation of about 1 / √n: four of them are
    met by chance about once in 16,000.

    Parameters
    ----------
    what : str
        What is read.
    first, second : ndarray of shape (n,)
        Two series.
    """
    n = len(first)
    limit = max(0.02, 4 / np.sqrt(max(n, 1)))
    return Reading(what, abs(rank_correlation(first, second)), limit=float(limit), n=n)


def wilson(share: float, n: int) -> tuple[float, float]:
    """The 95 % interval of a share.

    Parameters
    ----------
    share : float
        What was found.
    n : int
        Of how many.

    Returns
    -------
    low, high : float
        NaN where `n` is 0.

    References
    ----------
    Wilson 1927, "Probable Inference, the Law of Succession, and Statistical Inference".
    """
    if not n:
        return float("nan"), float("nan")
    z = 1.959964
    centre = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z * np.sqrt(share * (1 - share) / n + z * z / (4 * n * n)) / (1 + z * z / n)
    return max(0.0, float(centre - half)), min(1.0, float(centre + half))


def visit_tables(release: Release) -> list[Kind]:
    """Config and split of every table whose rows are made of visits."""
    made = ("sessions", "cross_sessions", "rendered", "queries")
    found = [name.removesuffix(".parquet").split("/") for name in release.manifest.files]
    return [(config, split) for config, split in found if config in made]
