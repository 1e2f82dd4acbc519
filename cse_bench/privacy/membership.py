"""Gate ``membership``: whether a rare basket was learned from must not show in the embeddings."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from cse_bench.metrics.cosine import unit
from cse_bench.privacy.base import NOTHING, Gate, Reading, Subject, wilson
from cse_bench.release.read import Release
from cse_bench.types import Floats, Ints, Matrix, Vector

TRIALS = 1000
"""At least so many."""

FEWEST = 20
"""With fewer rare baskets that were not learned from there is no saying, even with the log at hand.
With few, the interval is wide, and its upper end fails the gate. Without the log it takes `TRIALS`
of them in the release."""

REPLICATES = 1000


def rare_pairs(baskets: Iterable[Ints], popularity: Vector) -> Ints:
    """The two rarest products of each basket, where both are of the rarer half of the shop.

    Parameters
    ----------
    baskets : iterable of ndarray of int64
        Rows of the shop.
    popularity : ndarray of shape (n,), float32
        Of every product of the shop.

    Returns
    -------
    ndarray of shape (m, 2), int64
        Rows of the shop, a pair for each such basket.
    """
    order = np.argsort(popularity, kind="stable")
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order))
    pairs = []
    for basket in baskets:
        rarest = np.sort(place[basket])[:2]
        if len(rarest) == 2 and rarest[1] < len(order) // 2:
            pairs.append(order[rarest])
    return np.array(pairs, dtype=np.int64).reshape(-1, 2)


def released_baskets(release: Release, shop: str, *, train: bool) -> list[Ints]:
    """The visits to a shop that stand whole in the release."""
    baskets: list[Ints] = []
    for split in ("train",) if train else ("validation", "test"):
        if split != "test":
            baskets += list(release.sessions(split, shop)[0])
        for other in release.shops:
            if other != shop:
                baskets += list(release.rows("cross_sessions", split, shop, other).source)
                baskets += list(release.rows("cross_sessions", split, other, shop).target)
    return baskets


def attack(subject: Subject) -> tuple[Floats, Floats]:
    """Cosines of the rarest two products of baskets learned from, and of others as popular.

    With the log at hand all its baskets are tried, else those of the release.

    Returns
    -------
    members, others : ndarray of shape (n,), float64
        Trials, matched one to one: of one shop, and of nearly the same popularity. Where there are
        few other baskets, each meets several members, so that there are `TRIALS` of them.
    """
    release, facts = subject.release, subject.facts
    chosen = []
    for name, shop in release.shops.items():
        if facts is None:
            sides = [released_baskets(release, name, train=train) for train in (True, False)]
            inside, outside = (rare_pairs(side, shop.popularity) for side in sides)
        else:
            rows = (facts.learned[name].rows, facts.unseen[name].rows)
            inside, outside = (rare_pairs(side, shop.popularity) for side in rows)
        if len(inside) and len(outside):
            chosen.append((shop, inside, outside))
    found = sum(len(outside) for _, _, outside in chosen)
    if found < (TRIALS if facts is None else FEWEST):
        return np.empty(0), np.empty(0)
    each = -(-TRIALS // found)
    members: list[Matrix] = []
    others: list[Matrix] = []
    for shop, inside, outside in chosen:
        vectors = unit(shop.vectors)
        rng = np.random.default_rng(0)
        ours, theirs = (  # shaken a little, so that a twin among equals is drawn at random
            shop.popularity[pairs].sum(axis=1) + rng.uniform(0, 1e-3, len(pairs))
            for pairs in (inside, outside)
        )
        order = np.argsort(ours)
        place = np.searchsorted(ours[order], theirs)
        near = np.clip(place[:, None] + np.arange(each) - each // 2, 0, len(order) - 1)
        twin = inside[order[near.ravel()]]
        for pairs, scores in ((twin, members), (np.repeat(outside, each, axis=0), others)):
            scores.append(np.einsum("ij,ij->i", vectors[pairs[:, 0]], vectors[pairs[:, 1]]))
    return np.concatenate(members).astype(np.float64), np.concatenate(others).astype(np.float64)


def _membership(subject: Subject) -> list[Reading]:
    members, others = attack(subject)
    n = len(members)
    if not n:
        return []
    baskets = len(np.unique(others))  # trials that share one say no more than it does
    rng = np.random.default_rng(0)
    value = auc_of(members, others)
    drawn = np.sort(
        [
            auc_of(members[i], others[i])
            for i in rng.integers(0, n, size=(REPLICATES, min(n, baskets)))
        ]
    )
    low, high = drawn[int(0.025 * REPLICATES)], drawn[int(0.975 * REPLICATES) - 1]
    hit = float(np.mean(members > np.quantile(others, 0.99)))
    hit_low, hit_high = wilson(hit, min(n, baskets))
    return [
        Reading(
            "AUC of telling rare baskets that were learned from",
            value,
            limit=0.60,
            low=float(low),
            high=float(high),
            n=n,
            judge_high=True,
        ),
        Reading(
            "found at 1 % false alarms",
            hit,
            limit=0.10,
            low=hit_low,
            high=hit_high,
            n=n,
            judge_high=True,
        ),
    ]


def auc_of(members: Floats, others: Floats) -> float:
    """Probability that a member scores higher, ties half (Mann and Whitney 1947)."""
    ranked = np.sort(others)
    below = np.searchsorted(ranked, members, side="left")
    upto = np.searchsorted(ranked, members, side="right")
    return float((below + upto).mean() / 2 / len(others))


MEMBERSHIP = Gate(
    name="membership",
    about="telling whether a rare basket was learned from, by its two rarest products' cosine",
    threat="T5",
    threshold="AUC's upper bound ≤ .60; found at 1 % false alarms ≤ 10 %",
    needs=NOTHING,
    why="an embedding that remembers single baskets tells who was in the log",
    measure=_membership,
)
