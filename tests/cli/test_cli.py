"""The command line: exit codes, messages, and nothing left half-done."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import click
import pytest

from cse_bench import __version__
from cse_bench.cli.build_ import command as build
from cse_bench.harness.sandbox.backends import choose
from tests.conftest import need


def run(*arguments, cwd=None, **options):
    return subprocess.run(
        [sys.executable, "-m", "cse_bench", *map(str, arguments)],
        cwd=cwd,
        capture_output=True,
        text=True,
        **options,
    )


def test_help_lists_every_verb_and_imports_none_of_the_heavy_parts():
    done = run("--help")
    assert done.returncode == 0
    for verb in ("build", "check", "download", "evaluate", "list", "new"):
        assert verb in done.stdout
        assert run(verb, "--help").returncode == 0
    code = (
        "import sys, cse_bench.cli.main as m\n"
        "try: m.main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(sorted({'numpy','pyarrow','pydantic','rich','scipy','datasets'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip().endswith("[]")
    assert run("--version").stdout.strip().endswith(__version__)


def test_help_of_many_options_has_each_once_beneath_a_heading():
    text = run("build", "--help").stdout
    parts = dict(re.findall(r"^(\S[^:\n]*):\n((?:  .*\n)+)", text, flags=re.M))
    assert text.index("\nOptions:") < text.index("\nEmbeddings:")
    assert "--replace" in parts["Options"]
    assert "--memory" in parts["The machine"]
    assert "--events" in parts["The log tabular"]
    assert "--archive" in parts["The archive coveo"]
    options = re.findall(r"^  (?:-h, )?(--[a-z-]+)", text, flags=re.M)
    there = [p.opts[-1] for p in build.params if isinstance(p, click.Option)]
    assert sorted(options) == sorted([*there, "--help"])


def test_list_names_what_there_is():
    kinds = json.loads(run("list", "--json").stdout)
    assert set(kinds) == {"logs", "trainers", "aligners", "tracks", "tasks", "gates"}
    text = run("list").stdout
    for kind, entries in kinds.items():
        assert kind in text
        for name, line in entries.items():
            assert name in text
            assert len(line) > 10


def test_new_check_and_evaluate_go_on_from_each_other(tmp_path, small_release, root):
    assert run("new", "my_aligner.py", cwd=tmp_path).returncode == 0
    written = (tmp_path / "my_aligner.py").read_text()
    assert written == (root / "examples" / "my_aligner.py").read_text()
    assert run("new", "Second One.py", cwd=tmp_path).returncode == 0
    assert 'name = "second-one"' in (tmp_path / "Second One.py").read_text()
    again = run("new", "my_aligner.py", cwd=tmp_path)
    assert again.returncode == 2
    assert "exists already" in again.stderr
    checked = run("check", "my_aligner.py", cwd=tmp_path)
    assert checked.returncode == 0, checked.stdout
    assert "FAIL" not in checked.stdout
    done = run("evaluate", "my_aligner.py", "--release", small_release.path, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "gap closed" in done.stdout
    record = json.loads((tmp_path / "results" / "my-aligner-slice" / "result.json").read_text())
    backend = choose().backend
    assert record["isolation"] == {"backend": backend, "official": backend != "none"}
    assert ("not official" in done.stderr) == (backend == "none")
    assert record["command"].startswith("cse-bench evaluate my_aligner.py")


def test_check_exits_1_on_a_finding(tmp_path):
    path = tmp_path / "bad.py"
    path.write_text(
        "from cse_bench import Aligner\n"
        "class Bad(Aligner):\n"
        "    def fit(self, source, target, evidence): return self\n"
        "    def transform(self, shop): return shop.vectors[:-1]\n"
    )
    done = run("check", path)
    assert done.returncode == 1
    assert done.stdout.count("the shape (89, 12) for the 90 products of SHOP1") == 1
    lines = done.stdout.splitlines()
    assert [line[:4] for line in lines].count("FAIL") == 3, "of three sizes of shops"
    assert done.stdout.count("stopped by the same") == 5
    assert "random_state" not in done.stdout, "it declares no chance"
    told = run("check", path, "--json")
    assert told.returncode == 1
    found = json.loads(told.stdout)
    assert [row["check"] for row in found] == [
        line[5:].split(":")[0] for line in lines if line[0] != " "
    ]
    verdicts = [row["verdict"] for row in found]
    assert [verdicts.count(v) for v in ("ok", "failed", "stopped")] == [2, 3, 5]
    assert all((row["problem"] is not None) == (row["verdict"] == "failed") for row in found)


RAISES = """
from cse_bench import Aligner
class Bad(Aligner):
    name = "bad"
    def fit(self, source, target, evidence):
        return self.nothing
    def transform(self, shop):
        return shop.vectors
"""

MISTAKES = {
    "did you mean 'evaluate'": ["evalaute", "procrustes"],
    "did you mean 'procrustes'": ["evaluate", "procrustse"],
    "did you mean 'raises.py'": ["evaluate", "raise.py"],
    "there is no file": ["evaluate", "absent.py"],
    "holds 2 subclasses of Aligner: A (line 2), B (line 3)": ["evaluate", "two.py"],
    ". is a directory": ["evaluate", "."],
    "none.txt is no .py file": ["evaluate", "./none.txt"],
    "holds no subclass of Aligner": ["evaluate", "none.py"],
    "is not in the Hub's cache, and HF_HUB_OFFLINE is set": [
        "evaluate",
        "procrustes",
        "--release",
        "org/name",
    ],
    "is the one in the package": ["evaluate", "procrustes", "--release", "cross-shop-embedings"],
    "did you mean 'pairs-500'": ["evaluate", "procrustes", "--tracks", "pairs_500"],
    "no such directory": ["evaluate", "procrustes", "--release", "nowhere"],
    "is not in the range": ["evaluate", "procrustes", "--seeds", "2"],
    "fit raised AttributeError": ["evaluate", "raises.py"],
    "did you mean 'completejourney'": ["build", "complete-journey", "--out", "x"],
    "build tabular --events log.csv": ["build", "log.csv", "--out", "x"],
    "did you mean 'ppmi-svd'": ["build", "completejourney", "--out", "x", "--trainer", "ppmi"],
    "a gap of nan days": ["build", "completejourney", "--out", "x", "--gap", "nand"],
    "it takes: --shops\n": ["build", "completejourney", "--out", "x", "--kind", "buy"],
    "--kind, --mapping, --session-gap, --unordered": [
        "build",
        "tabular",
        "--out",
        "x",
        "--size",
        "5",
    ],
    "it takes: --size, --shops, --asking, --seed": [
        "build",
        "synthetic",
        "--out",
        "x",
        "--kind",
        "b",
    ],
    "--kind is about a log": ["train", "ppmi-svd", "--out", "x", "--kind", "buy"],
    "--seed is about a log, and none is given": ["audit", "--seed", "3"],
    "--engine is about a log": ["audit", "--engine", "spark"],
    "takes no --archive": ["build", "completejourney", "--out", "x", "--archive", "a.zip"],
    "needs its events": ["build", "tabular", "--out", "x"],
    "has no attribute 'T'": ["evaluate", "undeclared.py"],
    "None unless they are in uses": ["evaluate", "undeclared.py", "--no-sandbox"],
    "pip install what it imports": ["evaluate", "imports.py"],
    "not alpha=3.0": ["evaluate", "ridge", "--set", "alpha=3.0"],
    "did you mean 'alpha'": ["evaluate", "ridge", "--split", "validation", "--set", "alhpa=3"],
    "--save-vectors is about one aligner": ["evaluate", "--all", "--save-vectors"],
    "no aligner is named": ["evaluate", ""],
    "random_state is not set": ["build", "synthetic", "--out", "x", "--set", "random_state=3"],
    "needs the archive itself": ["build", "coveo", "--out", "x"],
    "the basis on which": ["build", "completejourney", "--out", "x", "--with-pairs", "p.csv"],
    "did you mean 'spark'": ["build", "completejourney", "--out", "x", "--engine", "sparc"],
    "no length of time": ["build", "completejourney", "--out", "x", "--gap", "soon"],
    "cannot read the key file": ["build", "completejourney", "--out", "x", "--key-file", "no"],
    "does not end in .py": ["new", "mine"],
    "there is no directory": ["new", "no/where.py"],
}


@pytest.mark.parametrize(
    ("words", "found"),
    [
        ("eval", "evaluate"),
        ("evaluate procr", "procrustes"),
        ("evaluate ridge --sp", "--split"),
        ("evaluate ridge --tracks op", "open"),
        ("train ppmi", "ppmi-svd"),
        ("build tab", "tabular"),
        ("build cov", "coveo"),
        ("report x.json --aligner rid", "ridge"),
    ],
)
def test_the_shell_completes(words, found):
    typed = ["cse-bench", *words.split()]
    asked = {"_CSE_BENCH_COMPLETE": "bash_complete", "COMP_WORDS": " ".join(typed)}
    done = subprocess.run(
        [sys.executable, "-c", "from cse_bench.cli.main import main; main([])"],
        env=os.environ | asked | {"COMP_CWORD": str(len(typed) - 1)},
        capture_output=True,
        text=True,
    )
    assert f"plain,{found}" in done.stdout.split(), done.stderr


@pytest.mark.parametrize("message", MISTAKES)
def test_a_mistake_is_one_clear_message_and_exit_code_2(tmp_path, message):
    need("ibis")
    (tmp_path / "raises.py").write_text(RAISES)
    (tmp_path / "none.py").write_text("x = 1\n")
    (tmp_path / "none.txt").write_text("x = 1\n")
    (tmp_path / "imports.py").write_text(RAISES.replace("return self.nothing", "import nothing_at"))
    text = RAISES.replace("return self.nothing", "evidence.pairs.T")
    (tmp_path / "undeclared.py").write_text(text)
    (tmp_path / "two.py").write_text(
        "from cse_bench import Aligner\nclass A(Aligner): pass\nclass B(Aligner): pass\n"
    )
    files = sorted(p.name for p in tmp_path.iterdir())
    offline = os.environ | {"HF_HUB_OFFLINE": "1"}
    done = run(*MISTAKES[message], cwd=tmp_path, env=offline)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert sorted(p.name for p in tmp_path.iterdir()) == files, "something was left"


def test_what_an_aligner_prints_does_not_spoil_json(tmp_path, small_release):
    text = RAISES.replace("return self.nothing", "print('hello'); return self")
    (tmp_path / "prints.py").write_text(
        text.replace("return shop.vectors", "return shop.vectors * 2")
    )
    options = ["--release", small_release.path, "--split", "validation", "--json"]
    done = run("evaluate", "prints.py", *options, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["aligner"]["name"] == "bad"
    assert "hello" in done.stderr
    assert [p.name for p in (tmp_path / "results").iterdir()] == ["bad-slice-validation"]


def test_a_place_that_cannot_be_written_is_told_before_the_work(tmp_path, small_release):
    (tmp_path / "file").write_text("")
    begun = time.monotonic()
    done = run("evaluate", "procrustes", "--out", "file/sub", cwd=tmp_path)
    assert done.returncode == 2
    assert "cannot write to file/sub" in done.stderr
    assert time.monotonic() - begun < 5
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "real")
    done = run(
        "evaluate", "procrustes", "--out", "link", "--release", small_release.path, cwd=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert sorted(p.name for p in (tmp_path / "real").iterdir()) == ["ranks.parquet", "result.json"]


def test_an_unexpected_error_is_one_message_and_exit_code_3():
    code = "import cse_bench.cli.main as m\nm.group.main = lambda **k: 1 / 0\nm.main(['list'])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 3
    assert "unexpected ZeroDivisionError" in done.stderr
    assert "Traceback" not in done.stderr


def test_build_refuses_to_replace_what_is_there(tmp_path):
    need("ibis")
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "manifest.json").write_text('{"name": "an app of the user"}')
    done = run("build", "completejourney", "--out", "app", "--replace", cwd=tmp_path)
    assert done.returncode == 2
    assert [p.name for p in (tmp_path / "app").iterdir()] == ["manifest.json"]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "thesis.txt").write_text("years of work")
    done = run("build", "completejourney", "--out", "mine", "--replace", cwd=tmp_path)
    assert "remove it first" in done.stderr
    for flags in ([], ["--replace"]):
        done = run("build", "completejourney", "--out", "mine", *flags, cwd=tmp_path)
        assert done.returncode == 2
        assert "mine" in done.stderr
    assert [p.name for p in (tmp_path / "mine").iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("sent", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_build_leaves_nothing(tmp_path, sent):
    need("ibis")
    command = [sys.executable, "-m", "cse_bench", "build", "completejourney"]
    child = subprocess.Popen([*command, "--out", "x"], cwd=tmp_path, stderr=subprocess.PIPE)
    begun = time.monotonic()
    while not any(tmp_path.iterdir()) and time.monotonic() - begun < 60:
        time.sleep(0.05)
    assert any(tmp_path.iterdir()), "the build never began"
    time.sleep(2)
    os.kill(child.pid, sent)
    _, stderr = child.communicate(timeout=60)
    assert child.returncode == 130
    assert b"interrupted" in stderr
    assert b"Traceback" not in stderr
    assert list(tmp_path.iterdir()) == []


def test_an_interrupt_within_code_made_from_text_has_the_same_exit_code(tmp_path):
    (tmp_path / "interrupted.py").write_text(
        "from cse_bench.cli import main\n"
        "main.group.main = lambda **_: exec('raise KeyboardInterrupt')\n"
        "main.main([])\n"
    )
    command = [sys.executable, "-m", "interrupted"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, check=False)
    assert (done.returncode, b"interrupted" in done.stderr) == (130, True)


def test_values_are_read_as_python_reads_them():
    from cse_bench.cli.settings import read_values

    given = ("a=1", "b=0.5", "c=False", "d=none", "e=text", "f={[]:1}", "g='7'")
    assert read_values(given) == {
        "a": 1,
        "b": 0.5,
        "c": False,
        "d": None,
        "e": "text",
        "f": "{[]:1}",
        "g": "7",
    }


def test_a_template_takes_the_name_of_its_file(tmp_path):
    done = run("new", "My Cool one.py", cwd=tmp_path)
    assert "cse-bench check 'My Cool one.py'" in done.stdout
    text = (tmp_path / "My Cool one.py").read_text()
    assert 'name = "my-cool-one"' in text
    assert "class MyCoolOne(Aligner)" in text
    assert "MyAligner" not in text
    assert run("check", "My Cool one.py", cwd=tmp_path).returncode == 0
    run("new", "procrustes.py", cwd=tmp_path)
    assert 'name = "my-procrustes"' in (tmp_path / "procrustes.py").read_text()


def test_whose_name_a_file_has_is_told(tmp_path, small_release):
    text = (
        "from cse_bench import Aligner\n"
        "class A(Aligner):\n"
        "    {}\n"
        "    def fit(self, source, target, evidence): return self\n"
        "    def transform(self, shop): return shop.vectors.copy()\n"
    )
    for name, said in (
        ("version = '2'", "has no name of its own, so it is my-aligner"),
        ("name = 'ridge'", "ridge is the name of a reference aligner too"),
    ):
        (tmp_path / "a.py").write_text(text.format(name))
        done = run("evaluate", "a.py", "--release", small_release.path, cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        assert said in done.stderr


def test_a_table_is_as_wide_as_it_is_told(small_release):
    for columns in ("70", "120"):
        done = run("describe", small_release.path, env=os.environ | {"COLUMNS": columns})
        widest = max(map(len, done.stdout.splitlines()))
        assert int(columns) - 45 < widest <= int(columns)


def test_list_of_one_kind():
    done = run("list", "tracks")
    assert done.stdout.split()[0] == "tracks"
    assert "procrustes" not in done.stdout
