"""One build: opens the log on its engine, runs the pipeline, gives a release's contents."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from cse_bench.building.archive import archive_contents
from cse_bench.building.engines import open_engine
from cse_bench.building.keys import Key, split_users
from cse_bench.building.pipeline import BuildParameters, build_with_facts
from cse_bench.building.report import GATES
from cse_bench.errors import InputError
from cse_bench.logs.registry import ARCHIVES, make_options, read_log
from cse_bench.logs.schema import Log
from cse_bench.privacy.base import Facts, Subject
from cse_bench.privacy.report import GateResult, examine, write_report
from cse_bench.privacy.support import FLOOR, LEAST, SUPPORT
from cse_bench.release.card import render_card, render_unicity
from cse_bench.release.manifest import UNICITY_PLOT, Manifest
from cse_bench.release.read import Release, read_release
from cse_bench.release.write import ReleaseContents, write_release
from cse_bench.trainers.base import Trainer
from cse_bench.trainers.registry import get_trainer


@dataclass(frozen=True)
class BuildJob:
    """Everything a build needs to know.

    Attributes
    ----------
    source : str
        Name of the log's reader, or of an archive.
    log_options : dict
        What the reader is told.
    trainer : Trainer
        Learns the embeddings.
    parameters : BuildParameters
        How to build.
    key : Key
        The source of every random choice.
    engine, spark_master, memory : str or None
        Where the relational work is done, and what it may hold; see `open_engine`.
    with_pairs, pairs_basis : str or None
        File of gold pairs, and the basis of their release.
    sealed : bool
        Whether the release is to be kept by its maintainer.
    commitment : str, optional
        To a sealed release; see `release.seal`.
    """

    source: str
    log_options: dict[str, Any]
    trainer: Trainer
    parameters: BuildParameters
    key: Key
    engine: str = "duckdb"
    spark_master: str = "local[*]"
    memory: str | None = None
    with_pairs: str | None = None
    pairs_basis: str | None = None
    sealed: bool = False
    commitment: str | None = None

    @classmethod
    def of_release(
        cls, manifest: Manifest, source: str, log_options: dict[str, Any], key: Key, **others: Any
    ) -> BuildJob:
        """The job that a release was built by, as its manifest says.

        Raises
        ------
        InputError
            If it was built from another log.
        """
        build = manifest.build
        lost = [name for name in ("log", "gap", "min_users", "trainer") if name not in build]
        if lost:
            raise InputError(f"the manifest of {manifest.name} does not tell the build's {lost[0]}")
        if build["log"] != source:
            raise InputError(f"{manifest.name} was built from {build['log']}, not from {source}")
        if source in ARCHIVES:
            raise InputError(f"{source} is no log: it has no facts to check against")
        settings = {k: v for k, v in build["trainer"].items() if k != "name"}
        trainer = get_trainer(
            build["trainer"]["name"], **settings | {"random_state": key.seed("trainer")}
        )
        parameters = BuildParameters(
            manifest.name,
            manifest.version,
            float(build["gap"].removesuffix("d")),
            build["min_users"],
            build.get("waivers", {}),
        )
        return cls(source, log_options, trainer, parameters, key, **others)

    def hidden(self) -> BuildJob:
        """The job of a second, sealed release: fresh key, fresh embeddings, shops regrouped.

        Only The Complete Journey's stores can be regrouped; the shops of other logs stay as they
        are, and users, ids, rows and embeddings are drawn anew.
        """
        if self.source in ARCHIVES:
            raise InputError(f"{self.source} has one pair of shops, and none to seal")
        key = Key.from_file(None)
        parameters = replace(self.parameters, name=f"{self.parameters.name}-sealed")
        trainer = get_trainer(
            self.trainer.name,
            **self.trainer.parameters() | {"random_state": key.seed("trainer")},
        )
        return replace(self, key=key, parameters=parameters, trainer=trainer, sealed=True)


def build_release(
    directory: Path,
    job: BuildJob,
    stage: Callable[[str], None],
    known: Callable[[Facts | None], None] = lambda facts: None,
) -> Manifest:
    """Build a whole release into an empty directory: tables, gates, report, card.

    Parameters
    ----------
    directory : Path
        An empty directory.
    job : BuildJob
        What to build.
    stage : callable
        Told the name of each stage as it begins.
    known : callable
        Given what only log and key tell; None for an archive.

    Raises
    ------
    InputError
        If the log or an option cannot be used, or a privacy gate fails that is not waived.
    """
    contents, facts = run_job(job, stage)
    known(facts)
    contents = replace(contents, sealed_commitment=job.commitment)
    manifest = write_release(directory, contents)
    stage(GATES)
    waivers = contents.build["waivers"]
    report = examine(Subject(read_release(directory), facts), waivers)
    if report.failed:
        raise InputError(_why_failed(report.failed), _what_to_do(report.failed))
    write_report(directory, report)
    plot = render_unicity(report.model_dump())
    if plot is not None:
        (directory / UNICITY_PLOT).write_text(plot, encoding="utf-8")
    card = render_card(manifest, contents.by_path(), report.model_dump())
    (directory / "README.md").write_text(card, encoding="utf-8")
    return manifest


def _what_to_do(failed: list[GateResult]) -> str:
    waived = " ".join(f'--waive {gate.name} --because "…"' for gate in failed)
    return (
        "docs/privacy.md says what moves each: mostly more shoppers, or a larger --min-users; "
        f"or: {waived}, which report and card then show"
    )


def _why_failed(failed: list[GateResult]) -> str:
    lines = ["the release fails its privacy gates, and is not written:"]
    for gate in failed:
        value = next(value for value in gate.values if not value.holds)
        lines.append(f"  {gate.name}: {value.told()}")
    return "\n".join(lines)


def facts_of(release: Release, job: BuildJob) -> Facts:
    """Build a release again, and give what its gates need to know of the log.

    Raises
    ------
    InputError
        If a table comes out otherwise than it stands in the release. The embeddings alone may
        differ, where their trainer is not deterministic.
    """
    contents, facts = run_job(job, lambda name: None)
    assert facts is not None
    again = contents.by_path()
    if set(again) != set(release.manifest.files):
        raise InputError(
            "log, key and options give other tables than the release has: they differ in "
            + ", ".join(sorted(set(again) ^ set(release.manifest.files))),
            "give all options that it was built with, --with-pairs and --queries too",
        )
    for name, table in again.items():
        with pq.ParquetFile(release.path / name) as file:
            found = file.read()
        if name.startswith("products/"):
            table, found = (t.drop_columns(["embedding"]) for t in (table, found))
        if not table.equals(found):
            raise InputError(
                f"log, key and options give another {name} than stands in the release",
                "give the key and the options that it was built with; else it was changed since",
            )
    return facts


def run_job(job: BuildJob, stage: Callable[[str], None]) -> tuple[ReleaseContents, Facts | None]:
    """Run a build up to the contents of the release, and what its gates need to know of the log.

    Parameters
    ----------
    job : BuildJob
        What to build.
    stage : callable
        Told the name of each stage as it begins.

    Raises
    ------
    InputError
        If the log or an option cannot be used.
    KeyboardInterrupt
        If it was interrupted, whatever the engine made of that.
    """
    if job.source in ARCHIVES:
        archive = job.log_options.get("archive")
        if archive is None:
            raise InputError(f"{job.source} needs the archive itself", "--archive FILE.zip")
        name, version = job.parameters.name, job.parameters.version
        return archive_contents(Path(archive), name, version, job.key), None
    with open_log(job) as log:
        contents, facts = build_with_facts(log, job.trainer, job.parameters, job.key, stage)
        return replace(contents, redistributable=not job.sealed and log.redistributable), facts


@contextmanager
def open_log(job: BuildJob) -> Iterator[Log]:
    """Give the job's log on its engine, which is closed at the end of the block.

    Raises
    ------
    InputError
        If the log or an option cannot be used.
    KeyboardInterrupt
        If it was interrupted, whatever the engine made of that.
    """
    options = make_options(job.source, job.log_options)
    if hasattr(options, "train_users"):
        options = replace(options, train_users=lambda users: _train_users(users, job.key))
    if job.sealed and hasattr(options, "regroup"):
        options = replace(options, regroup=job.key.seed("regroup"))
    try:
        with open_engine(job.engine, master=job.spark_master, memory=job.memory) as backend:
            log = read_log(job.source, backend, options)
            if job.with_pairs is not None:
                from cse_bench.logs.gold_pairs import read_pairs

                pairs = read_pairs(backend, job.with_pairs)
                log = replace(log, pairs=pairs, pairs_basis=job.pairs_basis)
            _check_support(log, job.parameters)
            yield log
    except RuntimeError as error:
        if str(error) == "Query interrupted":  # DuckDB's own name for Ctrl-C
            raise KeyboardInterrupt from None
        raise


def _check_support(log: Log, parameters: BuildParameters) -> None:
    """Refuse, before any work, a support that no waiver of a private log can excuse."""
    if parameters.min_users < FLOOR and SUPPORT.name not in log.waivers:
        raise InputError(
            f"--min-users is {parameters.min_users}; for a private log it is never below {FLOOR}",
            f"{LEAST} or more pass the gate 'support'; {FLOOR} to {LEAST - 1} need it waived",
        )


def _train_users(users: list[str], key: Key) -> list[str]:
    split = split_users(users, key)
    return [user for user, where in zip(users, split, strict=True) if where == "train"]
