"""From the board's model to what its pages show: pages, sections, lines."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from cse_bench.leaderboard.board import About, Board, BoardEntry, OneWay, Row, Standing, TrackCost
from cse_bench.leaderboard.site.bars import Bar, Scale, oracle_gaps, scale_of

FIRST = ("next_event", "rendered")
"""Task and variant of the board's first page: the question that is asked first."""


@dataclass(frozen=True)
class Metric:
    """One primary metric: a page of the board.

    Attributes
    ----------
    task, variant, metric : str
        What is measured.
    about : str
        The task in one line.
    guard : bool
        Whether it only guards.
    file : str
        Its page.
    """

    task: str
    variant: str
    metric: str
    about: str
    guard: bool
    file: str

    @property
    def key(self) -> tuple[str, str, str]:
        """What a standing is found by."""
        return self.task, self.variant, self.metric


@dataclass(frozen=True)
class Line:
    """One entry in a track's table.

    Attributes
    ----------
    row : Row
        Its scores.
    entry : BoardEntry
        Whose they are.
    cost : TrackCost or None
        Of this track.
    bar : Bar or None
        The gap, drawn.
    ways : tuple of (OneWay or None)
        A score for each of the board's directions.
    shared : int
        How many entries have its rank.
    place : str
        ``first``, ``middle``, ``last`` of those, or nothing where it stands alone.
    """

    row: Row
    entry: BoardEntry
    cost: TrackCost | None
    bar: Bar | None
    ways: tuple[OneWay | None, ...]
    shared: int
    place: str


@dataclass(frozen=True)
class Section:
    """A track's table on a metric's page.

    Attributes
    ----------
    track : About
        The track.
    number : int
        For its anchor.
    not_ranked : str or None
        Why there are no ranks.
    lines : list of Line
        Best first.
    """

    track: About
    number: int
    not_ranked: str | None
    lines: list[Line]


@dataclass(frozen=True)
class Place:
    """An entry's line on one metric of one track, for its own page.

    Attributes
    ----------
    metric : Metric
        What is measured.
    track : str
        Where.
    of : int
        How many entries stand there.
    line : Line
        The scores.
    """

    metric: Metric
    track: str
    of: int
    line: Line


@dataclass(frozen=True)
class BoardPage:
    """All that stands on a metric's page.

    Attributes
    ----------
    metric : Metric
        The metric.
    scale : Scale
        One for all its tracks, so that they can be compared.
    gaps : bool
        Whether anybody closes a gap on it.
    sections : list of Section
        One a track.
    """

    metric: Metric
    scale: Scale
    gaps: bool
    sections: list[Section]


def metrics_of(board: Board) -> list[Metric]:
    """The primary metrics: the first question first, guards last, else in the board's order."""
    tasks = {task.name: task for task in board.tasks}
    keys = list(dict.fromkeys((s.task, s.variant, s.metric) for s in board.standings))
    keys.sort(key=lambda key: (tasks[key[0]].guard if key[0] in tasks else False, key[:2] != FIRST))
    found: list[Metric] = []
    for key in keys:
        about = tasks.get(key[0], About(name=key[0], about=""))
        taken = {metric.file for metric in found}
        file = _file(key, taken) if found else "index.html"
        found.append(Metric(*key, about.about, about.guard, file))
    return found


def _file(key: tuple[str, str, str], taken: set[str]) -> str:
    """A file name of letters, digits and dashes only, whatever the metric is called."""
    slug = re.sub("[^a-z0-9]+", "-", "-".join(key).lower()).strip("-") or "metric"
    names = (f"board-{slug}{f'-{i}' if i else ''}.html" for i in range(len(taken) + 1))
    return next(name for name in names if name not in taken)


def board_page(board: Board, metric: Metric) -> BoardPage:
    """What stands on a metric's page.

    Parameters
    ----------
    board : Board
        The board.
    metric : Metric
        One of `metrics_of`.
    """
    own = {s.track: s for s in board.standings if (s.task, s.variant, s.metric) == metric.key}
    rows = [row for standing in own.values() for row in standing.rows]
    scale = scale_of(
        ((row.gap_closed, row.gap_low, row.gap_high) for row in rows),
        (gap for row in rows for gap in oracle_gaps(row.directions)),
    )
    entries = {entry.entry: entry for entry in board.entries}
    sections = []
    for number, track in enumerate(board.tracks):
        standing = own.get(track.name)
        lines = [] if standing is None else list(_lines(standing, entries, board, scale))
        why = None if standing is None else standing.not_ranked
        sections.append(Section(track, number, why, lines))
    gaps = any(row.gap_closed is not None for row in rows)
    return BoardPage(metric, scale, gaps, sections)


def _lines(
    standing: Standing, entries: dict[str, BoardEntry], board: Board, scale: Scale
) -> Iterator[Line]:
    ranks = [row.rank for row in standing.rows]
    for i, row in enumerate(standing.rows):
        entry = entries[row.entry]
        ways = {(way.source_shop, way.target_shop): way for way in row.directions}
        shared = 1 if row.rank is None else ranks.count(row.rank)
        place = ""
        if shared > 1:
            begins = i == 0 or ranks[i - 1] != row.rank
            ends = i + 1 == len(ranks) or ranks[i + 1] != row.rank
            place = "first" if begins else "last" if ends else "middle"
        yield Line(
            row=row,
            entry=entry,
            cost=next((cost for cost in entry.tracks if cost.track == standing.track), None),
            bar=scale.bar(row.gap_closed, row.gap_low, row.gap_high, row.directions),
            ways=tuple(ways.get(direction) for direction in board.directions),
            shared=shared,
            place=place,
        )


def places(pages: list[BoardPage]) -> dict[str, list[Place]]:
    """Entry → where it stands, track by track in the board's order."""
    found: dict[str, list[tuple[int, Place]]] = {}
    for page in pages:
        for section in page.sections:
            for line in section.lines:
                place = Place(page.metric, section.track.name, len(section.lines), line)
                found.setdefault(line.row.entry, []).append((section.number, place))
    return {
        entry: [place for _, place in sorted(own, key=lambda pair: pair[0])]
        for entry, own in found.items()
    }
