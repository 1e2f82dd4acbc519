"""The same rank metrics by this package, by ir-measures and by ranx, from one array of scores."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cse_bench.metrics.ranking import count_above, hits_at, ndcg_at, reciprocal_rank
from cse_bench.ragged import Ragged
from cse_bench.types import Floats, Ints, Matrix


def ways(queries: int, candidates: int) -> dict[str, Callable[[], list[float]]]:
    """Ours first; the peers with what they take in at hand, and with the making of it."""
    scores, item = rankings(queries, candidates)
    judged, run = as_dicts(scores, item)
    held = as_ranx(judged, run)
    return {
        "ours": lambda: our_metrics(scores, item),
        "ir-measures, its dicts at hand": lambda: ir_measures(judged, run),
        "ir-measures, dicts made of the array": lambda: ir_measures(*as_dicts(scores, item)),
        "ranx, its `Run` at hand": lambda: ranx(*held),
        "ranx, `Run` made of the array": lambda: ranx(*as_ranx(*as_dicts(scores, item))),
        "ranx, arrays sorted by NumPy": lambda: ranx(*as_sorted_arrays(scores, item)),
    }


def rankings(queries: int, candidates: int) -> tuple[Matrix, Ints]:
    """Scores without ties, (queries, candidates), and each query's relevant candidate."""
    rng = np.random.default_rng(0)
    row = np.linspace(1, 0, candidates, endpoint=False, dtype=np.float32)
    scores = rng.permuted(np.tile(row, (queries, 1)), axis=1)
    return scores, rng.integers(0, candidates, queries)


def our_metrics(scores: Matrix, item: Ints) -> list[float]:
    """From scores to places, as `translation` counts them, and from places to metrics."""
    greater, ties = count_above(scores, scores[np.arange(len(item)), item])
    rows = Ragged(item, np.arange(len(item) + 1))
    values = (
        reciprocal_rank(greater, ties),
        hits_at(10, greater, ties),
        ndcg_at(10, greater, ties, rows),
    )
    return [float(v.mean()) for v in values]


Judged = dict[str, dict[str, int]]
Ranked = dict[str, dict[str, float]]


def as_dicts(scores: Matrix, item: Ints) -> tuple[Judged, Ranked]:
    """What both peers document: query → document → relevance, and → score."""
    names = [f"d{i}" for i in range(scores.shape[1])]
    judged = {f"q{q}": {names[i]: 1} for q, i in enumerate(item.tolist())}
    run = {f"q{q}": dict(zip(names, row, strict=True)) for q, row in enumerate(scores.tolist())}
    return judged, run


def as_ranx(judged: Judged, run: Ranked) -> tuple[Any, Any]:
    """The structures of ranx itself, which sort."""
    from ranx import Qrels, Run

    return Qrels(judged), Run(run)


def as_sorted_arrays(scores: Matrix, item: Ints) -> tuple[Floats, Floats]:
    """What `ranx.evaluate` takes too: (query, rank, [document, score])."""
    order = np.argsort(-scores, axis=1)
    run = np.stack([order, np.take_along_axis(scores, order, axis=1)], axis=2).astype(np.float64)
    judged = np.ones((len(item), 1, 2))
    judged[:, 0, 0] = item
    return judged, run


def ir_measures(judged: Judged, run: Ranked) -> list[float]:
    from ir_measures import RR, Success, calc_aggregate, nDCG

    found = calc_aggregate([RR, Success @ 10, nDCG @ 10], judged, run)
    return [float(found[measure]) for measure in (RR, Success @ 10, nDCG @ 10)]


def ranx(judged: Any, run: Any) -> list[float]:
    from ranx import evaluate

    names = ["mrr", "hit_rate@10", "ndcg@10"]
    found = evaluate(judged, run, names)
    return [float(found[name]) for name in names]
