"""From an evaluation to what is written: the record, the ranks, the vectors."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import numpy as np
import pyarrow as pa

import cse_bench
from cse_bench.aligners.source import AlignerSource
from cse_bench.harness.evaluation import Context, Evaluation, Run
from cse_bench.harness.flags import flags
from cse_bench.harness.protocol import PROTOCOL_VERSION, scoring_source_sha256
from cse_bench.harness.sandbox.backends import NONE
from cse_bench.harness.scores import summarise
from cse_bench.metrics.cosine import unit
from cse_bench.release.read import Release
from cse_bench.results.record import (
    RESULT_SCHEMA_VERSION,
    AlignerRecord,
    Diagnostic,
    Environment,
    Isolation,
    Protocol,
    ReleaseReference,
    Result,
    RunRecord,
)
from cse_bench.tasks.base import Ranks, VariantScores
from cse_bench.tasks.registry import TASKS

PACKAGES = ("numpy", "scipy", "scikit-learn", "pyarrow")
"""Whose versions a result records."""


def make_result(
    source: AlignerSource,
    parameters: dict[str, Any],
    release: Release,
    evaluation: Evaluation,
    command: str,
) -> Result:
    """The whole record of an evaluation.

    Parameters
    ----------
    source : AlignerSource
        Who was scored.
    parameters : dict
        What its ``__init__`` stores by default.
    release : Release
        On what.
    evaluation : Evaluation
        The runs.
    command : str
        What the user typed.
    """
    scores, runs = summarise(evaluation), run_records(evaluation)
    return Result(
        schema_version=RESULT_SCHEMA_VERSION,
        protocol=Protocol(version=PROTOCOL_VERSION, scoring_source_sha256=scoring_source_sha256()),
        release=release_reference(release),
        aligner=aligner_record(source, parameters),
        scores=scores,
        runs=runs,
        diagnostics=diagnostics(evaluation),
        flags=flags(source, release, scores, runs),
        environment=environment(),
        isolation=Isolation(
            backend=evaluation.isolation,  # type: ignore[arg-type]  # one of the names it checks
            official=evaluation.isolation != NONE,
        ),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        command=command,
    )


def release_reference(release: Release) -> ReleaseReference:
    """Which data."""
    return ReleaseReference(
        name=release.name,
        version=release.manifest.version,
        fingerprint=release.manifest.fingerprint,
        revision=release.revision,
        repo=release.repo,
    )


def aligner_record(source: AlignerSource, parameters: dict[str, Any]) -> AlignerRecord:
    """Who: what the file says of itself, with the defaults of its ``__init__``."""
    info = source.info
    return AlignerRecord(
        name=info.name,
        version=info.version,
        authors=list(info.authors),
        description=info.description,
        licence=info.licence,
        citation=info.citation,
        uses=sorted(info.uses),
        stochastic=info.stochastic,
        parameters=parameters,
        source_sha256=source.sha256,
    )


def environment() -> Environment:
    """What this process computes with."""
    return Environment(
        cse_bench=cse_bench.__version__,
        python=platform.python_version(),
        platform=f"{platform.system()} {platform.machine()}",
        cores=os.cpu_count() or 1,
        packages={name: version(name) for name in PACKAGES},
    )


def aligned_table(release: Release, evaluation: Evaluation) -> pa.Table:
    """The aligned vectors of each track's first run, scaled to length 1, float16."""
    tables = []
    for runs in evaluation.runs.values():
        for run in (r for r in runs if r.aligned is not None):
            for shop, side in ((run.source, "source"), (run.target, "target")):
                matrix = getattr(run.aligned, side)
                flat = unit(matrix).astype(np.float16).ravel()
                offsets = np.arange(len(matrix) + 1, dtype=np.int32) * matrix.shape[1]
                n = len(matrix)
                columns = {
                    "track": pa.array([run.track] * n).dictionary_encode(),
                    "source_shop": pa.array([run.source] * n).dictionary_encode(),
                    "target_shop": pa.array([run.target] * n).dictionary_encode(),
                    "shop": pa.array([shop] * n).dictionary_encode(),
                    "product_id": release.shops[shop].id_array,
                    "vector": pa.ListArray.from_arrays(pa.array(offsets), pa.array(flat)),
                }
                tables.append(pa.table(columns))
    return pa.concat_tables(tables).unify_dictionaries()


def run_records(evaluation: Evaluation) -> list[RunRecord]:
    """What each fit cost, and whether it got off the floor."""
    return [
        RunRecord(
            track=run.track,
            source_shop=run.source,
            target_shop=run.target,
            draw=run.draw,
            seed=run.seed,
            fit_seconds=round(run.seconds, 4),
            peak_rss_bytes=run.peak_rss,
            failed=failed(run, evaluation.context[run.source, run.target]),
        )
        for runs in evaluation.runs.values()
        for run in runs
    ]


def diagnostics(evaluation: Evaluation) -> list[Diagnostic]:
    """What the aligned space of each track's first run looks like, a direction each."""
    return [
        Diagnostic(
            track=run.track,
            source_shop=run.source,
            target_shop=run.target,
            hubness=run.diagnosis.hubness,
            eigenvector_similarity=run.diagnosis.eigenvector_similarity,
        )
        for runs in evaluation.runs.values()
        for run in runs
        if run.diagnosis is not None
    ]


def ranks_table(evaluation: Evaluation, *, all_ranks: bool = False) -> pa.Table:
    """What is behind the scores, so that anyone can score again.

    A primary metric that follows from ranks has a row for every run, query and ranked item;
    ``rank`` is the mean place over tie orders, ``1 + greater + ties / 2``. Any other has a row for
    every run and query that counts, with its ``value``.

    Parameters
    ----------
    evaluation : Evaluation
        The runs.
    all_ranks : bool
        Whether to list all metrics, not the primary ones alone.
    """
    tables = []
    for runs in evaluation.runs.values():
        for run in runs:
            for task in TASKS:
                for scored in run.scores.get(task.name, []):
                    primary = [m for v, m in task.primary if v == scored.variant]
                    for metric in scored.metrics if all_ranks else primary:
                        listed = scored.ranks if metric in primary else None
                        where = (run, evaluation.split, task.name, metric)
                        tables.append(_listed(*where, scored, listed))
    return pa.concat_tables(tables).unify_dictionaries()


def _listed(
    run: Run, split: str, task: str, metric: str, scored: VariantScores, ranks: Ranks | None
) -> pa.Table:
    """The rows of one metric of one run: its ranks, or its values where there are none."""
    if ranks is not None:
        query, n = ranks.query, len(ranks.query)
        rank = pa.array((1 + ranks.greater + ranks.ties / 2).astype(np.float32))
        item, ties, candidates = (
            pa.array(column.astype(np.int32))
            for column in (ranks.item, ranks.ties, ranks.n_candidates)
        )
        value = pa.nulls(n, pa.float64())
    else:
        values = scored.metrics[metric]
        query = np.flatnonzero(~np.isnan(values))
        n = len(query)
        rank = pa.nulls(n, pa.float32())
        item, ties, candidates = (pa.nulls(n, pa.int32()) for _ in range(3))
        value = pa.array(values[query])

    def constant(value: str) -> pa.Array:
        return pa.repeat(pa.scalar(value), n).dictionary_encode()

    columns = {
        "track": constant(run.track),
        "source_shop": constant(run.source),
        "target_shop": constant(run.target),
        "split": constant(split),
        "draw": pa.array(np.full(n, run.draw, np.int16)),
        "seed": pa.array(np.full(n, run.seed, np.int16)),
        "task": constant(task),
        "metric": constant(metric),
        "variant": constant(scored.variant),
        "query": pa.array(query.astype(np.int32)),
        "item": item,
        "group": pa.array(scored.group[query].astype(np.int32)),
        "rank": rank,
        "ties": ties,
        "n_candidates": candidates,
        "value": value,
    }
    return pa.table(columns)


def failed(run: Run, context: Context) -> bool:
    """Whether a run is no better than the best random rotation, by the first primary metric."""
    return not run.primary() > max(floor.primary() for floor in context.floor)
