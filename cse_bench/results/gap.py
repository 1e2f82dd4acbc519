"""The gap that an aligner closes, all directions together."""

from __future__ import annotations

from collections.abc import Sequence

from cse_bench.results.record import Score

Gap = tuple[float, float, float]
"""Value, and both ends of the interval."""


def mean_gap(scores: Sequence[Score]) -> Gap | None:
    """The mean of the directions, with an interval; None where one of them has no gap.

    The ends are the means of the directions' ends. A shopper stands in both directions, so that
    their errors go together, how much is not known: this is the widest that it can be.

    Parameters
    ----------
    scores : sequence of Score
        One a direction, of one track, task, variant and metric.
    """
    found: list[Gap] = []
    for score in scores:
        if score.gap_closed is None or score.gap_ci_low is None or score.gap_ci_high is None:
            return None
        found.append((score.gap_closed, score.gap_ci_low, score.gap_ci_high))
    if not found:
        return None
    value, low, high = (sum(column) / len(found) for column in zip(*found, strict=True))
    return value, low, high


def gap_told(score: Score) -> str:
    """The gap that a score closes, with its interval, in words."""
    if score.gap_closed is None:
        return "no gap"
    low, high = score.gap_ci_low, score.gap_ci_high
    interval = "" if low is None or high is None else f" [{low:.0%}, {high:.0%}]"
    return f"{score.gap_closed:.0%}{interval}"
