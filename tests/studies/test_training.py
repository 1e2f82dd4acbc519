"""Training outside a build: from the release, from the log, on either engine; its records."""

from __future__ import annotations

import json

import numpy as np
import pyarrow.parquet as pq
import pytest

from cse_bench import api
from cse_bench.api.training import LogSource
from cse_bench.building.cooccurrence import count_on_engine
from cse_bench.building.histories import read_visits
from cse_bench.building.job import BuildJob, open_log
from cse_bench.building.keys import Key
from cse_bench.building.numbered import number_log
from cse_bench.errors import InputError
from cse_bench.progress import silent
from cse_bench.studies.visits import released_visits
from cse_bench.trainers.cooccurrence import count_pairs
from tests.cli.test_cli import run
from tests.conftest import need

LOG = {"size": 40_000, "products": 300, "categories": 20}


@pytest.fixture(scope="module")
def built(tmp_path_factory, key_file):
    """A release of a synthetic log."""
    for part in ("ibis", "duckdb", "jinja2"):
        need(part)
    out = tmp_path_factory.mktemp("built") / "release"
    options = {"dimensions": 16, "min_users": 5, "key_file": key_file, "log_options": LOG}
    waivers = {"support": "a test"}
    api.build("synthetic", out, waivers=waivers, **options)
    return api.load_release(out)


def job_of(release, key_file):
    return BuildJob.of_release(release.manifest, "synthetic", LOG, Key.from_file(key_file))


def test_from_the_release_the_record_says_how_and_how_well(release, tmp_path):
    record = api.train("ppmi-svd", tmp_path / "v", release.path, settings={"dimensions": "24"})
    assert json.loads((tmp_path / "v" / "training.json").read_text()) == record
    assert record["trainer"]["dimensions"] == 24
    assert record["trainer"]["name"] == "ppmi-svd"
    assert record["release"]["fingerprint"] == release.manifest.fingerprint
    by_name = {
        (who, s["shop"], s["metric"]): s
        for who, found in record["completion"].items()
        for s in found
    }
    for shop, table in release.shops.items():
        own = by_name["ppmi-svd", shop, "auc"]
        assert own["low"] <= own["value"] <= own["high"]
        assert own["value"] > by_name["random", shop, "auc"]["value"] + 0.1
        assert by_name["popularity", shop, "auc"]["value"] == pytest.approx(0.5, abs=0.05)
        written = pq.read_table(tmp_path / "v" / f"{shop}.parquet")
        assert written["product_id"].to_pylist() == list(table.ids)
        assert written["embedding"].type.list_size == 24
    with pytest.raises(InputError, match="exists already"):
        api.train("ppmi-svd", tmp_path / "v", release.path)


def test_safetensors_hold_the_same_vectors(small_release, tmp_path):
    need("safetensors")
    from safetensors import safe_open

    options = {"settings": {"dimensions": "12"}}
    api.train("random", tmp_path / "a", small_release.path, **options)
    api.train("random", tmp_path / "b", small_release.path, file_format="safetensors", **options)
    with safe_open(tmp_path / "b" / "vectors.safetensors", "numpy") as file:
        for shop, table in small_release.shops.items():
            flat = pq.read_table(tmp_path / "a" / f"{shop}.parquet")["embedding"]
            rows = flat.combine_chunks().flatten().to_numpy().reshape(-1, 12)
            np.testing.assert_array_equal(file.get_tensor(shop), rows)
            assert file.metadata()[f"{shop}.ids"].split("\n") == list(table.ids)


def test_a_release_that_is_not_cut_holds_every_train_session(release):
    for shop in released_visits(release):
        assert len(shop.train.rows) > 30_000
        assert shop.train.rows.lengths.min() >= 2
        assert shop.train_user is None  # it does not tell whose they are
        assert (shop.group >= 0).all()


def test_the_log_gives_each_users_visits_in_order_and_no_test_user(built, key_file):
    visits = read_visits(job_of(built, key_file), built)
    for shop in visits:
        assert shop.train.ids == built.shops[shop.name].ids
        assert len(shop.train_user) == len(shop.train.rows)
        assert len(shop.group) == len(shop.validation)
        assert (np.diff(shop.train_user) >= 0).all()
        assert not set(shop.train_user.tolist()) & set(shop.group.tolist())
        events = np.bincount(shop.train.rows.values, minlength=len(shop.train.ids))
        told = np.exp2(built.shops[shop.name].popularity)
        assert np.corrcoef(events, told)[0, 1] > 0.95  # popularity counts train users' events
    with pytest.raises(InputError, match="other products"):
        read_visits(job_of(built, None), built)


def test_the_engine_counts_as_the_trainer_does(built, key_file):
    """Spark's counts are those of DuckDB if what is learned from them is; see below."""
    from contextlib import ExitStack

    visits = read_visits(job_of(built, key_file), built)
    job = job_of(built, key_file)
    with open_log(job) as log, ExitStack() as scratch:
        numbered = number_log(log, job.parameters.min_users, job.key, scratch, silent)
        for number, shop in enumerate(visits):
            n = len(shop.train.ids)
            found = count_on_engine(numbered, number, 0.7, 2)
            own = count_pairs(shop.train.rows, n, length_weight=0.7, fewest=2, megabytes=100)
            np.testing.assert_allclose(found.total, own.total)
            dense = np.zeros((2, 2, n, n))
            for place, counts in enumerate((found, own)):
                for met in counts.blocks:
                    dense[place, :, met.row, met.column] += np.stack(
                        [met.weight, met.sessions], axis=1
                    )
            np.testing.assert_allclose(dense[0], dense[1], rtol=1e-4)
            assert dense[0, 1].max() > 5


def test_spark_trains_as_duckdb_does(built, key_file, tmp_path):
    need("pyspark")
    vectors = {}
    for engine in ("duckdb", "spark"):
        source = LogSource("synthetic", key_file, LOG, engine)
        settings = {"dimensions": "8"}
        record = api.train(
            "ppmi-svd", tmp_path / engine, built.path, settings=settings, source=source
        )
        assert record["learned_from"] == "the log synthetic"
        table = pq.read_table(tmp_path / engine / "SHOP1.parquet")["embedding"].combine_chunks()
        vectors[engine] = table.flatten().to_numpy().reshape(-1, 8)
    np.testing.assert_allclose(vectors["duckdb"], vectors["spark"], atol=1e-4)


def test_a_next_visit_is_foretold_better_than_by_popularity(built, key_file, tmp_path):
    need("torch")
    source = LogSource("synthetic", key_file, LOG)
    record = api.train(
        "ppmi-svd", tmp_path / "v", built.path, settings={"dimensions": "16"}, source=source,
        next_visit=True,
    )  # fmt: skip
    for found in record["next_visit"].values():
        auc = {
            who: s["value"] for who, scores in found["scores"].items() for s in scores
            if s["metric"] == "auc"
        }  # fmt: skip
        assert auc["gru"] > auc["popularity"] + 0.02
        assert found["epochs"] >= 1


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--log", "synthetic"), "--key-file FILE"),
        (("--key-file", "k"), "--key-file is about a log, and none is given"),
        (("--engine", "spark"), "--engine is about a log, and none is given"),
        (("--set", "dimensions=5", "--set", "dimensions=6"), "given twice"),
        (("--set", "smoothing=nan"), "smoothing is nan"),
        (("--size", "5"), "--size is about a log, and none is given"),
        (("--next-visit",), "reads each user's visits in order"),
        (("--set", "dimensions"), "write NAME=VALUE"),
        (("--set", "dimension=5"), "did you mean 'dimensions'"),
        (("--set", "dimensions=9999"), "SHOP1: 9999 dimensions were asked of 300 products"),
        (("--format", "pickle"), "there is no format 'pickle'"),
    ],
)
def test_what_cannot_be_trained_is_refused_and_nothing_written(
    small_release, tmp_path, arguments, message
):
    out = tmp_path / "v"
    done = run("train", "ppmi-svd", "--release", small_release.path, "--out", out, *arguments)
    assert done.returncode == 2
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_command_prints_scores_beside_their_floors(small_release, tmp_path):
    done = run(
        "train", "ppmi-svd", "--release", small_release.path, "--out", tmp_path / "v",
        "--set", "dimensions=12",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    for word in ("ppmi-svd", "popularity", "random", "SHOP2", "ndcg@10", "translation"):
        assert word in done.stdout
