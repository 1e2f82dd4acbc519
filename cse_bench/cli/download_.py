"""cse-bench download [ORG/NAME[@REVISION]]."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("download")
@click.argument("reference", required=False, metavar="[ORG/NAME[@REVISION]]")
@click.option(
    "--to",
    "--out",
    "to",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where to.  [default: a folder of the release's name]",
)
def command(reference: str | None, to: Path | None) -> None:
    """Put a release into a folder, where datasets.load_dataset reads it, offline.

    That of the package, or one from the Hugging Face Hub at a tag, branch or commit; each table is
    checked against the manifest.
    """
    from cse_bench import api

    target = api.download(to, reference=reference)
    place = target.resolve()
    click.echo(f"the release is in {place}")
    click.echo(f'from anywhere: datasets.load_dataset("{place}")')
