"""cse-bench cite [RELEASE | RESULT.json]."""

from __future__ import annotations

import click

from cse_bench.cli.completion import ALIGNERS


@click.command("cite")
@click.argument("reference", default="cross-shop-embeddings", metavar="[RELEASE | RESULT.json]")
@click.option(
    "--aligner", shell_complete=ALIGNERS, metavar="NAME|FILE", help="Cite this aligner too."
)
def command(reference: str, aligner: str | None) -> None:
    """Print BibTeX for the paper, this software, a release and its log.

    Of a result.json its aligner is cited too; of an aligner's file, the embedded release too.
    """
    from cse_bench import api

    click.echo(api.cite(reference, aligner=aligner), nl=False)
