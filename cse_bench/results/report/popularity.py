"""The gap closed by popularity bin: who finds the products that few buy."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cse_bench.results.gap import gap_told
from cse_bench.results.record import Score
from cse_bench.results.report.drawing import Drawing, Key, Panel, direction_keys, direction_of
from cse_bench.results.report.scores import gap_range, hover, interval_of
from cse_bench.results.report.style import TONES, new_figure, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")

SOFT = TONES["soft"].light


def popularity_panels(scores: list[Score]) -> list[Panel]:
    """A panel for each task that is scored by popularity bin: the gap closed in each bin.

    Parameters
    ----------
    scores : list of Score
        All of a result; variants named ``…-popularity-<i>of<n>`` are drawn.
    """
    keys = direction_keys(scores)
    groups: dict[tuple[str, str, str], list[tuple[int, int, Score]]] = {}
    for score in scores:
        part = score.bin
        if part and score.gap_closed is not None:
            kind = (score.task, part.base, score.metric)
            groups.setdefault(kind, []).append((part.number, part.of, score))
    panels: list[Panel] = []
    for (task, base, metric), own in groups.items():
        title = f"{task}, {base}: {metric}"
        told = "; ".join(
            f"{s.track}, {direction_of(s)}, bin {i} of {n}: {gap_told(s)}" for i, n, s in own
        )
        drawing = Drawing(
            f"popularity-{len(panels)}",
            f"gap closed in each bin: 1 the least popular, {max(n for _, n, _ in own)} the most",
            f"Gap closed by popularity bin on {title}. {told}",
            _popularity_figure(own, keys),
        )
        panels.append(Panel(title, [drawing]))
    return panels


def _popularity_figure(own: list[tuple[int, int, Score]], keys: dict[str, Key]) -> go.Figure:
    """Gap closed against bin, a line a track and direction."""
    bins = max(n for _, n, _ in own)
    ticks = list(range(1, bins + 1))
    figure = new_figure(
        xaxis={
            "tickvals": ticks, "showgrid": False, "range": [0.6, bins + 0.4],
        },
        yaxis={
            "tickformat": ".0%", "range": gap_range([s for *_, s in own]),
            "title": {"text": "gap closed"},
        },
        height=340, showlegend=True,
        legend={"orientation": "h", "y": -0.12, "yanchor": "top", "font": {"size": 12}},
    )  # fmt: skip
    for at in (0, 1):
        figure.add_hline(y=at, line={"color": SOFT, "width": 1, "dash": "dot"})
    lines: dict[tuple[str, str], list[tuple[int, Score]]] = {}
    for i, _, score in own:
        lines.setdefault((score.track, direction_of(score)), []).append((i, score))
    tracks = list(dict.fromkeys(track for track, _ in lines))
    for number, ((track, name), points) in enumerate(lines.items()):
        key, values = keys[name], [interval_of(s, gap=True) for _, s in points]
        apart = 0.05 * (number - (len(lines) - 1) / 2)
        figure.add_scatter(
            x=[i + apart for i, _ in points], y=[v for v, _, _ in values],
            error_y={
                "type": "data", "symmetric": False, "thickness": 1.5, "width": 3,
                "array": [high - v for v, _, high in values],
                "arrayminus": [v - low for v, low, _ in values],
            },
            mode="lines+markers", name=plain(f"{track}, {name}"),
            line={
                "color": key.colour, "width": 1.5,
                "dash": DASHES[tracks.index(track) % len(DASHES)],
            },
            marker={"color": key.colour, "symbol": key.symbol, "size": 8},
            text=[f"{hover(s)}<br>bin {i} of {bins}" for i, s in points],
            hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip
    return figure
