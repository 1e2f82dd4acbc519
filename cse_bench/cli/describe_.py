"""cse-bench describe [RELEASE]."""

from __future__ import annotations

import json

import click

from cse_bench.cli.terminal import width


@click.command("describe")
@click.argument("release", default="cross-shop-embeddings")
@click.option(
    "--split",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Of which shoppers room and noise are told.",
)
@click.option("--no-cache", is_flag=True, help="Fit and score everything anew.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def command(release: str, split: str, no_cache: bool, as_json: bool) -> None:
    """Say what RELEASE holds, and how small a difference between aligners it can show.

    By default the embedded release. Counts, overlap, how alike the shops' spaces are, hubness;
    floor, reference and oracle of each task; and the smallest difference that its queries can tell
    from noise.
    """
    from cse_bench import api
    from cse_bench.progress import steps

    found = api.describe(
        release,
        split=split,
        use_cache=not no_cache,
        step=lambda total: steps("describing", total),
    )
    if as_json:
        click.echo(json.dumps(found.as_dict(), indent=1))
        return
    from rich.console import Console

    from cse_bench.harness.describe_table import print_description

    print_description(found, Console(width=width()))
