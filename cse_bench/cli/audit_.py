"""cse-bench audit [RELEASE]."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cse_bench.cli.log_options import with_log_options
from cse_bench.cli.sections import Sectioned

COLOURS = {"passed": "green", "failed": "red", "waived": "yellow", "by the build": "cyan"}


@click.command("audit", cls=Sectioned)
@click.argument("release", default="cross-shop-embeddings")
@click.option("--log", metavar="SOURCE", help="The log it was built from: runs all gates.")
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="The key it was built with.",
)
@click.option("--with-pairs", metavar="FILE", help="The gold pairs that it was built with.")
@click.option(
    "--pairs-basis",
    type=click.Choice(["consent", "public"]),
    help="The basis that they were given on.",
)
@click.option(
    "--engine",
    default="duckdb",
    show_default=True,
    metavar="duckdb|spark",
    help="What reads the log.",
)
@click.option("--json", "as_json", is_flag=True, help="The report as JSON.")
@with_log_options
def command(release: str, as_json: bool, **given: Any) -> int:
    """Run the privacy gates on RELEASE, by default the embedded one.

    Those that need the log or its key are run only with both. Exit code 1 if a gate fails.
    """
    from cse_bench import api
    from cse_bench.privacy.registry import GATES
    from cse_bench.progress import steps

    own = {n: given.pop(n) for n in ("log", "key_file", "with_pairs", "pairs_basis", "engine")}
    with steps("privacy gates", len(GATES)) as step:
        report = api.audit(release, log_options=given, step=step, **own)
    if as_json:
        click.echo(report.model_dump_json(indent=2))
        return 1 if report.failed else 0
    for gate in report.gates:
        verdict = click.style(f"{gate.verdict:<15}", fg=COLOURS.get(gate.verdict))
        click.echo(f"{verdict} {gate.name}  ({gate.threat}; {gate.threshold})")
        if gate.because:
            click.echo(f"                {gate.because}")
        for value in gate.values:
            mark = " " if value.holds else click.style("✗", fg="red")
            click.echo(f"              {mark} {value.told()}")
    failed = ", ".join(gate.name for gate in report.failed)
    click.echo(f"failed: {failed}" if failed else "no gate failed that is not waived")
    return 1 if report.failed else 0
