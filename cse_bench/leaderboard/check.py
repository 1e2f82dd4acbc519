"""Look at an entry as a whole: its folder, its tracks, whose it is; then verify its result."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

from cse_bench.aligners.loading import read_aligner
from cse_bench.errors import InputError
from cse_bench.harness.tracks import choose_tracks
from cse_bench.leaderboard.folders import Folder, problem_with_layout
from cse_bench.leaderboard.reproduced import tracks_of
from cse_bench.leaderboard.terms import Terms
from cse_bench.leaderboard.verification import RELEASE, SCHEMA, Verification
from cse_bench.leaderboard.verify import problem_with_release, verify
from cse_bench.release.read import Release
from cse_bench.results.places import ALIGNER
from cse_bench.results.read import read_result
from cse_bench.results.record import Result

SAME = 1e-9
"""Scores of two entries that are all nearer than this are one entry's, copied."""


@dataclass(frozen=True)
class Known:
    """What is told of another entry, to see whether one is a copy of it.

    Attributes
    ----------
    folder : Folder
        Where it stands.
    result : Result
        Its record.
    """

    folder: Folder
    result: Result


@dataclass(frozen=True, eq=False)
class Examined:
    """What was found out about an entry.

    Attributes
    ----------
    problem : str or None
        The first thing that is wrong; None if nothing is.
    verification : Verification or None
        Of its result; None where it was refused before it was verified.
    """

    problem: str | None
    verification: Verification | None = None


def read_known(folders: Iterable[Folder]) -> list[Known]:
    """Read the records of the entries that are there; those that cannot be read are left out."""
    found = []
    for folder in folders:
        try:
            found.append(Known(folder, read_result(folder.record, check=False)))
        except InputError:
            continue  # its own check says so
    return found


def examine(
    folder: Folder,
    terms: Terms,
    others: Iterable[Known],
    *,
    submitted: bool,
    step: Callable[[str], None],
) -> Examined:
    """Look at an entry, up to the first thing that is wrong.

    Parameters
    ----------
    folder : Folder
        The entry.
    terms : Terms
        On what, and with what; without a sandbox nothing of the entry is run.
    others : iterable of Known
        The entries that are there; the entry itself may be among them.
    submitted : bool
        See `folders.problem_with_layout`.
    step : callable
        Told what begins.
    """
    misplaced = problem_with_layout(folder, submitted=submitted)
    if misplaced is not None:
        return Examined(f"layout: {misplaced}")
    try:
        source = read_aligner(folder.path / ALIGNER)
        result = read_result(folder.record, check=False)
    except InputError as error:
        return Examined(f"{SCHEMA}: {error.what}")
    for name, problem in (
        (RELEASE, problem_with_release(result, terms.release)),
        ("complete", _misnamed(folder, result) or incomplete(result, terms.release)),
        ("one's own", _not_its_own(folder, result, others)),
    ):
        if problem is not None:
            return Examined(f"{name}: {problem}")
    found = verify(folder.record, source, terms, step)
    return Examined(next(iter(found.problems), None), found)


def _misnamed(folder: Folder, result: Result) -> str | None:
    """Whether a folder holds another aligner's result."""
    if result.aligner.name != folder.aligner:
        return f"the folder is {folder.aligner}'s, the result {result.aligner.name!r}'s"
    return None


def incomplete(result: Result, release: Release) -> str | None:
    """What a result lacks to be an entry: a split, a track, a direction.

    The tracks are those that its evidence opens on the board's release: who enters some of them
    alone would gain by choosing.

    Parameters
    ----------
    result : Result
        The record.
    release : Release
        The board's.

    Returns
    -------
    str or None
    """
    if {score.split for score in result.scores} != {"test"}:
        return "it is not of the test split: cse-bench evaluate without --split"
    try:
        wanted = [t.name for t in choose_tracks(frozenset(result.aligner.uses), (), release)]
    except InputError as error:
        return error.what
    missing = [track for track in wanted if track not in tracks_of(result)]
    if missing:
        return (
            f"it lacks the track {missing[0]}: who uses {_told(result.aligner.uses)} enters "
            f"{', '.join(wanted)}; cse-bench evaluate without --tracks"
        )
    there = {(s.track, s.source_shop, s.target_shop) for s in result.scores}
    for track in wanted:
        for source, target in release.directions:
            if (track, source, target) not in there:
                return f"it lacks {track}, {source} → {target}"
    return None


def _told(uses: list[str]) -> str:
    return ", ".join(uses) or "no evidence"


def _not_its_own(folder: Folder, result: Result, others: Iterable[Known]) -> str | None:
    """Whether an entry has another's name, or another's scores."""
    mine = _values(result)
    for other in others:
        if other.folder.name == folder.name:
            continue
        if other.folder.aligner == folder.aligner:
            if other.result.aligner.authors != result.aligner.authors:
                return (
                    f"the name {folder.aligner} is taken, by {_authors(other.result)}: choose "
                    "another name"
                )
            continue  # a later version of one's own
        theirs = _values(other.result)
        same = [key for key in mine if key in theirs]
        if same and all(abs(mine[key] - theirs[key]) < SAME for key in same):
            return f"its scores are those of {other.folder.name}, to the last digit"
    return None


def _authors(result: Result) -> str:
    return ", ".join(result.aligner.authors) or "somebody who gives no name"


def _values(result: Result) -> Mapping[tuple[str, ...], float]:
    """Every score, by what it is about."""
    found: dict[tuple[str, ...], float] = {}
    for s in result.scores:
        found[s.track, s.source_shop, s.target_shop, s.task, s.variant, s.metric] = s.value
    return found
