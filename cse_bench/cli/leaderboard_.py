"""cse-bench leaderboard check|take|verify|build|serve: what a maintainer of the board does."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from cse_bench.leaderboard.check import Examined

HOME = Path("leaderboard")
RELEASE = click.option(
    "--release",
    default="cross-shop-embeddings",
    show_default=True,
    metavar="REF",
    help="The release that the board is about.",
)
ENTRIES = click.option(
    "--entries",
    type=click.Path(path_type=Path, file_okay=False),
    default=HOME,
    show_default=True,
    metavar="DIR",
    help="The directory that holds entries/.",
)


@click.group("leaderboard")
def command() -> None:
    """Keep the board: check what comes in, verify it, build its pages."""


@command.command("check")
@click.argument("where", default="leaderboard")
@ENTRIES
@RELEASE
def check(where: str, entries: Path, release: str) -> int:
    """Check entries as data, for the board's CI.

    Nothing of theirs is run. WHERE is the directory that holds entries/, one entry's folder, or a
    pull request on the inbox, ORG/LEADERBOARD#7. Exit code 1 if something is wrong.
    """
    from cse_bench import api
    from cse_bench.progress import steps

    with steps("checking", 0) as step:
        found = api.check_entries(
            where, entries=entries, release=release, told=_seen, note=_note, step=step
        )
    if not found:
        click.echo("nothing there" + ("" if "#" in where else "; a pull request is ORG/BOARD#7"))
    return _ended(found)


@command.command("take")
@click.argument("where")
@ENTRIES
@RELEASE
def take(where: str, entries: Path, release: str) -> int:
    """Check the inbox, and copy in what is good.

    What is there already is passed over. WHERE is ORG/LEADERBOARD, for all that was merged there,
    or ORG/LEADERBOARD#7, for a pull request.
    """
    from cse_bench import api
    from cse_bench.progress import steps

    with steps("taking", 0) as step:
        found = api.take_entries(
            where, entries=entries, release=release, told=_seen, note=_note, step=step
        )
    if not found:
        click.echo("nothing new")
    taken = [name for name, problem in found.items() if problem is None]
    if taken:
        click.echo(f"copied into {entries}: {', '.join(taken)}")
        click.echo(
            "next: cse-bench leaderboard verify" + (f" {entries}" if entries != HOME else "")
        )
    return _ended(found)


@command.command("verify")
@click.argument("where", type=click.Path(path_type=Path), default=HOME)
@click.option("--only", multiple=True, metavar="ALIGNER", help="Only this one (repeat).")
@click.option("--again", is_flag=True, help="Verify also what was verified as it is.")
@click.option("--no-run", is_flag=True, help="Score again from the ranks; run nothing.")
@click.option("--sealed", metavar="DIR", help="Run them on this release too, held back for that.")
@click.option("--no-cache", is_flag=True, help="Fit and score everything anew.")
@RELEASE
def verify(
    where: Path,
    only: tuple[str, ...],
    again: bool,
    no_run: bool,
    sealed: str | None,
    no_cache: bool,
    release: str,
) -> int:
    """Run entries again, and stamp them.

    In the sandbox; the stamp is verification.json. WHERE is the directory that holds entries/, or
    one entry's folder.
    """
    from cse_bench import api
    from cse_bench.progress import steps

    with steps("verifying", 0) as step:
        found = api.verify_entries(
            where,
            only=only,
            again=again,
            run=not no_run,
            sealed=sealed,
            release=release,
            use_cache=not no_cache,
            told=_tell,
            step=step,
        )
    if not found:
        click.echo("nothing to do: all were verified as they are (--again)")
    return _ended(found)


@command.command("build")
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    default=Path("site"),
    show_default=True,
    metavar="DIR",
    help="The site; an earlier one there is replaced.",
)
@click.option(
    "--entries",
    default="leaderboard",
    show_default=True,
    metavar="WHERE",
    help="The directory that holds entries/, or a mirror of it on the Hub, ORG/LEADERBOARD.",
)
@RELEASE
@click.option("--json", "as_json", is_flag=True, help="Print the board as JSON; write no pages.")
def build(out: Path, entries: str, release: str, as_json: bool) -> None:
    """Rank verified entries, and draw the pages."""
    from cse_bench import api
    from cse_bench.progress import steps

    with steps("building", 2) as step:
        board, left_out = api.build_board(
            entries, None if as_json else out, release=release, step=step
        )
    for name, why in left_out.items():
        click.echo(f"left out: {name}: {why}", err=True)
    if as_json:
        click.echo(board.model_dump_json(indent=1))
        return
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    click.echo(f"written: {out}/index.html ({len(board.entries)} entries, {size / 1e6:.1f} MB)")
    click.echo(f"look at it: cse-bench leaderboard serve {out}")


@command.command("serve")
@click.argument("site", type=click.Path(path_type=Path), default=Path("site"))
@click.option("--port", type=click.IntRange(0, 65535), default=8000, show_default=True)
def serve(site: Path, port: int) -> None:
    """Show SITE on this machine alone, until Ctrl-C."""
    from cse_bench import api

    api.serve_site(site, port, lambda address: click.echo(f"{address}  (Ctrl-C ends)"))


def _note(text: str) -> None:
    """What is no finding, beside the findings."""
    click.echo(f"note: {text}", err=True)


def _seen(name: str, found: Examined, badge: str = "") -> None:
    """An entry as soon as it was looked at; of what is good, one line."""
    if found.problem is not None:
        click.echo(f"{click.style('FAIL', fg='red')} {name}\n     {found.problem}")
        return
    click.echo(f"{click.style('ok  ', fg='green')} {name}{badge}")


def _tell(name: str, found: Examined) -> None:
    """An entry that was verified, and the badge that it has now."""
    _seen(name, found, f": {found.verification.badge}" if found.verification else "")


def _ended(found: dict[str, Any]) -> int:
    """What is no entry at all, and the exit code."""
    for name, problem in found.items():
        if problem is not None and not name.startswith("entries/"):
            click.echo(f"{click.style('FAIL', fg='red')} {name}\n     {problem}")
    wrong = sum(problem is not None for problem in found.values())
    if wrong:
        click.echo(f"{wrong} of {len(found)} refused", err=True)
    elif len(found) > 1:
        click.echo(f"all {len(found)} are good")
    return 1 if wrong else 0
