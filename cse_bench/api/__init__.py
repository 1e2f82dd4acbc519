"""What the command line and Python share: resolve a release, run, return records."""

from cse_bench.api.building import audit, build
from cse_bench.api.isolation import sandbox
from cse_bench.api.releases import EMBEDDED, download, embedded_directory, load_release
from cse_bench.api.scoring import (
    catalogue,
    check_aligner,
    evaluate,
    evaluate_all,
    new_aligner,
)
from cse_bench.api.training import neighbours, train, tune

__all__ = [
    "EMBEDDED",
    "audit",
    "build",
    "catalogue",
    "check_aligner",
    "download",
    "embedded_directory",
    "evaluate",
    "evaluate_all",
    "load_release",
    "neighbours",
    "new_aligner",
    "sandbox",
    "train",
    "tune",
]
