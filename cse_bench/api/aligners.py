"""Aligners listed, begun and checked."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

from cse_bench.errors import InputError
from cse_bench.files import check_new_file, write_text_atomically


def check_aligner(reference: str) -> Iterator[tuple[str, str | None]]:
    """Run the contract checks on an aligner, on small data.

    Parameters
    ----------
    reference : str
        A registered name or the path of a file.

    Yields
    ------
    name, problem : str, str or None
        Each check as it is done, and what it found.
    """
    from cse_bench.aligners.checks import run_checks
    from cse_bench.aligners.loading import find_runnable

    yield from run_checks(find_runnable(reference))


def new_aligner(file: str | Path) -> None:
    """Write the commented template of an aligner.

    Parameters
    ----------
    file : str or Path
        A new file; the aligner and its class take their names from it.

    Raises
    ------
    InputError
        If the file exists, or is not to end in ``.py``.
    """
    from cse_bench.aligners.registry import ALIGNERS, TEMPLATE

    target = Path(file)
    if target.suffix != ".py":
        raise InputError(f"{target} does not end in .py", f"cse-bench new {target.stem}.py")
    check_new_file(target)
    name = re.sub(r"[^a-z0-9.]+", "-", target.stem.lower()).strip("-.") or "my-aligner"
    if name in ALIGNERS:
        name = f"my-{name}"
    words = re.findall(r"[a-z0-9]+", name)
    cls = "".join(word.capitalize() for word in words)
    text = TEMPLATE.read_text(encoding="utf-8").replace('"my-aligner"', f'"{name[:64]}"')
    if cls.isidentifier():
        text = text.replace("MyAligner", cls)
    text = text.replace("evaluate my_aligner.py", f"evaluate {shlex.quote(target.name)}")
    write_text_atomically(target, text)


def catalogue() -> dict[str, dict[str, str]]:
    """What there is, one line each.

    Returns
    -------
    dict of str to dict of str to str
        Kind → name → line, for logs, trainers, aligners, tracks, tasks and privacy gates.
    """
    from cse_bench.aligners.registry import ALIGNERS
    from cse_bench.harness.tracks import TRACKS
    from cse_bench.logs.registry import ARCHIVES, READERS
    from cse_bench.privacy.registry import GATES
    from cse_bench.tasks.registry import TASKS
    from cse_bench.trainers.registry import TRAINERS, trainer_class

    return {
        "logs": {name: reader.about for name, reader in READERS.items()} | ARCHIVES,
        "trainers": {name: trainer_class(name).description for name in TRAINERS},
        "aligners": {name: _described(name) for name in ALIGNERS},
        "tracks": {track.name: track.about for track in TRACKS.values()},
        "tasks": {task.name: task.about for task in TASKS},
        "gates": {gate.name: gate.about for gate in GATES.values()},
    }


def _described(name: str) -> str:
    """A reference aligner in a line, with the extra that it needs."""
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.aligners.registry import NEEDS

    extra = f" (needs [{NEEDS[name][1]}])" if name in NEEDS else ""
    return find_aligner(name).info.description + extra
