"""The page of a result: what it shows, and what it refuses."""

from __future__ import annotations

import dataclasses
import re
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import cse_bench
from cse_bench import api
from cse_bench.errors import InputError
from tests.conftest import need
from tests.results.report.pages import PRIMARY, data_of, seen_text


def test_the_page_says_what_was_scored_and_shows_every_score(page, record):
    text = page.read_text()
    seen = seen_text(text)
    official = "official" if record.isolation.official else "not official: run unconfined"
    for told in ("procrustes", official, "test split", "protocol 1.0", "evidence: pairs"):
        assert told in seen
    assert record.release.fingerprint in seen
    assert record.environment.packages["numpy"] in seen
    assert text.count("<tr>") > len(record.scores) + len(PRIMARY)
    figures = data_of(text)["figures"]
    for i in range(len(PRIMARY)):
        assert {f"score-{i}", f"score-{i}-gap"} <= set(figures)
        assert f'id="score-{i}"' in text
    own = [s for s in record.scores if (s.task, s.variant, s.metric) == PRIMARY[0]]
    drawn = {
        trace["marker"]["symbol"]: trace
        for trace in figures["score-0"]["data"]
        if trace["mode"] == "markers"
    }
    marks = {"floor": "line-ns-open", "reference": "diamond-open", "oracle": "star-open"}
    for name, symbol in marks.items():
        assert drawn[symbol]["x"] == [getattr(s, name) for s in own]
    forth = [s for s in own if s.source_shop == "SHOP1"]
    assert drawn["circle"]["x"] == [s.value for s in forth]
    assert drawn["circle"]["error_x"]["array"] == [s.ci_high - s.value for s in forth]


def test_the_same_inputs_give_the_same_page(page, scored, small_release, tmp_path):
    again = api.report(scored / "result.json", tmp_path / "a.html", release=small_release.path)
    assert again.read_bytes() == page.read_bytes()
    assert page == scored.with_name("procrustes.html")


def test_an_aligner_run_again_gives_the_vectors_that_were_saved(scored, small_release, tmp_path):
    """float16 is all that differs: the pairs' ranks come out the same."""
    pages = [
        api.report(
            scored / "result.json",
            tmp_path / f"{aligner}.html",
            release=small_release.path,
            aligner=aligner,
            track="pairs-50",
            source="SHOP2",
        ).read_text()
        for aligner in (None, "procrustes")
    ]
    saved, run = (re.search(r"In this run .*? MRR [\d.]+", page)[0] for page in pages)
    assert saved == run
    assert all("pairs-50, SHOP2 → SHOP1" in page for page in pages)
    ids = [data_of(page)["points"]["id"] for page in pages]
    assert ids[0] == ids[1]


def test_the_mrr_it_tells_is_the_one_that_was_scored(page, record):
    """One run of a deterministic aligner: its own MRR is the score."""
    score = next(
        s
        for s in record.scores
        if (s.track, s.source_shop, s.variant, s.metric) == ("pairs-all", "SHOP1", "cosine", "mrr")
    )
    told = float(re.search(r"MRR ([\d.]+),", page.read_text())[1])
    assert told == pytest.approx(score.value, abs=2e-3)


def test_without_vectors_the_page_says_how_to_get_the_rest(scored, small_release, tmp_path):
    bare = tmp_path / "bare"
    shutil.copytree(scored, bare, ignore=shutil.ignore_patterns("aligned.parquet"))
    for options, told in (
        ({"release": small_release.path}, "--save-vectors"),
        ({}, "--release DIR"),  # the embedded release is not the one that was scored
    ):
        text = api.report(bare / "result.json", **options).read_text()
        assert told in seen_text(text)
        assert "score-0" in data_of(text)["figures"]
        assert "map-after" not in data_of(text)["figures"]
        with pytest.raises(InputError, match=r"aligned\.parquet|fingerprint"):
            api.report(bare / "result.json", track="pairs-all", **options)


def test_what_does_not_belong_together_is_refused(scored, release, small_release, tmp_path):
    result, fits = scored / "result.json", {"release": small_release.path}
    with pytest.raises(InputError) as refused:
        api.report(result, release=release.path)
    for data in (release, small_release):
        assert data.manifest.fingerprint in str(refused.value)
    with pytest.raises(InputError, match="not the file that was scored"):
        api.report(result, aligner="ridge", **fits)
    with pytest.raises(InputError, match=r"no vectors of track content.*\n.*pairs-50, SHOP1"):
        api.report(result, track="content", **fits)
    with pytest.raises(InputError, match="source SHOP1, target SHOP1"):
        api.report(result, source="SHOP1", target="SHOP1", **fits)
    with pytest.raises(InputError, match="did you mean 'umap'"):
        api.report(result, projection="umpa", **fits)
    mine = tmp_path / "mine.html"
    mine.write_text("<p>my own")
    with pytest.raises(InputError, match="no report of ours"):
        api.report(result, mine, **fits)
    assert mine.read_text() == "<p>my own"
    with pytest.raises(InputError, match="is a directory"):
        api.report(result, tmp_path, **fits)
    with pytest.raises(InputError, match="there is no directory"):
        api.report(result, tmp_path / "no" / "x.html", **fits)


def edited(table: pa.Table, how: str) -> pa.Table:
    if how == "column":
        return table.drop_columns("vector")
    if how == "rows":
        return table.slice(1)
    if how == "twice":
        return pa.concat_tables([table.slice(1, 1), table.slice(1)])
    vectors = table["vector"].to_pylist()
    vectors[5] = {"nan": [float("nan")] * len(vectors[5]), "width": [0.0] * (len(vectors[5]) - 1)}[
        how
    ]
    column = pa.array([np.array(v, np.float16) for v in vectors], pa.list_(pa.float16()))
    return table.set_column(table.schema.get_field_index("vector"), "vector", column)


def test_vectors_are_found_by_product_not_by_row(scored, small_release, page, tmp_path):
    shuffled = tmp_path / "shuffled"
    shutil.copytree(scored, shuffled)
    table = pq.read_table(shuffled / "aligned.parquet")
    order = np.random.default_rng(0).permutation(len(table))
    pq.write_table(table.take(order), shuffled / "aligned.parquet")
    options = {"release": small_release.path, "track": "pairs-all", "source": "SHOP1"}
    assert api.report(shuffled / "result.json", **options).read_text() == page.read_text()


def test_three_shops_give_six_directions(tmp_path):
    need("ibis")
    from cse_bench.building.keys import Key
    from cse_bench.building.pipeline import BuildParameters, build_contents
    from cse_bench.release.write import write_release
    from cse_bench.trainers.ppmi_svd import PpmiSvd
    from tests.small_log import make_log, random_events

    log = make_log(random_events(shops=3, users=120), pairs=False)
    contents = build_contents(log, PpmiSvd(4), BuildParameters(min_users=3), Key(bytes(32)))
    (tmp_path / "release").mkdir()
    write_release(tmp_path / "release", contents)
    out = tmp_path / "result"
    cse_bench.evaluate("content-seeds", tmp_path / "release", out=out, save_vectors=True)
    path = api.report(
        out / "result.json", release=tmp_path / "release", source="SHOP3", target="SHOP1"
    )
    text = path.read_text()
    assert "content, SHOP3 → SHOP1" in text
    directions = [f"SHOP{a} → SHOP{b}" for a in (1, 2, 3) for b in (1, 2, 3) if a != b]
    drawn = data_of(text)["figures"]["score-0"]["data"]
    named = [trace for trace in drawn if "name" in trace]
    assert [trace["name"] for trace in named] == directions
    marks = {(trace["marker"]["color"], trace["marker"]["symbol"]) for trace in named}
    assert len(marks) == 6
    assert "knows no pairs" in text


@pytest.mark.parametrize("how", ["column", "rows", "twice", "nan", "width", "cut"])
def test_damaged_vectors_are_refused(scored, small_release, tmp_path, how):
    broken = tmp_path / "broken"
    shutil.copytree(scored, broken)
    file = broken / "aligned.parquet"
    if how == "cut":
        file.write_bytes(file.read_bytes()[:1000])
    else:
        pq.write_table(edited(pq.read_table(file), how), file)
    with pytest.raises(InputError, match=r"aligned\.parquet"):
        api.report(
            broken / "result.json", release=small_release.path, track="pairs-50", source="SHOP1"
        )
    assert not (tmp_path / "broken.html").exists()


def test_a_release_without_pairs_or_categories_has_its_page(space, record):
    from cse_bench.results.report.page import render_page, view_of

    shops = {
        name: dataclasses.replace(shop, categories=(None,) * len(shop))
        for name, shop in space.release.shops.items()
    }
    release = dataclasses.replace(space.release, shops=shops)
    files = {k: v for k, v in release.manifest.files.items() if not k.startswith("pairs/")}
    bare = dataclasses.replace(
        release, manifest=release.manifest.model_copy(update={"files": files})
    )
    view = view_of(dataclasses.replace(space, release=bare))
    none = dict.fromkeys(
        ("reference", "oracle", "gap_closed", "gap_ci_low", "gap_ci_high", "discriminative")
    )
    scores = [score.model_copy(update=none) for score in record.scores]
    text = render_page(record.model_copy(update={"scores": scores}), PRIMARY, {}, view)
    assert "knows no pairs" in text
    assert "no category" in text
    assert "no reference, oracle or gap closed" in text
    assert not any(name.endswith("-gap") for name in data_of(text)["figures"])


def test_flags_failures_and_what_does_not_discriminate_are_told(record):
    from cse_bench.results.report.page import render_page

    flags = ["retention is below 0.95", "its content evidence is the query label itself"]
    told = record.model_copy(
        update={
            "flags": flags,
            "runs": [record.runs[0].model_copy(update={"failed": True}), *record.runs[1:]],
            "scores": [
                s.model_copy(update={"discriminative": False, "gap_closed": None})
                for s in record.scores
            ],
        }
    )
    seen = seen_text(render_page(told, PRIMARY, {}, "no vectors"))
    assert all(flag in seen for flag in flags)
    assert "1 failed" in seen
    assert "Not discriminative here (SHOP1 → SHOP2, SHOP2 → SHOP1)" in seen
    assert "* not discriminative here" in seen
    assert "No gap closed (SHOP1 → SHOP2, SHOP2 → SHOP1)" in seen
    tasks = frozenset(s.task for s in record.scores)
    guarding = seen_text(render_page(told, PRIMARY, {}, "no vectors", tasks))
    assert "A guard against damage" in guarding
    assert "discriminative" not in guarding
    assert "No gap closed" not in guarding


def test_the_command_line_makes_it(scored, small_release, tmp_path):
    from tests.cli.test_cli import run

    done = run(
        "report", scored / "result.json", "--release", small_release.path, "--out", "x.html",
        "--aligner", "procrustes", cwd=tmp_path,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "written: x.html" in done.stdout
    assert [p.name for p in tmp_path.iterdir()] == ["x.html"]
    wrong = run("report", tmp_path, cwd=tmp_path)
    assert wrong.returncode == 2
    assert "is a directory" in wrong.stderr


def test_a_report_runs_the_aligner_as_it_was_scored(small_release, tmp_path):
    from cse_bench.api.reporting import _scored_aligner

    tried = cse_bench.evaluate(
        "ridge", small_release, "pairs-all", split="validation", parameters={"alpha": 50.0}
    )
    assert _scored_aligner(tried, "ridge").chosen == {"alpha": 50.0}
