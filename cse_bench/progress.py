"""Progress on a terminal, silence elsewhere."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

INTERRUPTED = threading.Event()
"""Set when the user asked to stop. Libraries may swallow the exception that goes with it (a
callback from C cannot pass it on), so every step looks here too."""

Advance = Callable[[str], None]
"""Called with the name of the step that begins; ends the one before."""


def silent(name: str) -> None:
    """Report no progress."""


@contextmanager
def steps(title: str, total: int, *, enabled: bool = True) -> Iterator[Advance]:
    """Show how far a job of `total` steps is.

    Parameters
    ----------
    title : str
        What the job is.
    total : int
        How many steps it has; 0 if that is not known.
    enabled : bool
        False for silence even on a terminal.

    Yields
    ------
    callable
        To be called with a name as each step begins.
    """
    if not (enabled and sys.stderr.isatty()):
        yield _stop_if_interrupted
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        TextColumn("[bold]{task.description}"),
        *((BarColumn(), MofNCompleteColumn()) if total else ()),
        TimeElapsedColumn(),
        TextColumn("{task.fields[step]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=total, step="")
        begun = -1

        def advance(name: str) -> None:
            nonlocal begun
            _stop_if_interrupted(name)
            begun += 1
            bar.update(task, completed=begun, step=name)

        yield advance


def _stop_if_interrupted(name: str) -> None:
    if INTERRUPTED.is_set():
        raise KeyboardInterrupt
