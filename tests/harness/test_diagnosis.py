"""What an aligned space looks like: in the record, the same for the same space."""

import numpy as np
import pytest

import cse_bench
from cse_bench.aligners.contract import Aligned
from cse_bench.harness.diagnosis import diagnose, popular_rows
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.hubness import k_occurrence, skewness
from cse_bench.metrics.isomorphism import eigenvector_similarity


@pytest.fixture(scope="module")
def spaces(small_release):
    return [small_release.shops[name] for name in ("SHOP1", "SHOP2")]


def test_a_diagnosis_is_that_of_the_metrics(spaces, monkeypatch):
    monkeypatch.setattr("cse_bench.harness.diagnosis.GRAPH_PRODUCTS", 100)
    vectors, popularity = zip(*((s.vectors, s.popularity) for s in spaces), strict=True)
    found = diagnose(Aligned(*vectors), popularity)
    assert found.hubness == skewness(k_occurrence(*map(unit, vectors)))
    rows = [np.argsort(-p, kind="stable")[:100] for p in popularity]
    head = [v[r] for v, r in zip(vectors, rows, strict=True)]
    assert found.eigenvector_similarity == pytest.approx(eigenvector_similarity(*head))
    again = diagnose(Aligned(vectors[1], vectors[1]), (popularity[1], popularity[1]))
    assert again.eigenvector_similarity == 0


def test_graphs_are_of_one_size():
    many, few = np.zeros(2000, np.float32), np.arange(7, dtype=np.float32)
    assert [len(rows) for rows in popular_rows(many, many)] == [1000, 1000]
    rows = popular_rows(many, few)
    np.testing.assert_array_equal(rows, [np.arange(7), np.arange(7)[::-1]])


def test_each_track_and_direction_has_its_diagnosis_in_the_record(small_release):
    result = cse_bench.evaluate("procrustes", small_release)
    tracks = list(dict.fromkeys(run.track for run in result.runs))
    found = [(d.track, d.source_shop, d.target_shop) for d in result.diagnostics]
    both = [("SHOP1", "SHOP2"), ("SHOP2", "SHOP1")]
    assert sorted(found) == sorted((track, *shops) for track in tracks for shops in both)
    for d in result.diagnostics:
        assert np.isfinite(d.hubness)
        assert d.eigenvector_similarity >= 0
