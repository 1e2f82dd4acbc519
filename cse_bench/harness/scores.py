"""From runs to scores: means over runs, intervals over shoppers and runs, gap closed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from cse_bench.harness.evaluation import Evaluation, Run
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.results.record import Score
from cse_bench.tasks.base import VariantScores
from cse_bench.tasks.registry import TASKS
from cse_bench.types import Floats

ROUNDING = 1e-9
"""Scores no further apart than this are equal."""

GUARDS = frozenset(task.name for task in TASKS if task.guard)
"""Tasks that no gap is closed by."""


def summarise(evaluation: Evaluation) -> list[Score]:
    """One `Score` for every track, direction, task, variant and metric.

    The value is the mean over queries, then over the runs that carry the variant. The interval
    resamples groups of queries (shoppers, or pairs) and, where there are several, the aligner's
    runs; floor and reference are resampled with the same groups, so that the interval of gap closed
    knows their noise too. The floor's rotations are opposite pairs, whose luck cancels only
    together: they are not resampled.

    Parameters
    ----------
    evaluation : Evaluation
        The runs.

    Returns
    -------
    list of Score
    """
    scores: list[Score] = []
    by_direction: dict[tuple[str, str], list[str]] = {}
    for track, source, target in evaluation.runs:
        by_direction.setdefault((source, target), []).append(track)
    for (source, target), tracks in by_direction.items():
        context = evaluation.context[source, target]
        resamplers: dict[bytes, Resampler] = {}  # variants over the same groups share their draws
        for task, shape in _variants(evaluation.runs[tracks[0], source, target][0]):
            groups = shape.group.tobytes()
            if groups not in resamplers:
                resamplers[groups] = Resampler.over(shape.group)
            resampler = resamplers[groups]
            seen = _Cell(task, shape.variant, list(shape.metrics), resampler)
            against = [
                seen.replicates(runs) for runs in (context.floor, context.reference, context.oracle)
            ]
            counted = {m: int((~np.isnan(v)).sum()) for m, v in shape.metrics.items()}
            for track in tracks:
                own = seen.replicates(evaluation.runs[track, source, target], over_runs=True)
                where = (track, source, target, evaluation.split, task, shape.variant)
                scores += _scores(where, own, against, counted)
    order = {track: i for i, track in enumerate(dict.fromkeys(k[0] for k in evaluation.runs))}
    return sorted(scores, key=lambda score: order[score.track])


def _variants(run: Run) -> Iterator[tuple[str, VariantScores]]:
    """Task, and an example of every variant: a first run carries them all."""
    for task, variants in run.scores.items():
        for scored in variants:
            yield task, scored


class _Cell:
    """One variant of one task in one direction, resampled alike for every run.

    Parameters
    ----------
    task : str
        The task.
    variant : str
        The variant.
    metrics : list of str
        Its metrics.
    resampler : Resampler
        Draws of its groups.
    """

    def __init__(self, task: str, variant: str, metrics: list[str], resampler: Resampler) -> None:
        self.task, self.variant, self.metrics, self.resampler = task, variant, metrics, resampler

    def replicates(
        self, runs: list[Run], *, over_runs: bool = False
    ) -> dict[str, tuple[float, Floats]]:
        """Value and replicates of each metric over the runs that carry it; empty for none."""
        carried = [v for run in runs for v in run.scores[self.task] if v.variant == self.variant]
        if not carried:
            return {}
        stacked = np.stack(
            [[scored.metrics[m] for m in self.metrics] for scored in carried], axis=-1
        )  # metric, query, run
        by_query = np.ascontiguousarray(np.moveaxis(stacked, 1, 0))
        n, m, r = by_query.shape
        means = self.resampler.means(by_query.reshape(n, m * r)).reshape(-1, m, r)
        if over_runs and r > 1:
            draws = np.random.default_rng(r).integers(0, r, size=(len(means), r))
            means = np.take_along_axis(means, draws[:, None, :], axis=2)
        drawn = means.mean(axis=2)
        return {
            metric: (_mean(by_query[:, i]), drawn[:, i]) for i, metric in enumerate(self.metrics)
        }


def _mean(values: Floats) -> float:
    kept = values[~np.isnan(values)]
    return float(kept.mean()) if len(kept) else float("nan")


def _scores(
    where: tuple[str, str, str, str, str, str],
    own: dict[str, tuple[float, Floats]],
    against: list[dict[str, tuple[float, Floats]]],
    counted: dict[str, int],
) -> list[Score]:
    track, source, target, split, task, variant = where
    floor, reference, oracle = against
    scores = []
    for metric, (value, drawn) in own.items():
        if not counted[metric]:
            continue
        low, high = interval(drawn)
        wanted = None if task in GUARDS else reference.get(metric)
        gap = _gap_closed(own[metric], floor[metric], wanted)
        scores.append(
            Score(
                track=track,
                source_shop=source,
                target_shop=target,
                split="test" if split == "test" else "validation",
                task=task,
                metric=metric,
                variant=variant,
                value=value,
                ci_low=low,
                ci_high=high,
                n=counted[metric],
                floor=floor[metric][0],
                reference=reference[metric][0] if reference else None,
                oracle=oracle[metric][0] if oracle else None,
                gap_closed=gap[0],
                gap_ci_low=gap[1],
                gap_ci_high=gap[2],
                discriminative=None
                if task in GUARDS
                else _discriminative(floor[metric], oracle.get(metric)),
            )
        )
    return scores


def _discriminative(
    floor: tuple[float, Floats], oracle: tuple[float, Floats] | None
) -> bool | None:
    """Whether the oracle's interval stands above the floor; None without an oracle."""
    return None if oracle is None else interval(oracle[1])[0] > floor[0]


def _gap_closed(
    own: tuple[float, Floats],
    floor: tuple[float, Floats],
    reference: tuple[float, Floats] | None,
) -> tuple[float | None, float | None, float | None]:
    """(score - floor) / (reference - floor), all three resampled together.

    None where there is no reference, or it does not stand above the floor by more than rounding.
    """
    if reference is None or not reference[0] - floor[0] > ROUNDING:
        return None, None, None
    room = reference[1] - floor[1]
    drawn = np.divide(own[1] - floor[1], room, out=np.full(len(room), np.nan), where=room > 0)
    low, high = interval(drawn)
    return (own[0] - floor[0]) / (reference[0] - floor[0]), low, high
