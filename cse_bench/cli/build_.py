"""cse-bench build SOURCE --out DIR."""

from __future__ import annotations

from pathlib import Path

import click


def _days(context: click.Context, parameter: click.Parameter, value: str) -> float:
    """Read a length of time such as 7d or 36h, in days."""
    units = {"d": 1.0, "h": 1 / 24}
    try:
        return float(value[:-1]) * units[value[-1]]
    except (KeyError, ValueError, IndexError):
        raise click.BadParameter(f"{value!r} is no length of time; write 7d or 36h") from None


@click.command("build")
@click.argument("source")
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
    "--key-file",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="32 secret bytes; a fresh key is drawn, and forgotten, without it.",
)
@click.option("--replace", is_flag=True, help="Replace a release at DIR once the new one is done.")
def command(
    source: str,
    out: Path,
    trainer: str,
    gap_days: float,
    min_users: int,
    key_file: Path | None,
    replace: bool,
) -> None:
    """Build an anonymised release from the log SOURCE (completejourney)."""
    from cse_bench import api
    from cse_bench.building.pipeline import STAGES
    from cse_bench.progress import steps

    with steps(f"building {out}", len(STAGES)) as stage:
        manifest = api.build(
            source,
            out,
            trainer=trainer,
            gap_days=gap_days,
            min_users=min_users,
            key_file=key_file,
            replace=replace,
            stage=stage,
        )
    for name, entry in manifest.files.items():
        click.echo(f"{entry.rows:>9,} rows  {name}")
    click.echo(f"{manifest.name} {manifest.version} is in {out}")
    click.echo(f"fingerprint {manifest.fingerprint}")
