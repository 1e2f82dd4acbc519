"""The popularity prior of full-catalogue rankings: its weight, fixed in-shop."""

from __future__ import annotations

from functools import lru_cache

import numpy as np

from cse_bench.metrics.blocks import for_each_block, hide
from cse_bench.metrics.cosine import session_means, unit
from cse_bench.metrics.depth import count_above_to_depth
from cse_bench.metrics.ranking import ndcg_at
from cse_bench.release.read import Release
from cse_bench.types import Matrix

WEIGHTS = (0.0, 0.005, 0.01, 0.02, 0.04, 0.08, 0.16)
"""What is tried: cosine per doubling of a product's popularity."""

DEPTH = 10


@lru_cache(maxsize=16)  # several tasks ask of one shop
def prior_weight(release: Release, shop: str) -> float:
    """The weight at which popularity helps completion most within a shop.

    On the shop's validation sessions and in its own vectors, the first half of each session (its
    order tells nothing where the log has none) predicts the second; the weight of the best mean
    NDCG@10 is kept. No aligner and no crossing has a part in it.

    Parameters
    ----------
    release : Release
        The release.
    shop : str
        The shop.

    Returns
    -------
    float
        One of `WEIGHTS`; 0 where the release has no validation sessions.
    """
    sessions, _ = release.sessions("validation", shop)
    sessions = sessions.take(np.flatnonzero(sessions.lengths >= 2))
    if not len(sessions):
        return 0.0
    half = np.repeat(sessions.lengths // 2, sessions.lengths)
    within = np.arange(len(sessions.values)) - np.repeat(sessions.offsets[:-1], sessions.lengths)
    shown, hidden = sessions.where(within < half), sessions.where(within >= half)
    vectors, popularity = unit(release.shops[shop].vectors), release.shops[shop].popularity
    row_of = hidden.rows
    greater, ties = np.empty((2, len(WEIGHTS), len(hidden.values)), np.int64)

    def visit(part: slice, scores: Matrix) -> None:
        hide(scores, part, shown)
        items = slice(hidden.offsets[part.start], hidden.offsets[part.stop])
        row = row_of[items] - part.start
        for i, weight in enumerate(WEIGHTS):
            moved = scores + np.float32(weight) * popularity
            own = moved[row, hidden.values[items]]
            greater[i, items], ties[i, items] = count_above_to_depth(moved, row, own, DEPTH)

    for_each_block(session_means(vectors, shown), vectors, visit)
    scored = [ndcg_at(DEPTH, g, t, hidden).mean() for g, t in zip(greater, ties, strict=True)]
    return WEIGHTS[int(np.argmax(scored))]
