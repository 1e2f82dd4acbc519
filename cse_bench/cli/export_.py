"""cse-bench export RESULT.json."""

from __future__ import annotations

from pathlib import Path

import click


@click.command("export")
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--to",
    "--format",
    "to",
    required=True,
    type=click.Choice(["csv", "every-eval-ever"]),
    help="Which format.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="PLACE",
    help="A new file for csv; for every-eval-ever a directory.  [default: print it]",
)
def command(result: Path, to: str, out: Path | None) -> None:
    """Write RESULT, a result.json, in another format.

    csv: the scores as a tidy table. every-eval-ever: the evaluation schema that many boards share;
    its datastore wants each record at a place of its own, which is made below --out.
    """
    from cse_bench import api

    if out is None:
        click.echo(api.export(result, to), nl=False)
    else:
        click.echo(f"written: {api.export_to(result, to, out)}")
