"""The protocol is frozen: its fixed cases give the scores that the version was frozen with."""

from __future__ import annotations

import importlib.util
import json

import pytest

from cse_bench.harness.protocol import PROTOCOL_VERSION
from tests.conftest import ROOT

GOLDEN = ROOT / "tests" / "golden"


@pytest.fixture(scope="module")
def make():
    spec = importlib.util.spec_from_file_location("golden_make", GOLDEN / "make.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("case", ["slice", "queries"])
def test_a_change_that_moves_a_score_needs_a_new_version(make, case):
    frozen = json.loads((GOLDEN / f"{PROTOCOL_VERSION}.json").read_text())[case]
    found = make.scores(case)
    assert set(found) == set(frozen), "other scores than the version was frozen with"
    moved = []
    for name, values in frozen.items():
        # Its prior is found by an optimiser, which ends a little elsewhere on another processor.
        near = 1e-3 if name.split(" / ")[4] == "type_ahead" else 1e-5
        known = dict(zip(make.FIELDS, values, strict=True))
        if not _can_be_closed(known, near):
            del known["gap_closed"]
        now = dict(zip(make.FIELDS, found[name], strict=True))
        moved += [
            f"{name}: {field} {was} → {now[field]}"
            for field, was in known.items()
            if not _same(was, now[field], near)
        ]
    assert not moved, f"protocol {PROTOCOL_VERSION} is frozen; bump it, or undo this: {moved[:5]}"


def _can_be_closed(known: dict[str, float | None], near: float) -> bool:
    """Whether the gap is wider than what scores may move by; else gap closed may be anything."""
    return known["reference"] is None or abs(known["reference"] - known["floor"]) > 10 * near


def _same(was: float | None, now: float | None, near: float) -> bool:
    if was is None or now is None:
        return was is now
    return abs(was - now) <= near * max(1.0, abs(was))


def test_a_frozen_version_is_not_written_again(make, capsys):
    import subprocess
    import sys

    before = (GOLDEN / f"{PROTOCOL_VERSION}.json").read_bytes()
    done = subprocess.run(
        [sys.executable, GOLDEN / "make.py"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "needs a new PROTOCOL_VERSION" in done.stderr
    assert (GOLDEN / f"{PROTOCOL_VERSION}.json").read_bytes() == before
