"""cse-bench report RESULT.json."""

from __future__ import annotations

from pathlib import Path

import click

from cse_bench.cli.completion import ALIGNERS


@click.command("report")
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="FILE.html",
    help="The page.  [default: DIR.html for DIR/result.json]",
)
@click.option(
    "--aligner",
    shell_complete=ALIGNERS,
    metavar="ALIGNER",
    help="Run this file or registered name again, instead of reading aligned.parquet.",
)
@click.option(
    "--release",
    metavar="REF",
    help="The release that was scored.  [default: the embedded one, if it is that]",
)
@click.option("--track", help="Whose vectors are shown.  [default: the last]")
@click.option("--source", metavar="SHOP", help="Show this source shop.  [default: the first]")
@click.option("--target", metavar="SHOP", help="Show this target shop.  [default: the first]")
@click.option(
    "--map",
    "projection",
    type=click.Choice(["pca", "umap"]),
    default="pca",
    show_default=True,
    help="How the maps are made; UMAP takes minutes, and the [umap] extra.",
)
@click.option("--no-sandbox", is_flag=True, help="Run --aligner unconfined.")
@click.option("-q", "--quiet", is_flag=True, help="No progress; print nothing.")
def command(
    result: Path,
    out: Path | None,
    aligner: str | None,
    release: str | None,
    track: str | None,
    source: str | None,
    target: str | None,
    projection: str,
    no_sandbox: bool,
    quiet: bool,
) -> None:
    """Show RESULT.json as one HTML page that needs no network.

    Scores between floor, reference and oracle; the gap closed by popularity; and, from the vectors
    of evaluate --save-vectors or by running the aligner again, both shops in one map, hubs, and ten
    products with their neighbours.
    """
    from cse_bench import api
    from cse_bench.api.reporting import STEPS
    from cse_bench.progress import steps
    from cse_bench.results.read import result_file

    isolation = None
    if aligner is not None:
        isolation, warning = api.sandbox(no_sandbox)
        if warning:
            click.echo(f"warning: {warning}", err=True)
    with steps("making the report", STEPS, enabled=not quiet) as step:
        page = api.report(
            result,
            out,
            release=release,
            aligner=aligner,
            track=track,
            source=source,
            target=target,
            projection=projection,
            isolation=isolation,
            step=step,
        )
    if not quiet:
        click.echo(f"written: {page} ({page.stat().st_size / 1e6:.1f} MB)")
        if aligner is None and not result_file(result).with_name("aligned.parquet").exists():
            click.echo("its space is drawn too with --aligner FILE, which runs it once more")
