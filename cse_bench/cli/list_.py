"""cse-bench list."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from textwrap import wrap

import click

KINDS = ("logs", "trainers", "aligners", "tracks", "tasks", "gates")


@click.command("list")
@click.argument("kind", required=False, type=click.Choice(KINDS))
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(kind: str | None, as_json: bool) -> None:
    """List the logs, trainers, aligners, tracks, tasks and privacy gates; or those of one KIND."""
    from cse_bench import api

    catalogue = {k: v for k, v in api.catalogue().items() if kind in (None, k)}
    if as_json:
        import json

        click.echo(json.dumps(catalogue, indent=1))
        return
    room = get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for head, entries in catalogue.items():
        click.echo(click.style(head, bold=True))
        width = max(len(name) for name in entries)
        for name, line in entries.items():
            told = wrap(line, max(room - width - 4, 20))
            click.echo(f"  {name:<{width}}  " + f"\n{'':{width + 4}}".join(told))
