"""cse-bench evaluate ALIGNER."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cse_bench.cli.completion import ALIGNERS, names
from cse_bench.cli.settings import read_values, with_settings
from cse_bench.cli.terminal import width

if TYPE_CHECKING:
    from cse_bench.aligners.source import AlignerSource


@click.command("evaluate")
@click.argument("aligner", required=False, shell_complete=ALIGNERS)
@click.option("--all", "every", is_flag=True, help="Score every reference aligner; then rank them.")
@click.option(
    "--release",
    default="cross-shop-embeddings",
    show_default=True,
    metavar="REF",
    help="The embedded release, a directory, or ORG/NAME[@REVISION] on the Hub.",
)
@click.option(
    "--tracks",
    multiple=True,
    metavar="TRACK",
    shell_complete=names("cse_bench.harness.tracks", "TRACKS"),
    help="Only these tracks of cse-bench list (repeat, or separate by commas).",
)
@click.option(
    "--split",
    type=click.Choice(["test", "validation"]),
    default="test",
    show_default=True,
    help="Choose anything on validation only.",
)
@with_settings(
    "On validation: a parameter of the aligner, other than its default (repeat for more)."
)
@click.option(
    "--seeds",
    type=click.IntRange(min=5),
    metavar="N",
    default=5,
    show_default=True,
    help="Runs of a stochastic aligner.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Where the result goes.  [default: results/<aligner>, and -RELEASE, -validation, "
    "-NAME=VALUE where they are given]",
)
@click.option("--save-vectors", is_flag=True, help="Also write aligned.parquet.")
@click.option(
    "--all-ranks", is_flag=True, help="List every metric in ranks.parquet, not the primary ones."
)
@click.option("--no-cache", is_flag=True, help="Fit and score everything anew.")
@click.option(
    "--no-sandbox", is_flag=True, help="Run the aligner unconfined; the result is not official."
)
@click.option("--json", "as_json", is_flag=True, help="Print the record, not the table.")
@click.option("-q", "--quiet", is_flag=True, help="No progress, no table.")
def command(
    aligner: str | None,
    every: bool,
    release: str,
    tracks: tuple[str, ...],
    split: str,
    settings: tuple[str, ...],
    seeds: int,
    out: Path | None,
    save_vectors: bool,
    all_ranks: bool,
    no_cache: bool,
    no_sandbox: bool,
    as_json: bool,
    quiet: bool,
) -> None:
    """Score ALIGNER, a path of a .py file or a registered name.

    Writes result.json and ranks.parquet into a directory, replacing an earlier result there. Runs
    that were scored before, of just this code on just this data, are taken from the user's cache
    ($CSE_BENCH_CACHE, else ~/.cache/cse-bench; it may be deleted): an evaluation that was
    interrupted goes on where it was.
    """
    from cse_bench import api
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.progress import steps

    backend, warning = api.sandbox(no_sandbox)
    if warning:
        click.echo(f"warning: {warning}", err=True)
    chosen = tuple(name for given in tracks for name in given.replace(",", " ").split())
    if every == (aligner is not None):
        raise click.UsageError("name one aligner, or give --all")
    for option, given in (
        ("--set", settings),
        ("--save-vectors", save_vectors),
        ("--all-ranks", all_ranks),
    ):
        if every and given:
            raise click.UsageError(f"{option} is about one aligner, not --all")
    if aligner is None:
        _evaluate_all(release, chosen, split, seeds, out, no_cache, backend, as_json, quiet)
        return
    source = find_aligner(aligner)
    other = "" if release == api.EMBEDDED else f"-{Path(release).resolve().name}"
    mark = other + ("" if split == "test" else f"-{split}")
    if settings:  # what is tried stands beside what else was tried
        mark += f"-{'-'.join(settings)}"[:100]
    mark = re.sub(r"[^A-Za-z0-9._=@-]", "_", mark)
    target = Path("results") / f"{source.info.name}{mark}" if out is None else out
    if release == api.EMBEDDED and not quiet and _is_another(Path(release)):
        click.echo(f"note: the release in the package is scored; ./{release} names yours", err=True)
    if backend == "none" and not warning and not quiet:
        click.echo(f"note: {aligner} runs unconfined, so the result is not official", err=True)
    if not quiet:
        _note_name(source)
    before = _tracks_in(target)
    notes: list[str] = []
    result = api.evaluate(
        aligner,
        release,
        chosen,
        split=split,
        parameters=read_values(settings),
        seeds=seeds,
        save_vectors=save_vectors,
        all_ranks=all_ranks,
        use_cache=not no_cache,
        isolation=backend,
        out=target,
        command=" ".join(["cse-bench", *sys.argv[1:]]),
        step=lambda total: steps(f"evaluating {source.info.name}", total, enabled=not quiet),
        note=notes.append,
    )
    if as_json:
        click.echo(result.model_dump_json(indent=1))
    elif not quiet:
        from rich.console import Console

        from cse_bench.results.table import print_result
        from cse_bench.tasks.registry import PRIMARY

        print_result(result, PRIMARY, Console(width=width()))
        replaced = before - {score.track for score in result.scores}
        lost = f" (the result there before also had {', '.join(sorted(replaced))})"
        click.echo(f"written: {target}/result.json, ranks.parquet{lost if replaced else ''}")
        for note in notes:
            click.echo(f"{note} (--no-cache scores them anew)")


def _note_name(source: AlignerSource) -> None:
    """Tell whose name a file has, if that is not its own: results go by name."""
    from cse_bench.aligners.loading import find_aligner
    from cse_bench.aligners.registry import ALIGNERS as REFERENCE
    from cse_bench.aligners.source import AlignerInfo

    name = source.info.name
    if name in REFERENCE and source.sha256 != find_aligner(name).sha256:
        click.echo(f"note: {name} is the name of a reference aligner too", err=True)
    elif name == AlignerInfo.name and source.path.stem.replace("_", "-") != name:
        click.echo(f"note: {source.path} has no name of its own, so it is {name}", err=True)


def _is_another(directory: Path) -> bool:
    """Whether a directory of the release's name holds anything but a copy of it."""
    from cse_bench import api
    from cse_bench.errors import CseBenchError
    from cse_bench.release.manifest import read_manifest

    if not directory.is_dir():
        return False
    try:
        there = read_manifest(directory).fingerprint
    except CseBenchError:
        return True
    return there != read_manifest(api.embedded_directory()).fingerprint


def _tracks_in(directory: Path) -> set[str]:
    """The tracks of the result that a directory holds, if it holds one."""
    from cse_bench.errors import CseBenchError
    from cse_bench.results.read import read_result

    path = directory / "result.json"
    try:
        return {s.track for s in read_result(path, check=False).scores} if path.is_file() else set()
    except CseBenchError:
        return set()


def _evaluate_all(
    release: str,
    tracks: tuple[str, ...],
    split: str,
    seeds: int,
    out: Path | None,
    no_cache: bool,
    backend: str,
    as_json: bool,
    quiet: bool,
) -> None:
    """Score every reference aligner on the tracks it enters, and print them ranked."""
    import json

    from cse_bench import api
    from cse_bench.errors import InputError
    from cse_bench.files import write_text_atomically
    from cse_bench.progress import steps
    from cse_bench.results.ranked import markdown, print_ranked

    place = (
        (Path("results") if split == "test" else Path("results-validation")) if out is None else out
    )
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(
            f"cannot write to {place}: {error.strerror}", "name another --out"
        ) from None
    lines, problems = api.evaluate_all(
        release,
        tracks,
        split=split,
        seeds=seeds,
        out=place,
        use_cache=not no_cache,
        isolation=backend,
        command=" ".join(["cse-bench", *sys.argv[1:]]),
        step=lambda name, total: steps(f"evaluating {name}", total, enabled=not quiet),
        told=lambda line: None if quiet else click.echo(line, err=True),
    )
    if as_json:
        click.echo(json.dumps([line.as_dict() for line in lines], indent=1))
    elif not quiet:
        from rich.console import Console

        print_ranked(lines, Console(width=width()))
    for name, problem in problems.items():
        click.echo(f"not scored: {name}: {problem}", err=True)
    write_text_atomically(place / "ranking.md", markdown(lines))
    if problems:
        sys.exit(1)
