"""The table of a result: readable in any terminal, and what a reader must know beneath it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cse_bench.results.entries import CONTROL
from cse_bench.results.headline import headline
from cse_bench.results.read import read_result
from cse_bench.results.table import SPARED, print_result
from cse_bench.tasks.registry import TASKS

PRIMARY = [(task.name, *pair) for task in TASKS for pair in task.primary]


def printed(result, width):
    out = io.StringIO()
    print_result(result, PRIMARY, Console(width=width, file=out))
    return out.getvalue()


@pytest.mark.parametrize("width", [80, 100, 120, 160])
def test_no_label_and_no_score_is_cut(written, width):
    result = read_result(written / "procrustes" / "result.json")
    text = printed(result, width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text
    for label in ("pairs-50", "next_event auc, rendered", "SHOP2 → SHOP1", "gap closed [95 %]"):
        assert label in text


def test_the_wider_the_more_of_the_context(written):
    result = read_result(written / "procrustes" / "result.json")
    shown = []
    for width in range(80, 161, 2):
        table = printed(result, width).partition("floor: ")[0]  # the caption explains them all
        shown.append(tuple(name for name in SPARED if name in table))
    assert shown[0][-2:] == ("reference", "floor"), "80 columns have room for what a gap is"
    assert list(dict.fromkeys(shown)) == [SPARED[n:] for n in range(len(SPARED) - 2, -1, -1)]


def test_flags_stand_beneath(written):
    result = read_result(written / "random-rotation" / "result.json")
    assert result.flags
    text = " ".join(printed(result, 160).split())
    assert all(f"⚑ {flag}" in text for flag in result.flags)


def of_tracks(result, *tracks, **other):
    """The record with some tracks' scores alone, each with `other` in it."""
    scores = [s.model_copy(update=other) for s in result.scores if s.track in tracks]
    return result.model_copy(update={"scores": scores})


def test_a_sentence_tells_the_first_score(written):
    result = read_result(written / "procrustes" / "result.json")
    gap = {"gap_closed": 0.5, "gap_ci_low": 0.4, "gap_ci_high": 0.61}
    text = " ".join(printed(of_tracks(result, "pairs-50", "pairs-all", **gap), 160).split())
    closed = "50% [40%, 61%] with"
    assert f"procrustes closes {closed} pairs-50 and {closed} pairs-all." in text
    assert "On next_event, rendered, of the gap between" in text


def test_without_a_reference_the_sentence_tells_the_score(written):
    result = read_result(written / "procrustes" / "result.json")
    bare = {"gap_closed": None, "reference": None, "value": 0.625, "floor": 0.5}
    told = headline(of_tracks(result, "pairs-all", **bare), PRIMARY)
    assert "scores .625 with pairs-all (auc; a random rotation: .500)" in told
    assert headline(of_tracks(result), PRIMARY) == ""


def test_a_control_is_not_told_as_the_aligners_own(written):
    result = read_result(written / "procrustes" / "result.json")
    gap = {"gap_closed": 0.5, "gap_ci_low": 0.4, "gap_ci_high": 0.61}
    own = of_tracks(result, "pairs-all", **gap)
    control = [s.model_copy(update={"track": CONTROL}) for s in own.scores]
    both = own.model_copy(update={"scores": [*own.scores, *control]})
    assert headline(both, PRIMARY) == headline(own, PRIMARY) != ""


def test_a_gap_without_an_interval_is_told(written):
    result = read_result(written / "procrustes" / "result.json")
    bare = of_tracks(result, "pairs-all", gap_closed=0.5, gap_ci_low=None, gap_ci_high=None)
    assert " 50%" in printed(bare, 160)
