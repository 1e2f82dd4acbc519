"""A result in other formats: CSV, and the evaluation schema that many boards share."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import uuid
from collections.abc import Callable
from datetime import datetime
from io import StringIO
from pathlib import Path
from typing import Any

from cse_bench.metrics.bootstrap import LEVEL, REPLICATES
from cse_bench.results.record import Result, Score

SHARED_SCHEMA_VERSION = "0.3.0"
"""Of Every Eval Ever, https://github.com/evaleval/every_eval_ever."""

PROPORTION = re.compile(r"(auc|mrr|ndcg|hr|recall|p|same.category)\b")
"""Metrics that lie between 0 and 1, by how their names begin; others know no bounds."""

KINDS = {"auc": "auroc", "hr": "hit_rate", "p": "precision"}
"""What others call a metric."""


def as_csv(result: Result) -> str:
    """The scores as a tidy table, with what they are about in every row."""
    about = {
        "aligner": result.aligner.name,
        "aligner_version": result.aligner.version,
        "aligner_source_sha256": result.aligner.source_sha256,
        "release": result.release.name,
        "release_version": result.release.version,
        "release_fingerprint": result.release.fingerprint,
        "protocol": result.protocol.version,
        "cse_bench": result.environment.cse_bench,
        "official": result.isolation.official,
        "created": result.created,
    }
    out = StringIO()
    writer = csv.DictWriter(out, [*about, *Score.model_fields], lineterminator="\n")
    writer.writeheader()
    for score in result.scores:
        writer.writerow(about | score.model_dump())
    return out.getvalue()


def as_every_eval_ever(result: Result) -> str:
    """The record in the schema of Every Eval Ever, version `SHARED_SCHEMA_VERSION`.

    A score is one evaluation result; track and direction, floor, reference, oracle and gap closed,
    for which the schema has no place, stand in the details, as texts.
    """
    aligner = result.aligner
    developer = _slug(aligner.authors[0]) if aligner.authors else "unknown"
    model = f"{developer}/{_slug(aligner.name)}"
    created = str(int(datetime.fromisoformat(result.created).timestamp()))
    record = {
        "schema_version": SHARED_SCHEMA_VERSION,
        "evaluation_id": f"cse-bench/{model}/{created}",
        "evaluation_timestamp": result.created,
        "retrieved_timestamp": created,
        "source_metadata": {
            "source_name": "cse-bench",
            "source_type": "evaluation_run",
            "source_organization_name": "cse-bench",
            "evaluator_relationship": "other",
            "additional_details": _texts(
                command=result.command,
                isolation=result.isolation.backend,
                official=result.isolation.official,
                flags=result.flags,
            ),
        },
        "eval_library": {
            "name": "cse-bench",
            "version": result.environment.cse_bench,
            "additional_details": _texts(
                protocol=result.protocol.version,
                scoring_source_sha256=result.protocol.scoring_source_sha256,
                python=result.environment.python,
                packages=result.environment.packages,
            ),
        },
        "model_info": {
            "name": aligner.name,
            "id": model,
            "developer": developer,
            "additional_details": {
                "deployment_type": "self_deployed",
                "model_availability": "unknown",
                **_texts(**aligner.model_dump(exclude={"name"})),
            },
        },
        "evaluation_results": [_shared_score(result, score) for score in result.scores],
    }
    return json.dumps(record, indent=1, ensure_ascii=False) + "\n"


def shared_place(text: str) -> Path:
    """Where the shared datastore wants a record: ``data/<collection>/<who>/<what>/<uuid4>.json``.

    The number comes from the record itself, so that one record has one place.
    """
    model = json.loads(text)["model_info"]["id"]
    number = uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16], version=4)
    return Path("data", "cse-bench", model, f"{number}.json")


FORMATS: dict[str, Callable[[Result], str]] = {
    "csv": as_csv,
    "every-eval-ever": as_every_eval_ever,
}
"""Format → what writes it."""


def _shared_score(result: Result, score: Score) -> dict[str, Any]:
    place = f"{score.track}/{score.source_shop}-{score.target_shop}/{score.split}"
    name = score.metric.split("@")[0].split("+")[0]
    proportion = PROPORTION.match(score.metric) is not None
    beside = score.model_dump(include={"floor", "reference", "oracle", "discriminative"})
    gap = score.model_dump(include={"gap_closed", "gap_ci_low", "gap_ci_high"})
    where = score.model_dump(include={"track", "source_shop", "target_shop", "variant"})
    release = result.release
    return {
        "evaluation_result_id": f"{place}/{score.task}/{score.variant}/{score.metric}",
        "evaluation_name": f"{score.task} ({score.variant})",
        "evaluation_timestamp": result.created,
        "source_data": {
            "dataset_name": release.name,
            "source_type": "other",
            "additional_details": _texts(
                version=release.version,
                fingerprint=release.fingerprint,
                revision=release.revision,
                split=score.split,
            ),
        },
        "metric_config": {
            "evaluation_description": f"{score.task}, {score.variant}: from {score.source_shop} to "
            f"{score.target_shop}, on the track {score.track}",
            "metric_id": f"cse-bench.{score.task}.{score.metric}",
            "metric_name": score.metric,
            "metric_kind": KINDS.get(name, name),
            "metric_unit": "proportion" if proportion else name,
            "lower_is_better": False,
            "score_type": "continuous",
            "min_score": 0 if proportion else "-Infinity",
            "max_score": 1 if proportion else "Infinity",
            "additional_details": _texts(**where),
        },
        "score_details": {
            "score": score.value,
            "details": _texts(**beside, **gap),
            "uncertainty": {
                "confidence_interval": {
                    "lower": score.ci_low,
                    "upper": score.ci_high,
                    "confidence_level": LEVEL,
                    "method": "percentile bootstrap over groups of queries, and over runs",
                },
                "num_samples": score.n,
                "num_bootstrap_samples": REPLICATES,
            },
        },
    }


def _texts(**values: Any) -> dict[str, str]:
    """The schema's details are texts: others are written as JSON, and what is None left out."""
    return {
        name: value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in values.items()
        if value is not None
    }


def _slug(text: str) -> str:
    """As a part of a path."""
    return re.sub(r"[^a-z0-9.]+", "-", text.lower()).strip("-.") or "unknown"
