"""Results side by side: every primary metric of each against the first's, and what is noise."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from cse_bench.errors import InputError, did_you_mean
from cse_bench.results.entries import Entry
from cse_bench.results.paired import Difference, difference, holm
from cse_bench.results.record import Cell
from cse_bench.results.rescore import PRIMARY, QueryValues

LEVEL = 0.05
"""A Holm-adjusted p-value below this is a win or a loss."""

Verdict = Literal["win", "tie", "loss"]

Metric = tuple[str, str, str]
"""Task, variant, metric."""

Direction = tuple[str | None, str | None]
"""Source and target shop; none for all directions together."""


GUARDS = frozenset({"retention"})
"""Tasks that are told and tested, but that nobody wins by."""


@dataclass(frozen=True)
class Comparison:
    """One result against the first, on one primary metric, in one direction or in all.

    Attributes
    ----------
    release, fingerprint, protocol, split : str
        What both are about.
    first, other : str
        The two results: aligners, with their places where one name stands twice.
    first_track, other_track : str
        Their tracks, most often one.
    task, variant, metric : str
        What was measured.
    source_shop, target_shop : str or None
        The direction; None for all together, by query.
    first_value, other_value : float
        The two scores.
    difference, low, high : float
        ``other_value - first_value`` with its 95 % interval: positive where the other is better.
    p, p_holm : float or None
        Paired test over groups, as it is and adjusted for all comparisons made together; None
        where there is one group only.
    n, groups : int
        Queries, and the groups (shoppers, or pairs) that they come from.
    queries_won, queries_tied, queries_lost : int
        Queries on which the other is better, as good, worse.
    verdict : str
        ``win`` or ``loss`` of the other where ``p_holm`` is below .05, else ``tie``.
    """

    release: str
    fingerprint: str
    protocol: str
    split: str
    first: str
    other: str
    first_track: str
    other_track: str
    task: str
    variant: str
    metric: str
    source_shop: str | None
    target_shop: str | None
    first_value: float
    other_value: float
    difference: float
    low: float
    high: float
    p: float | None
    p_holm: float | None
    n: int
    groups: int
    queries_won: int
    queries_tied: int
    queries_lost: int
    verdict: Verdict


def compare_entries(entries: Sequence[Entry], tracks: Sequence[str] = ()) -> list[Comparison]:
    """Compare each result with the first.

    Parameters
    ----------
    entries : sequence of Entry
        From `entries.read_entries`.
    tracks : sequence of str
        The track of each entry; empty to compare on every track that two have in common.

    Returns
    -------
    list of Comparison
        By other result, track and metric; all directions together first, then each.

    Raises
    ------
    InputError
        If a track is not there, or two results have none in common.
    """
    if tracks and len(tracks) != len(entries):
        raise InputError(
            f"{len(tracks)} tracks for {len(entries)} results", "name one for each, in their order"
        )
    first = entries[0]
    rows = []
    for place, other in enumerate(entries[1:], 1):
        for own, its in _track_pairs(first, other, tracks, place):
            rows += _compare(first, own, other, its)
    return _adjusted(rows)


def summary(rows: Sequence[Comparison]) -> dict[str, Counter[Verdict]]:
    """Wins, ties and losses of each other result, all directions together; `GUARDS` win nothing."""
    counts: dict[str, Counter[Verdict]] = {}
    for row in rows:
        own = counts.setdefault(row.other, Counter())
        if row.source_shop is None and row.task not in GUARDS:
            own[row.verdict] += 1
    return counts


def _track_pairs(
    first: Entry, other: Entry, tracks: Sequence[str], place: int
) -> list[tuple[str, str]]:
    if tracks:
        for entry, track in ((first, tracks[0]), (other, tracks[place])):
            if track not in entry.tracks:
                raise InputError(
                    f"{entry.path} has no track {track!r}", did_you_mean(track, entry.tracks)
                )
        return [(tracks[0], tracks[place])]
    common = [track for track in first.tracks if track in other.tracks]
    if not common:
        raise InputError(
            f"{first.path} and {other.path} have no track in common: {', '.join(first.tracks)}; "
            f"{', '.join(other.tracks)}",
            f"name one of each, as in --tracks {first.tracks[0]},{other.tracks[0]}",
        )
    return [(track, track) for track in common]


def _compare(first: Entry, track: str, other: Entry, other_track: str) -> list[Comparison]:
    """All primary metrics of one track of each, p-values unadjusted."""
    ours, theirs = _by_metric(other, other_track), _by_metric(first, track)
    rows = []
    for key in PRIMARY.get(first.result.protocol.version, tuple(theirs)):
        if key not in ours or key not in theirs:
            continue
        several = len(ours[key]) > 1
        parts: list[Direction] = [(None, None), *(ours[key] if several else ())]
        for direction in parts:
            sides = [
                {c: v for d, (c, v) in side[key].items() if direction in ((None, None), d)}
                for side in (ours, theirs)
            ]
            found = difference(*sides)
            rows.append(_row((first, track), (other, other_track), key, direction, found))
    return rows


def _by_metric(entry: Entry, track: str) -> dict[Metric, dict[Direction, tuple[Cell, QueryValues]]]:
    found: dict[Metric, dict[Direction, tuple[Cell, QueryValues]]] = {}
    for cell, values in entry.cells.items():
        if cell.track == track:
            own = found.setdefault((cell.task, cell.variant, cell.metric), {})
            own[cell.source_shop, cell.target_shop] = (cell, values)
    return found


def _row(
    first: tuple[Entry, str],
    other: tuple[Entry, str],
    metric: Metric,
    direction: Direction,
    found: Difference,
) -> Comparison:
    release = first[0].result.release
    return Comparison(
        release=f"{release.name} {release.version}",
        fingerprint=release.fingerprint,
        protocol=first[0].result.protocol.version,
        split=first[0].result.scores[0].split,
        first=first[0].label,
        other=other[0].label,
        first_track=first[1],
        other_track=other[1],
        task=metric[0],
        variant=metric[1],
        metric=metric[2],
        source_shop=direction[0],
        target_shop=direction[1],
        first_value=found.theirs,
        other_value=found.ours,
        difference=found.value,
        low=found.low,
        high=found.high,
        p=found.p,
        p_holm=None,
        n=found.n,
        groups=found.groups,
        queries_won=found.wins,
        queries_tied=found.ties,
        queries_lost=found.losses,
        verdict="tie",
    )


def _adjusted(rows: list[Comparison]) -> list[Comparison]:
    """With Holm's p-values over all of them, and the verdicts that follow."""
    adjusted = holm(np.array([np.nan if row.p is None else row.p for row in rows]))
    verdicts: dict[bool, Verdict] = {True: "win", False: "loss"}
    return [
        replace(
            row,
            p_holm=None if np.isnan(p) else float(p),
            verdict=verdicts[row.difference > 0] if p < LEVEL else "tie",
        )
        for row, p in zip(rows, adjusted, strict=True)
    ]
