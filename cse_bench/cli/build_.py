"""cse-bench build SOURCE --out DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

import cse_bench
from cse_bench.cli.completion import LOGS
from cse_bench.cli.settings import read_settings, with_settings

LOG_OPTIONS = (
    click.option(
        "--events",
        multiple=True,
        metavar="[SHOP=]FILES",
        help="tabular: a file, glob, directory or URL of events (repeat for more).",
    ),
    click.option(
        "--catalogue",
        multiple=True,
        metavar="[SHOP=]FILES",
        help="tabular: likewise, of the catalogue.",
    ),
    click.option(
        "--queries",
        multiple=True,
        metavar="[SHOP=]FILES",
        help="tabular: likewise, of what users typed.",
    ),
    click.option(
        "--kind",
        "kinds",
        multiple=True,
        metavar="KIND",
        help="tabular: keep only the events of this kind (repeat for more).",
    ),
    click.option(
        "--mapping",
        type=click.Path(path_type=Path),
        metavar="FILE.toml",
        help='tabular: which column is which; [events] user = "visitor".',
    ),
    click.option(
        "--session-gap",
        type=float,
        metavar="MINUTES",
        help="tabular: a longer pause begins a new session.  [default: 30]",
    ),
    click.option(
        "--unordered",
        "ordered",
        flag_value=False,
        type=bool,
        default=None,
        help="tabular: timestamps do not order a session's products.",
    ),
    click.option(
        "--licence",
        metavar="NAME",
        help="tabular: the licence under which you, its owner, let the release be passed on: "
        "cc-by-4.0, ….  [default: none, it may not be published]",
    ),
    click.option(
        "--archive",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="coveo: the zip file, or its directory.",
    ),
    click.option(
        "--shops",
        type=int,
        metavar="N",
        help="completejourney, synthetic: how many shops.  [default: 2]",
    ),
    click.option(
        "--size", type=int, metavar="N", help="synthetic: how many events.  [default: 400000]"
    ),
    click.option(
        "--asking",
        type=click.FloatRange(0, 1),
        metavar="SHARE",
        help="synthetic: share of visits that begin with a query.  [default: 0]",
    ),
    click.option("--seed", type=int, metavar="N", help="synthetic: seed."),
)
"""What a log's reader is told; each says of which log it is."""


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


def with_log_options(function: Any) -> Any:
    """Give a command the options of all logs."""
    for option in reversed(LOG_OPTIONS):
        function = option(function)
    return function


@click.command("build")
@click.argument("source", shell_complete=LOGS)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="Where the release goes; must not exist yet, unless --replace.",
)
@click.option(
    "--trainer",
    default="ppmi-svd",
    show_default=True,
    metavar="NAME",
    help="Learns the embeddings; see cse-bench list.",
)
@click.option(
    "--dimensions",
    type=click.IntRange(min=1, max=1024),
    default=64,
    show_default=True,
    help="Width of the embeddings.",
)
@click.option(
    "--gap",
    "gap_days",
    default="7d",
    show_default=True,
    callback=_days,
    metavar="TIME",
    help="Longest time between the two visits of a cross-shop session.",
)
@click.option(
    "--min-users",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="Train users who must have met a product.",
)
@click.option(
    "--with-pairs", metavar="FILE", help="Gold pairs: left_shop, left, right_shop, right (raw ids)."
)
@click.option(
    "--pairs-basis", type=click.Choice(["consent", "public"]), help="Why the pairs may be released."
)
@click.option(
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="32 secret bytes; a fresh key is drawn, and forgotten, without it.",
)
@click.option(
    "--engine",
    default="duckdb",
    show_default=True,
    metavar="duckdb|spark",
    help="What does the relational work.",
)
@click.option(
    "--spark-master",
    default="local[*]",
    show_default=True,
    metavar="URL",
    help="spark: the master.",
)
@click.option(
    "--memory",
    metavar="4GB",
    help="What the engine may hold before it spills to disk.  [default: the engine's own]",
)
@click.option(
    "--sealed-out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Build a second, hidden release there too: fresh key, fresh embeddings, other groups.",
)
@click.option(
    "--waive", multiple=True, metavar="GATE", help="A privacy gate that need not hold (repeat)."
)
@click.option("--because", multiple=True, metavar="TEXT", help="Why: one for each --waive.")
@click.option("--commit", is_flag=True, help="Commit to the hidden release in the manifest.")
@click.option(
    "--ids-out",
    type=click.Path(path_type=Path),
    metavar="FILE.csv",
    help="Tell you, and you alone, which of your products each id is.",
)
@click.option("--name", metavar="NAME", help="Of the release.  [default: the name of DIR]")
@click.option("--version", metavar="X.Y.Z", help="Of the release.  [default: cse-bench's own]")
@click.option("--replace", is_flag=True, help="Replace a release at DIR once the new one is done.")
@with_settings("A parameter of the trainer (repeat for more).")
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

    report = json.loads((out / "build_report.json").read_text(encoding="utf-8"))
    click.echo("read      " + ", ".join(f"{n:,} {what}" for what, n in report["read"].items()))
    for drop in report["drops"]:
        click.echo(f"left out  {drop['rows']:,} {drop['table']}: {drop['reason']}")
    for shop, counts in report["shops"].items():
        click.echo(f"{shop:<9} " + ", ".join(f"{n:,} {what}" for what, n in counts.items()))
    for name, entry in manifest.files.items():
        config, _, split = name.removesuffix(".parquet").partition("/")
        parts = report["rows"].get(config, {}).get(split, {})
        told = ", ".join(f"{part} {n:,}" for part, n in parts.items() if part != "all")
        click.echo(f"{entry.rows:>9,} rows  {name}" + (f"  ({told})" if told else ""))
    for note in report["notes"]:
        click.echo(f"note      {note}")
    click.echo(f"{manifest.name} {manifest.version} is in {out}")
    click.echo(f"fingerprint {manifest.fingerprint}")
