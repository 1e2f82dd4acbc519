"""Other formats: nothing lost in CSV; the shared schema's own validator passes the record."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from cse_bench import api
from cse_bench.errors import InputError
from cse_bench.results.export import SHARED_SCHEMA_VERSION, as_every_eval_ever, shared_place
from cse_bench.results.read import read_result
from cse_bench.results.record import Score

VALIDATOR = "CSE_BENCH_EVERY_EVAL_EVER"
"""Names the program ``every_eval_ever``, which needs a newer Python than we do."""


@pytest.fixture(scope="module")
def path(written) -> Path:
    return written / "ridge" / "result.json"


def validate(directory: Path, file: Path) -> subprocess.CompletedProcess[str]:
    """Run the validator, as the shared datastore does."""
    program = os.environ.get(VALIDATOR) or shutil.which("every_eval_ever")
    if program is None:
        message = f"pip install every-eval-ever in Python 3.12 or newer, and name it in {VALIDATOR}"
        if os.environ.get("CI"):
            pytest.fail(message)
        pytest.skip(message)
    command = [program, "validate", str(file.relative_to(directory)), "--format", "json"]
    return subprocess.run(command, cwd=directory, capture_output=True, text=True)


def test_csv_holds_every_score_and_what_it_is_about(path):
    result = read_result(path)
    rows = list(csv.DictReader(io.StringIO(api.export(path, "csv"))))
    assert len(rows) == len(result.scores)
    for row, score in zip(rows, result.scores, strict=True):
        assert (row["aligner"], row["protocol"]) == ("ridge", "1.0")
        assert row["release_fingerprint"] == result.release.fingerprint
        told = {name: row[name] for name in Score.model_fields}
        assert told == {k: "" if v is None else str(v) for k, v in score.model_dump().items()}
        assert float(row["value"]) == score.value


def test_the_shared_schema_holds_every_score(path):
    result = read_result(path)
    record = json.loads(api.export(path, "every-eval-ever"))
    assert record["schema_version"] == SHARED_SCHEMA_VERSION
    assert record["model_info"]["id"] == "the-cse-bench-authors/ridge"
    found = record["evaluation_results"]
    assert len({row["evaluation_result_id"] for row in found}) == len(found) == len(result.scores)
    for row, score in zip(found, result.scores, strict=True):
        assert row["score_details"]["score"] == score.value
        uncertainty = row["score_details"]["uncertainty"]
        assert uncertainty["confidence_interval"]["lower"] == score.ci_low
        assert uncertainty["num_samples"] == score.n
        assert row["metric_config"]["additional_details"]["track"] == score.track
        assert float(row["score_details"]["details"]["floor"]) == score.floor
        bounds = (row["metric_config"]["min_score"], row["metric_config"]["max_score"])
        open_ended = score.metric in ("bits", "ratio")
        assert bounds == (("-Infinity", "Infinity") if open_ended else (0, 1)), score.metric


def test_the_validator_passes_it(path, tmp_path):
    file = api.export_to(path, "every-eval-ever", tmp_path)
    done = validate(tmp_path, file)
    (report,) = json.loads(done.stdout)
    assert report["errors"] == report["warnings"] == []
    assert done.returncode == 0


def test_the_validator_can_fail(path, tmp_path):
    file = api.export_to(path, "every-eval-ever", tmp_path)
    record = json.loads(file.read_text())
    record["evaluation_results"][0]["score_details"]["score"] = 7
    file.write_text(json.dumps(record))
    done = validate(tmp_path, file)
    assert "outside" in done.stdout
    assert done.returncode == 1


def test_unbounded_metrics_and_an_aligner_of_nobody(path, tmp_path):
    """What another protocol, or another author, may bring."""
    result = read_result(path)
    scores = [
        result.scores[0].model_copy(update={"metric": "bits", "value": -0.3, "reference": None}),
        result.scores[1].model_copy(update={"metric": "ratio", "value": 1.02}),
    ]
    aligner = result.aligner.model_copy(update={"authors": [], "name": "my.Own_one"})
    other = result.model_copy(update={"scores": scores, "aligner": aligner})
    text = as_every_eval_ever(other)
    record = json.loads(text)
    assert record["model_info"]["id"] == "unknown/my.own-one"
    for row in record["evaluation_results"]:
        assert row["metric_config"]["min_score"] == "-Infinity"
    assert "reference" not in record["evaluation_results"][0]["score_details"]["details"]
    file = tmp_path / shared_place(text)
    file.parent.mkdir(parents=True)
    file.write_text(text)
    (report,) = json.loads(validate(tmp_path, file).stdout)
    assert report["errors"] == []


def test_a_file_that_is_there_is_left_alone(path, tmp_path):
    there = tmp_path / "scores.csv"
    assert api.export_to(path, "csv", there) == there
    assert there.read_text() == api.export(path, "csv")
    first = api.export_to(path, "every-eval-ever", tmp_path)
    assert first.read_text() == api.export(path, "every-eval-ever")
    for to, out in (("csv", there), ("every-eval-ever", tmp_path)):
        with pytest.raises(InputError, match="exists already, and is left as it is"):
            api.export_to(path, to, out)
    with pytest.raises(InputError, match="there is no directory"):
        api.export_to(path, "csv", tmp_path / "no" / "where.csv")
    with pytest.raises(InputError, match="cannot write to"):
        api.export_to(path, "every-eval-ever", there)
    with pytest.raises(InputError, match="did you mean 'csv'"):
        api.export(path, "cvs")


def test_a_forged_result_is_not_passed_on(copied):
    def better(raw):
        for row in raw["scores"]:
            row["value"] = 1.0

    with pytest.raises(InputError, match="but its ranks give"):
        api.export(copied().record(better), "csv")
