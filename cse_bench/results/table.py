"""A result as a table on the terminal: every number with its interval and the gap it closes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from cse_bench.results.gap import gap_told
from cse_bench.results.headline import headline
from cse_bench.results.ranked import Primary, short
from cse_bench.results.record import Result, Score


def print_result(result: Result, primary: Sequence[Primary], console: Console) -> None:
    """Print the primary scores of a result, one line a track, task and direction.

    Parameters
    ----------
    result : Result
        The record.
    primary : sequence of (task, variant, metric)
        What to show, in order.
    console : rich Console
        Where to.
    """
    release = result.release
    title = (
        f"{result.aligner.name} {result.aligner.version} on {release.name} {release.version} "
        f"({release.fingerprint[:8]}), "
        f"{result.scores[0].split} split, protocol {result.protocol.version}"
    )
    lines = list(_lines(result, primary))
    # Text of the author's is no markup.
    console.print(_fitting(title, lines, console), markup=False, highlight=False)
    if told := headline(result, primary):
        console.print(told, style="bold", markup=False, highlight=False)
    for flag in result.flags:
        console.print(f"⚑ {flag}", style="yellow", markup=False, highlight=False)


def _fitting(title: str, lines: list[_Line], console: Console) -> Table | str:
    """The table with the most columns for which there is room, side by side if there is."""
    for n in range(len(SPARED) + 1):
        names = _without(n)
        table = _wide(title, lines, names)
        if fits(table, console):
            return table
        text = _narrow(title, lines, names)
        if max(map(len, text[1:-1])) <= console.width:
            return "\n".join(text)
    return "\n".join(text)


def fits(table: Table, console: Console) -> bool:
    """Whether a table is no wider than the console."""
    roomy = console.options.update(width=1000)  # else nothing measures wider than the console
    return console.measure(table, options=roomy).maximum <= console.width


@dataclass(frozen=True)
class _Line:
    """A line of the table: whose, and its cells by column."""

    track: str
    label: str
    direction: str
    cells: dict[str, str]


COLUMNS = ("queries", "score [95 %]", "floor", "reference", "oracle", "gap closed [95 %]")
"""The numbers of a line."""

LABELS = {"lower": "lower shop"}
"""What a variant is called where its name alone could be misread."""

SPARED = ("queries", "oracle", "reference", "floor")
"""Those that go where there is no room, in this order."""


def _without(n: int) -> tuple[str, ...]:
    return tuple(name for name in COLUMNS if name not in SPARED[:n])


def _lines(result: Result, primary: Sequence[Primary]) -> Iterator[_Line]:
    for track in dict.fromkeys(score.track for score in result.scores):
        for task, variant, metric in primary:
            for score in result.scores:
                if (score.track, score.task, score.variant, score.metric) == (
                    track,
                    task,
                    variant,
                    metric,
                ):
                    label = f"{task} {metric}, {LABELS.get(variant, variant)}"
                    way = f"{score.source_shop} → {score.target_shop}"
                    yield _Line(track, label, way, dict(zip(COLUMNS, _cells(score), strict=True)))


def _wide(title: str, lines: list[_Line], names: tuple[str, ...]) -> Table:
    """A column for everything."""
    table = Table(
        title=title, title_justify="left", caption=_caption(names), caption_justify="left"
    )
    for name in ("track", "task", "direction"):
        table.add_column(name, no_wrap=True)
    for name in names:
        table.add_column(name, justify="right", no_wrap=True)
    shown = ("", "")
    for line in lines:
        if line.track != shown[0]:
            table.add_section()
        first = "" if line.track == shown[0] else line.track
        second = "" if (line.track, line.label) == shown else line.label
        table.add_row(first, second, line.direction, *(line.cells[name] for name in names))
        shown = (line.track, line.label)
    return table


def _narrow(title: str, lines: list[_Line], names: tuple[str, ...]) -> list[str]:
    """Track and task on lines of their own, for 80 columns; a title above, a caption beneath."""
    rows = [(f"{x.track}: {x.label}", x.direction, x.cells) for x in lines]
    return [title, *stacked(rows, names), _caption(names)]


def stacked(rows: Sequence[tuple[str, str, dict[str, str]]], names: Sequence[str]) -> list[str]:
    """Lines of a table for a narrow terminal: what heads some rows has a line of its own.

    Parameters
    ----------
    rows : sequence of (head, direction, cells)
        Cells by the name of their column.
    names : sequence of str
        The columns to show.
    """
    told = [("direction", names), *((way, [cells[n] for n in names]) for _, way, cells in rows)]
    widths = [max(len(cells[i]) for _, cells in told) for i in range(len(names))]
    widest = max(len(way) for way, _ in told)
    lines, shown = [], ""
    for head, (way, cells) in zip(["", *(head for head, *_ in rows)], told, strict=True):
        if head != shown:
            lines.append(head)
            shown = head
        numbers = (cell.rjust(width) for cell, width in zip(cells, widths, strict=True))
        lines.append(f"  {way.ljust(widest)}  {'  '.join(numbers)}")
    return lines


def _cells(score: Score) -> list[str]:
    def told(value: float | None) -> str:
        return "–" if value is None else short(value)

    gap = "–" if score.gap_closed is None else gap_told(score)
    return [
        f"{score.n:,}",
        f"{short(score.value)} [{short(score.ci_low)}, {short(score.ci_high)}]",
        told(score.floor),
        told(score.reference),
        told(score.oracle),
        gap,
    ]


def _caption(names: tuple[str, ...]) -> str:
    oracle = "; oracle: the dictionary of every pair (no bound)" if "oracle" in names else ""
    return (
        f"floor: a random rotation; reference: procrustes on all train pairs{oracle}.\n"
        "gap closed: (score - floor) / (reference - floor). retention, a guard, closes none:\n"
        "what is left of a shop's own quality, in the shop that keeps less."
    )
