"""One direction of a release: permuted for an aligner, put back for scoring."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from cse_bench.aligners.base import Aligner, Evidence, Shop
from cse_bench.aligners.contract import Aligned, align
from cse_bench.errors import InputError
from cse_bench.harness.diagnosis import Diagnosis, diagnose
from cse_bench.harness.tracks import PROTOCOL_SEED, train_evidence
from cse_bench.metrics.blocks import one_blas_thread
from cse_bench.release.read import Release
from cse_bench.release.tables import ShopTable
from cse_bench.tasks.base import PreparedTask, VariantScores
from cse_bench.tasks.registry import TASKS
from cse_bench.types import Ints, Matrix


@dataclass(frozen=True, eq=False)
class Direction:
    """An ordered pair of shops with its tasks, ready to score.

    Attributes
    ----------
    release : Release
        The release.
    split : str
        ``validation`` or ``test``.
    source, target : str
        Names of the shops.
    tasks : dict of str to PreparedTask
        The tasks that the release can ask.
    evidence : Evidence
        All train evidence, in rows of the release.
    """

    release: Release
    split: str
    source: str
    target: str
    tasks: dict[str, PreparedTask]
    evidence: Evidence

    @classmethod
    def prepare(cls, release: Release, split: str, source: str, target: str) -> Direction:
        """Do what needs no aligner."""
        with one_blas_thread():
            prepared = {t.name: t.prepare(release, split, source, target) for t in TASKS}
        tasks = {name: task for name, task in prepared.items() if task is not None}
        if all(t.guard for t in TASKS if t.name in tasks):
            tasks = {}  # a guard alone asks nothing
        return cls(release, split, source, target, tasks, train_evidence(release, source, target))

    def score(self, aligned: Aligned, *, full: bool = True) -> dict[str, list[VariantScores]]:
        """Score an aligned space on every task; see `PreparedTask.score`."""
        with one_blas_thread():
            return {name: task.score(aligned, full=full) for name, task in self.tasks.items()}

    def diagnose(self, aligned: Aligned) -> Diagnosis:
        """What an aligned space looks like."""
        shops = self.release.shops
        popularity = shops[self.source].popularity, shops[self.target].popularity
        with one_blas_thread():
            return diagnose(aligned, popularity)


@lru_cache(maxsize=2)
def prepare_to_score(release: Release, split: str, source: str, target: str) -> Direction:
    """A direction of which something is asked.

    The last two are kept: a board's entries, or a loop over parameters, ask again for both
    directions of one pair of shops.

    Raises
    ------
    InputError
        If the release asks nothing there.
    """
    direction = Direction.prepare(release, split, source, target)
    if not direction.tasks:
        raise InputError(
            f"the release {release.name} asks nothing from {source} to {target} on the split "
            f"{split}: it has neither crossings nor pairs there"
        )
    return direction


@dataclass(frozen=True, eq=False)
class Fit:
    """An aligner's output for one direction, and what it cost.

    Attributes
    ----------
    aligned : Aligned
        Rows in the order of the release.
    seconds : float
        Wall-clock time of fit and transforms.
    peak_rss : int
        Bytes: the process's largest resident set so far; in a sandbox, of the fit's own process.
    """

    aligned: Aligned
    seconds: float
    peak_rss: int


def fit_direction(
    aligner: Aligner,
    direction: Direction,
    evidence: Evidence,
    run: int,
    uses: frozenset[str] | None = None,
) -> Fit:
    """Show an aligner both shops in a random order of rows, and put its output back.

    Parameters
    ----------
    aligner : Aligner
        The aligner, not yet fitted.
    direction : Direction
        The direction.
    evidence : Evidence
        In rows of the release.
    run : int
        Number of the run; each has its own permutation.
    uses : frozenset of str, optional
        The evidence that it declares, as read from its source.

    Raises
    ------
    AlignerError
        If the aligner breaks its contract.
    """
    begin = time.perf_counter()
    order, rng = row_order(direction, run)
    source, target = shown_shops(direction, order)
    place = row_places(order)
    shown = shown_evidence(evidence, place, rng)
    aligned = align(aligner, source, target, shown, uses)
    seconds = time.perf_counter() - begin
    return Fit(put_back(aligned, place), seconds, _peak_rss())


def row_order(direction: Direction, run: int) -> tuple[list[Ints], np.random.Generator]:
    """The order in which a run shows the rows of source and target, and what draws on from there.

    Parameters
    ----------
    direction : Direction
        The direction.
    run : int
        Number of the run.
    """
    rng = np.random.default_rng([PROTOCOL_SEED, 2, run])
    shops = (direction.release.shops[name] for name in (direction.source, direction.target))
    return [rng.permutation(len(shop)) for shop in shops], rng


def row_places(order: list[Ints]) -> list[Ints]:
    """Where each row of the release is shown."""
    return [np.argsort(side) for side in order]


def shown_shops(direction: Direction, order: list[Ints]) -> tuple[Shop, Shop]:
    """Source and target as an aligner sees them, with all they have."""
    shops = direction.release.shops
    source, target = shops[direction.source], shops[direction.target]
    return _permuted(source, order[0]), _permuted(target, order[1])


def put_back(aligned: Aligned, place: list[Ints]) -> Aligned:
    """An aligner's output in the order of the release."""
    return Aligned(aligned.source[place[0]], aligned.target[place[1]])


def _permuted(shop: ShopTable, order: Ints) -> Shop:
    content = None if shop.content is None else _read_only(shop.content[order])
    return Shop(
        shop.name,
        _read_only(shop.vectors[order]),
        _read_only(shop.popularity[order]),
        content,  # type: ignore[arg-type]  # None where the release has none
    )


def shown_evidence(evidence: Evidence, place: list[Ints], rng: np.random.Generator) -> Evidence:
    """Evidence as an aligner sees it: in the rows it is shown, in a random order."""
    pairs = np.column_stack([place[side][evidence.pairs[:, side]] for side in (0, 1)])
    ours, theirs = evidence.cross_sessions
    order = rng.permutation(len(ours))
    sessions = (ours.take(order).map(place[0]), theirs.take(order).map(place[1]))
    return Evidence(pairs[rng.permutation(len(pairs))], sessions)


def _read_only(array: Matrix) -> Matrix:
    array.flags.writeable = False
    return array


def _peak_rss() -> int:
    try:
        import resource
    except ImportError:
        return 0  # not told on Windows
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
