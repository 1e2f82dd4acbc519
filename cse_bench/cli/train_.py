"""cse-bench train TRAINER --out DIR."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cse_bench.cli.completion import TRAINERS
from cse_bench.cli.log_options import with_log_options
from cse_bench.cli.sections import Sectioned
from cse_bench.cli.settings import read_settings, with_settings

SOURCE_OPTIONS = (
    click.option(
        "--release",
        default="cross-shop-embeddings",
        show_default=True,
        metavar="REF",
        help="Whose train sessions are learned from, and validation sessions judge.",
    ),
    click.option(
        "--log", metavar="SOURCE", help="Learn from the log that the release was built from."
    ),
    click.option(
        "--key-file",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="With --log: the release's key, so that test users stay out.",
    ),
    click.option(
        "--engine",
        default="duckdb",
        show_default=True,
        metavar="duckdb|spark",
        help="With --log: what reads it; spark counts pairs for ppmi-svd, too.",
    ),
)


def with_source(function: Any) -> Any:
    """Give a command the options that say what is learned from."""
    for option in reversed(SOURCE_OPTIONS):
        function = option(function)
    about = "A parameter of the trainer (repeat for more)."
    return with_log_options(with_settings(about)(function))


def source_of(given: dict[str, Any]) -> Any:
    """The `LogSource` that these options mean, or None; takes them out of `given`."""
    from cse_bench.api.training import LogSource
    from cse_bench.errors import InputError

    log, key_file, engine = (given.pop(name) for name in ("log", "key_file", "engine"))
    if log is None:
        other = None if engine == "duckdb" else engine
        from cse_bench.logs.registry import refuse_without_log

        refuse_without_log({"key_file": key_file, **given, "engine": other})
        return None
    if key_file is None:
        raise InputError(
            "the log alone does not say who is a test user and must stay out",
            "--key-file FILE, the key that the release was built with",
        )
    return LogSource(log, key_file, given, engine)


@click.command("train", cls=Sectioned)
@click.argument("trainer", shell_complete=TRAINERS)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    metavar="DIR",
    help="A new directory, for vectors and record.",
)
@click.option(
    "--format",
    "file_format",
    default="parquet",
    show_default=True,
    metavar="parquet|safetensors",
    help="How the vectors are written.",
)
@click.option(
    "--next-visit",
    is_flag=True,
    help="With --log: judge by a GRU that foretells a user's next visit, too ([torch]).",
)
@click.option("--json", "as_json", is_flag=True, help="Print the record, not the table.")
@with_source
def command(
    trainer: str,
    out: Path,
    release: str,
    file_format: str,
    next_visit: bool,
    as_json: bool,
    settings: tuple[str, ...],
    **given: Any,
) -> None:
    """Train TRAINER on every shop of a release, or of its log, and judge it in-shop."""
    import json

    from cse_bench import api
    from cse_bench.progress import steps

    source = source_of(given)
    with steps(f"training {trainer}", 4) as step:
        record = api.train(
            trainer,
            out,
            release,
            settings=read_settings(settings),
            source=source,
            file_format=file_format,
            next_visit=next_visit,
            step=step,
        )
    if as_json:
        click.echo(json.dumps(record, indent=1))
        return
    click.echo("completion of validation sessions (95 % interval over users)")
    _print_scores(record["completion"])
    for shop, found in record.get("next_visit", {}).items():
        click.echo(f"next visit to {shop}, GRU of {found['epochs']} epochs")
        _print_scores(found["scores"])
    aligned = ", ".join(f"{task} {value:.4f}" for task, value in record["alignability"].items())
    click.echo(f"aligned by procrustes on all train pairs, validation: {aligned or 'no pairs'}")
    click.echo(f"trained in {record['seconds']:.1f} s; written: {out}")


def _print_scores(scores: dict[str, list[dict[str, Any]]]) -> None:
    for who, found in scores.items():
        for shop in dict.fromkeys(score["shop"] for score in found):
            told = "  ".join(
                f"{s['metric']} {s['value']:.3f} [{s['low']:.3f}, {s['high']:.3f}]"
                for s in found
                if s["shop"] == shop
            )
            click.echo(f"  {who:<14} {shop}  {told}")
