"""Train a shop's embeddings outside a build, with a record of how and how good they are."""

from __future__ import annotations

import platform
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench import __version__
from cse_bench.extras import require
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.progress import Advance
from cse_bench.ragged import Ragged
from cse_bench.release.read import Release
from cse_bench.studies.in_shop import Alignability, InShop, InShopScore, train_shops
from cse_bench.studies.sequence import NextVisit, predict_next_visits
from cse_bench.studies.visits import ShopVisits
from cse_bench.trainers.base import Embeddings, Sessions, Trainer
from cse_bench.trainers.registry import get_trainer

FORMATS = ("parquet", "safetensors")
RECORD = "training.json"


def train(
    trainer: Trainer,
    visits: list[ShopVisits],
    release: Release,
    *,
    next_visit: bool,
    step: Advance,
    fit: Callable[[Trainer, list[ShopVisits]], list[Embeddings]] = train_shops,
) -> tuple[list[Embeddings], dict[str, Any]]:
    """Fit every shop, and judge the vectors in-shop, beside popularity and random vectors.

    Parameters
    ----------
    trainer : Trainer
        What learns.
    visits : list of ShopVisits
        What is learned from, and judged by.
    release : Release
        Whose products these are.
    next_visit : bool
        Whether to train the sequence model too.
    step : callable
        Told of each step as it begins.
    fit : callable
        What fits the shops.

    Returns
    -------
    embeddings : list of Embeddings
        One a shop.
    record : dict
        How they came about and what they score, for JSON.
    """
    judges = InShop(visits)
    step(f"training {trainer.name}")
    begin = time.perf_counter()
    embeddings = fit(trainer, visits)
    seconds = time.perf_counter() - begin
    vectors = [e.vectors for e in embeddings]
    step("in-shop scores")
    control = get_trainer("random", dimensions=vectors[0].shape[1])
    anything = Ragged.from_lists([[0, 1]])
    drawn = [control.fit(Sessions(e.ids, anything)).vectors for e in embeddings]
    scores = {
        trainer.name: judges.score(vectors),
        "popularity": judges.score_popularity(),
        "random": judges.score(drawn),
    }
    step("alignability")
    named = {v.name: matrix for v, matrix in zip(visits, vectors, strict=True)}
    record: dict[str, Any] = {
        "trainer": {"name": trainer.name, **trainer.parameters()},
        "deterministic": trainer.deterministic,
        "release": {"name": release.name, "fingerprint": release.manifest.fingerprint},
        "products": {v.name: len(v.train.ids) for v in visits},
        "seconds": round(seconds, 3),
        "completion": {who: [asdict(s) for s in found] for who, found in scores.items()},
        "alignability": Alignability(release).score(named),
        "environment": {
            "cse_bench": __version__,
            "numpy": np.__version__,
            "python": platform.python_version(),
        },
    }
    if next_visit:
        record["next_visit"] = {}
        for shop, matrix in zip(visits, vectors, strict=True):
            found = predict_next_visits(shop, matrix, step=step)
            record["next_visit"][shop.name] = _told(found, shop.name)
    return embeddings, record


def _told(found: NextVisit, shop: str) -> dict[str, Any]:
    drawn = Resampler.over(found.group)
    scores = {
        who: [
            asdict(
                InShopScore(
                    shop,
                    name,
                    float(np.nanmean(values)),
                    *interval(drawn.means(values)),
                    int(np.sum(~np.isnan(values))),
                )
            )
            for name, values in metrics.items()
        ]
        for who, metrics in found.metrics.items()
    }
    return {"epochs": found.epochs, "scores": scores}


def write_vectors(
    directory: Path, visits: list[ShopVisits], found: list[Embeddings], kind: str
) -> None:
    """Write one matrix a shop.

    Parameters
    ----------
    directory : Path
        An empty directory.
    visits : list of ShopVisits
        Names of the shops.
    found : list of Embeddings
        Their vectors.
    kind : str
        ``parquet``: a file a shop, ``product_id`` and ``embedding``. ``safetensors``: one file, a
        tensor a shop, and the ids in its metadata, separated by line breaks.
    """
    if kind == "safetensors":
        save = require("safetensors.numpy", "build", "writing safetensors").save_file
        tensors = {v.name: e.vectors for v, e in zip(visits, found, strict=True)}
        ids = {f"{v.name}.ids": "\n".join(e.ids) for v, e in zip(visits, found, strict=True)}
        save(tensors, directory / "vectors.safetensors", metadata=ids)
        return
    for shop, own in zip(visits, found, strict=True):
        width = own.vectors.shape[1]
        lists = pa.FixedSizeListArray.from_arrays(pa.array(own.vectors.ravel()), width)
        table = pa.table({"product_id": pa.array(own.ids, pa.string()), "embedding": lists})
        pq.write_table(table, directory / f"{shop.name}.parquet", compression="zstd")
