"""The cache of runs: nothing is fitted twice, and nothing stale is ever served."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from functools import partial

import numpy as np
import pytest

from cse_bench import api
from cse_bench.harness import cache as caching
from cse_bench.harness.cache import RunCache, run_key
from cse_bench.harness.diagnosis import Diagnosis
from cse_bench.tasks.base import Ranks, VariantScores
from tests.cli.test_cli import run
from tests.conftest import need

COUNTING = """
from pathlib import Path
import numpy as np
from cse_bench import Aligner
class Counting(Aligner):
    name = "counting"
    def __init__(self, factor={factor}):
        self.factor = factor
    def fit(self, source, target, evidence):
        with Path({log!r}).open("a") as file:
            file.write("fit\\n")
        return self
    def transform(self, shop):
        return shop.vectors * self.factor
"""


# The aligner here counts its fits in a file, which no sandbox would let it.
evaluate = partial(api.evaluate, isolation="none")


@pytest.fixture
def place(tmp_path, monkeypatch):
    monkeypatch.setenv("CSE_BENCH_CACHE", str(tmp_path / "cache"))
    return tmp_path


def write(place, factor=1.0):
    (place / "counting.py").write_text(COUNTING.format(factor=factor, log=str(place / "fits.txt")))
    return place / "counting.py"


def fits(place):
    path = place / "fits.txt"
    return path.read_text().count("fit") if path.exists() else 0


def scores(result):
    return [s.model_dump() for s in result.scores]


def test_a_second_evaluation_fits_nothing_and_says_the_same(place, small_release):
    notes = []
    first = evaluate(write(place), small_release, note=notes.append)
    assert fits(place) == 2  # two directions
    assert notes == []
    second = evaluate(write(place), small_release, note=notes.append)
    assert fits(place) == 2
    (note,) = notes
    assert note.startswith("10 of 10 runs")
    assert scores(first) == scores(second)
    assert first.runs == second.runs
    assert first.diagnostics == second.diagnostics
    assert len(first.diagnostics) == 2
    again = evaluate(write(place), small_release, use_cache=False)
    assert fits(place) == 4
    assert scores(again) == scores(first)


def test_what_may_change_a_score_is_never_served_stale(place, small_release, monkeypatch):
    evaluate(write(place), small_release)
    path = write(place)
    path.write_text(path.read_text().replace("* self.factor", "+ self.factor"))
    evaluate(path, small_release)  # an edited file, of the same parameters
    assert fits(place) == 4
    evaluate(write(place), small_release, split="validation")
    assert fits(place) == 6
    monkeypatch.setattr(caching, "_code", lambda: {"scoring": "another"})
    evaluate(write(place), small_release)
    assert fits(place) == 8


NAMED = ("    name =", '    """A line."""\n    authors = ("A. Author",)\n    name =')


@pytest.mark.parametrize(
    ("edits", "anew"),
    [
        ([NAMED], False),
        ([("class", "# why\nclass")], False),
        ([NAMED, ("return self", "self.authors; return self")], True),
        ([NAMED, ("return self", "self.__doc__; return self")], True),
        ([('"counting"', '"renamed"')], True),
        ([("    name =", '    version = "2"\n    name =')], True),
    ],
)
def test_what_a_file_says_for_people_is_no_other_run(place, small_release, edits, anew):
    path = write(place)
    text = path.read_text()
    for before, after in edits[1:]:
        assert before in text
        text = text.replace(before, after)
    path.write_text(text)
    first = evaluate(path, small_release)
    before, after = edits[0]
    assert before in text
    path.write_text(text.replace(before, after))
    second = evaluate(path, small_release)
    assert fits(place) == (4 if anew else 2)
    assert first.aligner.source_sha256 != second.aligner.source_sha256
    assert scores(first) == scores(second)


def test_an_extra_counts_only_where_it_can_be_imported(place, small_release, monkeypatch):
    installed = {"POT": "1.0", "torch": "2.0"}
    known = caching._version
    monkeypatch.setattr(caching, "_version", lambda name: installed.get(name) or known(name))
    path = write(place)
    evaluate(path, small_release)
    installed["torch"] = "3.0"
    evaluate(path, small_release)
    assert fits(place) == 2
    bare = path.read_text()
    for line in ("import torch", "from cse_bench.aligners import mlp"):
        path.write_text(f"{bare}\n\ndef later():\n    {line}\n")
        before = fits(place)
        for times, newer in ((1, "3.0"), (1, "3.0"), (2, "4.0")):
            installed["torch"] = newer
            evaluate(path, small_release)
            assert fits(place) == before + 2 * times
        installed["torch"] = "3.0"


def test_vectors_that_are_asked_for_are_made(place, small_release):
    evaluate(write(place), small_release)
    evaluate(write(place), small_release, out=place / "out", save_vectors=True)
    assert fits(place) == 4
    assert (place / "out" / "aligned.parquet").exists()


def test_a_damaged_run_is_made_again(place, small_release):
    first = evaluate(write(place), small_release)
    runs = list((place / "cache" / "runs").glob("*.npz.zst"))
    assert runs
    for path in runs:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    second = evaluate(write(place), small_release)
    assert fits(place) == 4
    assert scores(first) == scores(second)


def test_a_cache_that_cannot_be_written_is_no_cache(place, small_release, monkeypatch):
    (place / "file").write_text("in the way")
    monkeypatch.setenv("CSE_BENCH_CACHE", str(place / "file"))
    evaluate(write(place), small_release)
    evaluate(write(place), small_release)
    assert fits(place) == 4


def invented(n):
    rng = np.random.default_rng(n)
    ranks = Ranks(*(rng.integers(0, 50, 7) for _ in range(5)))
    metrics = {"auc": rng.random(4), "mrr": np.array([np.nan, 1, 2, 3])}
    return {
        "next_event": [
            VariantScores("a", np.arange(4), metrics, ranks),
            VariantScores("b", np.arange(4), {}, None),
        ],
        "translation": [],
    }


def test_scores_come_back_as_they_were(tmp_path):
    cache, kept = RunCache(tmp_path), invented(0)
    cache.save("key", 1.5, 2**33, kept, Diagnosis(2.5, 0.0))
    seconds, peak, found, diagnosis = cache.load("key")
    assert diagnosis == Diagnosis(2.5, 0.0)
    assert (seconds, peak, list(found)) == (1.5, 2**33, ["next_event", "translation"])
    for one, other in zip(found["next_event"], kept["next_event"], strict=True):
        assert one.variant == other.variant
        assert list(one.metrics) == list(other.metrics)
        for name, values in one.metrics.items():
            np.testing.assert_array_equal(values, other.metrics[name])
        assert (one.ranks is None) == (other.ranks is None)
    first, second = found["next_event"][0].ranks, kept["next_event"][0].ranks
    for name in caching.RANKS:
        np.testing.assert_array_equal(getattr(first, name), getattr(second, name))
        assert getattr(first, name).dtype == np.int64
    assert cache.load("other") is None
    cache.save("later", 0, 0, kept)
    assert cache.load("later")[3] is None


def test_many_writers_leave_whole_files(tmp_path):
    def work(n):
        for i in range(5):
            RunCache(tmp_path).save(f"key{i}", n, 0, invented(n))

    threads = [threading.Thread(target=work, args=(n,)) for n in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {p.name for p in (tmp_path / "runs").iterdir()} == {f"key{i}.npz.zst" for i in range(5)}
    assert all(RunCache(tmp_path).load(f"key{i}") is not None for i in range(5))


def test_the_oldest_go_when_there_are_too_many(tmp_path, monkeypatch):
    cache = RunCache(tmp_path)
    for i in range(4):
        cache.save(f"key{i}", 0, 0, invented(i))
        time.sleep(0.02)
    cache.load("key0")  # used last
    size = next((tmp_path / "runs").iterdir()).stat().st_size
    monkeypatch.setattr(caching, "LIMIT_BYTES", int(2.5 * size))
    cache.prune()
    assert {p.name.split(".")[0] for p in (tmp_path / "runs").iterdir()} == {"key0", "key3"}


def test_keys_differ_by_every_part():
    keys = {
        run_key(**what)
        for what in ({"seed": 0}, {"seed": 1}, {"seed": 0, "draw": 1}, {"parameters": {"a": 1}})
    }
    assert len(keys) == 4
    assert run_key(a=1, b=2) == run_key(b=2, a=1)


def test_nothing_that_a_run_says_stands_in_place_of_the_code(monkeypatch):
    said = dict.fromkeys(caching._code(), "")
    before = run_key(**said)
    other = caching._code() | {"libraries": {"numpy": "another"}}
    monkeypatch.setattr(caching, "_code", lambda: other)
    assert run_key(**said) != before


def test_all_aligners_are_scored_and_a_killed_run_goes_on(place, small_release):
    need("ot")
    command = [
        "evaluate", "--all", "--release", small_release.path, "--out", place / "all",
        "--tracks", "content,cross-sessions",
    ]  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "cse_bench", *map(str, command)], stderr=subprocess.PIPE
    )
    runs = place / "cache" / "runs"
    until = time.time() + 100
    while time.time() < until and (not runs.exists() or len(list(runs.glob("*.npz.zst"))) < 8):
        time.sleep(0.05)
    process.send_signal(signal.SIGKILL)
    process.wait(timeout=30)
    kept = {p.name: p.stat().st_ino for p in runs.glob("*.npz.zst")}
    assert len(kept) >= 8
    done = run(*command, "--json")
    assert done.returncode == 0, done.stderr
    now = {p.name: p.stat().st_ino for p in runs.glob("*.npz.zst")}
    assert kept.items() <= now.items()  # none was made again
    lines = json.loads(done.stdout)
    assert {line["track"] for line in lines} == {"content", "cross-sessions"}
    for track in ("content", "cross-sessions"):
        for task in ("next_event", "type_ahead"):
            asked = (track, task, "rendered")
            own = [x for x in lines if (x["track"], x["task"], x["variant"]) == asked]
            assert [x["gap"] for x in own] == sorted((x["gap"] for x in own), reverse=True)
            assert all(len(x["scores"]) == 2 for x in own)
    names = {line["aligner"] for line in lines}
    assert {"content-knn", "content-seeds", "translation-table"} <= names
    assert "procrustes" not in names
    table = (place / "all" / "ranking.md").read_text()
    assert "### content: next_event, rendered auc" in table
    assert "### cross-sessions: translation, cosine mrr" in table
    for name in names:
        assert (place / "all" / name / "result.json").exists()
    shown = run(*command)
    assert "content-knn" in shown.stdout


def test_one_aligner_or_all(small_release):
    for arguments in ((), ("procrustes", "--all")):
        done = run("evaluate", *arguments)
        assert done.returncode == 2
        assert "name one aligner, or give --all" in done.stderr
    done = run("evaluate", "--all", "--out", __file__)
    assert done.returncode == 2
    assert "cannot write to" in done.stderr
    done = run("evaluate", "--all", "--tracks", "unsupervisd")
    assert done.returncode == 2
    assert "did you mean 'unsupervised'" in done.stderr
