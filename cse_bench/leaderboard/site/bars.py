"""Where things stand in a drawn gap: places in per cent of a drawing's width."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from cse_bench.leaderboard.board import OneWay

LEAST, MOST = -0.5, 1.6
"""No drawing shows more: one entry far below the floor would press all others together."""

ROOM = 0.14
"""Kept free beyond 0 and 1, so that the words there have a place."""


@dataclass(frozen=True)
class Bar:
    """One gap closed, as drawn; all lengths in per cent of the width.

    Attributes
    ----------
    start, width : str
        The bar between the floor and the value.
    value : str or None
        The mark; None where it lies outside the drawing.
    low, high : str or None
        Ends of the interval, None where there is none; one outside ends at the edge.
    below, above : bool
        Whether the interval, or the value, goes on beyond an edge.
    oracles : tuple of str
        One a direction, those that lie inside.
    """

    start: str
    width: str
    value: str | None
    low: str | None
    high: str | None
    below: bool
    above: bool
    oracles: tuple[str, ...]


@dataclass(frozen=True)
class Scale:
    """What part of the line of gaps a drawing shows.

    Attributes
    ----------
    low, high : float
        Gap closed at its edges.
    """

    low: float
    high: float

    def at(self, gap: float) -> str:
        """The place of a gap, held inside the drawing."""
        return f"{100 * self._share(gap):.1f}%"

    def inside(self, gap: float) -> bool:
        """Whether a gap is in the drawing at all."""
        return self.low <= gap <= self.high

    @property
    def floor(self) -> str:
        """Where the floor stands."""
        return self.at(0)

    @property
    def reference(self) -> str:
        """Where the reference stands."""
        return self.at(1)

    def bar(
        self,
        gap: float | None,
        low: float | None,
        high: float | None,
        directions: Sequence[OneWay] = (),
    ) -> Bar | None:
        """Draw one gap; None where there is none to draw."""
        if gap is None:
            return None
        known = low is not None and high is not None
        ends = [gap] + ([low, high] if low is not None and high is not None else [])
        start, end = sorted((self._share(0), self._share(gap)))
        return Bar(
            start=f"{100 * start:.1f}%",
            width=f"{100 * (end - start):.1f}%",
            value=self.at(gap) if self.inside(gap) else None,
            low=self.at(min(ends)) if known else None,
            high=self.at(max(ends)) if known else None,
            below=min(ends) < self.low,
            above=max(ends) > self.high,
            oracles=tuple(
                dict.fromkeys(self.at(o) for o in oracle_gaps(directions) if self.inside(o))
            ),
        )

    def _share(self, gap: float) -> float:
        return (min(max(gap, self.low), self.high) - self.low) / (self.high - self.low)


def oracle_gaps(directions: Iterable[OneWay]) -> list[float]:
    """The gap that the oracle closes in each direction where it has a score and there is a gap."""
    return [
        (way.oracle - way.floor) / (way.reference - way.floor)
        for way in directions
        # Where the reference does not stand above the floor nobody closes a gap.
        if way.oracle is not None and way.reference is not None and way.reference > way.floor
    ]


def scale_of(
    gaps: Iterable[tuple[float | None, float | None, float | None]], oracles: Iterable[float] = ()
) -> Scale:
    """A scale that holds floor, reference, and what is in proportion to them.

    Parameters
    ----------
    gaps : iterable of (value, low, high)
        What is to be drawn.
    oracles : iterable of float
        Marks that are drawn where there is room.
    """
    low, high = -ROOM, 1 + ROOM
    for triple in gaps:
        known = [end for end in triple if end is not None]
        low, high = min([low, *known]), max([high, *known])
    high = max([high, *(gap + 0.04 for gap in oracles)])
    return Scale(max(low, LEAST), min(high, MOST))
