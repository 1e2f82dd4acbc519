"""What a build tells of the release: order, pairs, rows to test on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cse_bench.building.keys import Key
from cse_bench.building.pipeline import BuildParameters, build_contents
from cse_bench.trainers.random import Random
from tests.conftest import need
from tests.small_log import make_log, random_events

need("ibis")


def notes(**log):
    events = random_events()
    if log.pop("timed", False):
        events = [(*e[:4], e[4] + timedelta(seconds=i)) for i, e in enumerate(events)]
    parameters = BuildParameters(min_users=1)
    contents = build_contents(make_log(events, **log), Random(8), parameters, Key(bytes(32)))
    return " ".join(contents.report["notes"])


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ({"ordered": True}, True),
        ({"ordered": True, "timed": True}, False),
        ({"ordered": False}, False),
    ],
)
def test_a_log_said_to_be_ordered_must_have_times_that_differ(log, told):
    assert ("--unordered" in notes(**log)) == told


def test_what_cannot_be_measured_is_told():
    assert "--with-pairs" in notes(pairs=False)
    assert "--with-pairs" not in notes(pairs=True)
    assert "few rows to test on (cross_sessions/test, rendered/test)" in notes()
