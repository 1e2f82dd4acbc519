"""A result goes to the board as a pull request on its inbox, a dataset repository."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

from cse_bench.aligners.loading import read_aligner
from cse_bench.aligners.registry import TEMPLATE
from cse_bench.aligners.source import AlignerSource
from cse_bench.errors import InputError
from cse_bench.hub.client import Hub, connected, who_am_i
from cse_bench.hub.pulls import find_pull_request, open_pull_request
from cse_bench.hub.repository import MAIN, Change, LocalFile, differences, inspect, local_file
from cse_bench.results.places import ALIGNER, SHA12, SUBMITTED, entry_folder
from cse_bench.results.read import read_result
from cse_bench.results.record import Result
from cse_bench.results.write import RANKS, RECORD

BOARD = "dataset"

NOBODY = "Your Name"
"""The author in the file that ``cse-bench new`` writes."""

UNNAMED = f"{NOBODY!r} is the example's author: set authors in your file"
UNTOUCHED = "this is the template of cse-bench new as it was: others have it, too"


@dataclass(frozen=True)
class Submission:
    """What is sent to the board.

    Attributes
    ----------
    result : Result
        The record.
    digest : str
        SHA-256 of ``result.json``.
    files : tuple of LocalFile
        ``result.json``, ``ranks.parquet`` and ``aligner.py``, by their path on the board.
    doubts : tuple of str
        What the sender has perhaps forgotten.
    """

    result: Result
    digest: str
    files: tuple[LocalFile, ...]
    doubts: tuple[str, ...] = ()

    @property
    def folder(self) -> str:
        """Its place on the board."""
        return entry_folder(self.result.aligner.name, self.digest[:SHA12])

    def change(self, board: str) -> Change:
        """The commit that it takes."""
        title = f"Submit {self.result.aligner.name} {self.digest[:12]}"
        text = f"Release {self.result.release.name} {self.result.release.version}"
        return Change(board, BOARD, None, self.files, (), title, text)

    def lines(self, board: str) -> list[str]:
        """What will be sent, to be read."""
        aligner, release = self.result.aligner, self.result.release
        tracks = ", ".join(dict.fromkeys(score.track for score in self.result.scores))
        return [
            f"to {board}, as a pull request that everybody can read:",
            f"aligner {aligner.name} {aligner.version} by {', '.join(aligner.authors) or 'nobody'}"
            f", licence {aligner.licence or 'none'}",
            *(f"  ! {doubt}" for doubt in self.doubts),
            f"on {release.name} {release.version} ({release.fingerprint[:12]}), tracks {tracks}",
            *(f"{file.size:>12,} B  {file.path}" for file in self.files),
        ]


def prepare(result: Path, aligner: Path, stage: Path) -> Submission:
    """Check what shall be sent, on a copy that is then sent.

    Parameters
    ----------
    result : Path
        A ``result.json``, with its ``ranks.parquet`` beside it.
    aligner : Path
        The file that was scored.
    stage : Path
        An empty directory.

    Raises
    ------
    InputError
        If the result is damaged, its scores do not follow from its ranks, it is not of the test
        split, or the aligner is not the one that was scored.
    """
    read_result(result, check=False)  # the user's own paths, for what is wrong with them
    read_aligner(aligner)
    for source, name in ((result, RECORD), (result.with_name(RANKS), RANKS), (aligner, ALIGNER)):
        if not source.is_file():
            raise InputError(f"there is no file {source}", "a result is two files, side by side")
        shutil.copyfile(source, stage / name)
    record = read_result(stage / RECORD)
    if {score.split for score in record.scores} != {"test"}:
        raise InputError(
            f"{result} is of the validation split", "the board takes results on the test split"
        )
    given = read_aligner(stage / ALIGNER)
    if given.sha256 != record.aligner.source_sha256:
        raise InputError(
            f"{aligner} is not the file that was scored: its SHA-256 is {given.sha256[:12]}…, "
            f"the result's {record.aligner.source_sha256[:12]}…",
            "give that file, or score this one: cse-bench evaluate",
        )
    digest = local_file(RECORD, stage / RECORD).sha256
    folder = Submission(record, digest, ()).folder
    files = tuple(local_file(f"{folder}/{name}", stage / name) for name in SUBMITTED)
    return Submission(record, digest, files, _doubts(given))


def _doubts(given: AlignerSource) -> tuple[str, ...]:
    unnamed = [UNNAMED] if NOBODY in given.info.authors else []
    return (*unnamed, *([UNTOUCHED] if given.does_as(read_aligner(TEMPLATE)) else []))


@dataclass(frozen=True)
class Standing:
    """Whether a submission is on the board already.

    Attributes
    ----------
    state : str
        ``new``, ``merged`` or ``pending``.
    url : str
        Where it is to be seen.
    number : int
        Of its pull request, if it is pending.
    mine : bool
        Whether that is one's own.
    """

    state: str
    url: str = ""
    number: int = 0
    mine: bool = False


def look(hub: Hub, board: str, submission: Submission) -> Standing:
    """See whether a submission is on the board, or waits there.

    Raises
    ------
    InputError
        If there is no such board, or other files stand in the submission's place.
    """
    with connected(hub, board) as api:
        account = who_am_i(api)
        remote = inspect(api, board, BOARD)
        if remote is None:
            raise InputError(
                f"{board} is not there, or is private and this token may not see it",
                "check the name of the board",
            )
        there = [path for path in remote.files if path.startswith(f"{submission.folder}/")]
        if there and not differences(submission.files, remote.files):
            url = f"{hub.address}/datasets/{board}/tree/{MAIN}/{submission.folder}"
            return Standing("merged", url)
        if there:
            raise InputError(
                f"{board} holds {submission.folder} already, with other files beside its result",
                "ask the board's maintainers",
            )
        pull = find_pull_request(api, submission.change(board))
        if pull is None:
            return Standing("new")
        return Standing("pending", pull.url, pull.number, pull.author == account.name)


def send_entry(hub: Hub, board: str, submission: Submission) -> str:
    """Open the pull request.

    Returns
    -------
    str
        Its address.
    """
    with connected(hub, board) as api:
        return open_pull_request(api, submission.change(board))


def withdraw(hub: Hub, board: str, standing: Standing) -> str:
    """Close one's own pull request.

    Returns
    -------
    str
        What was done.

    Raises
    ------
    InputError
        If there is none, or it is somebody else's, or it is merged.
    """
    if standing.state == "merged":
        raise InputError(
            f"it is on the board already: {standing.url}",
            "ask the board's maintainers, in a discussion there, to take it off",
        )
    if standing.state != "pending":
        raise InputError(f"no pull request with this result is open on {board}", "nothing to do")
    if not standing.mine:
        raise InputError(
            f"{standing.url} is somebody else's", "only who opened it, or a maintainer, closes it"
        )
    with connected(hub, board) as api:
        api.change_discussion_status(
            board, standing.number, "closed", repo_type=BOARD, comment="Withdrawn by its author."
        )
    return f"withdrawn: {standing.url} is closed"
