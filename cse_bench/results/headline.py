"""A result in a sentence: what it does where the board looks first."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from cse_bench.results.gap import mean_gap
from cse_bench.results.ranked import Primary, short
from cse_bench.results.record import CONTROL, Result, Score


def headline(result: Result, primary: Sequence[Primary]) -> str:
    """Tell the first primary score that a result has, track by track.

    Parameters
    ----------
    result : Result
        The record.
    primary : sequence of (task, variant, metric)
        The most important first.

    Returns
    -------
    str
        The gap closed with its interval, mean of the directions; the score itself where the
        release has no reference. Empty where no primary score is there.
    """
    for task, variant, metric in primary:
        tracks: dict[str, list[Score]] = {}
        for score in result.scores:
            about = (score.task, score.variant, score.metric)
            if about == (task, variant, metric) and score.track != CONTROL:
                tracks.setdefault(score.track, []).append(score)
        if not tracks:
            continue
        name, what = result.aligner.name, f"{task}, {variant}"
        gaps = {track: mean_gap(own) for track, own in tracks.items()}
        closed = [
            f"{value:.0%} [{low:.0%}, {high:.0%}] with {track}"
            for track, (value, low, high) in ((t, g) for t, g in gaps.items() if g is not None)
        ]
        if len(closed) == len(tracks):
            return (
                f"On {what}, of the gap between a random rotation and procrustes on all train "
                f"pairs, {name} closes {_joined(closed)}."
            )
        told = [
            f"{short(float(np.mean([s.value for s in own])))} with {track}"
            for track, own in tracks.items()
        ]
        floor = short(float(np.mean([s.floor for own in tracks.values() for s in own])))
        return f"On {what}, {name} scores {_joined(told)} ({metric}; a random rotation: {floor})."
    return ""


def _joined(parts: list[str]) -> str:
    return ", ".join(parts[:-1]) + " and " + parts[-1] if len(parts) > 1 else parts[0]
