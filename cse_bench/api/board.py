"""The board: entries checked, taken in, verified, ranked, shown."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError
from cse_bench.files import staged_directory, write_text_atomically
from cse_bench.progress import Advance, silent

if TYPE_CHECKING:
    from cse_bench.hub.client import Hub
    from cse_bench.leaderboard.board import Board
    from cse_bench.leaderboard.check import Examined
    from cse_bench.leaderboard.folders import Folder
    from cse_bench.leaderboard.verify import Terms
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
    from cse_bench.leaderboard.folders import VERIFICATION

    terms = _terms(release, use_cache)
    with _folders(where, hub) as (folders, problems):
        known = read_known({f.name: f for f in [*_home(entries), *folders]}.values())
        found: dict[str, str | None] = dict(problems)
        for folder in folders:
            fresh = not (folder.path / VERIFICATION).exists()
            seen = examine(folder, terms, known, submitted=fresh, step=step)
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
    step: Advance = silent,
) -> dict[str, str | None]:
    """Check what is on the inbox, and copy into the board what is good and not there yet.

    Parameters
    ----------
    where, release, use_cache, hub, told, step
        See `check_entries`; ``ORG/LEADERBOARD`` for all that was merged there.
    entries : Path
        The directory that holds ``entries``.

    Returns
    -------
    dict of str to str or None
        Entry → why it was not taken; None for those that were. Those that are there already are
        not named.
    """
    from cse_bench.leaderboard.check import examine, read_known

    terms = _terms(release, use_cache)
    with _folders(where, hub) as (folders, problems):
        home = _home(entries)
        there = {folder.name for folder in home}
        fresh = [folder for folder in folders if folder.name not in there]
        known = read_known([*home, *fresh])
        found: dict[str, str | None] = dict(problems)
        for folder in fresh:
            seen = examine(folder, terms, known, submitted=True, step=step)
            told(folder.name, seen)
            found[folder.name] = seen.problem
            if seen.problem is None and not problems:
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

    Parameters
    ----------
    where : str or Path
        The directory that holds ``entries``, or one entry's folder.
    only : sequence of str
        Aligners; empty for all.
    again : bool
        Whether to verify also what was verified as it is.
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
    from cse_bench.leaderboard.folders import VERIFICATION, find_folders, read_verification

    folders = find_folders(Path(where))
    terms = _terms(release, use_cache, run=run, sealed=sealed)
    unknown = set(only) - {folder.aligner for folder in folders}
    if unknown:
        raise InputError(f"there is no entry of {min(unknown)}", "give the name of an aligner")
    known = read_known(folders)
    found: dict[str, str | None] = {}
    for folder in folders:
        if only and folder.aligner not in only:
            continue
        if not again and read_verification(folder) is not None:
            continue
        seen = examine(folder, terms, known, submitted=False, step=step)
        told(folder.name, seen)
        found[folder.name] = seen.problem
        if seen.problem is None and seen.verification is not None:
            text = seen.verification.model_dump_json(indent=1) + "\n"
            write_text_atomically(folder.path / VERIFICATION, text)
    return found


def build_board(
    where: str | Path = HOME,
    out: str | Path | None = None,
    *,
    release: str | Path | Release = EMBEDDED,
    step: Advance = silent,
) -> tuple[Board, dict[str, str]]:
    """Rank the verified entries, and make the board's pages.

    Parameters
    ----------
    where : str or Path
        The directory that holds ``entries``.
    out : str or Path, optional
        The site; an earlier one there is replaced. Without it there is only the board.
    release : str, Path or Release
        That of the board; see `load_release`.
    step : callable
        Told what begins.

    Returns
    -------
    board : Board
        As in ``board.json``.
    left_out : dict of str to str
        Entry → why it is not on the board.

    Raises
    ------
    InputError
        If there are no entries, or `out` is there and no site of ours.
    """
    from cse_bench.extras import require
    from cse_bench.leaderboard.collect import collect, sources
    from cse_bench.leaderboard.folders import find_folders

    data = load_release(release) if isinstance(release, str | Path) else release
    site = None if out is None else Path(out)
    if site is not None:
        require("jinja2", "report", "the board's pages")
        _require_site(site)
    folders = find_folders(Path(where))
    step("ranking")
    board, left_out = collect(folders, data)
    if site is not None:
        from cse_bench.leaderboard.site.build import build_site

        step("drawing")
        with staged_directory(site, replace=True) as stage:
            privacy = data.path / "privacy_report.json"
            told = privacy.read_text(encoding="utf-8") if privacy.is_file() else None
            build_site(board, sources(folders, board), {}, stage, told)
    return board, left_out


def serve_site(site: str | Path, port: int, ready: Callable[[str], None]) -> None:
    """Show a site on this machine alone, until interrupted.

    Parameters
    ----------
    site : str or Path
        A directory with an ``index.html``.
    port : int
        0 for one that is free.
    ready : callable
        Told the address.

    Raises
    ------
    InputError
        If it is no site, or the port is taken.
    """
    from functools import partial
    from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer

    class Quiet(SimpleHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            """Requests are not told."""

    place = Path(site)
    if not (place / "index.html").is_file():
        raise InputError(f"{place} has no index.html", "cse-bench leaderboard build --out site")
    try:
        server = ThreadingHTTPServer(
            ("127.0.0.1", port), partial(Quiet, directory=str(place.absolute()))
        )
    except OSError as error:
        raise InputError(f"cannot listen on port {port}: {error.strerror}", "--port 0") from None
    with server:
        ready(f"http://127.0.0.1:{server.server_address[1]}/")
        server.serve_forever()


def _terms(
    release: str | Path | Release,
    use_cache: bool,
    *,
    run: bool = False,
    sealed: str | Path | None = None,
) -> Terms:
    from cse_bench.harness.cache import RunCache, cache_directory
    from cse_bench.harness.sandbox.backends import NONE, require_sandbox
    from cse_bench.leaderboard.verify import Terms
    from cse_bench.release.seal import check_seal

    if sealed is not None and not run:
        raise InputError("nothing is run, on the sealed release neither", "leave out one of them")
    data = load_release(release) if isinstance(release, str | Path) else release
    hidden = None if sealed is None else load_release(str(sealed))
    if hidden is not None and data.manifest.sealed_commitment is not None:
        check_seal(hidden.path, hidden.manifest, data.manifest)
    return Terms(
        release=data,
        cache=RunCache(cache_directory() if use_cache else None),
        isolation=require_sandbox() if run else NONE,
        sealed=hidden,
    )


def _home(entries: Path) -> list[Folder]:
    """The entries of the board, if it has any yet."""
    from cse_bench.leaderboard.folders import ENTRIES, find_folders

    return find_folders(entries) if (entries / ENTRIES).is_dir() else []


@contextmanager
def _folders(where: str | Path, hub: Hub | None) -> Iterator[tuple[list[Folder], dict[str, str]]]:
    """Entries here or on the inbox; and what of a pull request is no entry."""
    from cse_bench.leaderboard.folders import Folder, find_folders

    if Path(where).exists():
        yield find_folders(Path(where)), {}
        return
    from cse_bench.hub.client import Hub as TheHub
    from cse_bench.hub.inbox import fetch_entries, split_pull
    from cse_bench.hub.reference import parse_reference

    repo, pull = split_pull(str(where))
    if parse_reference(repo) is None or str(where).count("/") != 1:
        raise InputError(
            f"there is no directory {where}", "a directory of entries, or ORG/LEADERBOARD#7"
        )
    with tempfile.TemporaryDirectory(prefix="cse-bench-inbox-") as place:
        inbox = fetch_entries(hub or TheHub(), repo, pull, Path(place))
        found = [Folder(Path(place) / name, *name.split("/")[1:]) for name in inbox.folders]
        yield found, inbox.problems


def _require_site(site: Path) -> None:
    """Refuse to replace a directory that is no site of ours."""
    if site.is_dir() and any(site.iterdir()) and not (site / "board.json").is_file():
        raise InputError(f"{site} is no site of ours: it is left alone", "name another --out")
