"""Comparisons as tables: on a terminal, in Markdown, in LaTeX; or as JSON."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Iterator, Sequence
from typing import TYPE_CHECKING

from cse_bench.results.compare import LEVEL, Comparison, summary
from cse_bench.results.latex import escaped

if TYPE_CHECKING:
    from rich.table import Table

WIDTH = 120
"""Of a table that is not on a terminal."""

SPARED = {"queries": 104, "p": 90}
"""Columns that are left out of a table with less room than this."""

SHORT = 90
"""With less room than this the shops of a direction have numbers alone."""

STYLES = {"win": "green", "tie": "", "loss": "red"}


@dataclasses.dataclass(frozen=True)
class Line:
    """A line of a table.

    Attributes
    ----------
    track : str
        What heads its part of the table.
    metric : str
        What was measured; empty where that is the line above's.
    direction : str
        The direction; ``both`` or ``all`` for all together.
    cells : tuple of str
        The numbers, under the last of `Section.header`.
    verdict : str
        ``win``, ``tie`` or ``loss``.
    """

    track: str
    metric: str
    direction: str
    cells: tuple[str, ...]
    verdict: str


@dataclasses.dataclass(frozen=True)
class Section:
    """The table of one other result.

    Attributes
    ----------
    name : str
        Who it is.
    title : str
        Against whom, and on what.
    header : tuple of str
        The names of the columns of numbers, and ``verdict``.
    lines : list of Line
        What stands in it.
    count : str
        How often it wins, ties and loses.
    """

    name: str
    title: str
    header: tuple[str, ...]
    lines: list[Line]
    count: str


def as_table(rows: Sequence[Comparison], *, colour: bool = False, width: int | None = WIDTH) -> str:
    """A table for each result beside the first; a narrow one leaves out what can be missed.

    Parameters
    ----------
    rows : sequence of Comparison
        From `compare.compare_entries`.
    colour : bool
        Whether it goes to a terminal that shows colours.
    width : int, optional
        In letters; None for the terminal's own.
    """
    from io import StringIO

    from rich.console import Console
    from rich.text import Text

    out = StringIO()
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour)
    hidden = {name for name, least in SPARED.items() if console.width < least}
    for section in sections(rows):
        console.print(_rich_table(section, hidden, short_ways=console.width < SHORT))
        console.print(Text(f"{section.name}: {section.count}\n"))
    console.print(Text(how(rows, hidden)))
    return out.getvalue()


def _rich_table(section: Section, hidden: set[str], *, short_ways: bool) -> Table:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(
        title=Text(f"{section.name} {section.title}", "bold"),
        title_justify="left",
        box=box.SIMPLE_HEAD,
        show_edge=False,
        pad_edge=False,
        padding=(0, 1, 0, 0),
    )
    table.add_column("")
    kept = [place for place, name in enumerate(section.header) if name not in hidden]
    for place in kept:
        name = Text(section.header[place])
        if place < 2:
            table.add_column(name, justify="right", max_width=14, overflow="fold")
        else:
            table.add_column(name, justify="right", no_wrap=True)
    shown = ""
    for line in section.lines:
        if line.track != shown:
            table.add_row(Text(line.track, "bold"))
            shown = line.track
        texts = [*map(Text, line.cells), Text(line.verdict, STYLES[line.verdict])]
        way = line.direction.replace("SHOP", "") if short_ways else line.direction
        label = Text(line.metric or f"  {way}")
        own = [texts[place] for place in kept]
        table.add_row(label, *own, style="" if line.metric else "dim")
    return table


def as_markdown(rows: Sequence[Comparison]) -> str:
    """The same tables as Markdown."""
    parts = []
    for section in sections(rows):
        columns = ("track", "metric", "direction", *section.header)
        marks = ["---"] * 3 + ["--:"] * (len(section.header) - 1) + ["---"]
        table = [columns, marks]
        for line in section.lines:
            table.append((line.track, line.metric, line.direction, *line.cells, line.verdict))
        texts = ["| " + " | ".join(c.replace("|", r"\|") for c in cells) + " |" for cells in table]
        parts += [
            f"### {section.name} {section.title}",
            "\n".join(texts),
            f"{section.name}: {section.count}",
        ]
    return "\n\n".join([*parts, how(rows)]) + "\n"


def as_latex(rows: Sequence[Comparison]) -> str:
    """The same tables as LaTeX, for the package booktabs."""
    parts = [r"% \usepackage{booktabs}"]
    for section in sections(rows):
        columns = ("", "direction", *section.header)
        caption = f"{section.name} {section.title}: {section.count} {how(rows)}"
        texts = [r"\begin{table}", r"\centering", r"\small"]
        texts.append(rf"\caption{{{escaped(caption)}}}")
        texts.append(rf"\begin{{tabular}}{{ll{'r' * (len(section.header) - 1)}l}}")
        texts += [r"\toprule", " & ".join(map(escaped, columns)) + r" \\"]
        shown = ""
        for line in section.lines:
            if line.track != shown:
                shown = line.track
                head = rf"\multicolumn{{{len(columns)}}}{{l}}{{{escaped(shown)}}} \\"
                texts += [r"\midrule", head]
            cells = (line.metric, line.direction, *line.cells, line.verdict)
            texts.append(" & ".join(map(escaped, cells)) + r" \\")
        texts += [r"\bottomrule", r"\end{tabular}", r"\end{table}"]
        parts.append("\n".join(texts))
    return "\n\n".join(parts) + "\n"


def as_json(rows: Sequence[Comparison]) -> str:
    """The comparisons, one object each."""
    return json.dumps([dataclasses.asdict(row) for row in rows], indent=1) + "\n"


FORMATS: dict[str, Callable[[Sequence[Comparison]], str]] = {
    "markdown": as_markdown,
    "latex": as_latex,
    "json": as_json,
}
"""Format → what writes it as text; ``table`` is `as_table`."""


def how(rows: Sequence[Comparison], hidden: Collection[str] = ()) -> str:
    """How it was tested, in a few lines; nothing of columns that are not shown."""
    queries = "Queries: those on which the other won, tied, lost. "
    return (
        "Difference: the other's score minus the first's on the same queries, with its 95 % "
        "bootstrap interval; p: paired t-test. Both go by groups of queries (shoppers; pairs in "
        "translation) and, where an aligner runs several times, by runs too: with few of these, "
        "the test is stricter than the interval. A win or a loss is "
        f"one at {100 * LEVEL:g} % after Holm's adjustment for all {len(rows)} comparisons made "
        "here; anything else is a tie: it may be noise. "
        f"{'' if 'queries' in hidden else queries}"
        "Retention is a guard: it counts among neither wins nor losses."
    )


def sections(rows: Sequence[Comparison]) -> Iterator[Section]:
    """The table of each other result."""
    directions = len({(row.source_shop, row.target_shop) for row in rows if row.source_shop})
    together = "both" if directions == 2 else "all"
    for other, counts in summary(rows).items():
        own = [row for row in rows if row.other == other]
        one = own[0]
        told = ", ".join(f"{counts[v]} {_plural(v, counts[v])}" for v in ("win", "tie", "loss"))
        yield Section(
            name=other,
            title=f"against {one.first} on {one.release} ({one.fingerprint[:8]}), "
            f"{one.split} split, protocol {one.protocol}",
            header=(
                *(one.first, other),
                *("difference [95 %]", "p", "Holm p", "queries", "verdict"),
            ),
            lines=list(_lines(own, together)),
            count=f"{told} ({together} directions together).",
        )


def _lines(rows: Sequence[Comparison], together: str) -> Iterator[Line]:
    shown = None
    for row in rows:
        track = row.first_track
        if row.other_track != track:
            track = f"{row.other_track} against {track}"
        what = (track, f"{row.task}, {row.variant} {row.metric}")
        direction = together
        if row.source_shop is not None:
            direction = f"{row.source_shop} → {row.target_shop}"
        cells = (
            _number(row.first_value),
            _number(row.other_value),
            f"{_number(row.difference, '+')} [{_number(row.low, '+')}, {_number(row.high, '+')}]",
            _p(row.p),
            _p(row.p_holm),
            f"{row.queries_won}–{row.queries_tied}–{row.queries_lost}",
        )
        yield Line(track, "" if what == shown else what[1], direction, cells, row.verdict)
        shown = what


def _plural(verdict: str, n: int) -> str:
    return verdict if n == 1 else {"loss": "losses"}.get(verdict, f"{verdict}s")


def _number(value: float, sign: str = "") -> str:
    """Four decimals, a true minus, no leading zero."""
    text = f"{value:{sign}.4f}".replace("-", "−")
    return text.replace("0.", ".", 1) if abs(value) < 1 else text


def _p(p: float | None) -> str:
    if p is None:
        return "–"
    return "<.0001" if p < 0.00005 else _number(p)
