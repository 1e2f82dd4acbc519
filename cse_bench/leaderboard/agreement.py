"""Whether two computations of one score agree."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from cse_bench.results.record import Cell, Score

LEAST = 1e-4
"""How far a score may be from one computed on another machine, at least; it is relative beyond 1.

Another machine's linear algebra rounds otherwise, and where two products are nearly as near, that
decides. What was `seen` of the reference aligners is in the ``verification.json`` of each."""

EXACT = 1e-6
"""How far numbers may be apart that follow from each other in one record."""

INTERVAL = 3
"""An end of an interval is a quantile of means: it may be this many times further away."""

Tolerances = Callable[[Score], float]


def disagreements(
    claimed: Sequence[Score], found: Mapping[Cell, Score], tolerance: Tolerances
) -> list[str]:
    """Where the scores of a record are not those that were computed again.

    Parameters
    ----------
    claimed : sequence of Score
        Of the record; those that were not computed again are left out.
    found : mapping of Cell to Score
        Computed again.
    tolerance : callable
        How far the value of a score may be away.
    """
    told = []
    for score in claimed:
        other = found.get(score.cell)
        if other is not None:
            told += _differences(score, other, tolerance(score))
    return told


def _differences(ours: Score, theirs: Score, tolerance: float) -> list[str]:
    context = LEAST * max(1.0, abs(theirs.floor))
    allowed = {
        "value": tolerance,
        "ci_low": INTERVAL * tolerance,
        "ci_high": INTERVAL * tolerance,
        "n": 0.0,
        "floor": context,
        "reference": context,
        "oracle": context,
    }
    if theirs.reference is not None and theirs.gap_closed is not None:
        room = theirs.reference - theirs.floor
        far = (tolerance + context * (1 + abs(theirs.gap_closed))) / room
        allowed["gap_closed"] = far
        ends = (theirs.gap_ci_low or 0.0, theirs.gap_ci_high or 0.0)
        # An end that is far away comes from draws with little room.
        away = 1 + max(abs(end - theirs.gap_closed) for end in ends)
        allowed["gap_ci_low"] = allowed["gap_ci_high"] = INTERVAL * far * away
    told = []
    for name, far in allowed.items():
        claimed, found = getattr(ours, name), getattr(theirs, name)
        if not _near(claimed, found, far):
            told.append(f"{name} of {ours.cell} is {_tell(claimed)}, not {_tell(found)}")
    if (ours.gap_closed is None) != (theirs.gap_closed is None):
        told.append(f"gap_closed of {ours.cell} is {_tell(ours.gap_closed)}")
    if ours.discriminative != theirs.discriminative:
        told.append(f"discriminative of {ours.cell} is {ours.discriminative}")
    return told


def inconsistency(score: Score) -> str | None:
    """What in one score does not follow from the rest of it; None if all does."""
    if score.gap_closed is None:
        return None
    if score.reference is None or score.reference <= score.floor:
        return f"{score.cell} has a gap closed, but no gap"
    gap = (score.value - score.floor) / (score.reference - score.floor)
    if not _near(score.gap_closed, gap, EXACT * max(1.0, abs(gap))):
        return (
            f"gap_closed of {score.cell} is {_tell(score.gap_closed)}, but its floor and "
            f"reference give {_tell(gap)}"
        )
    return None


def _near(ours: float | None, theirs: float | None, far: float) -> bool:
    if ours is None or theirs is None:
        return ours is theirs
    return abs(ours - theirs) <= far


def _tell(value: float | None) -> str:
    return "null" if value is None else f"{value:.6g}"
