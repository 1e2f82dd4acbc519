"""Colours that the colour-blind can tell apart, in light and in dark; what every figure shares."""

from __future__ import annotations

import html
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cse_bench.extras import require

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True)
class Tone:
    """A colour on light and on dark ground.

    Attributes
    ----------
    light, dark : str
        Hexadecimal. Figures are written in the light one, which the page turns into the other
        where the reader's system is dark: no two tones may share it.
    """

    light: str
    dark: str


TONES = {
    "paper": Tone("#ffffff", "#14171b"),
    "card": Tone("#f6f7f9", "#1c2026"),
    "ink": Tone("#1b1f24", "#e6e9ed"),
    "soft": Tone("#57606a", "#a0a9b4"),
    "rule": Tone("#dfe3e8", "#333a43"),
    "band": Tone("#c9d1da", "#47515d"),
    "right": Tone("#006d4f", "#3fd0a4"),
    "wrong": Tone("#a5400a", "#f0905a"),
    "pairs": Tone("#3a424c", "#c5ccd4"),
}
"""Everything but data. The page has each as a CSS variable too."""

SERIES = (
    Tone("#0072b2", "#5ab0e8"),
    Tone("#d55e00", "#f0803c"),
    Tone("#009e73", "#2ec49a"),
    Tone("#cc79a7", "#dd94bd"),
    Tone("#e69f00", "#f2b632"),
    Tone("#56b4e9", "#8fd0f5"),
)
"""Okabe & Ito's colours but black and yellow, which vanish on one ground or the other."""

SYMBOLS = ("circle", "square", "diamond", "triangle-up", "triangle-down", "pentagon")
GLYPHS = ("●", "■", "◆", "▲", "▼", "⬟")
"""The same as text, for legends outside the figures."""

CATEGORIES = (
    Tone("#008df9", "#3ba7ff"),
    Tone("#e20134", "#ff4a6e"),
    Tone("#009f81", "#12c9a5"),
    Tone("#ff6e3a", "#ff8b60"),
    Tone("#8400cd", "#b55bf0"),
    Tone("#ffc33b", "#ffd066"),
    Tone("#9f0162", "#d6459b"),
    Tone("#00c2f9", "#41d3ff"),
    Tone("#ff5aaf", "#ff7fc2"),
    Tone("#00d9b1", "#00fccf"),
    Tone("#a40122", "#e0566f"),
    Tone("#d98fd6", "#ffb2fd"),
)
"""Twelve after M. Krzywinski's palette for colour blindness, some darker, to be seen on white."""

OTHER = Tone("#aab1ba", "#6a737e")
"""A product of none of the twelve categories."""


def to_dark() -> dict[str, str]:
    """Each light colour and its dark one."""
    return {tone.light: tone.dark for tone in (*TONES.values(), *SERIES, *CATEGORIES, OTHER)}


def css_variables() -> dict[str, Tone]:
    """Name of each CSS variable and its two colours."""
    own = {f"series-{i}": tone for i, tone in enumerate(SERIES)}
    own |= {f"category-{i}": tone for i, tone in enumerate(CATEGORIES)}
    return TONES | own | {f"category-{len(CATEGORIES)}": OTHER}


def plain(text: str) -> str:
    """A text that Plotly shows as it is: it would read ``<b>`` or ``<a href=…>`` as its own."""
    return html.escape(text, quote=False)


def new_figure(**layout: Any) -> go.Figure:
    """An empty figure in the page's style.

    Parameters
    ----------
    **layout
        What differs, as in Plotly's ``layout``; ``xaxis``, ``yaxis`` and ``margin`` are added to
        the style's.
    """
    graph_objects = require("plotly.graph_objects", "report", "a report")
    ink, soft, rule = (TONES[name].light for name in ("ink", "soft", "rule"))
    axis = {
        "gridcolor": rule, "linecolor": rule, "zeroline": False, "automargin": True,
        "tickfont": {"color": soft}, "fixedrange": True,
    }  # fmt: skip
    own = {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 13, "color": ink},
        "hoverlabel": {"align": "left", "font": {"size": 13}},
        "showlegend": False,
        "dragmode": False,
        "modebar": {"bgcolor": "rgba(0,0,0,0)", "color": soft, "activecolor": ink},
    } | layout
    own["margin"] = {"l": 8, "r": 12, "t": 20, "b": 32} | layout.get("margin", {})
    own["xaxis"] = axis | layout.get("xaxis", {})
    own["yaxis"] = axis | layout.get("yaxis", {})
    figure: go.Figure = graph_objects.Figure(layout=own)
    return figure
