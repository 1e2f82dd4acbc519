"""cse-bench list."""

from __future__ import annotations

import sys
from shutil import get_terminal_size
from textwrap import wrap

import click


@click.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(as_json: bool) -> None:
    """List the logs, trainers, aligners, tracks and tasks there are, with one line each."""
    from cse_bench import api

    catalogue = api.catalogue()
    if as_json:
        import json

        click.echo(json.dumps(catalogue, indent=1))
        return
    room = get_terminal_size().columns if sys.stdout.isatty() else sys.maxsize
    for kind, entries in catalogue.items():
        click.echo(click.style(kind, bold=True))
        width = max(len(name) for name in entries)
        for name, line in entries.items():
            told = wrap(line, max(room - width - 4, 20))
            click.echo(f"  {name:<{width}}  " + f"\n{'':{width + 4}}".join(told))
