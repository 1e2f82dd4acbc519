"""A description as tables on the terminal."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from rich.console import Console
from rich.table import Table

from cse_bench.harness.describe import Description
from cse_bench.harness.room import Estimate, Room
from cse_bench.results.ranked import short
from cse_bench.results.table import fits, stacked

SPARED = ("groups", "oracle [95 %]", "queries", "floor [95 %]")
"""Columns of the table of rooms that a narrow terminal does without, in this order."""

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
    width = description.content_dimensions
    console.print(
        f"{description.name} {description.version} ({description.fingerprint[:8]}): "
        f"{description.dimensions} dimensions, "
        + (f"content of {width}" if width else "no content"),
        highlight=False,
    )
    for describe in (_shops, _tables, _overlaps):
        content = describe(description)
        if content.rows:
            whole = content.table()
            console.print(whole if fits(whole, console) else content.table(tall=True))
    if description.rooms:
        _print_rooms(description, console)
    else:
        console.print(f"It asks nothing on the split {description.split}.", highlight=False)


@dataclass(frozen=True)
class _Content:
    """What stands in a table: its first `left` columns are words, the others numbers."""

    title: str
    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    left: int = 1
    caption: str | None = None

    def table(self, *, tall: bool = False) -> Table:
        """As a table; a tall one has each word of a column's name on a line of its own."""
        table = Table(
            title=self.title,
            title_justify="left",
            caption=self.caption,
            caption_justify="left",
        )
        for place, name in enumerate(self.columns):
            head = name.replace(" ", "\n") if tall else name
            side: Literal["left", "right"] = "left" if place < self.left else "right"
            table.add_column(head, justify=side, no_wrap=True)
        for row in self.rows:
            table.add_row(*row)
        return table


def _shops(description: Description) -> _Content:
    rows = []
    for shop in description.shops:
        events = (f"{value:,.0f}" for value in (shop.least, shop.median, shop.most))
        share, hubness = f"{shop.head_share:.0%}", f"{shop.hubness:.1f}"
        categories = f"{shop.categories:,}" if shop.categories else "–"
        rows.append((shop.shop, f"{shop.products:,}", categories, *events, share, hubness))
    return _Content(
        "Shops",
        (
            *("shop", "products", "categories", "least events", "median", "most"),
            *("top tenth's share", "hubness"),
        ),
        rows,
        caption="events: train events of a product; hubness: skewness of how often it is among "
        "another's 10 nearest.",
    )


def _tables(description: Description) -> _Content:
    rows = []
    for counted in description.tables:
        groups = "–" if counted.groups is None else f"{counted.groups:,}"
        products = "–" if counted.products is None else f"{counted.products:.1f}"
        rows.append((counted.table, counted.split, f"{counted.rows:,}", groups, products))
    columns = ("table", "split", "rows", "shoppers", "products a session")
    return _Content("Rows", columns, rows, left=2)


def _overlaps(description: Description) -> _Content:
    rows = [
        (
            f"{two.first}, {two.second}",
            "–" if two.shared is None else f"{two.shared:,}",
            "–" if two.jaccard is None else f"{two.jaccard:.2f}",
            f"{two.eigenvector_similarity:.1f}",
            f"{two.singular_value_gap:.2f}",
            "–" if two.effective_condition is None else f"{two.effective_condition:.1f}",
        )
        for two in description.overlaps
    ]
    return _Content(
        "Two shops, before any alignment",
        (
            *("shops", "shared products", "Jaccard", "eigenvector similarity"),
            *("singular value gap", "effective condition"),
        ),
        rows,
        caption="eigenvector similarity (of the most popular products) and singular value gap: 0 "
        "for spaces of one shape;\neffective condition: 1 for spheres.",
    )


def _print_rooms(description: Description, console: Console) -> None:
    """The widest table of rooms that fits: whole, or with the tasks on lines of their own."""
    order = list(dict.fromkeys(map(_name, description.rooms)))
    rooms = sorted(description.rooms, key=lambda room: order.index(_name(room)))
    rows = [(_name(r), f"{r.source_shop} → {r.target_shop}", _cells(r)) for r in rooms]
    title = f"Room for aligners, {description.split} split"
    table = Table("task", "direction", title=title, title_justify="left")
    names = list(rows[0][2])
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    shown = ""
    for head, way, cells in rows:
        if head != shown:
            table.add_section()
        table.add_row("" if head == shown else head, way, *cells.values())
        shown = head
    if fits(table, console):
        console.print(table)
    else:
        layouts = [
            stacked(rows, [name for name in names if name not in SPARED[:n]])
            for n in range(len(SPARED) + 1)
        ]
        narrow = (lines for lines in layouts if max(map(len, lines)) <= console.width)
        console.print("\n".join([title, *next(narrow, layouts[-1])]), highlight=False)
    console.print(_about_rooms(description), style="italic", highlight=False)


def _cells(room: Room) -> dict[str, str]:
    return {
        "queries": f"{room.queries:,}",
        "groups": f"{room.groups:,}",
        "floor [95 %]": _cell(room.floor),
        "reference [95 %]": _cell(room.reference),
        "oracle [95 %]": _cell(room.oracle),
        "detectable": _detectable(room),
    }


def _about_rooms(description: Description) -> str:
    compared = dict.fromkeys(space.compared for space in description.spaces)
    hubness = "; ".join(
        f"{space.source_shop} → {space.target_shop} {_told(space.hubness_floor)}, "
        f"{_told(space.hubness_reference)}"
        for space in description.spaces
    )
    return (
        f"{DETECTABLE} {'; '.join(compared)}.\n"
        f"Hubness of the shared space, floor and reference: {hubness}."
    )


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
        return "not discriminative"
    if room.detectable is None:
        return "–"
    told = short(room.detectable)
    if room.reference is None or room.reference.value <= room.floor.value:
        return told
    return f"{told} ({room.detectable / (room.reference.value - room.floor.value):.0%} of gap)"
