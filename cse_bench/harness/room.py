"""The room that a release leaves a task: floor, reference, oracle, and what difference shows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from cse_bench.aligners.loading import find_aligner
from cse_bench.harness.cache import RunCache
from cse_bench.harness.context import context_of
from cse_bench.harness.direction import Direction
from cse_bench.harness.evaluation import Context, Run
from cse_bench.harness.one_run import fit_and_score
from cse_bench.harness.run import SEEDS
from cse_bench.harness.sandbox.fit import in_the_open
from cse_bench.harness.scores import ROUNDING
from cse_bench.harness.tracks import TRACKS, Track, draw_evidence
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.metrics.detectable import smallest_detectable
from cse_bench.tasks.registry import TASKS
from cse_bench.types import Floats, Ints

FEW_PAIRS = 500
"""Pairs of the lesser of the two entries whose difference is looked for."""


@dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval over groups."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Room:
    """A primary metric in one direction.

    Attributes
    ----------
    source_shop, target_shop, task, variant, metric : str
        What is measured.
    queries, groups : int
        How many queries count, and of how many groups (shoppers; pairs).
    floor : Estimate
        Random rotations.
    reference, oracle : Estimate or None
        `procrustes` on all train pairs; the dictionary of every pair. None without pairs.
    discriminative : bool or None
        Whether the oracle's interval stands above the floor; None without an oracle, and for a
        guard, which has no room above the floor.
    detectable : float or None
        The smallest detectable difference of two entries (`metrics.detectable`); None where the
        queries are of one group, or the entries compared are equal on all of them.
    """

    source_shop: str
    target_shop: str
    task: str
    variant: str
    metric: str
    queries: int
    groups: int
    floor: Estimate
    reference: Estimate | None
    oracle: Estimate | None
    discriminative: bool | None
    detectable: float | None


@dataclass(frozen=True)
class Space:
    """One direction's aligned spaces.

    Attributes
    ----------
    source_shop, target_shop : str
        The direction.
    hubness_floor, hubness_reference : float or None
        Skewness of the targets' k-occurrence after a random rotation, and after the reference.
    compared : str
        The two entries whose difference `Room.detectable` is about.
    """

    source_shop: str
    target_shop: str
    hubness_floor: float | None
    hubness_reference: float | None
    compared: str


STEPS = 6
"""How many steps `measure_room` reports at most."""


def measure_room(
    direction: Direction, cache: RunCache, step: Callable[[str], None]
) -> tuple[Space, list[Room]]:
    """Score floor, reference, oracle, and the entries that are compared.

    Parameters
    ----------
    direction : Direction
        The direction; it must have a task.
    cache : RunCache
        Where runs that were scored before are found, and new ones kept.
    step : callable
        Told what begins.
    """
    context = context_of(direction, [], step, cache)
    step(f"typical entries {direction.source} → {direction.target}")
    entries, compared = _typical_entries(direction, context, cache)
    space = Space(
        source_shop=direction.source,
        target_shop=direction.target,
        hubness_floor=_hubness(context.floor),
        hubness_reference=_hubness(context.reference),
        compared=compared,
    )
    return space, list(_rooms(direction, context, entries))


def _rooms(direction: Direction, context: Context, entries: tuple[Run, Run]) -> Iterator[Room]:
    for task in (task for task in TASKS if not task.guard):
        for variant, metric in task.primary:
            what = (task.name, variant, metric)
            found = _by_query(context.floor, *what)
            if found is None:
                continue
            floor, group = found
            counted = ~np.isnan(floor)
            if not counted.any():
                continue
            resampler = Resampler.over(group)
            estimates = [
                None if own is None else _estimate(own[0], resampler)
                for own in (_by_query(runs, *what) for runs in (context.reference, context.oracle))
            ]
            reference, oracle = estimates
            seen = _estimate(floor, resampler)
            yield Room(
                direction.source,
                direction.target,
                *what,
                queries=int(counted.sum()),
                groups=len(np.unique(group[counted])),
                floor=seen,
                reference=reference,
                oracle=oracle,
                discriminative=(None if oracle is None else oracle.low > seen.value),
                detectable=_detectable(entries, *what),
            )


def _typical_entries(
    direction: Direction, context: Context, cache: RunCache
) -> tuple[tuple[Run, Run], str]:
    """Two runs a fair way apart, and what they are."""
    way = in_the_open(cache)
    n = len(direction.evidence.pairs)
    few = min(FEW_PAIRS, n // 2)
    if not few:
        rotation, track = find_aligner("random-rotation"), TRACKS["unsupervised"]
        run = 2  # rotations 0 and 1 are opposites, whose errors would cancel
        other = fit_and_score(rotation, direction, track, direction.evidence, run, SEEDS, way)
        return (context.floor[0], other), "two random rotations"
    named = f"pairs-{few}"
    track = TRACKS.get(named) or Track(named, f"with {few} known pairs", "pairs", few)
    evidence = draw_evidence(direction.evidence, track, 0)
    lesser = fit_and_score(find_aligner("procrustes"), direction, track, evidence, 0, SEEDS, way)
    said = f"procrustes on all {n:,} train pairs and on {few:,} of them"
    return (context.reference[0], lesser), said


def _detectable(entries: tuple[Run, Run], task: str, variant: str, metric: str) -> float | None:
    first, second = (_by_query([run], task, variant, metric) for run in entries)
    if first is None or second is None:
        return None
    found = smallest_detectable(first[0] - second[0], first[1])
    return found if found > ROUNDING else None  # not so for NaN, nor where the two are equal


def _by_query(runs: list[Run], task: str, variant: str, metric: str) -> tuple[Floats, Ints] | None:
    """Each query's value, mean over the runs, and its group; None if no run carries it."""
    carried = [
        scored
        for run in runs
        for scored in run.scores.get(task, [])
        if scored.variant == variant and metric in scored.metrics
    ]
    if not carried:
        return None
    values: Floats = np.mean([scored.metrics[metric] for scored in carried], axis=0)
    return values, carried[0].group


def _estimate(values: Floats, resampler: Resampler) -> Estimate:
    low, high = interval(resampler.means(values))
    return Estimate(float(np.nanmean(values)), low, high)


def _hubness(runs: list[Run]) -> float | None:
    found = [run.diagnosis.hubness for run in runs if run.diagnosis is not None]
    return float(np.mean(found)) if found else None
