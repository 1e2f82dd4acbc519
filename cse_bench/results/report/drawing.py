"""What the page's template gets: drawings, and panels of them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cse_bench.results.record import Score
from cse_bench.results.report.style import GLYPHS, SERIES, SYMBOLS

if TYPE_CHECKING:
    import plotly.graph_objects as go


@dataclass(frozen=True, eq=False)
class Drawing:
    """One figure of the page.

    Attributes
    ----------
    id : str
        Of its element.
    caption : str
        What is seen.
    label : str
        The same in words, for a reader who does not see it.
    figure : plotly Figure
        In light colours.
    """

    id: str
    caption: str
    label: str
    figure: go.Figure


@dataclass(frozen=True, eq=False)
class Panel:
    """Drawings of one thing, side by side.

    Attributes
    ----------
    title : str
        What is measured.
    drawings : list of Drawing
        Its figures.
    about : str
        One line.
    notes : list of str
        What a reader must know.
    """

    title: str
    drawings: list[Drawing]
    about: str = ""
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Key:
    """How a direction is drawn, the same in every figure.

    Attributes
    ----------
    name : str
        ``SHOP1 → SHOP2``.
    colour : str
        Light hexadecimal.
    symbol, glyph : str
        Plotly's name of its mark, and the mark as text.
    series : int
        Number of its CSS variable.
    """

    name: str
    colour: str
    symbol: str
    glyph: str
    series: int


def direction_of(score: Score) -> str:
    """The direction of a score, as it is shown."""
    return f"{score.source_shop} → {score.target_shop}"


def direction_keys(scores: list[Score]) -> dict[str, Key]:
    """A key for every direction, in the record's order."""
    keys = {}
    for i, name in enumerate(dict.fromkeys(map(direction_of, scores))):
        # A second round through the colours meets other marks.
        mark = (i + i // len(SERIES)) % len(SYMBOLS)
        series = i % len(SERIES)
        keys[name] = Key(name, SERIES[series].light, SYMBOLS[mark], GLYPHS[mark], series)
    return keys
