"""Shared parts: the embedded release, a small real slice of it, and a small invented log."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

import cse_bench
from cse_bench.release.read import Release

settings.register_profile(
    "default", deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("default")

# There is a worker a core: threads of linear algebra would but wait for each other. (Workers, which
# have imported NumPy when they come here, inherit it from the process that starts them.)
for library in ("OMP", "OPENBLAS", "MKL"):
    os.environ.setdefault(f"{library}_NUM_THREADS", "1")

# Java lives for seconds here, and its second compiler would not pay.
os.environ.setdefault("JAVA_TOOL_OPTIONS", "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC")

# Spark's tables are small here: to plan them anew at each step takes longer than the step.
os.environ.setdefault(
    "PYSPARK_SUBMIT_ARGS",
    "--conf spark.sql.adaptive.enabled=false --conf spark.sql.shuffle.partitions=2 pyspark-shell",
)

# What is compiled as it runs (UMAP) runs once here.
os.environ.setdefault("NUMBA_OPT", "1")

# readline, which pytest imports, tells every child that its terminal is 80 letters wide.
for name in ("COLUMNS", "LINES"):
    os.unsetenv(name)

# The user's own cache has no part in the tests; workers and subprocesses share this one.
os.environ.setdefault("CSE_BENCH_CACHE", tempfile.mkdtemp(prefix="cse-bench-tests-"))

ROOT = Path(__file__).resolve().parents[1]


SLOW = (
    "tests/test_readme.py",
    "tests/building/test_sources.py",
    "tests/building/test_engines.py",
    "tests/leaderboard/test_rules.py",
    "tests/leaderboard/test_site_browser.py",
    "tests/studies/test_training.py",
    "tests/studies/test_tune.py",
    "tests/hub/test_faults.py",
    "tests/hub/test_read_back.py",
    "tests/leaderboard/test_check.py",
    "tests/leaderboard/test_verify.py",
    "tests/harness/test_benchmark.py",
    "tests/privacy/test_audit.py",
)
"""Files that take minutes: begun first, lest one of them is alone at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Order the files by `SLOW`; the order within each stays."""
    place = {name: number for number, name in enumerate(SLOW)}
    items.sort(key=lambda item: place.get(item.nodeid.split("::")[0], len(SLOW)))


def need(module: str) -> None:
    """Skip on a user's machine where a part is missing; fail in CI."""
    try:
        __import__(module)
    except ImportError:
        if os.environ.get("CI"):
            pytest.fail(f"{module} is not installed")
        pytest.skip(f"{module} is not installed: pip install -e '.[dev]'")


@pytest.fixture(scope="session")
def release() -> Release:
    """The embedded release."""
    return cse_bench.load_release()


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


@pytest.fixture(scope="session")
def small_release(release: Release, tmp_path_factory: pytest.TempPathFactory) -> Release:
    """A small real slice of the embedded release."""
    need("jinja2")
    from tests.small_release import slice_release

    return slice_release(release, tmp_path_factory.mktemp("slice") / "slice")


@pytest.fixture(scope="session")
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A key that is always the same, so that builds in tests are too."""
    path = tmp_path_factory.mktemp("key") / "key"
    path.write_bytes(bytes(range(32)))
    return path
