"""Entries of the board: checked, taken in, verified."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.releases import EMBEDDED
from cse_bench.api.verifying import terms_for
from cse_bench.errors import InputError
from cse_bench.files import staged_directory, write_text_atomically
from cse_bench.progress import Advance, silent

if TYPE_CHECKING:
    from cse_bench.hub.client import Hub
    from cse_bench.leaderboard.check import Examined
    from cse_bench.leaderboard.folders import Folder
    from cse_bench.leaderboard.verification import Badge
    from cse_bench.release.read import Release

HOME = Path("leaderboard")
"""The directory that holds ``entries``, in a checkout."""

Told = Callable[[str, "Examined"], None]
"""Given the name of an entry, and what was found out about it."""


def _nothing(name: str, found: Examined) -> None:
    """Tell nobody."""


def check_entries(
    where: str | Path = HOME,
    *,
    entries: Path = HOME,
    release: str | Path | Release = EMBEDDED,
    use_cache: bool = True,
    hub: Hub | None = None,
    told: Told = _nothing,
    note: Callable[[str], None] = silent,
    step: Advance = silent,
) -> dict[str, str | None]:
    """Check entries as data: nothing of theirs is run.

    Parameters
    ----------
    where : str or Path
        The directory that holds ``entries``, one entry's folder, or a pull request on the inbox,
        ``ORG/LEADERBOARD#7``.
    entries : Path
        The board that an entry or a pull request is to join.
    release : str, Path or Release
        That of the board; see `load_release`.
    use_cache : bool
        Whether floor, reference and oracle are taken from the user's cache.
    hub : Hub, optional
        See `load_release`.
    told : callable
        Told of each entry as it was looked at.
    note : callable
        Told what a maintainer should know besides: that pull requests wait which are older.
    step : callable
        Told what begins.

    Returns
    -------
    dict of str to str or None
        Entry, or path in a pull request → what is wrong with it; None for nothing.

    Raises
    ------
    InputError
        If there are no entries there.
    """
    from cse_bench.leaderboard.check import examine, read_known
    from cse_bench.results.places import VERIFICATION

    terms = terms_for(release, use_cache)
    with entries_at(where, hub, note) as (folders, problems):
        home = _home(entries)
        if not home:
            note(f"no entries at {entries}: compared with no others")
        known = read_known({f.name: f for f in [*home, *folders]}.values())
        found: dict[str, str | None] = dict(problems)
        ours = {folder.path.resolve() for folder in [*home, *_home(Path(where))]}
        for folder in folders:
            # Who sends an entry sends no stamp; one in the board has it from `verify`.
            stamped = folder.path.resolve() in ours and (folder.path / VERIFICATION).exists()
            seen = examine(folder, terms, known, submitted=not stamped, step=step)
            told(folder.name, seen)
            found[folder.name] = seen.problem
    return found


def take_entries(
    where: str | Path,
    *,
    entries: Path = HOME,
    release: str | Path | Release = EMBEDDED,
    use_cache: bool = True,
    hub: Hub | None = None,
    told: Told = _nothing,
    note: Callable[[str], None] = silent,
    step: Advance = silent,
) -> dict[str, str | None]:
    """Check what is on the inbox, and copy into the board what is good and not there yet.

    Parameters
    ----------
    where, release, use_cache, hub, told, note, step
        See `check_entries`; ``ORG/LEADERBOARD`` for all that was merged there.
    entries : Path
        The directory that holds ``entries``.

    Returns
    -------
    dict of str to str or None
        Entry → why it was not taken; None for those that were. Those that are there already are
        not named.

    Raises
    ------
    InputError
        If there is no board at `entries`.
    """
    from cse_bench.leaderboard.check import examine, read_known
    from cse_bench.results.places import ENTRIES

    if not (entries / ENTRIES).is_dir():
        raise InputError(
            f"there is no board at {entries} to take entries into",
            f"--entries DIR; or begin one: mkdir -p {entries / ENTRIES}",
        )
    terms = terms_for(release, use_cache)
    with entries_at(where, hub, note) as (folders, problems):
        home = _home(entries)
        there = {folder.name for folder in home}
        fresh = [folder for folder in folders if folder.name not in there]
        known = read_known([*home, *fresh])
        found: dict[str, str | None] = dict(problems)
        for folder in fresh:
            seen = examine(folder, terms, known, submitted=True, step=step)
            if seen.problem is None and problems and "#" in str(where):
                seen = replace(seen, problem="good, but the pull request is not: nothing is taken")
            told(folder.name, seen)
            found[folder.name] = seen.problem
            if seen.problem is None:
                with staged_directory(entries / folder.name, replace=False) as stage:
                    shutil.copytree(folder.path, stage, dirs_exist_ok=True)
    return found


def verify_entries(
    where: str | Path = HOME,
    *,
    only: Sequence[str] = (),
    again: bool = False,
    run: bool = True,
    sealed: str | Path | None = None,
    release: str | Path | Release = EMBEDDED,
    use_cache: bool = True,
    told: Told = _nothing,
    step: Advance = silent,
) -> dict[str, str | None]:
    """Verify entries, and stamp each with its badge and tolerances: ``verification.json``.

    An entry whose stamp is about its files as they are, and says all that this run could, is passed
    over. One that fails loses its badge.

    Parameters
    ----------
    where : str or Path
        The directory that holds ``entries``, or one entry's folder.
    only : sequence of str
        Aligners; empty for all.
    again : bool
        Whether to verify also those that would be passed over.
    run : bool
        Whether to run them again in the sandbox; otherwise an entry that was not run keeps no more
        than the badge *self-reported*.
    sealed : str or Path, optional
        Directory of a release that nobody has scored.
    release, use_cache, told, step
        See `check_entries`.

    Returns
    -------
    dict of str to str or None
        Entry → what is wrong with it; None for nothing.

    Raises
    ------
    InputError
        If there are no entries, or no sandbox to run them in.
    """
    from cse_bench.leaderboard.check import examine, read_known
    from cse_bench.leaderboard.folders import find_folders
    from cse_bench.results.places import VERIFICATION

    best: Badge = "sealed" if sealed is not None else "reproduced" if run else "self-reported"
    folders = find_folders(Path(where))
    terms = terms_for(release, use_cache, run=run, sealed=sealed)
    unknown = set(only) - {folder.aligner for folder in folders}
    if unknown:
        raise InputError(f"there is no entry of {min(unknown)}", "give the name of an aligner")
    known = read_known(folders)
    found: dict[str, str | None] = {}
    wanted = [folder for folder in folders if not only or folder.aligner in only]
    due = [folder for folder in wanted if again or not _says_enough(folder, best)]
    for number, folder in enumerate(due, start=1):
        place = f"{number} of {len(due)}, {folder.aligner}"
        seen = examine(folder, terms, known, submitted=False, step=partial(_step_of, step, place))
        told(folder.name, seen)
        found[folder.name] = seen.problem
        if seen.verification is not None:
            text = seen.verification.model_dump_json(indent=1) + "\n"
            write_text_atomically(folder.path / VERIFICATION, text)
        else:
            (folder.path / VERIFICATION).unlink(missing_ok=True)
    return found


def _step_of(step: Advance, place: str, name: str) -> None:
    """Report a step of one entry among several."""
    step(f"{place}: {name}")


def _says_enough(folder: Folder, best: Badge) -> bool:
    """Whether an entry's stamp is no less than what verifying it again could give."""
    from cse_bench.leaderboard.folders import read_verification
    from cse_bench.leaderboard.verification import BADGES

    try:
        known = read_verification(folder)
    except InputError:
        return False  # a damaged stamp is written anew
    return known is not None and known.badge in BADGES[BADGES.index(best) :]


def _home(entries: Path) -> list[Folder]:
    """The entries of the board, if it has any yet."""
    from cse_bench.leaderboard.folders import find_folders
    from cse_bench.results.places import ENTRIES

    return find_folders(entries) if (entries / ENTRIES).is_dir() else []


@contextmanager
def entries_at(
    where: str | Path,
    hub: Hub | None,
    note: Callable[[str], None] = silent,
    *,
    stamps: bool = False,
) -> Iterator[tuple[list[Folder], dict[str, str]]]:
    """Entries here or on the Hub, and what of a pull request is no entry.

    Parameters
    ----------
    where : str or Path
        The directory that holds ``entries``, one entry's folder, ``ORG/LEADERBOARD`` or a pull
        request on it, ``ORG/LEADERBOARD#7``.
    hub : Hub, optional
        See `load_release`.
    note : callable
        Told of pull requests that wait: all, or those older than the one that is asked for.
    stamps : bool
        Whether ``ORG/LEADERBOARD`` is taken for a mirror of the board, stamps and all.

    Raises
    ------
    InputError
        If there are none there.
    """
    from cse_bench.leaderboard.folders import Folder, find_folders

    if Path(where).exists():
        yield find_folders(Path(where)), {}
        return
    from cse_bench.hub.client import Hub as TheHub
    from cse_bench.hub.inbox import fetch_entries, split_pull
    from cse_bench.hub.reference import parse_reference

    repo, pull = split_pull(str(where))
    if parse_reference(repo) is None:
        raise InputError(
            f"there is no directory {where}", "a directory of entries, or ORG/LEADERBOARD#7"
        )
    with tempfile.TemporaryDirectory(prefix="cse-bench-inbox-") as place:
        inbox = fetch_entries(hub or TheHub(), repo, pull, Path(place), stamps=stamps)
        waiting = ", ".join(f"#{number}" for number in inbox.waiting)
        if waiting and pull is None:
            note(f"open, and not looked at: {waiting}; one by one, as {repo}#{inbox.waiting[0]}")
        elif waiting:
            note(f"older and open: {waiting}; of entries of the same scores the first taken stays")
        found = [Folder(Path(place) / name, *name.split("/")[1:]) for name in inbox.folders]
        yield found, inbox.problems
