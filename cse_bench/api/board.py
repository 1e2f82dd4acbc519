"""The board: verified entries ranked and shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from cse_bench.api.entries import HOME, entries_at
from cse_bench.api.releases import EMBEDDED, load_release
from cse_bench.errors import InputError
from cse_bench.files import staged_directory
from cse_bench.progress import Advance, silent

if TYPE_CHECKING:
    from cse_bench.hub.client import Hub
    from cse_bench.leaderboard.board import Board
    from cse_bench.release.read import Release


def build_board(
    where: str | Path = HOME,
    out: str | Path | None = None,
    *,
    release: str | Path | Release = EMBEDDED,
    hub: Hub | None = None,
    step: Advance = silent,
) -> tuple[Board, dict[str, str]]:
    """Rank the verified entries, and make the board's pages.

    Parameters
    ----------
    where : str or Path
        The directory that holds ``entries``, or a mirror of it on the Hub, ``ORG/LEADERBOARD``.
    out : str or Path, optional
        The site; an earlier one there is replaced. Without it there is only the board.
    release : str, Path or Release
        That of the board; see `load_release`.
    hub : Hub, optional
        See `load_release`.
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
        If there are no entries, none of them can be shown, or `out` is there and no site of ours.
    """
    from cse_bench.extras import require
    from cse_bench.leaderboard.collect import collect, sources

    data = load_release(release) if isinstance(release, str | Path) else release
    site = None if out is None else Path(out)
    if site is not None:
        require("jinja2", "report", "the board's pages")
        _require_site(site)
    with entries_at(where, hub, stamps=True) as (folders, problems):
        step("ranking")
        board, left_out = collect(folders, data)
        if left_out and not board.entries:
            name, why = next(iter(left_out.items()))
            raise InputError(
                f"none of {len(left_out)} entries can be shown; {name}: {why}",
                "the site that is there stays as it is",
            )
        if site is not None:
            from cse_bench.leaderboard.site.build import build_site

            step("drawing")
            with staged_directory(site, replace=True) as stage:
                privacy = data.path / "privacy_report.json"
                told = privacy.read_text(encoding="utf-8") if privacy.is_file() else None
                build_site(board, sources(folders, board), stage, told)
    return board, left_out | problems


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


def _require_site(site: Path) -> None:
    """Refuse to replace a directory that is no site of ours, or holds anything else."""
    from cse_bench.leaderboard.site.build import foreign_file

    if not site.is_dir() or not any(site.iterdir()):
        return
    if not (site / "board.json").is_file():
        raise InputError(f"{site} is no site of ours: it is left alone", "name another --out")
    foreign = foreign_file(site)
    if foreign is not None:
        raise InputError(
            f"{site} holds {foreign!r}, which is no part of the site: it is left alone",
            "name another --out, or take that file away first",
        )
