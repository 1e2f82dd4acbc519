"""How the field stands, drawn: gap closed against evidence, fit time and popularity."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse_bench.leaderboard.board import BoardEntry, Quarter
from cse_bench.leaderboard.site.bars import scale_of
from cse_bench.leaderboard.site.view import BoardPage, Line, Section
from cse_bench.leaderboard.site.words import duration, interval, percent
from cse_bench.results.report.style import GLYPHS, SERIES, SYMBOLS, TONES, new_figure, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

MANY = 60
"""With more points than that intervals are not drawn."""

SOFT, CARD = TONES["soft"].light, TONES["card"].light

Gap = tuple[float | None, float | None, float | None]


@dataclass(frozen=True)
class Key:
    """How a track is drawn, the same in every figure.

    Attributes
    ----------
    name : str
        The track.
    series : int
        Number of its colour.
    glyph, symbol, dash : str
        Its mark as text, Plotly's name of it, and of its line.
    """

    name: str
    series: int
    glyph: str
    symbol: str
    dash: str

    @property
    def marker(self) -> dict[str, Any]:
        """For Plotly."""
        line = {"color": CARD, "width": 1}
        return {"color": SERIES[self.series].light, "symbol": self.symbol, "size": 10, "line": line}


@dataclass(frozen=True, eq=False)
class Plot:
    """A figure of the page, with its numbers.

    Attributes
    ----------
    id : str
        Of its element.
    title, about, label : str
        Its heading; what is seen; the same for who does not see it.
    figure : plotly Figure
        In light colours.
    keys : list of Key
        Its legend.
    heads : list of str
        Of the table, the aligner first.
    words : int
        The columns before this one hold words, the others numbers.
    rows : list of (BoardEntry, list of str)
        The figures of the drawing.
    """

    id: str
    title: str
    about: str
    label: str
    figure: go.Figure
    keys: list[Key]
    heads: list[str]
    words: int
    rows: list[tuple[BoardEntry, list[str]]]


def field_plots(page: BoardPage) -> list[Plot]:
    """The plots of the first metric's standings; none where nobody closes a gap.

    Parameters
    ----------
    page : BoardPage
        The board's first page.
    """
    sections = [
        section
        for section in page.sections
        if any(line.row.gap_closed is not None for line in section.lines)
    ]
    if not sections:
        return []
    keys = {
        # A second round through the colours meets other marks and lines.
        s.track.name: Key(s.track.name, i % len(SERIES), GLYPHS[mark], SYMBOLS[mark], dash)
        for i, s in enumerate(sections)
        for mark, dash in [
            ((i + i // len(SERIES)) % len(SYMBOLS), "dot" if i // len(SERIES) else "solid")
        ]
    }
    plots = [_by_track(sections, keys), _by_time(sections, keys)]
    quarters = _by_popularity(sections, keys, page.metric.variant)
    return [*plots, quarters] if quarters else plots


def _drawn(section: Section) -> list[Line]:
    return [line for line in section.lines if line.row.gap_closed is not None]


def _gap(line: Line) -> Gap:
    return line.row.gap_closed, line.row.gap_low, line.row.gap_high


def _told(gap: Gap) -> str:
    return f"{percent(gap[0])} {interval(gap[1], gap[2])}".strip()


def _hover(line: Line, track: str) -> str:
    aligner = line.entry.aligner
    lines = [f"<b>{plain(aligner.name)}</b> {plain(aligner.version)}", plain(track)]
    lines.append(f"gap closed {_told(_gap(line))}")
    if line.cost is not None:
        lines.append(f"fit {duration(line.cost.seconds)}")
    return "<br>".join([*lines, line.entry.badge])


def _figure(gaps: Sequence[Gap], **layout: Any) -> go.Figure:
    """An empty figure with gap closed upwards, and lines at floor and reference."""
    scale = scale_of(gaps)
    pad = 0.04 * (scale.high - scale.low)
    y = {
        "tickformat": ".0%", "range": [scale.low - pad, scale.high + pad],
        "title": {"text": "gap closed"},
    }  # fmt: skip
    figure = new_figure(yaxis=y, height=440, hovermode="closest", **layout)
    for at, name in ((0, "floor"), (1, "reference")):
        figure.add_hline(y=at, line={"color": SOFT, "width": 1, "dash": "dot"})
        figure.add_annotation(
            text=name, x=1, xref="paper", y=at, xanchor="right", yanchor="bottom",
            showarrow=False, font={"color": SOFT, "size": 12},
        )  # fmt: skip
    return figure


def _where(gaps: Sequence[Gap]) -> str:
    return "" if len(gaps) <= MANY else " With so many, intervals are in the table alone."


def _errors(gaps: Sequence[Gap], colour: str, *, shown: bool) -> dict[str, Any]:
    ends = [(v or 0.0, low, high) for v, low, high in gaps]
    return {
        "type": "data", "symmetric": False, "thickness": 1.4, "width": 0, "visible": shown,
        "color": colour,
        "array": [0.0 if high is None else max(high - v, 0.0) for v, _, high in ends],
        "arrayminus": [0.0 if low is None else max(v - low, 0.0) for v, low, _ in ends],
    }  # fmt: skip


def _by_track(sections: list[Section], keys: dict[str, Key]) -> Plot:
    """Entries side by side in a column a track, best on the left."""
    gaps = [_gap(line) for section in sections for line in _drawn(section)]
    figure = _figure(
        gaps,
        xaxis={
            "tickvals": list(range(len(sections))), "showgrid": False,
            "ticktext": [plain(s.track.name) for s in sections],
            "range": [-0.6, len(sections) - 0.4],
        },
    )  # fmt: skip
    told, rows = [], []
    for i, section in enumerate(sections):
        lines, key = _drawn(section), keys[section.track.name]
        step = 0.7 / max(len(lines), 6)
        own = [_gap(line) for line in lines]
        figure.add_scatter(
            x=[round(i + (j - (len(lines) - 1) / 2) * step, 4) for j in range(len(lines))],
            y=[gap[0] for gap in own],
            error_y=_errors(own, key.marker["color"], shown=len(gaps) <= MANY),
            mode="markers", marker=key.marker, text=[_hover(ln, key.name) for ln in lines],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        best, middle = lines[0], statistics.median([gap[0] or 0.0 for gap in own])
        told.append(
            f"{key.name}: {len(lines)} entries, median {percent(middle)}, "
            f"best {best.entry.aligner.name} {_told(_gap(best))}"
        )
        rows += [(line.entry, [key.name, _told(_gap(line))]) for line in lines]
    return Plot(
        "by-track", "Against evidence",
        f"Every entry on each track that it runs; best on the left.{_where(gaps)}",
        "Gap closed by track. " + "; ".join(told), figure, [],
        ["aligner", "track", "gap closed [95 %]"], 2, rows,
    )  # fmt: skip


def _seconds(line: Line) -> float:
    """What a fit took; a logarithm has no nought."""
    return max(line.cost.seconds, 1e-4) if line.cost is not None else 1e-4


def _by_time(sections: list[Section], keys: dict[str, Key]) -> Plot:
    """Entries by what their fits took, on whatever machine."""
    shown = [(s, [line for line in _drawn(s) if line.cost is not None]) for s in sections]
    gaps = [_gap(line) for _, lines in shown for line in lines]
    ticks = [10.0**i for i in range(-3, 6)]
    times = [_seconds(line) for _, lines in shown for line in lines] or [1.0]
    figure = _figure(
        gaps,
        xaxis={
            "type": "log", "tickvals": ticks, "title": {"text": "median fit, logarithmic"},
            "ticktext": [duration(tick) for tick in ticks],
            "range": [math.log10(min(times)) - 0.3, math.log10(max(times)) + 0.3],
        },
    )  # fmt: skip
    rows: list[tuple[BoardEntry, list[str]]] = []
    for section, lines in shown:
        key, own = keys[section.track.name], [_gap(line) for line in lines]
        figure.add_scatter(
            x=[_seconds(line) for line in lines], y=[gap[0] for gap in own],
            error_y=_errors(own, key.marker["color"], shown=len(gaps) <= MANY),
            mode="markers", marker=key.marker, text=[_hover(ln, key.name) for ln in lines],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        rows += [
            (line.entry, [key.name, duration(line.cost.seconds), _told(_gap(line))])
            for line in lines
            if line.cost is not None
        ]
    return Plot(
        "by-time", "Against fit time",
        f"Each on its author's machine: read powers of ten, no more.{_where(gaps)}",
        f"Gap closed against fit time, {len(rows)} points; the table has them all.",
        figure, list(keys.values()),
        ["aligner", "track", "median fit", "gap closed [95 %]"], 2, rows,
    )  # fmt: skip


def _quarters(line: Line, variant: str) -> list[Quarter]:
    return [] if line.cost is None else [q for q in line.cost.quarters if q.variant == variant]


def _by_popularity(sections: list[Section], keys: dict[str, Key], variant: str) -> Plot | None:
    """The first of each track, quarter by quarter."""
    best = [(s.track.name, line) for s in sections for line in _drawn(s)[:1]]
    best = [(track, line) for track, line in best if _quarters(line, variant)]
    if not best:
        return None
    labels = list(dict.fromkeys(q.label for _, line in best for q in _quarters(line, variant)))
    gaps = [
        (q.gap_closed, q.gap_low, q.gap_high)
        for _, line in best
        for q in _quarters(line, variant)
        if q.gap_closed is not None
    ]
    figure = _figure(
        gaps,
        xaxis={
            "tickvals": list(range(len(labels))), "showgrid": False,
            "ticktext": [plain(label) for label in labels], "range": [-0.4, len(labels) - 0.6],
        },
    )  # fmt: skip
    rows: list[tuple[BoardEntry, list[str]]] = []
    for i, (track, line) in enumerate(best):
        key, own = keys[track], _quarters(line, variant)
        apart = 0.05 * (i - (len(best) - 1) / 2)
        found = [(q.gap_closed, q.gap_low, q.gap_high) for q in own]
        name = f"<b>{plain(line.entry.aligner.name)}</b>, {plain(track)}"
        figure.add_scatter(
            x=[round(labels.index(q.label) + apart, 4) for q in own],
            y=[gap[0] for gap in found], error_y=_errors(found, key.marker["color"], shown=True),
            mode="lines+markers", marker=key.marker,
            line={"color": key.marker["color"], "width": 1.6, "dash": key.dash},
            text=[
                f"{name}<br>{plain(q.label)}<br>{_told(gap)}"
                for q, gap in zip(own, found, strict=True)
            ],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
        cells = {q.label: _told(gap) for q, gap in zip(own, found, strict=True)}
        rows.append((line.entry, [track, *(cells.get(label, "–") for label in labels)]))
    return Plot(
        "by-popularity", "Against popularity",
        "The first entry of each track, on each quarter of the products, the rarest on the left.",
        "Gap closed by popularity quarter: "
        + "; ".join(f"{row[1][0]}, {row[0].aligner.name}: {', '.join(row[1][1:])}" for row in rows),
        figure, [keys[track] for track, _ in best], ["aligner", "track", *labels], 2, rows,
    )  # fmt: skip
