"""Run one aligner over its tracks, draws, seeds and directions, beside floor and references."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cse_bench.aligners.base import Evidence
from cse_bench.aligners.contract import Aligned
from cse_bench.aligners.loading import AlignerSource, find_aligner
from cse_bench.harness.cache import RunCache, run_key
from cse_bench.harness.direction import Direction, prepare_to_score
from cse_bench.harness.evaluation import Context, Evaluation, Run
from cse_bench.harness.sandbox.backends import NONE
from cse_bench.harness.sandbox.fit import Way, fitter, in_the_open
from cse_bench.harness.sandbox.limits import DEFAULT, Limits
from cse_bench.harness.tracks import TRACKS, Track, draw_evidence
from cse_bench.release.read import Release

SEEDS = 5
"""Runs of a stochastic aligner."""

FLOOR_SEEDS = 2
"""Random rotations behind the floor: an opposite pair (see `RandomRotation`).

Its matched AUC is .5 to the last digit, and its other scores are near enough to nothing."""

PAPER = "paper-aligned"
"""What stands in place of a track for vectors that the data's own authors aligned: a control."""

NO_CACHE = RunCache(None)

ALL_SPLITS = ("train", "validation", "test")


def n_runs(aligner: AlignerSource, track: Track, seeds: int) -> int:
    """How many runs a track takes in one direction: as many as draws or seeds, whichever is more.

    Run i meets draw ``i % draws`` with seed ``i % seeds``.
    """
    return max(track.draws, seeds if aligner.info.stochastic else 1)


def n_steps(aligner: AlignerSource, tracks: list[Track], seeds: int, release: Release) -> int:
    """How many steps `evaluate_aligner` reports."""
    own = sum(n_runs(aligner, track, seeds) for track in tracks)
    return len(release.directions) * (own + n_context_steps(release))


def n_context_steps(release: Release) -> int:
    """How many steps `context_of` reports."""
    return FLOOR_SEEDS + (2 if release.has("pairs", "train") else 0)


def evaluate_aligner(
    aligner: AlignerSource,
    release: Release,
    tracks: list[Track],
    *,
    split: str = "test",
    seeds: int = SEEDS,
    keep_vectors: bool = False,
    cache: RunCache = NO_CACHE,
    isolation: str = NONE,
    limits: Limits = DEFAULT,
    step: Callable[[str], None] = lambda name: None,
) -> Evaluation:
    """Fit and score an aligner on every track, draw, seed and direction.

    Parameters
    ----------
    aligner : AlignerSource
        The aligner.
    release : Release
        The data.
    tracks : list of Track
        Which tracks.
    split : str
        ``validation`` or ``test``.
    seeds : int
        Runs of a stochastic aligner.
    keep_vectors : bool
        Whether to keep the aligned vectors of each track's first run.
    cache : RunCache
        Where runs that were scored before are found, and new ones kept.
    isolation : str
        The sandbox to run the aligner in, a name of `backends.BACKENDS`; ``none`` for the open.
    limits : Limits
        What one fit may use there.
    step : callable
        Told what begins, `n_steps` times.

    Returns
    -------
    Evaluation

    Raises
    ------
    AlignerError
        If the aligner breaks its contract.
    """
    runs: dict[tuple[str, str, str], list[Run]] = {}
    context: dict[tuple[str, str], Context] = {}
    with fitter(isolation, limits) as fit:
        for source, target in release.directions:
            direction = prepare_to_score(release, split, source, target)
            own = Way(fit, isolation, limits.threads, cache)
            for track in tracks:
                many = n_runs(aligner, track, seeds)
                runs[track.name, source, target] = [
                    _drawn(aligner, direction, track, run, seeds, keep_vectors, own, step)
                    for run in range(many)
                ]
            published = release.published_alignment()
            if published is not None:
                moved = Aligned(published[source], published[target])
                scores, diagnosis = direction.score(moved), direction.diagnose(moved)
                control = Run(PAPER, source, target, 0, 0, 0.0, 0, scores, diagnosis)
                runs[PAPER, source, target] = [control]
            known = runs.get((TRACKS["pairs-all"].name, source, target), [])
            is_reference = aligner.sha256 == find_aligner("procrustes").sha256
            context[source, target] = context_of(
                direction, known if is_reference else [], step, cache
            )
    cache.prune()
    return Evaluation(runs, context, split, isolation)


def _drawn(
    aligner: AlignerSource,
    direction: Direction,
    track: Track,
    run: int,
    seeds: int,
    keep_vectors: bool,
    way: Way,
    step: Callable[[str], None],
) -> Run:
    """One run of a track, with its draw of the evidence."""
    step(f"{track.name} {direction.source} → {direction.target} {run + 1}")
    evidence = draw_evidence(direction.evidence, track, run % track.draws)
    first = run == 0
    keep = keep_vectors and first
    return fit_and_score(
        aligner, direction, track, evidence, run, seeds, way, keep=keep, full=first
    )


def fit_and_score(
    aligner: AlignerSource,
    direction: Direction,
    track: Track,
    evidence: Evidence,
    run: int,
    seeds: int,
    way: Way,
    *,
    keep: bool = False,
    full: bool = True,
) -> Run:
    """One run, from the cache if it is there; `run` numbers it, `full` as `PreparedTask.score`."""
    seed = run % seeds if aligner.info.stochastic else 0
    key = run_key(
        release=direction.release.manifest.fingerprint,
        split=direction.split,
        direction=[direction.source, direction.target],
        aligner=aligner.sha256,
        parameters=aligner.parameters(),
        uses=sorted(aligner.info.uses),
        track=[track.name, track.n_pairs, track.draws],
        run=run,
        seed=seed,
        full=full,
        isolation=way.isolation,
        threads=way.threads,
    )
    known = None if keep else way.cache.load(key)
    if known is not None:
        own = (track.name, direction.source, direction.target, run % track.draws, seed)
        return Run(*own, *known)
    fit = way.fit(aligner, seed, direction, evidence, run)
    scores = direction.score(fit.aligned, full=full)
    diagnosis = direction.diagnose(fit.aligned) if full else None
    way.cache.save(key, fit.seconds, fit.peak_rss, scores, diagnosis)
    return Run(
        track=track.name,
        source=direction.source,
        target=direction.target,
        draw=run % track.draws,
        seed=seed,
        seconds=fit.seconds,
        peak_rss=fit.peak_rss,
        scores=scores,
        diagnosis=diagnosis,
        aligned=fit.aligned if keep else None,
    )


def context_of(
    direction: Direction, reference: list[Run], step: Callable[[str], None], cache: RunCache
) -> Context:
    """Floor, reference (unless it was just run) and oracle of one direction."""
    release, source, target = direction.release, direction.source, direction.target
    place = f"{source} → {target}"
    way = in_the_open(cache)
    floor = []
    for seed in range(FLOOR_SEEDS):
        step(f"floor {place} {seed + 1}")
        rotation = find_aligner("random-rotation")
        track = TRACKS["unsupervised"]
        evidence = direction.evidence
        floor.append(fit_and_score(rotation, direction, track, evidence, seed, FLOOR_SEEDS, way))
    if not release.has("pairs", "train"):
        return Context(floor, [], [])
    track = TRACKS["pairs-all"]
    step(f"reference {place}")
    evidence = direction.evidence
    if not reference:
        procrustes = find_aligner("procrustes")
        reference = [fit_and_score(procrustes, direction, track, evidence, 0, 1, way)]
    step(f"oracle {place}")
    every = np.concatenate([release.pairs(split, source, target) for split in ALL_SPLITS])
    everything = Evidence(every, evidence.cross_sessions)
    oracle = [fit_and_score(find_aligner("oracle"), direction, track, everything, 0, 1, way)]
    return Context(floor, reference, oracle)
