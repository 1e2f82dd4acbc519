"""What is cited agrees with the records it is taken from, and is BibTeX."""

from __future__ import annotations

import json
import re

import pytest

from cse_bench import __version__
from cse_bench.api import cite
from cse_bench.errors import InputError
from cse_bench.results.cite import PAPER, SOFTWARE


def keys(text):
    return re.findall(r"^@\w+\{([^,\s]+),$", text, flags=re.MULTILINE)


def test_the_software_is_that_of_citation_cff(root):
    lines = (root / "CITATION.cff").read_text(encoding="utf-8").splitlines()
    assert f'title: "{SOFTWARE["title"]}"' in lines
    assert f"  - name: {SOFTWARE['author']}" in lines
    assert f"version: {__version__}" in lines
    assert SOFTWARE["version"] == __version__


def test_the_paper_is_that_of_the_card(root):
    assert PAPER in (root / "dataset_card" / "README.md.j2").read_text(encoding="utf-8")


def test_the_embedded_release(release):
    text = cite()
    version = release.manifest.version
    assert keys(text) == [
        "bianchi2020fantastic",
        "cse-bench",
        f"cross-shop-embeddings-{version}",
        "cross-shop-embeddings-log",
    ]
    assert release.manifest.fingerprint[:12] in text
    assert r"The Complete Journey (84.51\textdegree{})" in text
    assert "Boehmke" in text
    assert text.count("{") == text.count("}")


def test_another_release_is_not_ours(small_release):
    text = cite(small_release.path)
    release = text[text.index("@misc{slice-0.0.1") :]
    assert "author" not in release


def test_an_aligner(written, tmp_path):
    by_name = cite(aligner="ridge")
    assert keys(by_name)[-1] == "aligner-ridge"
    assert "arXiv:1309.4168" in by_name
    by_result = cite(written / "ridge" / "result.json")
    assert keys(by_result)[2:] == ["slice-0.0.1", "aligner-ridge"]
    own = by_name[by_name.index("@misc{aligner-ridge") :]
    assert by_result.endswith(own)


def test_an_aligners_file_comes_with_the_embedded_release(root):
    file = str(root / "examples" / "my_aligner.py")
    assert cite(file) == cite(aligner=file) != cite()


def test_a_citation_that_is_bibtex_stands_as_it_is(copied):
    entry = "@article{me2026,\n  title = {All_of it}\n}"
    path = copied("ridge").record(lambda raw: raw["aligner"].update(citation=entry))
    assert entry in cite(path)
    assert keys(cite(path))[-2:] == ["aligner-ridge", "me2026"]


def test_what_cannot_be_read_is_refused(tmp_path):
    (tmp_path / "other.json").write_text(json.dumps({"a": 1}))
    for reference, told in (
        (tmp_path / "other.json", "is not a result"),
        (tmp_path / "none.json", "there is no file"),
        (tmp_path, "is not a release"),
    ):
        with pytest.raises(InputError, match=told):
            cite(reference)
    with pytest.raises(InputError, match="did you mean 'ridge'"):
        cite(aligner="rigde")
