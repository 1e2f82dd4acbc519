"""cse-bench download."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("download")
@click.option(
    "--to",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to.  [default: ./cross-shop-embeddings]",
)
def command(to: Path | None) -> None:
    """Put the embedded release into a folder, where datasets.load_dataset reads it, offline."""
    from cse_bench import api

    target = api.download(to)
    click.echo(f"the release is in {target}")
    if to is None:
        click.echo('in this directory: datasets.load_dataset("cross-shop-embeddings")')
