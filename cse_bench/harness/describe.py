"""What a release holds: counts, overlap, shape of its spaces, room for aligners, noise."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
import pyarrow.compute as pc

from cse_bench.harness.cache import RunCache
from cse_bench.harness.diagnosis import popular_rows
from cse_bench.harness.direction import Direction
from cse_bench.harness.room import STEPS, Room, Space, measure_room
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.hubness import NEIGHBOURS, k_occurrence, skewness
from cse_bench.metrics.isomorphism import (
    effective_condition,
    eigenvector_similarity,
    singular_value_gap,
)
from cse_bench.release.read import Release
from cse_bench.release.schema import ALL_SPLITS, TABLES
from cse_bench.release.tables import ShopTable


@dataclass(frozen=True)
class ShopCounts:
    """One shop.

    Attributes
    ----------
    shop : str
        Its name.
    products, categories : int
        How many; products without a category are of none.
    least, median, most : float
        Train events of its products, which the release rounds to a quarter of a power of two.
    head_share : float
        Share of these events that fall on the tenth of the products that is most popular.
    hubness : float
        Skewness of how often a product is among the 10 nearest of another one of the shop.
    """

    shop: str
    products: int
    categories: int
    least: float
    median: float
    most: float
    head_share: float
    hubness: float


@dataclass(frozen=True)
class TableCounts:
    """One Parquet file.

    Attributes
    ----------
    table, split : str
        Which.
    rows : int
        Its rows.
    groups : int or None
        Of how many shoppers they are; None in train, where that is not told, and for pairs.
    products : float or None
        Mean number of products in a row's session: the source part, where it has two.
    """

    table: str
    split: str
    rows: int
    groups: int | None
    products: float | None


@dataclass(frozen=True)
class Overlap:
    """Two shops side by side, as they are, before any alignment.

    Attributes
    ----------
    first, second : str
        The shops.
    shared : int or None
        Products in both: the pairs of all splits. None without pairs, where nobody knows.
    jaccard : float or None
        Shared products over all distinct products of the two.
    eigenvector_similarity, singular_value_gap : float
        How far the shapes of their spaces are apart; 0 for one shape.
    effective_condition : float or None
        How stretched they are; 1 is a sphere. See `metrics.isomorphism`.
    """

    first: str
    second: str
    shared: int | None
    jaccard: float | None
    eigenvector_similarity: float
    singular_value_gap: float
    effective_condition: float | None


@dataclass(frozen=True)
class Description:
    """All there is to know of a release before entering it.

    Attributes
    ----------
    name, version, fingerprint : str
        The release.
    dimensions : int
        Width of the embeddings.
    content_dimensions : int or None
        Width of the content vectors; None without content.
    split : str
        The split that was scored.
    shops : list of ShopCounts
    tables : list of TableCounts
    overlaps : list of Overlap
        Two shops each.
    spaces : list of Space
        A direction each.
    rooms : list of Room
        A direction and primary metric each.
    """

    name: str
    version: str
    fingerprint: str
    dimensions: int
    content_dimensions: int | None
    split: str
    shops: list[ShopCounts]
    tables: list[TableCounts]
    overlaps: list[Overlap]
    spaces: list[Space]
    rooms: list[Room]

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        return dataclasses.asdict(self)


def n_steps(release: Release) -> int:
    """How many steps `describe_release` reports at most."""
    return 1 + STEPS * len(release.directions)


def describe_release(
    release: Release,
    *,
    split: str = "test",
    cache: RunCache,
    step: Callable[[str], None] = lambda name: None,
) -> Description:
    """Count a release, look at its spaces, and measure the room in which aligners are compared.

    Parameters
    ----------
    release : Release
        The release.
    split : str
        ``test`` or ``validation``.
    cache : RunCache
        Where runs that were scored before are found, and new ones kept.
    step : callable
        Told what begins, at most `n_steps` times.
    """
    step("counts and shapes")
    manifest = release.manifest
    shops = list(release.shops.values())
    described = [_count_shop(shop) for shop in shops]
    overlaps = [_overlap(release, *two) for two in combinations(shops, 2)]
    spaces, rooms = [], []
    for source, target in release.directions:
        direction = Direction.prepare(release, split, source, target)
        if direction.tasks:
            space, found = measure_room(direction, cache, step)
            spaces.append(space)
            rooms += found
    return Description(
        name=release.name,
        version=manifest.version,
        fingerprint=manifest.fingerprint,
        dimensions=manifest.dimensions,
        content_dimensions=manifest.content_dimensions,
        split=split,
        shops=described,
        tables=_count_tables(release),
        overlaps=overlaps,
        spaces=spaces,
        rooms=rooms,
    )


def _count_shop(shop: ShopTable) -> ShopCounts:
    events = np.sort(np.exp2(shop.popularity.astype(np.float64)))[::-1]
    head = events[: max(1, len(events) // 10)]
    own = unit(shop.vectors)
    # Each product is the nearest to itself, which adds one to every count and moves no skewness.
    counts = k_occurrence(own, own, NEIGHBOURS + 1)
    return ShopCounts(
        shop=shop.name,
        products=len(shop),
        categories=len({category for category in shop.categories if category}),
        least=float(events[-1]),
        median=float(np.median(events)),
        most=float(events[0]),
        head_share=float(head.sum() / events.sum()),
        hubness=skewness(counts),
    )


def _count_tables(release: Release) -> list[TableCounts]:
    counted = []
    for name in TABLES:
        for split in (s for s in ALL_SPLITS if s in TABLES[name].splits and release.has(name, s)):
            table = release.table(name, split)
            groups = None
            if split != "train" and "group" in table.column_names:
                groups = pc.count_distinct(table["group"]).as_py()
            column = next((c for c in ("source", "products") if c in table.column_names), None)
            mean = None if column is None else pc.mean(pc.list_value_length(table[column])).as_py()
            counted.append(TableCounts(name, split, len(table), groups, mean))
    return counted


def _overlap(release: Release, first: ShopTable, second: ShopTable) -> Overlap:
    shared, jaccard = None, None
    if any(release.has("pairs", split) for split in ALL_SPLITS):
        pairs = [release.pairs(split, first.name, second.name) for split in ALL_SPLITS]
        ours, theirs = np.concatenate(pairs).T
        shared = min(len(np.unique(ours)), len(np.unique(theirs)))
        jaccard = shared / (len(first) + len(second) - shared)
    rows = popular_rows(first.popularity, second.popularity)
    popular = [shop.vectors[own] for shop, own in zip((first, second), rows, strict=True)]
    condition = effective_condition(first.vectors, second.vectors)
    return Overlap(
        first=first.name,
        second=second.name,
        shared=shared,
        jaccard=jaccard,
        eigenvector_similarity=eigenvector_similarity(*popular),
        singular_value_gap=singular_value_gap(first.vectors, second.vectors),
        effective_condition=None if np.isnan(condition) else condition,
    )
