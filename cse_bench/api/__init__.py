"""What the command line and Python share: resolve a release, run, return records."""

from cse_bench.api.aligners import catalogue, check_aligner, new_aligner
from cse_bench.api.board import build_board, serve_site
from cse_bench.api.building import audit, build
from cse_bench.api.describing import describe, neighbours
from cse_bench.api.entries import check_entries, take_entries, verify_entries
from cse_bench.api.hub import PUBLISH_STEPS, publish, publish_site, submit
from cse_bench.api.releases import EMBEDDED, download, embedded_directory, load_release
from cse_bench.api.reporting import report
from cse_bench.api.results import cite, compare, export, export_to
from cse_bench.api.scoring import evaluate, evaluate_all, sandbox
from cse_bench.api.training import train, tune
from cse_bench.api.verifying import verify

__all__ = [
    "EMBEDDED",
    "PUBLISH_STEPS",
    "audit",
    "build",
    "build_board",
    "catalogue",
    "check_aligner",
    "check_entries",
    "cite",
    "compare",
    "describe",
    "download",
    "embedded_directory",
    "evaluate",
    "evaluate_all",
    "export",
    "export_to",
    "load_release",
    "neighbours",
    "new_aligner",
    "publish",
    "publish_site",
    "report",
    "sandbox",
    "serve_site",
    "submit",
    "take_entries",
    "train",
    "tune",
    "verify",
    "verify_entries",
]
