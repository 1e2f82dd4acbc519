"""Scores as pictures: between floor, reference and oracle, and the gap they close."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cse_bench.results.gap import gap_told
from cse_bench.results.ranked import Primary, short
from cse_bench.results.record import Score
from cse_bench.results.report.drawing import Drawing, Key, Panel, direction_keys, direction_of
from cse_bench.results.report.style import TONES, new_figure, plain

if TYPE_CHECKING:
    import plotly.graph_objects as go

FAR = 1.5
"""An oracle beyond so many times the width of all else is named at the edge, not drawn."""

INK, SOFT, BAND, CARD = (TONES[name].light for name in ("ink", "soft", "band", "card"))


def score_panels(
    scores: list[Score], primary: Sequence[Primary], about: dict[str, str], guards: frozenset[str]
) -> list[Panel]:
    """A panel for each primary metric: the scores in their range, and the gap they close.

    Parameters
    ----------
    scores : list of Score
        All of a result.
    primary : sequence of (task, variant, metric)
        What to show, in order; what the result lacks is left out.
    about : dict of str to str
        Task → one line.
    guards : frozenset of str
        Tasks that close no gap.
    """
    keys = direction_keys(scores)
    panels: list[Panel] = []
    for task, variant, metric in primary:
        own = [s for s in scores if (s.task, s.variant, s.metric) == (task, variant, metric)]
        if not own:
            continue
        name, title = f"score-{len(panels)}", f"{task}, {variant}: {metric}"
        told = "; ".join(f"{s.track}, {direction_of(s)}: {_told(s)}" for s in own)
        caption = f"{metric} with its 95 % interval"
        drawings = [Drawing(name, caption, f"{title}. {told}", _range_figure(own, keys, metric))]
        gaps = [s for s in own if s.gap_closed is not None]
        if gaps:
            told = "; ".join(f"{s.track}, {direction_of(s)}: {gap_told(s)}" for s in gaps)
            label = f"Gap closed on {title}. {told}"
            drawings.append(
                Drawing(f"{name}-gap", "gap closed: 0 % floor, 100 % reference", label,
                        _gap_figure(gaps, keys, _places(own, keys)))
            )  # fmt: skip
        panels.append(
            Panel(title, drawings, about.get(task, ""), _notes(own, guard=task in guards))
        )
    return panels


def _notes(scores: list[Score], *, guard: bool) -> list[str]:
    if guard:
        return ["A guard against damage, not a prize: no gap is closed, and no rank won."]
    notes = []
    dull = [s for s in scores if s.discriminative is False]
    if dull:
        where = ", ".join(dict.fromkeys(map(direction_of, dull)))
        notes.append(
            f"Not discriminative here ({where}): even the oracle does not stand above the floor."
        )
    low = [s for s in scores if s.reference is not None and s.gap_closed is None]
    if low:
        where = ", ".join(dict.fromkeys(map(direction_of, low)))
        notes.append(f"No gap closed ({where}): the reference does not stand above the floor.")
    if all(s.reference is None for s in scores):
        notes.append("The release has no pairs, so there is no reference, oracle or gap closed.")
    return notes


def _told(score: Score) -> str:
    return f"{short(score.value)} [{short(score.ci_low)}, {short(score.ci_high)}], " + ", ".join(
        _marks_told(score)
    )


def _marks_told(score: Score) -> list[str]:
    marks = {"floor": score.floor, "reference": score.reference, "oracle": score.oracle}
    return [f"{name} {short(value)}" for name, value in marks.items() if value is not None]


def hover(score: Score) -> str:
    """All about a score, in Plotly's lines."""
    lines = [
        f"<b>{plain(score.track)}</b>, {plain(direction_of(score))}",
        f"{short(score.value)} [{short(score.ci_low)}, {short(score.ci_high)}]",
        *_marks_told(score),
        f"gap closed {gap_told(score)}",
        f"{score.n:,} queries",
    ]
    return "<br>".join(lines)


Places = dict[tuple[str, str], float]
"""(track, direction) → height in the figure: a line a track, first on top, directions apart."""


def _places(scores: list[Score], keys: dict[str, Key]) -> Places:
    tracks = list(dict.fromkeys(s.track for s in scores))
    shown = [name for name in keys if name in {direction_of(s) for s in scores}]
    step = 0.66 / max(len(shown), 2)
    return {
        (track, name): -i - (j - (len(shown) - 1) / 2) * step
        for i, track in enumerate(tracks)
        for j, name in enumerate(shown)
    }


def _axes(places: Places, x: dict[str, Any]) -> dict[str, Any]:
    """Layout of a figure with a line a track."""
    tracks = list(dict.fromkeys(track for track, _ in places))
    ticks = {
        "tickvals": [-i for i in range(len(tracks))],
        "ticktext": [plain(track) for track in tracks],
        "range": [0.5 - len(tracks), 0.5],
        "showgrid": False,
        "tickfont": {"color": INK},
    }
    return {"xaxis": x, "yaxis": ticks, "height": 62 + 17 * len(places) + 14 * len(tracks)}


def _range_figure(scores: list[Score], keys: dict[str, Key], metric: str) -> go.Figure:
    """Scores with intervals, on a band from floor to reference."""
    places = _places(scores, keys)
    heights = [places[s.track, direction_of(s)] for s in scores]
    low = min(min(s.ci_low, s.value, s.floor) for s in scores)
    high = max(max(s.ci_high, s.value, s.floor, s.reference or s.floor) for s in scores)
    width = (high - low) or 1.0
    oracles = [s.oracle for s in scores if s.oracle is not None]
    far = bool(oracles) and max(oracles) > high + FAR * width
    if oracles and not far:
        high = max(high, *oracles)
    pad = 0.06 * (high - low or 1.0)
    bounds = [low - pad, high + (3 * pad if far else pad)]
    figure = new_figure(**_axes(places, {"range": bounds, "tickfont": {"color": SOFT}}))
    banded = [(s, y) for s, y in zip(scores, heights, strict=True) if s.reference is not None]
    figure.add_scatter(
        x=[v for s, _ in banded for v in (s.floor, s.reference, None)],
        y=[v for _, y in banded for v in (y, y, None)],
        mode="lines", line={"color": BAND, "width": 9}, hoverinfo="skip",
    )  # fmt: skip
    marks = (("floor", "line-ns-open"), ("reference", "diamond-open"), ("oracle", "star-open"))
    for name, symbol in marks:
        if name == "oracle" and far:
            continue
        seen = [(getattr(s, name), y) for s, y in zip(scores, heights, strict=True)]
        seen = [(value, y) for value, y in seen if value is not None]
        figure.add_scatter(
            x=[value for value, _ in seen], y=[y for _, y in seen], mode="markers",
            marker={"symbol": symbol, "size": 11, "color": SOFT, "line": {"width": 1.6}},
            hovertemplate=f"{name} %{{x:.4f}}<extra></extra>",
        )  # fmt: skip
    if far:
        figure.add_annotation(
            text=f"oracle {short(max(oracles))} →", x=1, y=1, xref="paper", yref="paper",
            xanchor="right", yanchor="bottom", showarrow=False, font={"color": SOFT, "size": 12},
        )  # fmt: skip
    _add_values(figure, scores, keys, places)
    return figure


def gap_range(scores: list[Score]) -> list[float]:
    """An axis that holds 0, 1, every gap closed, and so much of the intervals as is in proportion.

    A gap's interval has no bound where the reference is near the floor.
    """
    values = [(s.gap_closed or 0.0, *interval_of(s, gap=True)[1:]) for s in scores]
    low, high = min(0.0, *(v for v, _, _ in values)), max(1.0, *(v for v, _, _ in values))
    room = (high - low) / 2
    low, high = (
        max(min(low, *(end for _, end, _ in values)), low - room),
        min(max(high, *(end for _, _, end in values)), high + room),
    )
    pad = 0.04 * (high - low)
    return [low - pad, high + pad]


def _gap_figure(scores: list[Score], keys: dict[str, Key], places: Places) -> go.Figure:
    """Gap closed with its interval."""
    x = {"range": gap_range(scores), "tickformat": ".0%"}
    figure = new_figure(**_axes(places, x))
    for at in (0, 1):
        figure.add_vline(x=at, line={"color": SOFT, "width": 1, "dash": "dot"})
    _add_values(figure, scores, keys, places, gap=True)
    return figure


def _add_values(
    figure: go.Figure,
    scores: list[Score],
    keys: dict[str, Key],
    places: Places,
    *,
    gap: bool = False,
) -> None:
    """A mark and an interval for every score, a trace a direction."""
    for name, key in keys.items():
        own = [s for s in scores if direction_of(s) == name]
        if not own:
            continue
        values = [interval_of(s, gap=gap) for s in own]
        figure.add_scatter(
            x=[v for v, _, _ in values], y=[places[s.track, name] for s in own],
            error_x={
                "type": "data", "symmetric": False, "thickness": 2, "width": 4,
                "array": [high - v for v, _, high in values],
                "arrayminus": [v - low for v, low, _ in values],
            },
            mode="markers", name=plain(name),
            marker={
                "color": key.colour, "symbol": key.symbol, "size": 10,
                "line": {"color": CARD, "width": 1},
            },
            text=[hover(s) for s in own], hovertemplate="%{text}<extra></extra>",
        )  # fmt: skip


def interval_of(score: Score, *, gap: bool) -> tuple[float, float, float]:
    """Value and ends, of the score or of the gap it closes."""
    if not gap:
        return score.value, score.ci_low, score.ci_high
    value = score.gap_closed or 0.0
    low, high = score.gap_ci_low, score.gap_ci_high
    return value, value if low is None else low, value if high is None else high
