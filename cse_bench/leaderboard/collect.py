"""From verified entries to the board."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

import cse_bench
from cse_bench.errors import InputError
from cse_bench.harness.protocol import PROTOCOL_VERSION
from cse_bench.harness.record import release_reference
from cse_bench.harness.scores import GUARDS
from cse_bench.harness.tracks import TRACKS
from cse_bench.leaderboard.board import (
    BOARD_SCHEMA_VERSION,
    About,
    Board,
    BoardEntry,
    Quarter,
    TrackCost,
)
from cse_bench.leaderboard.folders import Folder, read_verification
from cse_bench.leaderboard.ranking import Contender, standings
from cse_bench.leaderboard.verification import Verification
from cse_bench.release.read import Release
from cse_bench.results.gap import mean_gap
from cse_bench.results.places import ALIGNER
from cse_bench.results.read import read_ranks, read_result
from cse_bench.results.record import Result, Score
from cse_bench.results.rescore import rescore
from cse_bench.tasks.registry import TASKS


def collect(folders: Sequence[Folder], release: Release) -> tuple[Board, dict[str, str]]:
    """Make the board of the entries that were verified.

    Ranks were checked when an entry was verified, and its files are those that were (by SHA-256):
    they are read again to be tested against each other's.

    Parameters
    ----------
    folders : sequence of Folder
        All that there are.
    release : Release
        That of the board: entries on another are left out.

    Returns
    -------
    board : Board
        What is shown.
    left_out : dict of str to str
        Entry → why it is not.
    """
    left_out: dict[str, str] = {}
    chosen: list[tuple[Folder, Verification, Result]] = []
    for folder in folders:
        found = _shown(folder, release)
        if isinstance(found, str):
            left_out[folder.name] = found
        else:
            chosen.append((folder, *found))
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        contenders = list(pool.map(_contender, [f for f, _, _ in chosen], [r for *_, r in chosen]))
    board = Board(
        schema_version=BOARD_SCHEMA_VERSION,
        cse_bench=cse_bench.__version__,
        protocol=PROTOCOL_VERSION,
        release=release_reference(release),
        licence=release.manifest.licence,
        directions=list(release.directions),
        tracks=[About(name=track.name, about=track.about) for track in TRACKS.values()],
        tasks=[About(name=t.name, about=t.about, guard=t.guard) for t in TASKS],
        standings=standings(contenders, list(TRACKS), GUARDS),
        entries=[_entry(folder, verification, result) for folder, verification, result in chosen],
    )
    return board, left_out


def _shown(folder: Folder, release: Release) -> tuple[Verification, Result] | str:
    """What was found out about an entry, and its record; or why it is not shown."""
    try:
        verification = read_verification(folder)
        result = read_result(folder.record, check=False)
    except InputError as error:
        return error.what
    if verification is None:
        return "it was not verified as it is: cse-bench leaderboard verify"
    if verification.badge is None:
        return f"it was rejected: {verification.problems[0]}"
    if result.protocol.version != PROTOCOL_VERSION:
        return f"it follows protocol {result.protocol.version}, not {PROTOCOL_VERSION}"
    if result.release.fingerprint != release.manifest.fingerprint:
        return f"it is about {result.release.name} {result.release.version}"
    return verification, result


def _contender(folder: Folder, result: Result) -> Contender:
    return Contender(folder.sha12, result, rescore(read_ranks(folder.record)))


def _entry(folder: Folder, verification: Verification, result: Result) -> BoardEntry:
    assert verification.badge is not None  # those without were left out
    return BoardEntry(
        entry=folder.sha12,
        folder=folder.name,
        aligner=result.aligner,
        badge=verification.badge,
        verified=verification.created,
        created=result.created,
        command=result.command,
        isolation=result.isolation,
        environment=result.environment,
        flags=result.flags,
        tracks=[_cost(result, track) for track in TRACKS if _has(result, track)],
    )


def _has(result: Result, track: str) -> bool:
    return any(score.track == track for score in result.scores)


def _cost(result: Result, track: str) -> TrackCost:
    runs = [run for run in result.runs if run.track == track]
    return TrackCost(
        track=track,
        seconds=float(np.median([run.fit_seconds for run in runs])) if runs else 0.0,
        peak_rss_bytes=max((run.peak_rss_bytes for run in runs), default=0),
        runs=len(runs),
        failed=sum(run.failed for run in runs),
        quarters=list(_quarters([s for s in result.scores if s.track == track])),
    )


def _quarters(scores: Sequence[Score]) -> list[Quarter]:
    """Gap closed by popularity of the target, on what is ranked by first."""
    task, (base, metric) = TASKS[0].name, TASKS[0].primary[0]
    found: dict[tuple[int, int], list[Score]] = {}
    for score in scores:
        part = score.bin
        if part and (score.task, score.metric, part.base) == (task, metric, base):
            found.setdefault((part.number, part.of), []).append(score)
    return [_quarter(base, *place, found[place]) for place in sorted(found)]


def _quarter(variant: str, number: int, of: int, scores: Sequence[Score]) -> Quarter:
    value, low, high = mean_gap(scores) or (None, None, None)
    label = {1: "least bought", of: "most bought"}.get(number, f"quarter {number}")
    return Quarter(variant=variant, label=label, gap_closed=value, gap_low=low, gap_high=high)


def sources(folders: Sequence[Folder], board: Board) -> Mapping[str, str]:
    """The text of every shown entry's file."""
    shown = {entry.entry for entry in board.entries}
    return {
        folder.sha12: (folder.path / ALIGNER).read_text(encoding="utf-8")
        for folder in folders
        if folder.sha12 in shown
    }
