"""next_event: from a session in the source shop, what is wanted in the target shop."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.blocks import for_each_block, hide
from cse_bench.metrics.cosine import session_means, unit
from cse_bench.metrics.depth import count_above_to_depth
from cse_bench.metrics.matched import (
    Neighbours,
    auc,
    count_neighbours,
    find_neighbours,
    hits_in_top_tenth,
    neighbours_in_block,
)
from cse_bench.metrics.ranking import QUARTERS, first_hit_at, mean_by, ndcg_at, quarters, recall_at
from cse_bench.metrics.smoothmax import Wanted, smooth_maxima
from cse_bench.ragged import Ragged
from cse_bench.release.read import Release
from cse_bench.release.schema import ALL_SPLITS
from cse_bench.release.tables import CrossRows
from cse_bench.tasks.base import PreparedTask, Ranks, Task, VariantScores
from cse_bench.tasks.prior import prior_weight
from cse_bench.types import Floats, Ints, Matrix, Vector

DEPTH = 100
"""Full-catalogue metrics look no further down."""

USUAL_SESSIONS = 4096
"""About so many train sessions tell what is usual."""

VARIANTS = {"rendered": "rendered", "real": "cross_sessions"}
"""Variant → table of the release."""


@dataclass(frozen=True)
class NextEvent(Task):
    """The mean of a session's unit vectors is the query.

    Matched metrics (``auc``, ``hr@10%``) rank each product of the target part among its popularity
    neighbours (`metrics.matched`); a query's value is the mean over its products. There a product's
    score is its cosine with the query, less its inner product with the mean query of the source
    shop's own train sessions: a product that is near to every session gains nothing by it, as a
    popular one gains nothing by its popularity, and an aligner that sends all sessions one way is
    at chance. Full-catalogue metrics (``ndcg@10, hr@10, mrr@10, recall@100``) rank all target
    products by the plain cosine, and again (``…+popularity``) with a popularity prior whose weight
    is fixed in-shop (`tasks.prior`).

    Variants: ``rendered`` (simulated crossings; the shown half is no candidate), ``real``,
    ``real-novel``: only targets whose own pair is not in the source part, since repurchase is much
    of what a dictionary knows; and ``…-popularity-1of4`` (least popular targets) to ``-4of4``,
    quarters of the ranked products. In ``rendered-smooth-maximum`` and ``real-smooth-maximum``,
    measured on a track's first run alone, a candidate's score is its smooth maximum over the
    session's products (`metrics.smoothmax`): what the choice of the mean costs or gains.
    """

    name: ClassVar[str] = "next_event"
    about: ClassVar[str] = "a session in one shop → the next products in the other"
    primary: ClassVar[tuple[tuple[str, str], ...]] = (("rendered", "auc"), ("real", "auc"))

    def prepare(
        self, release: Release, split: str, source: str, target: str
    ) -> PreparedTask | None:
        """Read the rows and find every target's neighbours; see `Task.prepare`."""
        pairs = np.concatenate([release.pairs(s, source, target) for s in ALL_SPLITS])
        popularity = release.shops[target].popularity
        prior = np.float32(prior_weight(release, target)) * popularity
        usual, _ = release.sessions("train", source)
        usual = usual.take(np.arange(0, len(usual), 1 + len(usual) // USUAL_SESSIONS))
        prepared = []
        for variant, table in VARIANTS.items():
            rows = release.rows(table, split, source, target)
            if not len(rows.group):
                continue
            twins = _twins(rows.source, pairs)
            nothing = Ragged.from_lists([[]] * len(rows.source))
            masked = twins if variant == "rendered" else nothing
            neighbours = find_neighbours(popularity, rows.target, masked)
            novel = None
            if variant == "real" and len(pairs):
                novel = ~_contains(twins, neighbours.row, neighbours.item, len(popularity))
            ranked = np.column_stack([neighbours.item.astype(np.int32), neighbours.index])
            wanted = Wanted.sort(neighbours.row, ranked, len(popularity))
            quarter = quarters(popularity[neighbours.item])
            prepared.append(
                PreparedRows(variant, rows, masked, neighbours, wanted, prior, novel, quarter)
            )
        return PreparedNextEvent(prepared, usual) if prepared else None


@dataclass(frozen=True, eq=False)
class PreparedRows:
    """One variant's rows.

    Attributes
    ----------
    variant : str
        ``rendered`` or ``real``.
    rows : CrossRows
        The rows.
    masked : Ragged
        Target products that are no candidates, a row a query.
    neighbours : Neighbours
        Popularity neighbours of every target that is ranked.
    wanted : Wanted
        Each such target and its neighbours, sorted for `smooth_maxima`.
    prior : ndarray of shape (n_target,), float32
        What the popularity prior adds to each product's cosine.
    novel : ndarray of shape (m,), bool, or None
        Which ranked targets have no pair in the source part.
    quarter : ndarray of shape (m,), int64
        Popularity quarter of each ranked target.
    """

    variant: str
    rows: CrossRows
    masked: Ragged
    neighbours: Neighbours
    wanted: Wanted
    prior: Vector
    novel: np.ndarray[tuple[int], np.dtype[np.bool_]] | None
    quarter: Ints


@dataclass(frozen=True, eq=False)
class PreparedNextEvent(PreparedTask):
    """All variants of one direction.

    Attributes
    ----------
    variants : list of PreparedRows
        Their rows.
    usual : Ragged
        Sessions of the source shop, whatever follows them: rows of the source shop.
    """

    variants: list[PreparedRows]
    usual: Ragged

    def score(self, aligned: Aligned, *, full: bool = True) -> list[VariantScores]:
        """Score every variant; see `PreparedTask.score`."""
        source, target = unit(aligned.source), unit(aligned.target)
        centre = np.zeros(source.shape[1], np.float32)
        if len(self.usual):
            centre = session_means(source, self.usual).mean(axis=0)
        always = target @ centre
        scored: list[VariantScores] = []
        for prepared in self.variants:
            scored += _score_rows(prepared, source, target, always)
            if full:
                scored.append(_score_smoothly(prepared, source, target))
        return scored


def _score_rows(
    prepared: PreparedRows, source: Matrix, target: Matrix, always: Matrix
) -> list[VariantScores]:
    """Score by the mean; `always` is what every session gives to each target product."""
    asked, near = prepared.rows, prepared.neighbours
    relevant, query_of = asked.target, asked.target.rows
    first_near = np.searchsorted(near.row, np.arange(len(asked.group) + 1))
    matched = np.empty((2, len(near.row)), np.int64)
    plain, popular = np.empty((2, 2, len(relevant.values)), np.int64)

    def visit(part: slice, scores: Matrix) -> None:
        rows, own, others = neighbours_in_block(scores, part, near, first_near)
        own, others = own - always[near.item[rows]], others - always[near.index[rows]]
        matched[:, rows] = count_neighbours(own, others, near.width[rows])

        hide(scores, part, prepared.masked)
        begin, end = relevant.offsets[part.start], relevant.offsets[part.stop]
        row = query_of[begin:end] - part.start
        for places in (plain, popular):
            own = scores[row, relevant.values[begin:end]]
            places[:, begin:end] = count_above_to_depth(scores, row, own, DEPTH)
            scores += prepared.prior

    for_each_block(session_means(source, asked.source), target, visit)
    n = len(asked.group)
    greater, ties = matched
    item_auc = auc(greater, ties, near.width)
    ranks = Ranks(near.row, near.item, greater, ties, 2 * near.width + 1)
    in_top_tenth = hits_in_top_tenth(greater, ties, near.width)
    metrics = {
        "auc": mean_by(near.row, item_auc, n),
        "hr@10%": mean_by(near.row, in_top_tenth, n),
    }
    for places, mark in ((plain, ""), (popular, "+popularity")):
        full = _full_catalogue(places[0], places[1], relevant)
        metrics |= {name + mark: values for name, values in full.items()}
    scored = [VariantScores(prepared.variant, asked.group, metrics, ranks)]
    parts = {f"popularity-{q + 1}of{QUARTERS}": prepared.quarter == q for q in range(QUARTERS)}
    if prepared.novel is not None:
        parts["novel"] = prepared.novel
    for name, kept in parts.items():
        only = mean_by(near.row[kept], item_auc[kept], n)
        scored.append(VariantScores(f"{prepared.variant}-{name}", asked.group, {"auc": only}))
    return scored


def _score_smoothly(prepared: PreparedRows, source: Matrix, target: Matrix) -> VariantScores:
    """Matched AUC by the smooth maximum over a session's products, in place of their mean."""
    rows, near = prepared.rows, prepared.neighbours
    scores = smooth_maxima(source, target, rows.source, prepared.wanted)
    greater, ties = count_neighbours(scores[:, 0], scores[:, 1:], near.width)
    values = mean_by(near.row, auc(greater, ties, near.width), len(rows.group))
    return VariantScores(f"{prepared.variant}-smooth-maximum", rows.group, {"auc": values})


def _full_catalogue(greater: Ints, ties: Ints, relevant: Ragged) -> dict[str, Floats]:
    hit, reciprocal = first_hit_at(10, greater, ties, relevant)
    return {
        "ndcg@10": ndcg_at(10, greater, ties, relevant),
        "hr@10": hit,
        "mrr@10": reciprocal,
        "recall@100": recall_at(DEPTH, greater, ties, relevant),
    }


def _twins(source: Ragged, pairs: Ints) -> Ragged:
    """The target products that are pairs of each row's source products."""
    order = np.argsort(pairs[:, 0], kind="stable")
    ours, theirs = pairs[order].T
    begin = np.searchsorted(ours, source.values, side="left")
    count = np.searchsorted(ours, source.values, side="right") - begin
    within = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count, count)
    values = theirs[np.repeat(begin, count) + within]
    ends = np.concatenate([[0], np.cumsum(count)])[source.offsets]
    return Ragged(values.astype(np.int64), ends.astype(np.int64))


def _contains(
    sets: Ragged, row: Ints, item: Ints, n_items: int
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Whether ``item[i]`` is in row ``row[i]`` of `sets`."""
    return np.isin(row * n_items + item, sets.rows * n_items + sets.values)
