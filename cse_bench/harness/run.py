"""Run one aligner over its tracks, draws, seeds and directions, beside floor and references."""

from __future__ import annotations

from collections.abc import Callable

from cse_bench.aligners.contract import Aligned
from cse_bench.aligners.loading import find_aligner
from cse_bench.aligners.source import AlignerSource
from cse_bench.harness.cache import RunCache
from cse_bench.harness.context import context_of, n_context_steps
from cse_bench.harness.direction import Direction, prepare_to_score
from cse_bench.harness.evaluation import Context, Evaluation, Run
from cse_bench.harness.one_run import fit_and_score
from cse_bench.harness.sandbox.backends import NONE
from cse_bench.harness.sandbox.fit import Way, fitter
from cse_bench.harness.sandbox.limits import DEFAULT, Limits
from cse_bench.harness.tracks import TRACKS, Track, draw_evidence
from cse_bench.release.read import Release
from cse_bench.results.record import CONTROL

SEEDS = 5
"""Runs of a stochastic aligner."""

NO_CACHE = RunCache(None)


def n_runs(aligner: AlignerSource, track: Track, seeds: int) -> int:
    """How many runs a track takes in one direction: as many as draws or seeds, whichever is more.

    Run i meets draw ``i % draws`` with seed ``i % seeds``.
    """
    return max(track.draws, seeds if aligner.info.stochastic else 1)


def n_steps(aligner: AlignerSource, tracks: list[Track], seeds: int, release: Release) -> int:
    """How many steps `evaluate_aligner` reports."""
    own = sum(n_runs(aligner, track, seeds) for track in tracks)
    return len(release.directions) * (own + n_context_steps(release))


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
                control = Run(CONTROL, source, target, 0, 0, 0.0, 0, scores, diagnosis)
                runs[CONTROL, source, target] = [control]
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
    of = n_runs(aligner, track, seeds)
    which = f", run {run + 1} of {of}" if of > 1 else ""
    step(f"{track.name} {direction.source} → {direction.target}{which}")
    evidence = draw_evidence(direction.evidence, track, run % track.draws)
    first = run == 0
    keep = keep_vectors and first
    return fit_and_score(
        aligner, direction, track, evidence, run, seeds, way, keep=keep, full=first
    )
