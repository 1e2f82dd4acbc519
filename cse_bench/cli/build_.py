"""cse-bench build SOURCE --out DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import cse_bench
from cse_bench.cli.completion import LOGS
from cse_bench.cli.log_options import with_log_options
from cse_bench.cli.sections import Sectioned, option
from cse_bench.cli.settings import read_settings, with_settings

KEPT = "What is released"
EMBEDDINGS = "Embeddings"
GATES = "Privacy gates"
SECRETS = "For the owner alone"
MACHINE = "The machine"

BUILD_OPTIONS = (
    "trainer",
    "dimensions",
    "gap_days",
    "min_users",
    "with_pairs",
    "pairs_basis",
    "key_file",
    "engine",
    "spark_master",
    "memory",
    "sealed_out",
    "commit",
    "ids_out",
    "replace",
)
"""What the build itself is told."""


def _days(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Read a length of time such as 7d or 36h, in days."""
    units = {"d": 1.0, "h": 1 / 24}
    try:
        return float(value[:-1]) * units[value[-1]]
    except (KeyError, ValueError, IndexError):
        raise click.BadParameter(f"{value!r} is no length of time; write 7d or 36h") from None


@click.command("build", cls=Sectioned)
@click.argument("source", shell_complete=LOGS)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the release goes; must not exist yet, unless --replace.",
)
@option(
    EMBEDDINGS,
    "--trainer",
    default="ppmi-svd",
    show_default=True,
    metavar="NAME",
    help="Learns the embeddings; see cse-bench list.",
)
@option(
    EMBEDDINGS,
    "--dimensions",
    type=click.IntRange(min=1, max=1024),
    metavar="N",
    default=64,
    show_default=True,
    help="Width of the embeddings.",
)
@option(
    KEPT,
    "--gap",
    "gap_days",
    default="7d",
    show_default=True,
    callback=_days,
    metavar="TIME",
    help="Longest time between the two visits of a cross-shop session.",
)
@option(
    KEPT,
    "--min-users",
    type=click.IntRange(min=1),
    metavar="N",
    default=10,
    show_default=True,
    help="Train users who must have met a product.",
)
@option(
    KEPT,
    "--with-pairs",
    metavar="FILE",
    help="Gold pairs: left_shop, left, right_shop, right (raw ids).",
)
@option(
    KEPT,
    "--pairs-basis",
    type=click.Choice(["consent", "public"]),
    help="Why the pairs may be released.",
)
@option(
    GATES,
    "--waive",
    multiple=True,
    metavar="GATE",
    help="A privacy gate that need not hold; see cse-bench list gates (repeat).",
)
@option(GATES, "--because", multiple=True, metavar="TEXT", help="Why: one for each --waive.")
@option(
    SECRETS,
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="32 secret bytes; a fresh key is drawn, and forgotten, without it.",
)
@option(
    MACHINE,
    "--engine",
    default="duckdb",
    show_default=True,
    metavar="duckdb|spark",
    help="What does the relational work.",
)
@option(
    MACHINE,
    "--spark-master",
    default="local[*]",
    show_default=True,
    metavar="URL",
    help="spark: the master.",
)
@option(
    MACHINE,
    "--memory",
    metavar="4GB",
    help="What the engine may hold before it spills to disk.  [default: the engine's own]",
)
@option(
    SECRETS,
    "--sealed-out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Build a second, hidden release there too: fresh key, fresh embeddings, other groups.",
)
@option(SECRETS, "--commit", is_flag=True, help="Commit to the hidden release in the manifest.")
@option(
    SECRETS,
    "--ids-out",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Tell you, and you alone, which of your products each id is.",
)
@click.option("--name", metavar="NAME", help="Of the release.  [default: the name of DIR]")
@click.option("--version", metavar="X.Y.Z", help="Of the release.  [default: cse-bench's own]")
@click.option("--replace", is_flag=True, help="Replace a release at DIR once the new one is done.")
@with_settings("A parameter of the trainer (repeat for more).", EMBEDDINGS)
@with_log_options
def command(source: str, out: Path, **given: Any) -> None:
    """Build an anonymised release from the log SOURCE; cse-bench list names the logs."""
    from cse_bench import api
    from cse_bench.building.report import STAGES
    from cse_bench.progress import steps

    waive, because = given.pop("waive"), given.pop("because")
    if len(waive) != len(because):
        raise click.UsageError('every --waive GATE needs its own --because "…"')
    name = given.pop("name") or out.resolve().name
    version = given.pop("version") or cse_bench.__version__
    settings = read_settings(given.pop("settings"))
    options = {name: given.pop(name) for name in BUILD_OPTIONS}
    builds = 1 if options["sealed_out"] is None else 2
    with steps(f"building {out}", builds * len(STAGES)) as stage:
        manifest = api.build(
            source,
            out,
            name=name,
            version=version,
            log_options=given,
            settings=settings,
            waivers=dict(zip(waive, because, strict=True)),
            stage=stage,
            **options,
        )
    _print_summary(out, manifest)
    if options["sealed_out"] is not None:
        click.echo(f"the sealed release is in {options['sealed_out']}: keep it to yourself")


def _print_summary(out: Path, manifest: Any) -> None:
    """What was read, what was left out and why, what there is now."""
    import json
    from collections import Counter

    report = json.loads((out / "build_report.json").read_text(encoding="utf-8"))
    click.echo("read      " + ", ".join(f"{n:,} {what}" for what, n in report["read"].items()))
    for drop in report["drops"]:
        click.echo(f"left out  {drop['rows']:,} {drop['table']}: {drop['reason']}")
    for shop, counts in report["shops"].items():
        told = ", ".join(f"{n:,} {what.replace('_', ' ')}" for what, n in counts.items())
        click.echo(f"{shop:<9} {told}")
    for name, entry in manifest.files.items():
        config, _, split = name.removesuffix(".parquet").partition("/")
        parts = report["rows"].get(config, {}).get(split, {})
        told = ", ".join(f"{part} {n:,}" for part, n in parts.items() if part != "all")
        click.echo(f"{entry.rows:>9,} rows  {name}" + (f"  ({told})" if told else ""))
    for note in report["notes"]:
        click.echo(f"note      {note}")
    gates = json.loads((out / "privacy_report.json").read_text(encoding="utf-8"))["gates"]
    found = Counter(gate["verdict"] for gate in gates)
    told = ", ".join(f"{n} {verdict}" for verdict, n in found.items())
    click.echo(f"privacy   {told}: cse-bench audit {out} tells more")
    click.echo(f"{manifest.name} {manifest.version} is in {out}")
    click.echo(f"fingerprint {manifest.fingerprint}")
