"""Run an aligner on a release that its author has not scored: it may be fitted to the public one.

The log is public, so a sealed release (other shops, other vectors, of the same log) is a check
against overfitting, and no secret.
"""

from __future__ import annotations

from cse_bench.harness.evaluation import Evaluation
from cse_bench.harness.scores import summarise
from cse_bench.leaderboard.verification import SealedTrack
from cse_bench.results.gap import Gap, mean_gap
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


def _by_track(scores: list[Score]) -> dict[str, Gap]:
    """Gap closed on what is ranked by first."""
    task = TASKS[0]
    variant, metric = task.primary[0]
    found: dict[str, list[Score]] = {}
    for score in scores:
        if (score.task, score.variant, score.metric) == (task.name, variant, metric):
            found.setdefault(score.track, []).append(score)
    gaps = {track: mean_gap(own) for track, own in found.items()}
    return {track: gap for track, gap in gaps.items() if gap is not None}


def _tell(value: float, low: float, high: float) -> str:
    return f"{value:.2f} [{low:.2f}, {high:.2f}]"
