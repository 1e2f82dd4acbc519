"""Finding the one aligner of a file without running it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from cse_bench.aligners.loading import find_aligner, find_runnable, read_aligner
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.errors import InputError

HEAD = "from cse_bench import Aligner\n"
BODY = """
class Mine(Aligner):
    {attributes}
    def fit(self, source, target, evidence): return self
    def transform(self, shop): return shop.vectors.copy()
"""


def write(tmp_path, text):
    path = tmp_path / "mine.py"
    path.write_text(text)
    return path


def test_attributes_are_read_without_running(tmp_path):
    path = write(
        tmp_path,
        "raise SystemExit('this file must not run')\n"
        + BODY.format(
            attributes="name = 'x-1'; version: str = '7'; authors = ('A', 'B')\n"
            "    uses = frozenset({'pairs', 'content'}); stochastic = True"
        ),
    )
    info = read_aligner(path).info
    assert (info.name, info.version, info.authors) == ("x-1", "7", ("A", "B"))
    assert info.uses == {"pairs", "content"}
    assert info.stochastic


BAD = {
    "no subclass of Aligner": HEAD + "class Mine: pass",
    "holds 2 subclasses of Aligner: Mine (line 3), Other (line 8)": HEAD
    + BODY.format(attributes="")
    + "\nclass Other(Aligner): pass",
    "line 2: ": HEAD + "class Mine(Aligner",
    "uses = {'pears'}": HEAD + BODY.format(attributes="uses = frozenset({'pears'})"),
    "uses = 'pairs'": HEAD + BODY.format(attributes="uses = 'pairs'"),
    "name is not a literal": HEAD + BODY.format(attributes="name = 'x' + str(1)"),
    "no capitals or spaces": HEAD + BODY.format(attributes="name = 'My Aligner'"),
    "name = '../evil'": HEAD + BODY.format(attributes="name = '../evil'"),
    "stochastic = 'yes'": HEAD + BODY.format(attributes="stochastic = 'yes'"),
    "uses is not a literal": HEAD + BODY.format(attributes="uses = None"),
    "authors = 'Me'": HEAD + BODY.format(attributes="authors = 'Me'"),
    "bytes, an aligner at most 65,536": HEAD + BODY.format(attributes="") + "#" * 70_000,
}


@pytest.mark.parametrize("message", BAD)
def test_a_bad_file_is_refused_with_the_reason(tmp_path, message):
    with pytest.raises(InputError) as error:
        read_aligner(write(tmp_path, BAD[message]))
    assert message in str(error.value)
    assert "mine.py" in str(error.value)


def test_a_missing_file_and_a_misspelt_name_are_told(tmp_path):
    with pytest.raises(InputError, match="there is no file"):
        find_aligner(str(tmp_path / "absent.py"))
    with pytest.raises(InputError, match="did you mean 'procrustes'"):
        find_aligner("procrustus")
    with pytest.raises(InputError, match="cannot read"):
        read_aligner(tmp_path)


def test_an_import_error_names_the_line(tmp_path):
    path = write(
        tmp_path, HEAD + "import a_module_that_is_not_there\n" + BODY.format(attributes="")
    )
    with pytest.raises(
        InputError, match=r"mine\.py, line 2 cannot be imported: ModuleNotFoundError"
    ):
        read_aligner(path).load()


def test_parameters_need_defaults(tmp_path):
    path = write(
        tmp_path, HEAD + BODY.format(attributes="def __init__(self, alpha): self.alpha = alpha")
    )
    with pytest.raises(InputError, match="give every parameter of __init__ a default"):
        read_aligner(path).make()


MIXIN = (
    HEAD
    + """
class Base:
    uses = frozenset({"pairs"})
class Mine(Base, Aligner):
    def fit(self, source, target, evidence): return self
    def transform(self, shop): return shop.vectors.copy()
"""
)
LATER = HEAD + BODY.format(attributes="") + "\nMine.uses = frozenset({'pairs'})\n"


@pytest.mark.parametrize("text", [MIXIN, LATER])
def test_evidence_that_the_text_does_not_declare_is_refused(tmp_path, text):
    """Else an aligner would enter the unsupervised track and be shown the pairs."""
    with pytest.raises(InputError, match=r"Mine\.uses is frozenset\(\{'pairs'\}\)"):
        read_aligner(write(tmp_path, text)).make()


@pytest.mark.parametrize("where", ["file", "init", "fit"])
def test_leaving_the_process_is_an_error(tmp_path, where):
    from cse_bench.aligners.checks import run_checks

    leave = "raise SystemExit(0)"
    text = (
        HEAD
        + (leave if where == "file" else "")
        + BODY.format(attributes=f"def __init__(self): {leave if where == 'init' else 'pass'}")
    )
    if where == "fit":
        text = text.replace("return self", leave)
    source = read_aligner(write(tmp_path, text))
    try:
        found = [problem for _, problem in run_checks(source) if problem]
    except InputError as error:
        found = [str(error)]
    assert found
    assert "SystemExit" in found[0]


def test_a_misspelt_method_is_told(tmp_path):
    text = HEAD + BODY.format(attributes="").replace("def transform", "def transfrom")
    with pytest.raises(InputError, match="has no method transform"):
        read_aligner(write(tmp_path, text)).make()


def test_a_file_named_without_its_ending_is_suggested(tmp_path, monkeypatch):
    write(tmp_path, HEAD + BODY.format(attributes=""))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=r"write mine\.py"):
        find_aligner("mine")


def test_a_name_and_its_file_are_the_same_aligner():
    named = find_aligner("procrustes")
    assert find_aligner(str(named.path)).sha256 == named.sha256


def test_parameters_are_read_without_running_and_are_what_is_stored(tmp_path):
    body = "def __init__(self, a, b=2, c=(1, 2), *, d=0.1 ** 2, e=None): raise SystemExit"
    source = read_aligner(write(tmp_path, "raise SystemExit\n" + BODY.format(attributes=body)))
    assert source.parameters() == {"a": None, "b": 2, "c": "(1, 2)", "d": "0.1 ** 2", "e": None}
    for name in ALIGNERS:
        stored = vars(find_aligner(name).make())
        given = find_aligner(name).parameters()
        assert given.keys() == {k for k in stored if not k.endswith("_")}
        assert all(value in (stored[k], repr(stored[k])) for k, value in given.items())


BOMBS = {
    "nested": "x = " + "(" * 30_000,
    "signs": "x = " + "-" * 60_000 + "1",
    "nulls": "x = 1\0",
    "attributes": HEAD + BODY.format(attributes="uses = " + "[" * 90 + "]" * 90),
    "long": HEAD + BODY.format(attributes="version = " + "+1" * 20_000),
    "colours": HEAD + BODY.format(attributes=r"description = '\x1b[31mofficial'"),
    "author": HEAD + BODY.format(attributes=r"authors = ('\x1b[31mofficial',)"),
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_file_made_to_break_its_reader_is_refused(tmp_path, kind):
    with pytest.raises(InputError, match=r"mine\.py"):
        read_aligner(write(tmp_path, BOMBS[kind]))


def test_what_is_no_ordinary_file_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    for path in (tmp_path / "pipe.py", Path("/dev/zero")):
        with pytest.raises(InputError, match="is no ordinary file"):
            read_aligner(path)


SET = (
    BODY
    + """
    def __init__(self, centre=True, k=3): self.centre, self.k = centre, k
"""
)


def test_parameters_are_chosen_by_name_and_value(tmp_path):
    source = read_aligner(write(tmp_path, HEAD + SET.format(attributes="")))
    other = source.with_parameters({"k": 5, "centre": True})
    assert other.chosen == {"k": 5}, "what is the default is no choice"
    assert other.parameters() == {"centre": True, "k": 5}
    assert vars(other.make()) == {"centre": True, "k": 5}
    assert other.sha256 == source.sha256
    for given, message in (
        ({"kk": 5}, "did you mean 'k'"),
        ({"k": [5]}, "cannot be chosen"),
        ({"k": "many"}, "the default is 3"),
        ({"k": True}, "give a number"),
        ({"centre": "perhaps"}, "true or false"),
        ({"centre": 1}, "true or false"),
        ({"k": float("nan")}, "cannot be chosen"),
        ({"random_state": 1}, "drawn by the protocol"),
    ):
        with pytest.raises(InputError, match=message):
            source.with_parameters(given)


def test_an_aligner_shows_what_it_was_made_with(tmp_path):
    cls = read_aligner(write(tmp_path, HEAD + SET.format(attributes=""))).load()
    assert repr(cls()) == "Mine()"
    assert repr(cls(k=5)) == "Mine(k=5)"
    assert cls(k=5).chosen_parameters() == {"k": 5}


@pytest.mark.parametrize("text", ["['pairs']", "{'pairs'}", "('pairs',)"])
def test_evidence_may_be_any_collection(tmp_path, text):
    source = read_aligner(write(tmp_path, HEAD + BODY.format(attributes=f"uses = {text}")))
    assert source.info.uses == {"pairs"}
    source.make()


def test_controls_are_no_entrants():
    with pytest.raises(InputError, match="no aligner called 'oracle'"):
        find_aligner("oracle")


def test_a_missing_extra_is_told_before_the_work(monkeypatch):
    monkeypatch.setattr("cse_bench.aligners.registry.find_spec", lambda name: None)
    with pytest.raises(InputError, match=r"pip install 'cse-bench\[ot\]'"):
        find_runnable("gromov-wasserstein")
    assert find_runnable("ridge").info.name == "ridge"
