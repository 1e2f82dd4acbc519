"""Reported, no threshold: how many *products* an attacker recognises, by the package's own means.

Products are no secret of this dataset: a benchmark that aligns spaces is a way to recognise them.
"""

from __future__ import annotations

import numpy as np

from cse_bench.aligners.base import Evidence, Shop
from cse_bench.aligners.contract import align
from cse_bench.aligners.loading import find_aligner
from cse_bench.metrics.blocks import for_each_block
from cse_bench.metrics.cosine import unit
from cse_bench.privacy.base import LOG_AND_KEY, NOTHING, Gate, Reading, Subject, wilson
from cse_bench.ragged import Ragged
from cse_bench.release.tables import ShopTable
from cse_bench.trainers.base import Sessions
from cse_bench.types import Ints, Matrix

KNOWN_PAIRS = 50

ATTACKS = (
    (0, ("content-seeds",)),
    (0, ("graph-matching",)),
    (KNOWN_PAIRS, ("procrustes", "cca")),
)
"""Products that the attacker knows already → the aligners to try; the best is reported. That by
graph matching is for releases without content: with it, `content-seeds` finds more, sooner."""


def _catalogue(subject: Subject) -> list[Reading]:
    """T1: by the content vector alone, guessing among the products that share it."""
    readings = []
    for name, shop in subject.release.shops.items():
        if shop.content is not None:
            _, kind, size = np.unique(shop.content, axis=0, return_inverse=True, return_counts=True)
            share = float(np.mean(1 / size[kind]))
            low, high = wilson(share, len(kind))
            what = f"{name}: products recognised by their kind"
            readings.append(Reading(what, share, low=low, high=high, n=len(kind)))
    return readings


CATALOGUE = Gate(
    name="recognition-catalogue",
    about="products that a public catalogue recognises",
    threat="T1",
    threshold="reported",
    needs=NOTHING,
    why="content vectors describe the kind of product; who knows the catalogue knows the kinds",
    measure=_catalogue,
)


def recognised(
    shop: ShopTable, vectors: Matrix, popularity: Matrix, known: int, name: str
) -> float:
    """Share of a shop's products whose nearest vector of the attacker's is their own.

    Parameters
    ----------
    shop : ShopTable
        A shop of the release.
    vectors : ndarray of shape (n, d), float32
        The attacker's vectors of the same products, in the same order.
    popularity : ndarray of shape (n,), float32
        What the attacker knows of popularity.
    known : int
        How many products the attacker knows already; they are not counted.
    name : str
        The aligner.
    """
    n = len(shop)
    rng = np.random.default_rng(0)
    order = rng.permutation(n)
    place = np.argsort(order)
    pairs = rng.permutation(n)[:known]
    theirs = Shop(shop.name, vectors[order], popularity[order], _rows(shop.content, order))
    ours = Shop(shop.name, shop.vectors, shop.popularity, shop.content)  # type: ignore[arg-type]
    nothing = Ragged.from_lists([])
    evidence = Evidence(np.column_stack([pairs, place[pairs]]), (nothing, nothing))
    aligned = align(find_aligner(name).make(0), ours, theirs, evidence)
    nearest = np.empty(n, np.int64)

    def visit(part: slice, scores: Matrix) -> None:
        nearest[part] = scores.argmax(axis=1)

    for_each_block(unit(aligned.source), unit(aligned.target), visit)
    asked = np.ones(n, bool)
    asked[pairs] = False
    return float(np.mean(order[nearest[asked]] == np.flatnonzero(asked)))


def _rows(content: Matrix | None, order: Ints) -> Matrix:
    return None if content is None else content[order]  # type: ignore[return-value]


def _by_content(aligner: str) -> bool:
    return "content" in find_aligner(aligner).info.uses


def _attacked(subject: Subject, sessions: dict[str, Sessions]) -> list[Reading]:
    readings = []
    for name, shop in subject.release.shops.items():
        own = sessions[name]
        vectors = subject.known().trainer.fit(own).vectors
        met = np.bincount(own.rows.values, minlength=len(shop))
        popularity = np.log2(np.maximum(met, 1)).astype(np.float32)
        for known, aligners in ATTACKS:
            able = [a for a in aligners if known or _by_content(a) == (shop.content is not None)]
            if able and len(shop) > 2 * known:
                share, best = max(
                    (recognised(shop, vectors, popularity, known, aligner), aligner)
                    for aligner in able
                )
                low, high = wilson(share, len(shop) - known)
                what = f"{name}: {known} products known, {best}"
                readings.append(Reading(what, share, low=low, high=high, n=len(shop) - known))
    return readings


def _log(subject: Subject) -> list[Reading]:
    """T2: an attacker whose log is of other shoppers of the same shop."""
    return _attacked(subject, subject.known().unseen)


OTHER_LOG = Gate(
    name="recognition-log",
    about="products that the log of other shoppers recognises, through embeddings learned from it",
    threat="T2",
    threshold="reported",
    needs=LOG_AND_KEY,
    why="measured with the held-out shoppers' visits, which the embeddings never met",
    measure=_log,
)


def _embeddings(subject: Subject) -> list[Reading]:
    """T3: the shop itself, with embeddings of all its visits."""
    facts = subject.known()
    everything = {}
    for name, own in facts.learned.items():
        everything[name] = Sessions(own.ids, own.rows + facts.unseen[name].rows)
    return _attacked(subject, everything)


EMBEDDINGS = Gate(
    name="recognition-embeddings",
    about="products that the shop itself recognises, with embeddings of all its visits",
    threat="T3",
    threshold="reported",
    needs=LOG_AND_KEY,
    why="after retraining on 70 % of the users a shop still knows most of its own products",
    measure=_embeddings,
)
