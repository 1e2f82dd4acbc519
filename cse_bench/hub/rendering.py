"""What stands on the Hub beside the tables: card, plot, Croissant; rendered, then checked.

They are rendered when a release is published, not when it is built: the card names the repository
and tag that load it, the Croissant file the addresses of its tables, and both show what was scored
since. So the release itself stays as its build wrote it.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cse_bench.errors import InputError, ReleaseError
from cse_bench.extras import require
from cse_bench.hub.benchmark import EVAL_YAML, render_eval_yaml
from cse_bench.privacy.report import PrivacyReport
from cse_bench.release.card import (
    Published,
    Yardstick,
    render_benchmark,
    render_card,
)
from cse_bench.release.croissant import CROISSANT, check_croissant, render_croissant
from cse_bench.release.manifest import Manifest, read_manifest, verify_files
from cse_bench.release.read import Release
from cse_bench.release.write import OTHER_FILES
from cse_bench.results.read import read_result
from cse_bench.results.record import Result

CARD = "README.md"
PLOT = "benchmark.svg"
BUILD_REPORT = "build_report.json"


def stage_release(
    release: Release,
    stage: Path,
    report: PrivacyReport,
    published: Published,
    benchmark: tuple[Yardstick, ...],
    address: str,
) -> None:
    """Put everything that is published into an empty directory, and check it there.

    It is a copy, so that what is uploaded is what was checked, whatever becomes of the release.

    Parameters
    ----------
    release : Release
        The release.
    stage : Path
        An empty directory.
    report : PrivacyReport
        Of its build.
    published : Published
        Where it goes.
    benchmark : tuple of Yardstick
        Between what scores lie.
    address : str
        The Hub's.

    Raises
    ------
    ReleaseError
        If what was rendered does not say what the release is.
    """
    manifest = release.manifest
    _copy(release, stage)
    plot = render_benchmark(benchmark)
    if plot is not None:
        (stage / PLOT).write_text(plot, encoding="utf-8")
    build = stage / BUILD_REPORT
    card = render_card(
        manifest,
        {name: pq.ParquetFile(stage / name).read() for name in manifest.files},
        report.model_dump(),
        report=json.loads(build.read_text(encoding="utf-8")) if build.is_file() else None,
        published=published,
        benchmark=benchmark,
    )
    (stage / CARD).write_text(card, encoding="utf-8")
    check_card(card, manifest)
    page = f"{address}/datasets/{published.repo}"
    schemas = {name: pq.read_schema(stage / name) for name in manifest.files}
    text = render_croissant(manifest, schemas, page, f"{page}/resolve/{published.tag}")
    (stage / CROISSANT).write_text(text, encoding="utf-8")
    check_croissant(stage / CROISSANT, stage, manifest)
    if published.registered:
        (stage / EVAL_YAML).write_text(render_eval_yaml(manifest), encoding="utf-8")


def _copy(release: Release, stage: Path) -> None:
    """Copy what a release consists of, and nothing else that lies there; verify the copy."""
    manifest = release.manifest
    for name in (*manifest.files, *OTHER_FILES):
        source, target = release.path / name, stage / name
        if source.is_file():
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
    if read_manifest(stage) != manifest:
        raise ReleaseError(f"{release.path} was changed while it was read", "run this again")
    verify_files(stage, manifest)


def check_card(text: str, manifest: Manifest) -> None:
    """Parse the card's header as the Hub does, and compare it with the manifest.

    Raises
    ------
    ReleaseError
        If it cannot be parsed, or names another licence or other files or sizes.
    """
    from huggingface_hub import DatasetCard

    yaml = require("yaml", "build", "checking a dataset card")
    try:
        data: dict[str, Any] = vars(DatasetCard(text, ignore_metadata_errors=False).data)
    except (ValueError, yaml.YAMLError) as error:
        raise ReleaseError(f"the header of {CARD} is not valid: {error}") from None
    named = {
        file["path"]: (config["config_name"], file["split"])
        for config in data.get("configs", [])
        for file in config["data_files"]
    }
    rows = {
        (info["config_name"], split["name"]): split["num_examples"]
        for info in data.get("dataset_info", [])
        for split in info["splits"]
    }
    if {path: rows.get(split) for path, split in named.items()} != {
        path: entry.rows for path, entry in manifest.files.items()
    }:
        raise ReleaseError(f"the header of {CARD} names other files or sizes than the manifest")
    if data.get("license") != manifest.licence:
        raise ReleaseError(f"the header of {CARD} names another licence than the manifest")


def yardsticks(result: Result, primary: dict[tuple[str, str], str]) -> tuple[Yardstick, ...]:
    """Floor, reference and oracle from any result on the release.

    Parameters
    ----------
    result : Result
        Scores on the release.
    primary : dict of (str, str) to str
        Task and variant → metric.

    Returns
    -------
    tuple of Yardstick
        One for each primary metric and direction that has a reference.
    """
    found: dict[tuple[str, str, str, str], Yardstick] = {}
    for score in result.scores:
        if primary.get((score.task, score.variant)) != score.metric:
            continue
        if score.reference is None or score.oracle is None:
            continue
        place = (score.task, score.variant, score.source_shop, score.target_shop)
        found[place] = Yardstick(
            task=score.task,
            variant=score.variant,
            metric=score.metric,
            source=score.source_shop,
            target=score.target_shop,
            n=score.n,
            floor=score.floor,
            reference=score.reference,
            oracle=score.oracle,
            discriminative=score.discriminative is not False,
        )
    order = list(primary)
    return tuple(sorted(found.values(), key=lambda row: order.index((row.task, row.variant))))


def read_yardsticks(
    directory: Path, manifest: Manifest, primary: dict[tuple[str, str], str]
) -> tuple[Yardstick, ...]:
    """The same from a result's directory.

    Raises
    ------
    InputError
        If there is none, its scores do not follow from its ranks, or it is of another release.
    """
    path = directory / "result.json"
    result = read_result(path)
    if result.release.fingerprint != manifest.fingerprint:
        raise InputError(
            f"{path} is about another release ({result.release.fingerprint[:12]}…)",
            "score this one: cse-bench evaluate procrustes --release …",
        )
    if not any(score.split == "test" for score in result.scores):
        raise InputError(f"{path} is of the validation split", "score the test split")
    return yardsticks(result, primary)


def needed() -> None:
    """Refuse, before any work, where what renders and checks is not installed."""
    for module in ("jinja2", "mlcroissant", "yaml"):
        require(module, "build", "publishing a release")
