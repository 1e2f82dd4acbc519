"""The Hub's own convention for benchmarks: ``eval.yaml`` in the dataset, scores in the models.

See "Evaluation Results" in the Hub's documentation.
"""

from __future__ import annotations

from cse_bench.extras import require
from cse_bench.release.manifest import Manifest
from cse_bench.results.gap import mean_gap
from cse_bench.results.record import Result, Score

EVAL_YAML = "eval.yaml"
FRAMEWORK = "cse-bench"
TASK, VARIANT = "next_event", "rendered"
TRACKS = (
    "unsupervised",
    "content",
    "pairs-50",
    "pairs-500",
    "pairs-all",
    "cross-sessions",
    "open",
)
"""One task of the benchmark each."""


def render_eval_yaml(manifest: Manifest) -> str:
    """The text of ``eval.yaml``: one task a track, whose value is the gap closed."""
    yaml = require("yaml", "build", "registering a benchmark")
    described = {
        "name": manifest.name,
        "description": (
            "Aligners put the product embeddings of two shops into one space. Value: share of the "
            "gap between a random rotation and Procrustes on all train pairs that is closed in "
            "next-event prediction (rendered rows, matched AUC), mean of the directions."
        ),
        "evaluation_framework": FRAMEWORK,
        "tasks": [{"id": track, "config": VARIANT, "split": "test"} for track in TRACKS],
    }
    text: str = yaml.safe_dump(described, sort_keys=False, allow_unicode=True)
    return text


def gap_closed(result: Result) -> dict[str, float]:
    """Track → gap closed on ``next_event``, rendered, mean of the directions.

    A track with a direction that has no such value is left out.
    """
    scores: dict[str, list[Score]] = {}
    for score in result.scores:
        if (score.task, score.variant, score.metric) == (TASK, VARIANT, "auc"):
            scores.setdefault(score.track, []).append(score)
    gaps = {track: mean_gap(own) for track, own in scores.items()}
    return {track: round(gap[0], 4) for track, gap in gaps.items() if gap is not None}
