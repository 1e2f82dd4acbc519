"""cse-bench list."""

from __future__ import annotations

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
    for kind, entries in catalogue.items():
        click.echo(click.style(kind, bold=True))
        width = max(len(name) for name in entries)
        for name, line in entries.items():
            click.echo(f"  {name:<{width}}  {line}")
