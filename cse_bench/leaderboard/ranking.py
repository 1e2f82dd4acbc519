"""Who is ahead, and who cannot be told apart: the standings of every track and primary metric."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from cse_bench.leaderboard.board import OneWay, Row, Standing
from cse_bench.results.compare import LEVEL
from cse_bench.results.gap import Gap, mean_gap
from cse_bench.results.paired import holm
from cse_bench.results.pairwise import Sample, pairwise, reduce_cells
from cse_bench.results.record import Cell, Result, Score
from cse_bench.results.rescore import PRIMARY, QueryValues

Metric = tuple[str, str, str]
"""Task, variant, metric."""


@dataclass(frozen=True, eq=False)
class Contender:
    """An entry that is to be ranked.

    Attributes
    ----------
    entry : str
        What names it.
    result : Result
        Its record.
    cells : mapping of Cell to QueryValues
        What its ranks give.
    """

    entry: str
    result: Result
    cells: Mapping[Cell, QueryValues]


def standings(
    contenders: Sequence[Contender], tracks: Sequence[str], guards: frozenset[str]
) -> list[Standing]:
    """The standings of every track and primary metric that an entry has a score of.

    Entries are ordered by gap closed, mean of the directions. From the top down, those that no test
    tells from the first of them form a group, and share its rank. Every two entries of a standing
    are tested: by the paired test of ``cse-bench compare`` on just what they are ordered by, the
    mean of the directions' differences, each divided by the direction's room between floor and
    reference; p-values are adjusted by Holm over all pairs of the standing.

    Parameters
    ----------
    contenders : sequence of Contender
        On one release, split and protocol.
    tracks : sequence of str
        In order.
    guards : frozenset of str
        Tasks that nothing is ranked by.
    """
    protocol = contenders[0].result.protocol.version if contenders else ""
    found = []
    for track in tracks:
        for metric in PRIMARY.get(protocol, ()):
            own = [(c, s) for c in contenders if (s := _scores(c.result, track, metric))]
            if own:
                found.append(_standing(track, metric, own, guards))
    return found


def _scores(result: Result, track: str, metric: Metric) -> list[Score]:
    return [s for s in result.scores if (s.track, s.task, s.variant, s.metric) == (track, *metric)]


def _standing(
    track: str,
    metric: Metric,
    own: list[tuple[Contender, list[Score]]],
    guards: frozenset[str],
) -> Standing:
    task, variant, name = metric
    gaps = [mean_gap(scores) for _, scores in own]
    why = None
    if task in guards:
        why = "a guard: it only shows what was lost on the way"
    elif any(gap is None for gap in gaps):
        why = "the reference does not stand above the floor in every direction"
    elif any(score.discriminative is False for score in own[0][1]):
        why = "not discriminative here: the oracle's interval reaches down to the floor"
    order = sorted(range(len(own)), key=lambda i: (-_height(gaps[i], own[i][1]), own[i][0].entry))
    own, gaps = [own[i] for i in order], [gaps[i] for i in order]
    ranks: list[int | None] = [None] * len(own)
    if why is None:
        ranks = list(shared_ranks(_apart(track, metric, own)))
    rows = [
        _row(contender.entry, rank, gap, scores)
        for (contender, scores), gap, rank in zip(own, gaps, ranks, strict=True)
    ]
    return Standing(track=track, task=task, variant=variant, metric=name, not_ranked=why, rows=rows)


def _height(gap: Gap | None, scores: list[Score]) -> float:
    return float(np.mean([score.value for score in scores])) if gap is None else gap[0]


def shared_ranks(apart: NDArray[np.bool_]) -> list[int]:
    """Ranks of entries in order, best first.

    Parameters
    ----------
    apart : ndarray of shape (n, n), bool
        Whether a test tells two entries apart.

    Returns
    -------
    list of int
        1 for the first and all that follow it up to one that is told from it; and so on.
    """
    ranks: list[int] = []
    first = 0
    for i in range(len(apart)):
        if apart[first, i]:
            first = i
        ranks.append(first + 1)
    return ranks


def _apart(
    track: str, metric: Metric, own: list[tuple[Contender, list[Score]]]
) -> NDArray[np.bool_]:
    """Which entries of a standing a test tells apart."""
    samples = [_sample(contender, track, metric, own[0][1]) for contender, _ in own]
    pairs = list(combinations(range(len(own)), 2))
    p = holm(pairwise(samples, pairs))
    apart = np.zeros((len(own), len(own)), np.bool_)
    for (i, j), value in zip(pairs, p, strict=True):
        apart[i, j] = apart[j, i] = value < LEVEL  # not so for NaN: nothing was tested
    return apart


def _sample(contender: Contender, track: str, metric: Metric, scores: list[Score]) -> Sample:
    """An entry's values, so scaled that their mean is the gap closed, but for a constant."""
    cells, rooms = {}, {}
    for score in scores:
        cell = Cell(track, score.source_shop, score.target_shop, score.split, *metric)
        cells[cell] = contender.cells[cell]
        rooms[cell] = (score.reference or 0.0) - score.floor
    return reduce_cells(cells, rooms)


def _row(entry: str, rank: int | None, gap: Gap | None, scores: list[Score]) -> Row:
    value, low, high = gap if gap is not None else (None, None, None)
    ways = [OneWay(**{name: getattr(s, name) for name in OneWay.model_fields}) for s in scores]
    return Row(
        entry=entry, rank=rank, gap_closed=value, gap_low=low, gap_high=high, directions=ways
    )
