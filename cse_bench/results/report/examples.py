"""Ten products and what lies nearest to them in the other shop, right and wrong."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.metrics.blocks import for_each_block
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.ranking import count_above, reciprocal_rank
from cse_bench.release.schema import ALL_SPLITS
from cse_bench.release.tables import ShopTable
from cse_bench.results.report.space import Space
from cse_bench.types import Floats, Ints, Matrix

PRODUCTS = 10
NEIGHBOURS = 5


@dataclass(frozen=True)
class Product:
    """A product as the page names it.

    Attributes
    ----------
    id : str
        Its id.
    category : str or None
        Its category.
    events : int
        Train events, about: 2 to the power of its popularity.
    """

    id: str
    category: str | None
    events: int


@dataclass(frozen=True)
class Neighbour:
    """A target product near a source product.

    Attributes
    ----------
    product : Product
        The product.
    cosine : float
        How near.
    verdict : str
        ``pair``, ``category`` (another product of the same category), ``other``.
    """

    product: Product
    cosine: float
    verdict: str


@dataclass(frozen=True)
class Example:
    """A source product with its neighbours.

    Attributes
    ----------
    product : Product
        The product.
    pair : Product or None
        Its pair in the target shop, where the release knows one.
    rank : int or None
        Place of that pair among all target products, 1 is best; ties count half.
    neighbours : list of Neighbour
        Best first.
    """

    product: Product
    pair: Product | None
    rank: int | None
    neighbours: list[Neighbour]


@dataclass(frozen=True)
class Examples:
    """What is shown, and how it was chosen.

    Attributes
    ----------
    shown : list of Example
        The products.
    how : str
        How they were chosen, with the scores of all.
    """

    shown: list[Example]
    how: str


def choose_examples(space: Space) -> Examples:
    """Choose products by rule, never by hand, and list their neighbours.

    With pairs: five whose pair is found first, evenly over popularity, and five of the others,
    evenly over the pair's rank; where one kind has fewer, the other has more. Without: ten evenly
    over popularity.
    """
    source, target = unit(space.aligned.source), unit(space.aligned.target)
    pairs = space.release.pairs(space.split, space.place.source, space.place.target)
    if not len(pairs):
        rows = _spread(np.argsort(space.source.popularity, kind="stable"), PRODUCTS)
        shown = [_example(space, source, target, int(row), None, None) for row in rows]
        how = (
            "The release knows no pairs, so nothing can be called right: ten products, evenly over "
            "popularity."
        )
        return Examples(shown, how)
    rank, reciprocal = _ranks(source, target, pairs)
    first = np.flatnonzero(rank == 1)
    rest = np.flatnonzero(rank != 1)
    first = first[np.argsort(space.target.popularity[pairs[first, 1]], kind="stable")]
    rest = rest[np.argsort(rank[rest], kind="stable")]
    half = PRODUCTS // 2
    n_first = min(len(first), max(half, PRODUCTS - len(rest)))
    chosen = [*_spread(first, n_first), *_spread(rest, min(len(rest), PRODUCTS - n_first))]
    shown = [
        _example(space, source, target, int(pairs[i, 0]), int(pairs[i, 1]), float(rank[i]))
        for i in chosen
    ]
    how = (
        f"In this run {len(first):,} of the {len(pairs):,} {space.split} pairs "
        f"({len(first) / len(pairs):.1%}) are found first, MRR {reciprocal.mean():.3f}, median "
        f"rank {np.median(rank):,.0f} of {len(target):,}. Shown are {n_first} of those found "
        "first, evenly over the target's popularity, then of the others, evenly over the pair's "
        "rank: chosen by this rule alone."
    )
    return Examples(shown, how)


def _ranks(source: Matrix, target: Matrix, pairs: Ints) -> tuple[Floats, Floats]:
    """Mean rank over tie orders, and expected 1 / rank, of each pair's target."""
    places = np.empty((2, len(pairs)), np.int64)

    def visit(part: slice, scores: Matrix) -> None:
        own = scores[np.arange(len(scores)), pairs[part, 1]]
        places[:, part] = count_above(scores, own)

    for_each_block(source[pairs[:, 0]], target, visit)
    greater, ties = places
    return 1 + greater + ties / 2, reciprocal_rank(greater, ties)


def _spread(order: Ints, n: int) -> Ints:
    """`n` of an order, in the middle of as many equal parts."""
    n = min(n, len(order))
    if not n:
        return order[:0]
    chosen: Ints = order[(np.arange(n) * 2 + 1) * len(order) // (2 * n)]
    return chosen


def _example(
    space: Space, source: Matrix, target: Matrix, row: int, pair: int | None, rank: float | None
) -> Example:
    cosines = target @ source[row]
    nearest = np.argsort(-cosines, kind="stable")[:NEIGHBOURS]
    known = _pairs_of(space, row)
    own = space.source.categories[row]
    neighbours = []
    for item in nearest.tolist():
        category = space.target.categories[item]
        same = own is not None and category == own
        verdict = "pair" if item in known else "category" if same else "other"
        neighbours.append(Neighbour(_product(space.target, item), float(cosines[item]), verdict))
    return Example(
        _product(space.source, row),
        None if pair is None else _product(space.target, pair),
        None if rank is None else int(np.ceil(rank)),
        neighbours,
    )


def _pairs_of(space: Space, row: int) -> set[int]:
    """Rows of the target products that the release, in any split, calls the same product."""
    found: set[int] = set()
    for split in ALL_SPLITS:
        pairs = space.release.pairs(split, space.place.source, space.place.target)
        found.update(pairs[pairs[:, 0] == row, 1].tolist())
    return found


def _product(shop: ShopTable, row: int) -> Product:
    return Product(shop.ids[row], shop.categories[row], round(2 ** float(shop.popularity[row])))
