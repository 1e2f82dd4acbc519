"""A small result with vectors, and its page."""

from __future__ import annotations

import pytest

import cse_bench
from cse_bench import api
from tests.conftest import need


@pytest.fixture(scope="module")
def scored(small_release, tmp_path_factory):
    """The directory of a result with vectors."""
    need("plotly")
    out = tmp_path_factory.mktemp("result") / "procrustes"
    cse_bench.evaluate(
        "procrustes", small_release, ["pairs-50", "pairs-all"], out=out, save_vectors=True
    )
    return out


@pytest.fixture(scope="module")
def page(scored, small_release):
    return api.report(scored / "result.json", release=small_release.path)


@pytest.fixture(scope="module")
def record(scored):
    from cse_bench.results.read import read_result

    return read_result(scored / "result.json")


@pytest.fixture(scope="module")
def space(scored, small_release):
    from cse_bench.results.report.space import Place, Space, read_vectors

    place = Place("pairs-all", "SHOP1", "SHOP2")
    aligned = read_vectors(scored / "aligned.parquet", small_release, place)
    return Space(small_release, place, "test", aligned, "From a test.")
