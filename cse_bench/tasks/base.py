"""What a task is, and what scoring it gives."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import ClassVar

from cse_bench.aligners.contract import Aligned
from cse_bench.release.read import Release
from cse_bench.types import Floats, Ints


@dataclass(frozen=True, eq=False)
class Ranks:
    """The places behind a primary metric: one row for every ranked item.

    Attributes
    ----------
    query, item : ndarray of shape (m,), int64
        Query, and row of the ranked product in the target shop.
    greater, ties : ndarray of shape (m,), int64
        How many candidates score strictly higher; how many others the same.
    n_candidates : ndarray of shape (m,), int64
        How many candidates there are, the item among them.
    """

    query: Ints
    item: Ints
    greater: Ints
    ties: Ints
    n_candidates: Ints


@dataclass(frozen=True, eq=False)
class VariantScores:
    """One variant of a task, scored for one aligned space.

    Attributes
    ----------
    variant : str
        Name of the variant.
    group : ndarray of shape (n_queries,), int64
        What intervals resample.
    metrics : dict of str to ndarray of shape (n_queries,), float64
        Value of each query; NaN where it does not count.
    ranks : Ranks or None
        The places behind the primary metric.
    """

    variant: str
    group: Ints
    metrics: dict[str, Floats]
    ranks: Ranks | None = field(default=None)


class PreparedTask(ABC):
    """A task on one direction and split of a release, ready to score any aligned space."""

    @abstractmethod
    def score(self, aligned: Aligned, *, full: bool = True) -> list[VariantScores]:
        """Score an aligned space.

        Parameters
        ----------
        aligned : Aligned
            Both shops in one space, rows in the order of the release.
        full : bool
            Whether to measure also the variants that a track's first run alone carries, since
            they are dear and nothing is ranked by them.

        Returns
        -------
        list of VariantScores
        """


@dataclass(frozen=True)
class Task(ABC):
    """A frozen definition.

    Attributes
    ----------
    name : str
        Name of the task.
    about : str
        One line.
    primary : tuple of (str, str)
        The (variant, metric) pairs that are shown first; the first that a release can ask is
        ranked by.
    guard : bool
        Whether it only guards against damage: no gap is closed by it, and no rank won.
    """

    name: ClassVar[str]
    about: ClassVar[str]
    primary: ClassVar[tuple[tuple[str, str], ...]]
    guard: ClassVar[bool] = False

    @abstractmethod
    def prepare(
        self, release: Release, split: str, source: str, target: str
    ) -> PreparedTask | None:
        """Do what needs no aligner.

        Returns
        -------
        PreparedTask or None
            None where the release has nothing to ask.
        """
