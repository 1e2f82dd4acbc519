"""cse-bench new FILE."""

from __future__ import annotations

import shlex
from pathlib import Path

import click


@click.command("new")
@click.argument("file", type=click.Path(path_type=Path))
def command(file: Path) -> None:
    """Write a commented aligner, which scores at once, to FILE."""
    from cse_bench import api

    api.new_aligner(file)
    click.echo(f"written: {file}")
    name = shlex.quote(str(file))
    click.echo(f"next: cse-bench check {name} && cse-bench evaluate {name}")
