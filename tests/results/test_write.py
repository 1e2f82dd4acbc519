"""Results on disk: complete or absent, and nothing foreign touched; ranks re-score."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench.errors import InputError


@pytest.fixture(scope="module")
def written(small_release, tmp_path_factory):
    out = tmp_path_factory.mktemp("result") / "procrustes"
    result = cse_bench.evaluate(
        "procrustes", small_release, ["pairs-50"], split="validation", out=out, save_vectors=True
    )
    return out, result


def test_a_result_is_three_files(written):
    out, result = written
    assert sorted(p.name for p in out.iterdir()) == [
        "aligned.parquet",
        "ranks.parquet",
        "result.json",
    ]
    assert json.loads((out / "result.json").read_text()) == json.loads(result.model_dump_json())


def test_primary_scores_follow_from_the_ranks(written):
    """Anyone can re-score: matched AUC and MRR from rank, ties and n_candidates alone."""
    out, result = written
    ranks = pq.read_table(out / "ranks.parquet").to_pandas()
    seen = 0
    for score in result.scores:
        rows = ranks[
            (ranks.track == score.track)
            & (ranks.source_shop == score.source_shop)
            & (ranks.task == score.task)
            & (ranks.variant == score.variant)
            & (ranks.metric == score.metric)
        ]
        if not len(rows):
            continue
        greater = rows["rank"] - 1 - rows.ties / 2
        if score.metric == "auc":
            value = 1 - (greater + rows.ties / 2) / (rows.n_candidates - 1)
        elif score.metric in ("bits", "ratio"):
            value = rows.value
        else:
            places = [g + np.arange(1, t + 2) for g, t in zip(greater, rows.ties, strict=True)]
            value = [np.mean(1 / p) for p in places]
        mean = rows.assign(value=value).groupby(["draw", "seed", "query"])["value"].mean().mean()
        assert mean == pytest.approx(score.value, abs=1e-9)
        seen += 1
    assert seen == 2 * 5


def test_aligned_vectors_name_their_products(written, small_release):
    table = pq.read_table(written[0] / "aligned.parquet").to_pandas()
    for (source, target, shop), rows in table.groupby(["source_shop", "target_shop", "shop"]):
        assert shop in (source, target)
        assert tuple(rows.product_id) == small_release.shops[shop].ids
        assert {len(v) for v in rows.vector} == {small_release.shops[shop].vectors.shape[1]}


def test_an_earlier_result_is_replaced_and_nothing_else(small_release, tmp_path):
    out = tmp_path / "mine"
    options = {"tracks": ["pairs-all"], "split": "validation", "out": out}
    cse_bench.evaluate("procrustes", small_release, save_vectors=True, **options)
    cse_bench.evaluate("procrustes", small_release, **options)
    assert sorted(p.name for p in out.iterdir()) == ["ranks.parquet", "result.json"]
    (out / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match=r"notes\.txt.*left alone"):
        cse_bench.evaluate("procrustes", small_release, **options)
    with pytest.raises(InputError, match="cannot write to"):
        cse_bench.evaluate("procrustes", small_release, out=out / "notes.txt")
    assert (out / "notes.txt").read_text() == "mine"


def test_two_runs_give_the_same_record_but_for_times(small_release):
    records = []
    for _ in range(2):
        result = cse_bench.evaluate("procrustes", small_release, split="validation")
        raw = json.loads(result.model_dump_json())
        del raw["created"], raw["runs"]
        records.append(raw)
    assert records[0] == records[1]


def test_a_release_without_pairs_has_no_reference(tmp_path):
    from tests.conftest import need

    need("ibis")
    from cse_bench.building.keys import Key
    from cse_bench.building.pipeline import BuildParameters, build_contents
    from cse_bench.release.read import read_release
    from cse_bench.release.write import write_release
    from cse_bench.trainers.ppmi_svd import PpmiSvd
    from tests.small_log import make_log, random_events

    log = make_log(random_events(shops=3, users=120), pairs=False)
    contents = build_contents(log, PpmiSvd(4), BuildParameters(min_users=3), Key(bytes(32)))
    write_release(tmp_path, contents)
    release = read_release(tmp_path)
    result = cse_bench.evaluate("content-seeds", release)
    assert {s.task for s in result.scores} == {"next_event", "type_ahead", "retention"}
    assert len({(s.source_shop, s.target_shop) for s in result.scores}) == 6
    assert all(s.reference is s.oracle is s.gap_closed is None for s in result.scores)
    with pytest.raises(InputError, match="uses pairs, but the release"):
        cse_bench.evaluate("procrustes", release)


def test_what_a_killed_run_left_is_taken_away(small_release, tmp_path):
    left = tmp_path / "mine" / ".writing-abc"
    left.mkdir(parents=True)
    (left / "ranks.parquet").write_bytes(b"half")
    cse_bench.evaluate(
        "identity", small_release, split="validation", out=tmp_path / "mine", isolation="none"
    )
    assert {p.name for p in (tmp_path / "mine").iterdir()} == {"result.json", "ranks.parquet"}
