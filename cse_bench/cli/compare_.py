"""cse-bench compare A.json B.json …."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("compare")
@click.argument("results", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option(
    "--tracks",
    metavar="TRACK,TRACK,…",
    help="The track of each result.  [default: every track in common with the first]",
)
@click.option(
    "--format",
    "form",
    type=click.Choice(["table", "markdown", "latex", "json"]),
    default="table",
    show_default=True,
)
@click.option("--json", "as_json", is_flag=True, help="The same as --format json.")
@click.option(
    "--out", type=click.Path(path_type=Path), metavar="FILE", help="Write it there, not here."
)
def command(
    results: tuple[Path, ...], tracks: str | None, form: str, as_json: bool, out: Path | None
) -> None:
    """Compare RESULTS with the first of them: who is better, by how much, or is it noise.

    Each is a result.json with its ranks.parquet beside it. Every primary metric is compared on the
    same queries, in both directions together and in each.
    """
    from cse_bench import api
    from cse_bench.files import check_new_file, write_text_atomically
    from cse_bench.results.compare_formats import FORMATS, as_table

    if out is not None:
        check_new_file(out)
    rows = api.compare(results, tracks.replace(",", " ").split() if tracks else ())
    form = "json" if as_json else form
    if form != "table":
        text = FORMATS[form](rows)
    elif out is None and sys.stdout.isatty():
        text = as_table(rows, colour=True, width=None)
    else:
        text = as_table(rows)
    if out is None:
        click.echo(text, nl=False)
    else:
        write_text_atomically(out, text)
