"""cse-bench evaluate ALIGNER."""

from __future__ import annotations

import sys
from pathlib import Path

import click


@click.command("evaluate")
@click.argument("aligner")
@click.option(
    "--release",
    default="cross-shop-embeddings",
    show_default=True,
    metavar="REF",
    help="The embedded release, or a directory.",
)
@click.option(
    "--tracks",
    multiple=True,
    metavar="TRACK",
    help="Only these tracks (repeat, or separate by commas).",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Choose anything on validation only.",
)
@click.option(
    "--seeds",
    type=click.IntRange(min=5),
    default=5,
    show_default=True,
    help="Runs of a stochastic aligner.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the result goes.  [default: results/<aligner>, or …-validation]",
)
@click.option("--save-vectors", is_flag=True, help="Also write aligned.parquet.")
@click.option("--json", "as_json", is_flag=True, help="Print the record, not the table.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def command(
    aligner: str,
    release: str,
    tracks: tuple[str, ...],
    split: str,
    seeds: int,
    out: Path | None,
    save_vectors: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Score ALIGNER, a path of a .py file or a registered name.

    Writes result.json and ranks.parquet into a directory, replacing an earlier result there.
    """
    from cse_bench import api
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.aligners.registry import ALIGNERS
    from cse_bench.progress import steps

    source = find_aligner(aligner)
    mark = "" if split == "test" else f"-{split}"
    target = Path("results") / f"{source.info.name}{mark}" if out is None else out
    if release == api.EMBEDDED and Path(release).is_dir() and not quiet:
        click.echo(f"note: the release in the package is scored; ./{release} names yours", err=True)
    if aligner not in ALIGNERS and not quiet:
        click.echo(f"note: {aligner} runs unconfined, so the result is not official", err=True)
    result = api.evaluate(
        aligner,
        release,
        tuple(name for given in tracks for name in given.replace(",", " ").split()),
        split=split,
        seeds=seeds,
        save_vectors=save_vectors,
        out=target,
        command=" ".join(["cse-bench", *sys.argv[1:]]),
        step=lambda total: steps(f"evaluating {source.info.name}", total, enabled=not quiet),
    )
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    elif not quiet:
        from rich.console import Console

        from cse_bench.results.table import print_result
        from cse_bench.tasks.registry import TASKS

        primary = [(task.name, *pair) for task in TASKS for pair in task.primary]
        width = None if sys.stdout.isatty() else 160
        print_result(result, primary, Console(width=width))
        click.echo(f"written: {target}/result.json, ranks.parquet")
