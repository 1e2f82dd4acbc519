"""cse-bench verify RESULT.json."""

from __future__ import annotations

from pathlib import Path

import click

from cse_bench.cli.completion import ALIGNERS


@click.command("verify")
@click.argument("result", type=click.Path(path_type=Path))
@click.option(
    "--aligner",
    shell_complete=ALIGNERS,
    metavar="ALIGNER",
    help="Run this file or registered name again, in a sandbox.",
)
@click.option(
    "--release",
    default="cross-shop-embeddings",
    show_default=True,
    metavar="REF",
    help="The release that was scored.",
)
@click.option("--sealed", metavar="DIR", help="Run it on this release too, held back for that.")
@click.option("--no-cache", is_flag=True, help="Fit and score everything anew.")
@click.option("--json", "as_json", is_flag=True, help="Print what was found as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="No progress; print nothing but what is wrong.")
def command(
    result: Path,
    aligner: str | None,
    release: str,
    sealed: str | None,
    no_cache: bool,
    as_json: bool,
    quiet: bool,
) -> int:
    """Check RESULT.json: its record, its scores, and whether they come back.

    Without --aligner its scores are computed again from ranks.parquet, with their intervals and the
    gap they close, beside a floor, reference and oracle of our own. With it the file is run again
    in the sandbox. Exit code 1 if something is wrong.
    """
    from cse_bench import api
    from cse_bench.leaderboard.verification import RELEASE
    from cse_bench.progress import steps

    found = api.verify(
        result,
        aligner,
        release=release,
        sealed=sealed,
        use_cache=not no_cache,
        step=lambda total: steps("verifying", total, enabled=not quiet),
    )
    if as_json:
        click.echo(found.model_dump_json(indent=1))
        return 0 if found.badge else 1
    for check in found.checks:
        mark = click.style("ok  ", fg="green") if check.passed else click.style("FAIL", fg="red")
        if not (quiet and check.passed):
            click.echo(f"{mark} {check.name}: {check.told}")
        if check.name == RELEASE and not check.passed:
            click.echo("     --release names the release that was scored")
    if not quiet:
        click.echo(f"badge: {found.badge}" if found.badge else "rejected")
    return 0 if found.badge else 1
