"""A result is believed if its scores follow from its ranks, and come back when it is run again."""

from __future__ import annotations

import json
import re
import shutil

import numpy as np
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest

from cse_bench import api
from cse_bench.aligners.loading import find_aligner
from cse_bench.errors import InputError, ReleaseError
from cse_bench.harness.sandbox import backends
from cse_bench.release.seal import check_seal, write_seal
from tests.cli.test_cli import run
from tests.results.conftest import SCORED, with_column

PLACE = ("pairs-50", "SHOP1", "SHOP2")


def scores(raw, task="next_event", variant="rendered", metric="auc", place=PLACE):
    return next(
        row
        for row in raw["scores"]
        if (row["track"], row["source_shop"], row["target_shop"]) == place
        and (row["task"], row["variant"], row["metric"]) == (task, variant, metric)
    )


def told(found):
    """The one check that failed, as a sentence."""
    assert found.badge is None
    assert [check.passed for check in found.checks[:-1]] == [True] * (len(found.checks) - 1)
    (problem,) = found.problems
    return problem


@pytest.fixture
def verify(small_release):
    def look(path, aligner=None, **options):
        return api.verify(path, aligner, release=small_release, **options)

    return look


@pytest.mark.parametrize("name", SCORED)
def test_results_follow_from_their_ranks(name, written, verify):
    """Those of every reference aligner do, on the official release: `test_entries`."""
    found = verify(written / name / "result.json")
    assert found.problems == []
    assert found.badge == "self-reported"
    assert found.tolerances == []
    assert found.isolation is None


@pytest.mark.parametrize("name", SCORED)
def test_run_again_they_come_back(name, written, verify):
    found = verify(written / name / "result.json", name)
    assert found.problems == []
    assert found.badge == "reproduced"
    assert found.isolation in backends.BACKENDS
    assert found.aligner_sha256 == find_aligner(name).sha256
    record = json.loads((written / name / "result.json").read_text())
    metrics = {(row["task"], row["variant"], row["metric"]) for row in record["scores"]}
    assert {(t.task, t.variant, t.metric) for t in found.tolerances} == metrics
    for tolerance in found.tolerances:
        assert 0 <= 2 * tolerance.seen <= tolerance.value < 0.05


EDITS = {
    "ranks: .*is 0.*its ranks give": ("value", 0.001),
    "rescored: ci_low of": ("ci_low", 0.001),
    "rescored: ci_high of": ("ci_high", -0.001),
    "rescored: gap_closed of": ("gap_closed", 0.001),
    "rescored: gap_ci_high of": ("gap_ci_high", 0.2),
    "rescored: oracle of": ("oracle", 0.001),
}


@pytest.mark.parametrize("problem", EDITS)
def test_a_number_changed_in_the_third_decimal(problem, copied, verify):
    field, by = EDITS[problem]

    def change(raw):
        scores(raw)[field] += by

    found = verify(copied("procrustes").record(change))
    assert found.badge is None

    assert re.search(problem, told(found))


def test_a_floor_that_was_lowered_so_that_more_of_the_gap_is_closed(copied, verify):
    def change(raw):
        row = scores(raw)
        row["floor"] -= 0.01
        room = row["reference"] - row["floor"]
        row["gap_closed"] = (row["value"] - row["floor"]) / room

    assert "rescored: floor of" in told(verify(copied("procrustes").record(change)))


def test_a_secondary_score_has_no_ranks_and_is_seen_by_running_again(copied, verify):
    def change(raw):
        row = scores(raw, "translation", "cosine", "p@10")
        row["value"] += 0.001
        if row["gap_closed"] is not None:
            room = row["reference"] - row["floor"]
            row["gap_closed"] = (row["value"] - row["floor"]) / room

    path = copied("procrustes").record(change)
    assert verify(path).badge == "self-reported"
    assert "reproduced: value of" in told(verify(path, "procrustes"))


def test_another_release(copied, verify, release):
    path = copied("procrustes").path
    assert "release: the result is about slice" in told(api.verify(path, release=release))


def test_another_protocol(copied, verify):
    path = copied("procrustes").record(lambda raw: raw["protocol"].update(version="0.9"))
    assert "protocol: the result follows protocol 0.9" in told(verify(path))


def test_another_schema(copied, verify):
    path = copied("procrustes").record(lambda raw: raw.update(schema_version=7))
    assert "schema: " in told(verify(path))


def test_a_swapped_file(copied, verify):
    problem = told(verify(copied("procrustes").path, "ridge"))
    assert "aligner file: ridge.py is not the file that was scored" in problem


@pytest.mark.parametrize("field", ["name", "licence", "parameters", "uses"])
def test_what_the_record_says_of_the_aligner_is_what_its_file_says(field, copied, verify):
    other = {"name": "mine", "licence": "none", "parameters": {"k": 5}, "uses": ["content"]}
    path = copied("procrustes").record(lambda raw: raw["aligner"].update({field: other[field]}))
    assert f"aligner file: {field} is" in told(verify(path, "procrustes"))


def test_a_flag_that_was_taken_out(copied, verify):
    def change(raw):
        raw["flags"] = raw["flags"][1:]

    edited = copied("random-rotation")
    assert json.loads(edited.path.read_text())["flags"]
    path = edited.record(change)
    assert "aligner file: the flags are not those" in told(verify(path, "random-rotation"))


def test_a_failed_run_that_is_said_to_be_none(copied, verify):
    def change(raw):
        for row in raw["runs"]:
            row["failed"] = not row["failed"]

    assert "rescored: the run " in told(verify(copied("random-rotation").record(change)))


def test_truncated_ranks(copied, verify):
    edited = copied("procrustes")
    edited.ranks_path.write_bytes(edited.ranks_path.read_bytes()[:-100])
    assert "ranks: " in told(verify(edited.path))
    assert "cut short" in told(verify(edited.path))


def test_edited_ranks(copied, verify):
    def better(table):
        rank = table["rank"].to_numpy().copy()
        rank[:50] = 1
        return with_column(table, "rank", rank)

    assert "ranks: " in told(verify(copied("procrustes").ranks(better)))


def cell_mask(table, task, variant, metric):
    mask = pc.equal(table["task"], task)
    mask = pc.and_(mask, pc.equal(table["variant"], variant))
    return pc.and_(mask, pc.equal(table["metric"], metric))


def test_hard_queries_that_were_left_out(copied, verify):
    """Value and number of queries are made to fit: the release knows which queries there are."""
    edited = copied("procrustes", to="fewer")

    def fewer(table):
        mask = cell_mask(table, "translation", "cosine", "mrr")
        hard = pc.and_(mask, pc.equal(pc.bit_wise_and(table["query"], 1), 1))
        return table.filter(pc.invert(hard))

    edited.ranks(fewer)

    def change(raw):
        from cse_bench.results.rescore import rescore

        for cell, own in rescore(pq.read_table(edited.ranks_path)).items():
            place = (cell.track, cell.source_shop, cell.target_shop)
            row = scores(raw, cell.task, cell.variant, cell.metric, place)
            row["value"], row["n"] = float(own.values.mean()), len(own.query)
            if row["gap_closed"] is not None:
                room = row["reference"] - row["floor"]
                row["gap_closed"] = (row["value"] - row["floor"]) / room

    assert "queries, not the" in told(verify(edited.record(change)))


@pytest.mark.parametrize(
    "dropped",
    [("next_event", "real", "auc"), ("retention", None, None), ("translation", "cosine", "mrr")],
)
def test_a_primary_score_that_was_left_out(dropped, copied, verify):
    """An entry would gain by what it does not show."""
    edited = copied("procrustes", to="less")
    wanted = [part for part in dropped if part]

    def is_dropped(task, variant, metric):
        return [task, variant, metric][: len(wanted)] == wanted

    path = edited.record(
        lambda raw: raw.update(
            scores=[
                s
                for s in raw["scores"]
                if s["source_shop"] == "SHOP2"
                or not is_dropped(s["task"], s["variant"], s["metric"])
            ]
        )
    )

    def less(table):
        mask = pc.equal(table["task"], dropped[0])
        for column, value in zip(("variant", "metric"), dropped[1:], strict=True):
            if value:
                mask = pc.and_(mask, pc.equal(table[column], value))
        return table.filter(pc.invert(pc.and_(mask, pc.equal(table["source_shop"], "SHOP1"))))

    edited.ranks(less)
    problem = told(verify(path))
    assert "rescored: it lacks " in problem
    assert f"SHOP1 → SHOP2, {', '.join(wanted)}" in problem


def test_places_among_fewer_candidates(copied, verify):
    """Reciprocal ranks are as they were."""

    def fewer(table):
        mask = cell_mask(table, "translation", "cosine", "mrr").to_numpy(zero_copy_only=False)
        count = table["n_candidates"].to_numpy().copy()
        count[mask] = count[mask] + 1000
        return with_column(table, "n_candidates", [None if np.isnan(n) else int(n) for n in count])

    assert "among other candidates" in told(verify(copied("procrustes").ranks(fewer)))


def test_the_ranks_of_a_better_aligner_under_a_name_of_ones_own(copied, verify, tmp_path):
    """All that is in the files fits; only running it tells."""
    edited = copied("ridge")
    own = tmp_path / "mine.py"
    own.write_text(find_aligner("random-rotation").text.replace('"random-rotation"', '"mine"'))
    source = find_aligner(str(own))

    def change(raw):
        raw["aligner"].update(name="mine", source_sha256=source.sha256)

    path = edited.record(change)
    assert verify(path).badge == "self-reported"
    assert "aligner file: " in told(verify(path, own))

    text = find_aligner("procrustes").text.replace('"procrustes"', '"mine"')
    own.write_text(text)
    source = find_aligner(str(own))

    def claim(raw):
        from cse_bench.harness.record import aligner_record

        raw["aligner"] = aligner_record(source, source.parameters()).model_dump()

    path = edited.record(claim)
    assert verify(path).badge == "self-reported"
    assert "reproduced: value of" in told(verify(path, own))


def test_an_aligner_that_ends_badly_when_it_is_run_again(copied, verify, tmp_path):
    edited = copied("random-rotation")
    own = tmp_path / "mine.py"
    own.write_text(
        "import socket\n"
        + find_aligner("random-rotation").text.replace(
            "    def fit(", "    def fit(self, *a):\n        socket.socket()\n\n    def _fit("
        )
    )
    source = find_aligner(str(own))

    def claim(raw):
        raw["aligner"]["source_sha256"] = source.sha256

    problem = told(verify(edited.record(claim), own))
    assert "reproduced: the aligner 'random-rotation' failed" in problem


RESTLESS = """
import os
import numpy as np
from cse_bench import Aligner, unit

class Restless(Aligner):
    name = "restless"

    def fit(self, source, target, evidence):
        return self

    def transform(self, shop):
        threads = int(os.environ.get("OMP_NUM_THREADS", "2"))
        rng = np.random.default_rng(threads)
        return unit(rng.normal(size=shop.vectors.shape))
"""


def test_noise_of_ones_own_is_no_excuse(small_release, verify, tmp_path):
    """Else who is restless enough could claim what he likes."""
    own = tmp_path / "restless.py"
    own.write_text(RESTLESS)
    api.evaluate(str(own), small_release, out=tmp_path / "restless")
    problem = told(verify(tmp_path / "restless" / "result.json", own))
    assert re.search(r"reproduced: .* moves by \S+ between 1, 2 and 4 threads", problem)


OVERFITTED = '''
import numpy as np
from cse_bench import Aligner, unit

class Overfitted(Aligner):
    """Aligns the release that it knows."""

    name = "overfitted"
    uses = frozenset({"pairs"})

    def fit(self, source, target, evidence):
        ours, theirs = evidence.pairs.T
        known = len(source.vectors) == 300
        u, _, vt = np.linalg.svd(unit(source.vectors)[ours].T @ unit(target.vectors)[theirs])
        turned = np.linalg.qr(np.random.default_rng(0).normal(size=u.shape))[0]
        self.rotation_ = u @ vt if known else turned.astype(np.float32)
        return self

    def transform(self, shop):
        return unit(shop.vectors) @ self.rotation_
'''


def test_the_sealed_release_tells_who_knew_the_public_one(
    written, hidden, small_release, verify, tmp_path
):
    found = verify(written / "procrustes" / "result.json", "procrustes", sealed=hidden.path)
    assert found.problems == []
    assert found.badge == "sealed"
    assert found.sealed_release.fingerprint == hidden.manifest.fingerprint
    assert {t.track for t in found.sealed_tracks} >= {"pairs-50"}
    assert "commits to no sealed one" in found.checks[-1].told

    own = tmp_path / "overfitted.py"
    own.write_text(OVERFITTED)
    api.evaluate(str(own), small_release, out=tmp_path / "overfitted")
    found = verify(tmp_path / "overfitted" / "result.json", own, sealed=hidden.path)
    assert "sealed: " in told(found)
    assert "it is fitted to that" in told(found)


def test_a_sealed_release_must_be_the_one_that_was_committed_to(
    written, hidden, small_release, tmp_path
):
    place = tmp_path / "kept"
    shutil.copytree(hidden.path, place)
    digest = write_seal(place, hidden.manifest)
    public = small_release.manifest.__class__(
        **{**vars(small_release.manifest), "sealed_commitment": digest}
    )
    check_seal(place, hidden.manifest, public)
    with pytest.raises(ReleaseError, match="is not the sealed release"):
        check_seal(place, small_release.manifest, public)


def test_without_a_sandbox_nothing_of_a_stranger_is_run(written, verify, monkeypatch):
    monkeypatch.setattr(backends, "problem", lambda name: "it is missing")
    path = written / "procrustes" / "result.json"
    with pytest.raises(InputError, match=r"a stranger's file is not run without a sandbox"):
        verify(path, "procrustes")
    assert verify(path).badge == "self-reported"


def test_the_command(written, copied, small_release):
    path = written / "procrustes" / "result.json"
    own = ("--release", small_release.path)
    done = run("verify", path, *own)
    assert done.returncode == 0
    assert done.stdout.splitlines()[-1] == "badge: self-reported"
    done = run("verify", path, *own, "--json")
    assert json.loads(done.stdout)["badge"] == "self-reported"
    spoiled = copied("procrustes").record(lambda raw: scores(raw).update(value=0.9))
    done = run("verify", spoiled, *own)
    assert done.returncode == 1
    assert "FAIL ranks: " in done.stdout
    assert done.stdout.splitlines()[-1] == "rejected"
    done = run("verify", "absent.json", *own)
    assert done.returncode == 2
    assert "there is no file absent.json" in done.stderr
    done = run("verify", path, *own, "--sealed", small_release.path)
    assert done.returncode == 2
    assert "--aligner" in done.stderr


def test_a_task_that_is_said_to_be_blind(copied, verify):
    """Who said so would leave a whole track without ranks."""

    def change(raw):
        row = scores(raw)
        row["discriminative"] = not row["discriminative"]

    assert "rescored: discriminative of" in told(verify(copied("procrustes").record(change)))


def test_a_record_of_too_many_brackets(copied, verify):
    edited = copied("procrustes")
    edited.path.write_text("[" * 100_000)
    assert "schema: " in told(verify(edited.path))


def test_ranks_with_a_column_twice(copied, verify):
    path = copied("procrustes").ranks(lambda table: table.append_column("rank", table["rank"]))
    assert "is cut short or no Parquet file: Multiple matches" in told(verify(path))
