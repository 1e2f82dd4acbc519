"""A description as tables on the terminal."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from cse_bench.harness.describe import Description
from cse_bench.harness.room import Estimate, Room
from cse_bench.results.ranked import short

DETECTABLE = (
    "detectable: a true difference of this size between two entries is found 4 times in 5, at "
    "p < .05, on these queries;\na smaller one will often pass for noise. From the noise, over "
    "groups (shoppers; pairs), between"
)


def print_description(description: Description, console: Console) -> None:
    """Print counts, overlap, room and noise.

    Parameters
    ----------
    description : Description
        Of a release.
    console : rich Console
        Where to.
    """
    content = description.content_dimensions
    console.print(
        f"{description.name} {description.version} ({description.fingerprint[:8]}): "
        f"{description.dimensions} dimensions, "
        + (f"content of {content}" if content else "no content"),
        highlight=False,
    )
    for table in (_shops, _tables, _overlaps, _rooms):
        shown = table(description)
        if shown.row_count:
            console.print(shown)
    if not description.rooms:
        console.print(f"It asks nothing on the split {description.split}.", highlight=False)


def _table(title: str, *columns: str, left: int = 1, caption: str | None = None) -> Table:
    """An empty table, its first `left` columns of words, the others of numbers."""
    table = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    for place, name in enumerate(columns):
        table.add_column(name, justify="left" if place < left else "right", no_wrap=True)
    return table


def _shops(description: Description) -> Table:
    table = _table(
        "Shops",
        *("shop", "products", "categories", "least events", "median", "most"),
        *("top tenth's share", "hubness"),
        caption="events: train events of a product; hubness: skewness of how often it is among "
        "another's 10 nearest.",
    )
    for shop in description.shops:
        events = (f"{value:,.0f}" for value in (shop.least, shop.median, shop.most))
        share, hubness = f"{shop.head_share:.0%}", f"{shop.hubness:.1f}"
        categories = f"{shop.categories:,}" if shop.categories else "–"
        table.add_row(shop.shop, f"{shop.products:,}", categories, *events, share, hubness)
    return table


def _tables(description: Description) -> Table:
    table = _table("Rows", "table", "split", "rows", "shoppers", "products a session", left=2)
    for counted in description.tables:
        groups = "–" if counted.groups is None else f"{counted.groups:,}"
        products = "–" if counted.products is None else f"{counted.products:.1f}"
        table.add_row(counted.table, counted.split, f"{counted.rows:,}", groups, products)
    return table


def _overlaps(description: Description) -> Table:
    table = _table(
        "Two shops, before any alignment",
        *("shops", "shared products", "Jaccard", "eigenvector similarity"),
        *("singular value gap", "effective condition"),
        caption="eigenvector similarity (of the most popular products) and singular value gap: 0 "
        "for spaces of one shape;\neffective condition: 1 for spheres.",
    )
    for two in description.overlaps:
        table.add_row(
            f"{two.first}, {two.second}",
            "–" if two.shared is None else f"{two.shared:,}",
            "–" if two.jaccard is None else f"{two.jaccard:.2f}",
            f"{two.eigenvector_similarity:.1f}",
            f"{two.singular_value_gap:.2f}",
            "–" if two.effective_condition is None else f"{two.effective_condition:.1f}",
        )
    return table


def _rooms(description: Description) -> Table:
    compared = dict.fromkeys(space.compared for space in description.spaces)
    hubness = "; ".join(
        f"{space.source_shop} → {space.target_shop} {_told(space.hubness_floor)}, "
        f"{_told(space.hubness_reference)}"
        for space in description.spaces
    )
    table = _table(
        f"Room for aligners, {description.split} split",
        *("task", "direction", "queries", "groups", "floor [95 %]", "reference [95 %]"),
        *("oracle [95 %]", "detectable"),
        left=2,
        caption=f"{DETECTABLE} {'; '.join(compared)}.\n"
        f"Hubness of the shared space, floor and reference: {hubness}.",
    )
    shown, order = "", list(dict.fromkeys(map(_name, description.rooms)))
    for room in sorted(description.rooms, key=lambda room: order.index(_name(room))):
        if shown and _name(room) != shown:
            table.add_section()
        table.add_row(
            "" if _name(room) == shown else _name(room),
            f"{room.source_shop} → {room.target_shop}",
            f"{room.queries:,}",
            f"{room.groups:,}",
            *(_cell(estimate) for estimate in (room.floor, room.reference, room.oracle)),
            _detectable(room),
        )
        shown = _name(room)
    return table


def _name(room: Room) -> str:
    return f"{room.task} {room.metric}, {room.variant}"


def _told(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"


def _cell(estimate: Estimate | None) -> str:
    if estimate is None:
        return "–"
    return f"{short(estimate.value)} [{short(estimate.low)}, {short(estimate.high)}]"


def _detectable(room: Room) -> str:
    if room.discriminative is False:
        return "not discriminative here"
    if room.detectable is None:
        return "–"
    told = short(room.detectable)
    if room.reference is None or room.reference.value <= room.floor.value:
        return told
    return f"{told} ({room.detectable / (room.reference.value - room.floor.value):.0%} of the gap)"
