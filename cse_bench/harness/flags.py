"""What a reader of the scores must know: each as a sentence."""

from __future__ import annotations

import numpy as np

from cse_bench.aligners.source import AlignerSource
from cse_bench.release.read import Release
from cse_bench.release.tables import ShopTable
from cse_bench.results.record import RunRecord, Score
from cse_bench.tasks.registry import TASKS
from cse_bench.tasks.retention import ENOUGH, Retention
from cse_bench.tasks.type_ahead import TypeAhead


def flags(
    source: AlignerSource, release: Release, scores: list[Score], runs: list[RunRecord]
) -> list[str]:
    """Flag failed runs, lost in-shop quality, told labels, and tasks that cannot tell.

    Parameters
    ----------
    source : AlignerSource
        Who was scored.
    release : Release
        On what.
    scores, runs : list
        As in the record.
    """
    return [*_failed(runs), *_lost(scores), *_label_told(source, release, scores), *_blind(scores)]


def _failed(runs: list[RunRecord]) -> list[str]:
    found: dict[tuple[str, str, str], list[bool]] = {}
    for run in runs:
        found.setdefault((run.track, run.source_shop, run.target_shop), []).append(run.failed)
    return [
        f"{track}, {ours} → {theirs}: {sum(failed)} of {len(failed)} runs failed: no better than "
        "a random rotation"
        for (track, ours, theirs), failed in found.items()
        if any(failed)
    ]


def _lost(scores: list[Score]) -> list[str]:
    return [
        f"{s.track}, {s.source_shop} → {s.target_shop}: the shared space keeps {s.value:.3f} of a "
        f"shop's own quality, less than {ENOUGH}"
        for s in scores
        if (s.task, s.variant) == (Retention.name, "lower") and s.value < ENOUGH
    ]


def _label_told(source: AlignerSource, release: Release, scores: list[Score]) -> list[str]:
    derived = any(s.task == TypeAhead.name and s.variant != "queries" for s in scores)
    if "content" not in source.info.uses or not derived:
        return []
    if not all(_content_is_kind(shop) for shop in release.shops.values()):
        return []
    return [
        "type_ahead: the queries are names of categories, and the content evidence tells each "
        "product's category: the label itself was known"
    ]


def _content_is_kind(shop: ShopTable) -> bool:
    """Whether products of equal content are all of one category."""
    if shop.content is None:
        return False
    known = np.array([category is not None for category in shop.categories], np.bool_)
    known &= shop.content.any(axis=1)
    if not known.any():
        return False
    names = np.unique([c or "" for c in shop.categories], return_inverse=True)[1][known]
    kind = np.unique(shop.content[known], axis=0, return_inverse=True)[1].ravel()
    both = np.unique(np.column_stack([kind, names]), axis=0)
    return len(both) == len(np.unique(kind))


def _blind(scores: list[Score]) -> list[str]:
    primary = {(task.name, *pair) for task in TASKS if not task.guard for pair in task.primary}
    blind = {
        f"{s.task}, {s.variant} {s.metric}, {s.source_shop} → {s.target_shop}: not discriminative "
        "here, since the oracle's interval reaches down to the floor"
        for s in scores
        if (s.task, s.variant, s.metric) in primary and s.discriminative is False
    }
    return sorted(blind)
