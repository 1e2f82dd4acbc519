"""Run an aligner again, shut in, and see whether its scores come back.

How far a score may be from the first one is calibrated: the first run of each track, in the first
direction, is fitted on 1, 2 and 4 threads, and what that changes is doubled. (One direction, since
more threads than cores stand in each other's way.) An aligner whose scores move by more than `MOST`
is not reproducible, and is refused: else noise of its own would excuse any claim.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from cse_bench.aligners.source import AlignerSource
from cse_bench.harness.cache import RunCache
from cse_bench.harness.direction import Direction, prepare_to_score
from cse_bench.harness.evaluation import Evaluation, Run
from cse_bench.harness.one_run import fit_and_score
from cse_bench.harness.record import diagnostics
from cse_bench.harness.run import SEEDS, evaluate_aligner, n_steps
from cse_bench.harness.sandbox.fit import Way, fitter
from cse_bench.harness.sandbox.limits import Limits
from cse_bench.harness.scores import summarise
from cse_bench.harness.tracks import Track, draw_evidence
from cse_bench.leaderboard.agreement import LEAST, disagreements
from cse_bench.leaderboard.verification import Tolerance
from cse_bench.release.read import Release
from cse_bench.results.record import CONTROL, Result, Score

THREADS = 2
"""Of the run that is compared."""

OTHER_THREADS = (1, 4)
"""Of the runs that tell how far it may be away."""

MOST = 0.005
"""How far the number of threads may move a score; it is relative beyond 1."""

SHAPE = 0.02
"""How far a diagnostic may be away: no score, and told for information."""

Name = tuple[str, str, str]


@dataclass(frozen=True, eq=False)
class Again:
    """An aligner, run again.

    Attributes
    ----------
    evaluation : Evaluation
        All of its runs.
    tolerances : list of Tolerance
        Of each metric.
    """

    evaluation: Evaluation
    tolerances: list[Tolerance]


def run_again(
    source: AlignerSource,
    release: Release,
    tracks: list[Track],
    *,
    split: str,
    seeds: int,
    isolation: str,
    limits: Limits,
    cache: RunCache,
    step: Callable[[str], None],
) -> Again:
    """Evaluate on `THREADS` threads, and calibrate on the others.

    Parameters
    ----------
    source : AlignerSource
        The file.
    release : Release
        The data.
    tracks : list of Track
        Those of the record.
    split, seeds
        As in `evaluate_aligner`.
    isolation : str
        The sandbox.
    limits : Limits
        Of each fit; how many threads is decided here.
    cache : RunCache
        Where runs that this machine has made before are found.
    step : callable
        Told what begins, `steps_again` times.

    Raises
    ------
    AlignerError
        If the aligner breaks its contract, or goes beyond the limits.
    """
    evaluation = evaluate_aligner(
        source,
        release,
        tracks,
        split=split,
        seeds=seeds,
        cache=cache,
        isolation=isolation,
        limits=replace(limits, threads=THREADS),
        step=step,
    )
    place = release.directions[0]
    by_threads = [[_means(evaluation.runs[track.name, *place][0]) for track in tracks]]
    direction = prepare_to_score(release, split, *place)
    for threads in OTHER_THREADS:
        with fitter(isolation, replace(limits, threads=threads)) as fit:
            way = Way(fit, isolation, threads, cache)
            by_threads.append(_first_runs(source, direction, tracks, seeds, way, step))
    seen: dict[Name, list[list[float]]] = {}
    for track in range(len(tracks)):
        for name in by_threads[0][track]:
            seen.setdefault(name, []).append([runs[track][name] for runs in by_threads])
    return Again(evaluation, [_tolerance(name, values) for name, values in seen.items()])


def steps_again(source: AlignerSource, release: Release, tracks: list[Track], seeds: int) -> int:
    """How many steps `run_again` reports."""
    return n_steps(source, tracks, seeds, release) + len(OTHER_THREADS) * len(tracks)


def _first_runs(
    source: AlignerSource,
    direction: Direction,
    tracks: list[Track],
    seeds: int,
    way: Way,
    step: Callable[[str], None],
) -> list[dict[Name, float]]:
    means = []
    for track in tracks:
        step(f"{track.name} {direction.source} → {direction.target}, on {way.threads} threads")
        evidence = draw_evidence(direction.evidence, track, 0)
        means.append(_means(fit_and_score(source, direction, track, evidence, 0, seeds, way)))
    return means


def _means(run: Run) -> dict[Name, float]:
    """Every score; 0 where there is nothing to score, as the release decides."""
    return {
        (task, scored.variant, metric): 0.0 if np.isnan(values).all() else float(np.nanmean(values))
        for task, variants in run.scores.items()
        for scored in variants
        for metric, values in scored.metrics.items()
    }


def _tolerance(name: Name, values: list[list[float]]) -> Tolerance:
    seen = max(max(own) - min(own) for own in values)
    least = LEAST * max(1.0, *(abs(value) for own in values for value in own))
    task, variant, metric = name
    return Tolerance(
        task=task, variant=variant, metric=metric, value=max(least, 2 * seen), seen=seen
    )


def _restless(again: Again, found: Iterable[Score]) -> str | None:
    """Whether an aligner's scores depend on the machine it is run on; None if they do not."""
    sizes: dict[Name, float] = {}
    for s in found:
        name = (s.task, s.variant, s.metric)
        sizes[name] = max(sizes.get(name, 1.0), abs(s.value))
    for t in again.tolerances:
        if t.seen > MOST * sizes.get((t.task, t.variant, t.metric), 1.0):
            return (
                f"{t.task}, {t.variant}, {t.metric} moves by {t.seen:.3g} between 1, 2 and 4 "
                f"threads, {MOST:g} are allowed: seed all that is random, and let nothing depend "
                "on the machine"
            )
    return None


def problem_with_runs(record: Result, again: Again) -> str | None:
    """Where a record is not what running again gives; None if it is.

    Parameters
    ----------
    record : Result
        The record.
    again : Again
        From `run_again`, on the record's tracks.
    """
    far = {(t.task, t.variant, t.metric): t.value for t in again.tolerances}

    def tolerance(score: Score) -> float:
        return far.get((score.task, score.variant, score.metric), LEAST)

    found = {score.cell: score for score in summarise(again.evaluation)}
    restless = _restless(again, found.values())
    if restless is not None:
        return restless
    told = {score.cell for score in record.scores}
    for cell in sorted(told ^ found.keys()):
        return f"{cell} is {'not there when it is run again' if cell in told else 'left out'}"
    wrong = disagreements(record.scores, found, tolerance)
    return wrong[0] if wrong else _other_shape(record, again)


def _other_shape(record: Result, again: Again) -> str | None:
    found = {(d.track, d.source_shop, d.target_shop): d for d in diagnostics(again.evaluation)}
    told = {(d.track, d.source_shop, d.target_shop): d for d in record.diagnostics}
    if found.keys() != told.keys():
        return "its diagnostics are of other tracks or directions than its scores"
    for place, other in found.items():
        for name in ("hubness", "eigenvector_similarity"):
            ours, theirs = getattr(told[place], name), getattr(other, name)
            if abs(ours - theirs) > SHAPE * max(1.0, abs(theirs)):
                return f"{name} of {', '.join(place)} is {ours:.6g}, not {theirs:.6g}"
    return None


def seeds_of(record: Result) -> int:
    """How many seeds a stochastic aligner was given."""
    runs: dict[Name, int] = {}
    for run in record.runs:
        place = (run.track, run.source_shop, run.target_shop)
        runs[place] = runs.get(place, 0) + 1
    return max([SEEDS, *runs.values()]) if record.aligner.stochastic else SEEDS


def tracks_of(record: Result) -> Sequence[str]:
    """The tracks that a record is about, the control left out."""
    return [t for t in dict.fromkeys(score.track for score in record.scores) if t != CONTROL]
