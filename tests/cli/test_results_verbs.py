"""compare, export and cite on the command line: as in Python; a mistake is exit code 2."""

from __future__ import annotations

import json

import pytest

import cse_bench
from cse_bench import api
from cse_bench.results.compare_formats import as_json, as_markdown, as_table
from tests.cli.test_cli import run


@pytest.fixture(scope="module")
def place(small_release, tmp_path_factory):
    place = tmp_path_factory.mktemp("verbs")
    for name in ("procrustes", "ridge"):
        cse_bench.evaluate(name, small_release, ["pairs-all"], out=place / name)
    return place


BOTH = ("procrustes/result.json", "ridge/result.json")


def test_compare_is_that_of_python(place, tmp_path):
    rows = api.compare([place / name for name in BOTH])
    for form, text in (("table", as_table(rows)), ("markdown", as_markdown(rows))):
        done = run("compare", *BOTH, "--format", form, cwd=place)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout == text
    out = tmp_path / "rows.json"
    done = run("compare", *BOTH, "--format", "json", "--out", out, cwd=place)
    assert (done.returncode, done.stdout) == (0, "")
    assert out.read_text() == as_json(rows)
    directories = [name.removesuffix("/result.json") for name in BOTH]
    assert run("compare", *directories, "--json", cwd=place).stdout == as_json(rows)
    again = run("compare", *BOTH, "--format", "latex", "--out", out, cwd=place)
    assert again.returncode == 2
    assert "is left as it is" in again.stderr
    assert out.read_text() == as_json(rows)
    assert cse_bench.compare is api.compare


def test_export_and_cite_are_those_of_python(place, tmp_path):
    done = run("export", BOTH[1], "--to", "csv", cwd=place)
    assert done.stdout == api.export(place / BOTH[1], "csv")
    done = run("export", BOTH[1], "--to", "every-eval-ever", "--out", tmp_path, cwd=place)
    assert done.returncode == 0
    (file,) = tmp_path.rglob("*.json")
    assert done.stdout == f"written: {file}\n"
    assert json.loads(file.read_text())["model_info"]["name"] == "ridge"
    done = run("cite", BOTH[1], "--aligner", "cca", cwd=place)
    assert done.stdout == api.cite(place / BOTH[1], aligner="cca")


@pytest.mark.parametrize(
    ("message", "arguments"),
    [
        ("nothing to be compared with", ["compare", BOTH[0]]),
        ("the same result", ["compare", BOTH[0], BOTH[0]]),
        ("Missing argument", ["compare"]),
        ("there is no file nowhere.json", ["compare", BOTH[0], "nowhere.json"]),
        ("did you mean 'pairs-all'", ["compare", *BOTH, "--tracks", "pairs-all,pairs_all"]),
        ("there is no directory no", ["compare", *BOTH, "--out", "no/where.txt"]),
        ("Missing option '--to'", ["export", BOTH[0]]),
        ("is not one of", ["export", BOTH[0], "--to", "xml"]),
        ("there is no release at nowhere", ["cite", "nowhere"]),
    ],
)
def test_a_mistake_is_one_clear_message_and_exit_code_2(place, message, arguments):
    before = sorted(place.rglob("*"))
    done = run(*arguments, cwd=place)
    assert done.returncode == 2, done.stderr
    assert message in done.stderr
    assert "Traceback" not in done.stderr
    assert sorted(place.rglob("*")) == before
