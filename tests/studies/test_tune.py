"""Tuning studies: what they report, that they go on where they were, what they refuse."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import time

import pytest

from cse_bench import api
from cse_bench.errors import InputError
from tests.cli.test_cli import run
from tests.conftest import need

SMALL = {"dimensions": "12", "n_iter": "2"}


@pytest.fixture(autouse=True)
def _parts():
    need("optuna")
    need("plotly")


def scores(found):
    return [{k: v for k, v in row.items() if k != "seconds"} for row in found["trials"]]


def test_a_study_that_is_gone_on_with_ends_as_one_in_one_go(small_release, tmp_path):
    whole = api.tune("ppmi-svd", tmp_path / "whole", small_release.path, trials=13, settings=SMALL)
    api.tune("ppmi-svd", tmp_path / "parts", small_release.path, trials=11, settings=SMALL)
    parts = api.tune("ppmi-svd", tmp_path / "parts", small_release.path, trials=13, settings=SMALL)
    assert len(whole["trials"]) == 13
    assert scores(whole) == scores(parts)
    again = api.tune("ppmi-svd", tmp_path / "parts", small_release.path, trials=5, settings=SMALL)
    assert scores(again) == scores(parts)


def test_the_report_shows_every_trial_and_what_matters(small_release, tmp_path):
    need("kaleido")
    found = api.tune("ppmi-svd", tmp_path / "s", small_release.path, trials=6, settings=SMALL)
    if os.environ.get("CI"):
        assert found["missing"] is None
        assert (tmp_path / "s" / "pareto.png").read_bytes().startswith(b"\x89PNG")
    rows = list(csv.DictReader((tmp_path / "s" / "trials.csv").open()))
    assert len(rows) == 6
    # the first trial has plain settings
    assert float(rows[0]["smoothing"]) == 0.75
    for row in rows:
        assert float(row["in_shop_auc"]) == pytest.approx(float(row["objective"]))
        assert 0 <= float(row["translation"]) <= 1
        assert "dimensions" not in row  # it was fixed
    best = max(found["trials"], key=lambda row: row["objective"])
    assert best["pareto"]
    for row in found["trials"]:
        beaten = any(
            o["objective"] >= row["objective"]
            and o["translation"] >= row["translation"]
            and (o["objective"], o["translation"]) != (row["objective"], row["translation"])
            for o in found["trials"]
        )
        assert row["pareto"] != beaten
    shares = json.loads((tmp_path / "s" / "importances.json").read_text())
    assert set(shares) == {"objective", "translation"}
    assert sum(shares["objective"].values()) == pytest.approx(1)
    page = (tmp_path / "s" / "pareto.html").read_text()
    assert "ppmi-svd: 6 trials" in page
    assert '<script src="http' not in page  # it works offline


def test_an_interrupted_study_says_so_and_is_gone_on_with(small_release, tmp_path):
    command = [
        sys.executable, "-m", "cse_bench", "tune", "ppmi-svd", "--release",
        str(small_release.path), "--out", str(tmp_path / "s"), "--trials", "400",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    journal = tmp_path / "s" / "study.journal"
    until = time.time() + 60
    while time.time() < until and (not journal.exists() or journal.read_text().count("\n") < 30):
        time.sleep(0.1)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "interrupted" in said
    done = run(*command[3:-1], "3", "--json")
    assert done.returncode == 0, done.stderr
    assert len(json.loads(done.stdout)["trials"]) >= 3


def test_a_first_trial_that_was_cut_short_is_tried_again(small_release, tmp_path, monkeypatch):
    options = {"trials": 2, "settings": SMALL}
    whole = api.tune("ppmi-svd", tmp_path / "whole", small_release.path, **options)

    def interrupted(*arguments):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("cse_bench.studies.tune.train_shops", interrupted)
        with pytest.raises(KeyboardInterrupt):
            api.tune("ppmi-svd", tmp_path / "cut", small_release.path, **options)
    cut = api.tune("ppmi-svd", tmp_path / "cut", small_release.path, **options)
    assert [{**row, "trial": 0} for row in scores(cut)] == [
        {**row, "trial": 0} for row in scores(whole)
    ]


def test_a_fit_can_be_interrupted(small_release, tmp_path):
    need("gensim")
    command = [
        sys.executable, "-m", "cse_bench", "train", "prod2vec-cbow", "--release",
        str(small_release.path), "--out", str(tmp_path / "v"), "--set", "epochs=100000",
    ]  # fmt: skip
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    until = time.time() + 60
    while time.time() < until and not list(tmp_path.iterdir()):
        time.sleep(0.1)
    time.sleep(3)
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=20)
    assert process.returncode == 130, said
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_tuned_is_refused_before_work(small_release, tmp_path):
    release = small_release.path
    for message, arguments in {
        "did you mean 'ppmi-svd'": ("ppmi_svd", {}),
        "'random' has nothing to tune": ("random", {}),
        "no in-shop metric 'acu'": ("ppmi-svd", {"objective": "acu"}),
        "has no parameter 'windows'": ("ppmi-svd", {"settings": {"windows": "3"}}),
    }.items():
        name, options = arguments
        with pytest.raises(InputError, match=message):
            api.tune(name, tmp_path / "s", release, **options)
    assert not (tmp_path / "s").exists()
    api.tune("ppmi-svd", tmp_path / "s", release, trials=1, settings=SMALL)
    with pytest.raises(InputError, match="a study of another fixed, space, trainer"):
        api.tune("ials", tmp_path / "s", release, trials=1)
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(InputError, match="cannot keep a study in"):
        api.tune("ppmi-svd", tmp_path / "file", release, trials=1, settings=SMALL)
    (tmp_path / "s" / "study.journal").write_text("no journal\n")
    with pytest.raises(InputError, match="no study that can be gone on with"):
        api.tune("ppmi-svd", tmp_path / "s", release, trials=1, settings=SMALL)
