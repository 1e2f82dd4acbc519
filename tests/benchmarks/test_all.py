"""`benchmarks/all.py`: at tiny sizes, ours and the peers' answers agree. No time is looked at."""

import importlib
import json
import os
import subprocess
import sys
from functools import partial

import numpy as np
import pytest

from tests.conftest import ROOT, need

BENCHMARKS = ROOT / "benchmarks"

pytestmark = pytest.mark.skipif(not BENCHMARKS.is_dir(), reason="not in a checkout")


@pytest.fixture(scope="module", autouse=True)
def scripts():
    """The benchmarks import one another as scripts of one folder do."""
    for module in ("faiss", "ibis", "gensim", "ot", "ir_measures"):
        need(module)
    sys.path.insert(0, str(BENCHMARKS))
    yield
    sys.path.remove(str(BENCHMARKS))


def test_all_find_the_same_pairs():
    import peers

    shops = peers.invented(400)
    hits = {
        name: contestant.hits(contestant.prepare(*shops)())
        for name, contestant in peers.CONTESTANTS.items()
        if contestant.hits is not None
    }
    assert {peers.OURS, peers.FAISS, peers.BRUTE} <= hits.keys()
    assert 0.1 < hits[peers.OURS].mean() < 0.95  # else to agree would say little
    for found in hits.values():
        np.testing.assert_array_equal(found, hits[peers.OURS])


def test_who_finds_other_pairs_is_told():
    import peers

    peers.agree({peers.BARE: None, peers.OURS: 0.5, peers.FAISS: 0.5001})
    with pytest.raises(SystemExit, match="do not agree"):
        peers.agree({peers.BARE: None, peers.OURS: 0.5, peers.FAISS: 0.51})


def test_rank_metrics_agree():
    """In a process without Numba's compiler, which would take half a minute."""
    code = (
        "import json, rank_metrics; "
        "print(json.dumps({n: work() for n, work in rank_metrics.ways(60, 30).items()}))"
    )
    environment = os.environ | {"NUMBA_DISABLE_JIT": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True
    )
    if "No module named 'ranx'" in done.stderr:
        need("ranx")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 6
    for values in found.values():
        assert values == pytest.approx(found["ours"], abs=1e-12)


def test_relational_stages_agree():
    import comparisons

    from cse_bench.building.engines import open_engine
    from cse_bench.logs.registry import make_options, read_log
    from cse_bench.logs.schema import EVENTS

    options = make_options("synthetic", {"size": 4_000, "products": 60, "categories": 5})
    read = partial(read_log, "synthetic", options=options)

    def frame():
        with open_engine("duckdb") as engine:
            log = read(engine)  # whose files are there as long as it is
            return log.events.select(*EVENTS).to_pandas()

    (line,) = comparisons.relational(read=read, frame=frame, repeats=1, min_users=3)
    assert line.peer == "pandas"
    assert " 0 rows" not in line.agreed


def test_transport_plans_agree():
    import comparisons

    first, second = comparisons.transport(sizes=(80, 50), repeats=1)
    assert first.peer == second.peer == "POT, `ot.sinkhorn`"


def test_both_trainers_learn(small_release):
    import comparisons

    (line,) = comparisons.training(small_release, epochs=1, repeats=1)
    assert line.ratio == line.theirs / line.ours


def test_a_part_that_fails_is_named_and_the_rest_is_run(monkeypatch, tmp_path):
    script = importlib.import_module("all")
    from comparisons import Comparison
    from pages import Own

    def differs(*_):
        raise SystemExit("the answers differ")

    def compare(progress, quick, scratch):
        assert progress.run("differs", differs) is None
        return [Comparison("a job", 0.02, "a peer", 0.01, "the same")]

    says = tmp_path / "says.py"
    says.write_text("print('it said so')")
    monkeypatch.setattr(script, "compare", compare)
    monkeypatch.setattr(script, "OWN", (Own(str(tmp_path / "none.py"), "x"), Own(str(says), "y")))
    monkeypatch.setattr("pages.OWN", script.OWN)
    monkeypatch.setattr(sys, "argv", ["all.py", "--out", str(tmp_path / "README.md")])
    assert script.main() == 1
    found = json.loads((tmp_path / "peers.json").read_text())
    assert found["failed"] == ["differs", str(tmp_path / "none.py")]
    assert {"cores", "machine", "versions", "load", "command", "seconds"} <= found.keys()
    (row,) = found["rows"]
    assert (row["what"], row["peer"], row["ratio"]) == ("a job", "a peer", 0.5)
    text = (tmp_path / "README.md").read_text()
    assert "it said so" in text
    assert "**Failed: differs, " in text


def test_the_page_has_its_table_and_names_every_page():
    import pages
    from comparisons import Comparison

    line = Comparison("a job", 0.02, "a peer", 0.01, "the same")
    facts = {"command": "c", "machine": "m", "load": "0", "versions": {"numpy": "2"}}
    text = pages.page(facts, [line], {"python benchmarks/board.py": "said"}, {"it": 60.0}, [])
    assert "| a job | 20 ms | a peer | 10 ms | 0.5 |" in text
    assert "- a job: the same." in text
    assert "said" in text
    assert all((BENCHMARKS / own.script).is_file() for own in pages.OWN)
    here = {p.relative_to(BENCHMARKS).as_posix() for p in BENCHMARKS.glob("**/*.md")}
    parts = {name for name in here if name.endswith(("-notes.md", "intro.md"))}
    for name in here - parts - {"README.md"}:
        assert f"]({name})" in text, f"benchmarks/pages.py does not know {name}"
