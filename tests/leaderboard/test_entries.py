"""The entries of this repository: every reference aligner, as it is here, and their site."""

from __future__ import annotations

import pytest

from cse_bench import api
from cse_bench.aligners.loading import find_aligner, read_aligner
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.leaderboard.folders import find_folders, read_verification
from cse_bench.results.places import ALIGNER
from tests.browser import opened
from tests.conftest import ROOT, need

HOME = ROOT / "leaderboard"


@pytest.fixture(scope="module")
def folders():
    return find_folders(HOME)


def test_every_reference_aligner_is_entered_as_it_is(folders):
    """Who changes one scores it again: cse-bench evaluate, leaderboard verify."""
    entered = {read_aligner(folder.path / ALIGNER).sha256 for folder in folders}
    missing = [name for name in ALIGNERS if find_aligner(name).sha256 not in entered]
    assert missing == []


def test_each_was_verified_as_it_is(folders):
    found = {folder.name: read_verification(folder) for folder in folders}
    assert [name for name, kept in found.items() if kept is None or kept.badge is None] == []
    run = [kept for kept in found.values() if kept.badge != "self-reported"]
    assert len(run) >= len(ALIGNERS)
    assert all(kept.tolerances for kept in run)


def test_all_follow_from_their_ranks(release):
    found = api.check_entries(HOME, entries=HOME, release=release)
    assert len(found) >= len(ALIGNERS)
    assert {name: problem for name, problem in found.items() if problem} == {}


def test_the_site_of_them(release, tmp_path):
    need("jinja2")
    board, left_out = api.build_board(HOME, tmp_path / "site", release=release)
    assert left_out == {}
    assert {entry.aligner.name for entry in board.entries} >= set(ALIGNERS)
    first = next(s for s in board.standings if s.track == "unsupervised")
    ranks = {row.entry: row.rank for row in first.rows}
    by_name = {entry.aligner.name: ranks.get(entry.entry) for entry in board.entries}
    assert by_name["graph-matching"] < by_name["random-rotation"]
    with opened(tmp_path / "site" / "index.html") as seen:
        assert seen.complaints == []
        assert {address.split(":")[0] for address in seen.requests} == {"file"}
        shown = seen.page.inner_text("main")
        assert all(name in shown for name in by_name)
    again = tmp_path / "again"
    api.build_board(HOME, again, release=release)
    for page in (tmp_path / "site").rglob("*"):
        if page.is_file():
            assert page.read_bytes() == (again / page.relative_to(tmp_path / "site")).read_bytes()
