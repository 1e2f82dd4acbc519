"""What the runs of an aligner leave: scores, cost, and what they are seen against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.aligners.contract import Aligned
from cse_bench.harness.diagnosis import Diagnosis
from cse_bench.harness.sandbox.backends import NONE
from cse_bench.tasks.base import VariantScores
from cse_bench.tasks.registry import TASKS


@dataclass(frozen=True, eq=False)
class Run:
    """One fit of one aligner in one direction, scored.

    Attributes
    ----------
    track, source, target : str
        Track and direction.
    draw, seed : int
        Which evidence, which seed.
    seconds : float
        Of fit and transforms.
    peak_rss : int
        Bytes.
    scores : dict of str to list of VariantScores
        By task.
    diagnosis : Diagnosis or None
        Of the aligned space, in a track's first run.
    aligned : Aligned or None
        The vectors, where they are to be kept.
    """

    track: str
    source: str
    target: str
    draw: int
    seed: int
    seconds: float
    peak_rss: int
    scores: dict[str, list[VariantScores]]
    diagnosis: Diagnosis | None = None
    aligned: Aligned | None = None

    def primary(self) -> float:
        """The mean of the first task's primary metric."""
        for task in TASKS:
            for variant, metric in task.primary:
                for scored in self.scores.get(task.name, []):
                    if scored.variant == variant:
                        return float(np.nanmean(scored.metrics[metric]))
        return float("nan")


@dataclass(frozen=True, eq=False)
class Context:
    """What a direction's scores are seen against.

    Attributes
    ----------
    floor : list of Run
        Random rotations.
    reference, oracle : list of Run
        ``procrustes`` on all train pairs, and the dictionary of every pair; empty where the
        release has no pairs.
    """

    floor: list[Run]
    reference: list[Run]
    oracle: list[Run]


@dataclass(frozen=True, eq=False)
class Evaluation:
    """All runs of one aligner.

    Attributes
    ----------
    runs : dict of (track, source, target) to list of Run
        The aligner's.
    context : dict of (source, target) to Context
        What they are seen against.
    split : str
        The split that was scored.
    isolation : str
        The sandbox that every one of `runs` was in; ``none`` if they were in the open. What they
        are seen against is the package's own code, and is always run in the open.
    """

    runs: dict[tuple[str, str, str], list[Run]]
    context: dict[tuple[str, str], Context]
    split: str
    isolation: str = NONE
