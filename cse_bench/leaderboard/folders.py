"""Entries where they stand: ``entries/<aligner>/<sha12>/``, files by fixed names, nothing else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.aligners.loading import MAX_BYTES, NAME, read_aligner
from cse_bench.errors import InputError
from cse_bench.files import sha256_file
from cse_bench.leaderboard.verification import Verification
from cse_bench.results.places import ALIGNER, ENTRIES, SHA12, SUBMITTED, VERIFICATION, entry_folder
from cse_bench.results.rescore import NAMES, NUMBERS
from cse_bench.results.write import RANKS, RECORD

LIMITS = {RECORD: 2 << 20, RANKS: 24 << 20, ALIGNER: MAX_BYTES, VERIFICATION: 2 << 20}
"""Bytes of each file: git keeps everything."""

MAX_ROWS = 20_000_000
MAX_UNPACKED = 2 << 30
"""Of ``ranks.parquet``, told by its own head before any of it is unpacked."""


@dataclass(frozen=True)
class Folder:
    """Where an entry stands.

    Attributes
    ----------
    path : Path
        The directory.
    aligner, sha12 : str
        Its last two names.
    """

    path: Path
    aligner: str
    sha12: str

    @property
    def name(self) -> str:
        """Its place on the board."""
        return entry_folder(self.aligner, self.sha12)

    @property
    def record(self) -> Path:
        """Its ``result.json``."""
        return self.path / RECORD


def find_folders(root: Path) -> list[Folder]:
    """The folders of all entries, sorted.

    Parameters
    ----------
    root : Path
        The directory that holds ``entries``, or one entry's folder.

    Raises
    ------
    InputError
        If there is neither, or something stands beside the folders that is none.
    """
    if (root / RECORD).is_file():
        here = root.absolute()
        return [Folder(root, here.parent.name, here.name)]
    place = root / ENTRIES
    if not place.is_dir():
        raise InputError(
            f"{root} has no {ENTRIES}, and is no entry itself",
            "give the directory that holds them: --entries leaderboard",
        )
    folders = []
    for aligner in _directories(place):
        folders += [Folder(path, aligner.name, path.name) for path in _directories(aligner)]
    return folders


def _directories(place: Path) -> Iterator[Path]:
    for path in sorted(place.iterdir()):
        if path.name.startswith("."):
            continue  # git's own, and what is being written
        if path.is_symlink() or not path.is_dir():
            raise InputError(f"{path} is no entry's folder", "take it away")
        yield path


def problem_with_layout(folder: Folder, *, submitted: bool) -> str | None:
    """What is wrong with names, kinds and sizes of files; nothing of them is read before.

    Parameters
    ----------
    folder : Folder
        The folder.
    submitted : bool
        Whether it comes from an author, who may not bring a `VERIFICATION`.
    """
    if not NAME.fullmatch(folder.aligner):
        return f"{folder.aligner!r} is no name of an aligner: [a-z0-9._-], 64 letters at most"
    wanted = SUBMITTED if submitted else (*SUBMITTED, VERIFICATION)
    there = {}
    with os.scandir(folder.path) as found:
        for file in found:
            if not stat.S_ISREG(file.stat(follow_symlinks=False).st_mode):
                return f"{file.name!r} is no plain file"
            there[file.name] = file.stat(follow_symlinks=False).st_size
    for name in sorted(there):
        if name == VERIFICATION and submitted:
            return f"{name} is written by the board alone: send the entry without it"
        if name not in wanted:
            return f"{name!r} does not belong there; an entry is {', '.join(SUBMITTED)}"
        if there[name] > LIMITS[name]:
            return f"{name} holds {there[name]:,} bytes; {LIMITS[name]:,} are allowed"
    missing = [name for name in SUBMITTED if name not in there]
    if missing:
        return f"{missing[0]} is missing"
    digest = sha256_file(folder.record)[:SHA12]
    if digest != folder.sha12:
        return (
            f"the folder is called {folder.sha12}, but the SHA-256 of its {RECORD} begins with "
            f"{digest}: the file was changed, or the folder misnamed"
        )
    return _problem_with_ranks(folder.path / RANKS)


def _problem_with_ranks(path: Path) -> str | None:
    """Whether the ranks would unpack into too much, by what their head says of them."""
    try:
        head = pq.ParquetFile(path).metadata
    except (pa.ArrowException, OSError) as error:
        return f"{path.name} is cut short or no Parquet file: {str(error).splitlines()[0]}"
    unpacked = sum(head.row_group(i).total_byte_size for i in range(head.num_row_groups))
    if head.num_rows > MAX_ROWS or unpacked > MAX_UNPACKED:
        return f"{path.name} unpacks into {head.num_rows:,} rows, {unpacked:,} bytes: too much"
    extra = sorted(set(head.schema.names) - {*NAMES, *NUMBERS})
    return f"{path.name} has a column {extra[0]!r}, which no result has" if extra else None


def read_verification(folder: Folder) -> Verification | None:
    """What was found out about an entry, if that is about its files as they are.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    path = folder.path / VERIFICATION
    if not path.is_file():
        return None
    try:
        found = Verification.model_validate_json(path.read_bytes())
    except ValueError as error:
        first = str(error).splitlines()[0]
        raise InputError(
            f"{path}: {first}", "cse-bench leaderboard verify writes it anew"
        ) from None
    same = (
        found.result_sha256 == sha256_file(folder.record)
        and found.ranks_sha256 == sha256_file(folder.path / RANKS)
        and found.aligner_sha256 == read_aligner(folder.path / ALIGNER).sha256
    )
    return found if same else None
