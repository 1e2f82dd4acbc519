"""See whether a record follows from its own ranks, on the release that it names.

Scores are computed again from what ``ranks.parquet`` says of each query, beside a floor, a
reference and an oracle of our own. Which queries there are, and among how many candidates each of
them is placed, is decided by the release: leaving out the hard ones is seen.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from cse_bench.harness.evaluation import Context, Evaluation, Run
from cse_bench.harness.record import failed
from cse_bench.harness.scores import summarise
from cse_bench.leaderboard.agreement import (
    EXACT,
    LEAST,
    disagreements,
    inconsistency,
)
from cse_bench.results.record import CONTROL, Cell, Result
from cse_bench.results.rescore import QueryValues
from cse_bench.tasks.base import VariantScores
from cse_bench.tasks.registry import TASKS
from cse_bench.types import Floats, Ints

Contexts = Mapping[tuple[str, str], Context]
Place = tuple[str, str, str]


def problem_with_scores(
    record: Result, cells: Mapping[Cell, QueryValues], contexts: Contexts
) -> str | None:
    """What in a record does not follow from its ranks; None if all does.

    Parameters
    ----------
    record : Result
        The record.
    cells : mapping of Cell to QueryValues
        From `results.read.check_scores`, which has compared the values themselves.
    contexts : mapping of (source, target) to Context
        Floor, reference and oracle of each direction, run here.
    """
    split = record.scores[0].split
    if {score.split for score in record.scores} != {split}:
        return "it mixes splits"
    places = {(score.source_shop, score.target_shop) for score in record.scores}
    if places != set(contexts):
        return f"its directions are {_arrows(places)}; the release has {_arrows(set(contexts))}"
    first = next((wrong for score in record.scores if (wrong := inconsistency(score))), None)
    if first is not None:
        return first
    lacking = _left_out(record, cells, contexts)
    if lacking is not None:
        return lacking
    runs: dict[Place, dict[tuple[int, int], Run]] = {}
    for cell, own in cells.items():
        context = contexts[cell.source_shop, cell.target_shop]
        asked = context.floor[0].scores
        shape = next((v for v in asked.get(cell.task, []) if v.variant == cell.variant), None)
        if shape is None or cell.metric not in shape.metrics:
            return f"the release asks nothing like {cell}"
        wrong = _other_queries(own, shape, cell.metric)
        if wrong is not None:
            return f"{cell}: {wrong}"
        place = (cell.track, cell.source_shop, cell.target_shop)
        for i, (draw, seed) in enumerate(own.runs):
            nothing = Run(*place, draw, seed, 0.0, 0, {task: [] for task in asked})
            run = runs.setdefault(place, {}).setdefault((draw, seed), nothing)
            run.scores[cell.task].append(_scored(own.query, own.values[:, i], cell.metric, shape))
    lists = {place: [own[key] for key in sorted(own)] for place, own in runs.items()}
    found = {s.cell: s for s in summarise(Evaluation(lists, dict(contexts), split))}
    wrongs = disagreements(record.scores, found, lambda score: EXACT * max(1.0, abs(score.value)))
    return wrongs[0] if wrongs else _wrongly_failed(record, lists, contexts)


def _left_out(record: Result, cells: Mapping[Cell, QueryValues], contexts: Contexts) -> str | None:
    """A primary score that the release asks for, and a track and direction of the record lacks."""
    there = {score.cell for score in record.scores}
    split = record.scores[0].split
    for place in dict.fromkeys((s.track, s.source_shop, s.target_shop) for s in record.scores):
        asked = contexts[place[1:]].floor[0].scores
        for task in TASKS:
            variants = {scored.variant for scored in asked.get(task.name, [])}
            for variant, metric in task.primary:
                cell = Cell(*place, split, task.name, variant, metric)
                if variant not in variants:
                    continue
                if cell not in there:
                    return f"it lacks {cell}, which the release asks for"
                if cell not in cells:
                    return f"it has no ranks for {cell}"
    return None


def _arrows(places: set[tuple[str, str]]) -> str:
    return ", ".join(" → ".join(place) for place in sorted(places))


def _other_queries(own: QueryValues, shape: VariantScores, metric: str) -> str | None:
    """Whether the queries are those that the release asks, each of its group."""
    asked = np.flatnonzero(~np.isnan(shape.metrics[metric]))
    if len(own.query) != len(asked) or (own.query != asked).any():
        return f"it has {len(own.query)} queries, not the {len(asked)} that the release asks"
    if (own.group != shape.group[asked]).any():
        return "its queries are not of the groups that the release tells"
    if own.placed is None:
        return None if shape.ranks is None else "it has no places"
    wanted = shape.ranks
    if wanted is None:
        return "its queries have places, but the release asks for none"
    order = np.lexsort((wanted.item, wanted.query))
    columns = (wanted.query, wanted.item, wanted.n_candidates)
    if not np.array_equal(own.placed, np.column_stack([column[order] for column in columns])):
        return "its places are of other items, or among other candidates, than the release asks"
    return None


def _scored(query: Ints, own: Floats, metric: str, shape: VariantScores) -> VariantScores:
    """What ranks say of one run, as the harness would have it."""
    values = np.full(len(shape.group), np.nan)
    values[query] = own
    return VariantScores(shape.variant, shape.group, {metric: values})


def _wrongly_failed(
    record: Result, runs: Mapping[Place, list[Run]], contexts: Contexts
) -> str | None:
    """Whether a run is said to have failed, or not to have, against what its ranks say."""
    told = {(r.track, r.source_shop, r.target_shop, r.draw, r.seed): r.failed for r in record.runs}
    for place, own in runs.items():
        if place[0] == CONTROL:
            continue
        context = contexts[place[1:]]
        top = max(floor.primary() for floor in context.floor)
        for run in own:
            said = told.get((*place, run.draw, run.seed))
            if said is None:
                return f"the record has no run {', '.join(place)}, draw {run.draw}, seed {run.seed}"
            if said != failed(run, context) and abs(run.primary() - top) > LEAST:
                which = f"{', '.join(place)}, draw {run.draw}, seed {run.seed}"
                return f"the run {which} is said to have {'' if said else 'not '}failed"
    return None
