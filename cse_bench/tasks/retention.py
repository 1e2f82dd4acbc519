"""retention: how much of each shop's own quality is left in the shared space."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.cosine import session_means, unit
from cse_bench.metrics.matched import auc, place_among_neighbours
from cse_bench.metrics.ranking import mean_by
from cse_bench.release.read import Release
from cse_bench.tasks.base import PreparedTask, Task, VariantScores
from cse_bench.tasks.completion import Completion
from cse_bench.types import Floats, Ints, Matrix

PER_SESSION = 3
"""Products left out of an unordered basket, each alone."""

ENOUGH = 0.95
"""Below it a result is flagged."""


@dataclass(frozen=True)
class Retention(Task):
    """In-shop completion in the shared space, divided by that in the shop's own.

    A product is left out of each validation session and ranked among its popularity neighbours
    by the rest (`tasks.completion`). The ratio is ``(AUC - .5)`` in the shared space over
    ``(AUC - .5)`` in the shop's own: 1 for a rotation, and lower where a map crushes what a shop
    knew. Variants ``source``, ``target``, and ``lower``, the lower of the two. It is a guard, not a
    prize: whoever raises it above 1 by bringing the other shop's knowledge has not aligned better.

    A ratio is no mean of queries. So that it can be resampled like all else, each session's value
    is the ratio's linearisation, ``R + (a - R b) / mean(b)`` with a and b what the session has
    above .5 in the shared and in its own space: their mean is the ratio R itself (Särndal,
    Swensson & Wretman 1992, "Model Assisted Survey Sampling", section 5.6).
    """

    name: ClassVar[str] = "retention"
    about: ClassVar[str] = "completing a shop's own sessions, in the shared space and in its own"
    primary: ClassVar[tuple[tuple[str, str], ...]] = (("lower", "ratio"),)
    guard: ClassVar[bool] = True

    def prepare(
        self, release: Release, split: str, source: str, target: str
    ) -> PreparedTask | None:
        """Score both shops' own spaces; see `Task.prepare`. The split plays no part."""
        ordered = bool(release.manifest.build.get("ordered", False))
        shops = []
        for name in (source, target):
            sessions, group = release.sessions("validation", name)
            shop = release.shops[name]
            limit = None if ordered else PER_SESSION
            asked = Completion.prepare(sessions, shop.popularity, ordered=ordered, limit=limit)
            if not len(asked.near.row):
                return None
            own = unit(shop.vectors)
            shops.append(OwnShop(asked, group, own, above_chance(asked, own)))
        return PreparedRetention(shops[0], shops[1])


@dataclass(frozen=True, eq=False)
class OwnShop:
    """A shop's sessions, and how well its own vectors complete them.

    Attributes
    ----------
    asked : Completion
        What is left out.
    group : ndarray of shape (n_sessions,), int64
        What intervals resample.
    vectors : ndarray of shape (n, d), float32
        Its unit vectors.
    above : ndarray of shape (n_sessions,), float64
        Matched AUC less .5 in them; NaN where a session asks nothing.
    """

    asked: Completion
    group: Ints
    vectors: Matrix
    above: Floats

    def ratio(self, shared: Matrix) -> Floats:
        """The linearised ratio in the shared space, a session each; NaN where nothing is asked."""
        base = float(np.nanmean(self.above))
        if not base > 0:
            return np.full(len(self.above), np.nan)
        if np.array_equal(shared, self.vectors):
            return self.above * 0 + 1.0
        there = above_chance(self.asked, shared)
        whole = float(np.nanmean(there)) / base
        return whole + (there - whole * self.above) / base


@dataclass(frozen=True, eq=False)
class PreparedRetention(PreparedTask):
    """Both shops of a direction."""

    source: OwnShop
    target: OwnShop

    def score(self, aligned: Aligned, *, full: bool = True) -> list[VariantScores]:
        """Complete both shops' sessions, in a track's first run alone; see `PreparedTask.score`."""
        if not full:
            return []
        ours = self.source.ratio(unit(aligned.source))
        theirs = self.target.ratio(unit(aligned.target))
        group = np.concatenate([self.source.group, self.target.group])
        return [
            VariantScores("lower", group, {"ratio": _lower(ours, theirs)}),
            VariantScores("source", self.source.group, {"ratio": ours}),
            VariantScores("target", self.target.group, {"ratio": theirs}),
        ]


def _lower(ours: Floats, theirs: Floats) -> Floats:
    """The sessions of both shops, whose mean is the lower ratio, and whose noise is that shop's.

    So whichever shop it is, the queries are the same, and results can be paired.
    """
    both = (ours, theirs)
    counted = [int((~np.isnan(values)).sum()) for values in both]
    if not all(counted):  # a shop's own space is no better than chance: there is nothing to lose
        return np.concatenate(both) * np.nan
    which = int(np.nanmean(ours) > np.nanmean(theirs))
    lower = float(np.nanmean(both[which]))
    share = sum(counted) / counted[which]
    return np.concatenate(
        [
            lower + ((values - lower) * share if side == which else values * 0)
            for side, values in enumerate(both)
        ]
    )


def above_chance(asked: Completion, vectors: Matrix) -> Floats:
    """Matched AUC less .5 of each session, NaN where it asks nothing.

    Parameters
    ----------
    asked : Completion
        What is left out of the sessions.
    vectors : ndarray of shape (n, k), float32
        Unit vectors.

    Returns
    -------
    ndarray of shape (n_sessions,), float64
    """
    queries = session_means(vectors, asked.shown)
    greater, ties = place_among_neighbours(queries, vectors, asked.near)
    near = asked.near
    values = auc(greater, ties, near.width) - 0.5
    return mean_by(asked.session[near.row], values, asked.n_sessions)
