"""The table of a result: readable in any terminal, and what a reader must know beneath it."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from cse_bench.results.read import read_result
from cse_bench.results.table import print_result
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
    for name in ("floor", "reference", "oracle"):  # before the caption explains them
        there = name in text.partition("floor: ")[0]
        assert there if width == 160 else width == 120 or not there


def test_flags_stand_beneath(written):
    result = read_result(written / "random-rotation" / "result.json")
    assert result.flags
    text = " ".join(printed(result, 160).split())
    assert all(f"⚑ {flag}" in text for flag in result.flags)
