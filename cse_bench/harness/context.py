"""What scores are set against in a direction: floor, reference and oracle."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from cse_bench.aligners.base import Evidence
from cse_bench.aligners.loading import find_aligner, read_aligner
from cse_bench.aligners.registry import aligner_file
from cse_bench.harness.cache import RunCache
from cse_bench.harness.direction import Direction
from cse_bench.harness.evaluation import Context, Run
from cse_bench.harness.one_run import fit_and_score
from cse_bench.harness.sandbox.fit import in_the_open
from cse_bench.harness.tracks import TRACKS
from cse_bench.release.read import Release
from cse_bench.release.schema import ALL_SPLITS

FLOOR_SEEDS = 2
"""Random rotations behind the floor: an opposite pair (see `RandomRotation`).

Its matched AUC is .5 to the last digit, and its other scores are near enough to nothing."""


def n_context_steps(release: Release) -> int:
    """How many steps `context_of` reports."""
    return FLOOR_SEEDS + (2 if release.has("pairs", "train") else 0)


def context_of(
    direction: Direction, reference: list[Run], step: Callable[[str], None], cache: RunCache
) -> Context:
    """Floor, reference (unless it was just run) and oracle of one direction.

    Parameters
    ----------
    direction : Direction
        Where.
    reference : list of Run
        Runs of ``procrustes`` on all train pairs, if there are some already.
    step : callable
        Told what begins, `n_context_steps` times.
    cache : RunCache
        Where runs are found, and kept.

    Returns
    -------
    Context
        Without reference and oracle where the release has no pairs.
    """
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
    dictionary = read_aligner(aligner_file("oracle"))
    oracle = [fit_and_score(dictionary, direction, track, everything, 0, 1, way)]
    return Context(floor, reference, oracle)
