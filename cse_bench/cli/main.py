"""The entry point: a group that imports a verb's file only when that verb is called."""

from __future__ import annotations

import importlib
import os
import signal
import sys
import traceback
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn

import click

from cse_bench import __version__
from cse_bench.errors import DISK_FULL, CseBenchError
from cse_bench.progress import INTERRUPTED

VERBS = {
    "audit": "Run the privacy gates on a release.",
    "build": "Build a release from a shop log.",
    "check": "Run the contract checks on an aligner.",
    "cite": "Print BibTeX for paper, software, release and aligner.",
    "compare": "Compare results: who is better, by how much, or is it noise.",
    "describe": "Say what a release holds, and what difference it can show.",
    "download": "Put a release into a folder: the embedded one, or one from the Hub.",
    "evaluate": "Score an aligner on the benchmark.",
    "export": "Write a result in another format.",
    "leaderboard": "Keep the board: check, take, verify, build, serve.",
    "list": "List logs, trainers, aligners, tracks and tasks.",
    "neighbours": "Show the nearest products, before and after alignment.",
    "new": "Write a commented template of an aligner.",
    "report": "Show a result as one HTML page.",
    "publish": "Publish a release on the Hugging Face Hub.",
    "publish-site": "Publish the board's page as a static Space.",
    "submit": "Send a result to the leaderboard.",
    "train": "Train embeddings within the shops.",
    "tune": "Tune a trainer within the shops, and see how its trials align.",
    "verify": "Check a result: recompute its scores, run its aligner again.",
}
"""Verb → its one line; the file in this directory has the verb's name, with underscores."""


class LazyGroup(click.Group):
    """A group whose verbs are imported when they are called; help needs none of them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The verbs, sorted."""
        return sorted(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one verb."""
        if cmd_name not in VERBS:
            return None
        module = importlib.import_module(f"cse_bench.cli.{cmd_name.replace('-', '_')}_")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs' one-liners, from `VERBS`."""
        with formatter.section("Commands"):
            formatter.write_dl(sorted(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the verb, or say which one was perhaps meant."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from cse_bench.errors import InputError, did_you_mean

            raise InputError(f"there is no command {args[0]!r}", did_you_mean(args[0], list(VERBS)))
        return super().resolve_command(ctx, args)


@click.group(cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="cse-bench")
def group() -> None:
    """Align the product embeddings of two shops, and measure how well it was done."""


def main(arguments: list[str] | None = None) -> Any:
    """Run the command line; errors of ours become one message and an exit code.

    Exit codes: 0 done, 1 a check found something, 2 the user's input, 3 ours or the machine's, 130
    interrupted.
    """
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _interrupt)
    try:
        code = group.main(args=arguments, prog_name="cse-bench", standalone_mode=False)
    except CseBenchError as error:
        _fail(str(error), error.exit_code)
    except click.ClickException as error:
        error.show()
        sys.exit(2)
    except BaseException as error:
        if INTERRUPTED.is_set() or isinstance(error, click.exceptions.Abort | KeyboardInterrupt):
            # Python ends by the signal, whatever the exit code, once an interrupt went through code
            # that was made from text (as in a data class); it forgets that when such code runs.
            exec("")
            for number in (signal.SIGINT, signal.SIGTERM):  # it is being obeyed
                signal.signal(number, signal.SIG_IGN)
            _fail("interrupted; nothing was left half-written", 130)
        _unexpected(error)
    sys.exit(code if isinstance(code, int) else 0)


def _interrupt(number: int, frame: FrameType | None) -> None:
    """Being told to stop is being interrupted: what was begun is cleaned up."""
    INTERRUPTED.set()
    raise KeyboardInterrupt


def _unexpected(error: BaseException) -> NoReturn:
    """What nobody foresaw: one message and where it happened; all of it if asked for."""
    if isinstance(error, SystemExit) or os.environ.get("CSE_BENCH_DEBUG"):
        raise error
    if isinstance(error, OSError):
        where = f" ({error.filename})" if error.filename else ""
        if error.errno in DISK_FULL:
            _fail(f"the disk is full{where}\n  → free some space, then run this again", 3)
        _fail(f"{error.strerror or error}{where}", 3)
    frames = traceback.extract_tb(error.__traceback__)
    own = [f for f in frames if "cse_bench" in f.filename] or list(frames)
    place = f"{Path(own[-1].filename).name}, line {own[-1].lineno}" if own else "nowhere"
    _fail(
        f"unexpected {type(error).__name__}: {error}\n  in {place}\n"
        "  → this is a mistake of ours; CSE_BENCH_DEBUG=1 shows all of it",
        3,
    )


def _fail(message: str, code: int) -> NoReturn:
    click.echo(f"cse-bench: {message}", err=True)
    sys.exit(code)
