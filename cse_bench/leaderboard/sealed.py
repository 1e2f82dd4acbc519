"""Run an aligner on a release that its author has not scored: it may be fitted to the public one.

The log is public, so a sealed release (other shops, other vectors, of the same log) is a check
against overfitting, and no secret.
"""

from __future__ import annotations

from math import sqrt

from cse_bench.harness.run import Evaluation
from cse_bench.harness.scores import summarise
from cse_bench.leaderboard.verification import SealedTrack
from cse_bench.results.record import Result, Score
from cse_bench.tasks.registry import TASKS


def gaps(record: Result, hidden: Evaluation) -> list[SealedTrack]:
    """The gap closed by each track, here and there.

    Parameters
    ----------
    record : Result
        On the public release.
    hidden : Evaluation
        On the sealed release.
    """
    ours, theirs = _by_track(record.scores), _by_track(summarise(hidden))
    return [
        SealedTrack(
            track=track,
            **dict(zip(("public", "public_low", "public_high"), ours[track], strict=True)),
            **dict(zip(("sealed", "sealed_low", "sealed_high"), theirs[track], strict=True)),
        )
        for track in ours
        if track in theirs
    ]


def problem_with_gaps(tracks: list[SealedTrack]) -> str | None:
    """The first track that does surely worse on the sealed release; None if there is none."""
    if not tracks:
        return "no track closes a gap on both releases, so nothing was seen"
    for track in tracks:
        if track.sealed_high < track.public_low:
            return (
                f"{track.track} closes {_tell(track.sealed, track.sealed_low, track.sealed_high)} "
                "of the gap on the sealed release, but "
                f"{_tell(track.public, track.public_low, track.public_high)} on the public one: it "
                "is fitted to that"
            )
    return None


def _by_track(scores: list[Score]) -> dict[str, tuple[float, float, float]]:
    """Gap closed on what is ranked by first, mean of the directions, with its interval.

    The directions' intervals are taken as independent.
    """
    task = TASKS[0]
    variant, metric = task.primary[0]
    found: dict[str, list[tuple[float, float, float]]] = {}
    for score in scores:
        gap, low, high = score.gap_closed, score.gap_ci_low, score.gap_ci_high
        asked = (score.task, score.variant, score.metric) == (task.name, variant, metric)
        if asked and gap is not None and low is not None and high is not None:
            found.setdefault(score.track, []).append((gap, gap - low, high - gap))
    return {track: _mean(rows) for track, rows in found.items()}


def _mean(rows: list[tuple[float, float, float]]) -> tuple[float, float, float]:
    n = len(rows)
    gap = sum(row[0] for row in rows) / n
    below, above = (sqrt(sum(row[i] ** 2 for row in rows)) / n for i in (1, 2))
    return gap, gap - below, gap + above


def _tell(value: float, low: float, high: float) -> str:
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
