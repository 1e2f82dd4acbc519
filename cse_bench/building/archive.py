"""The paper's own archive as a release: what it lacks is absent, and the release says so."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa

from cse_bench.building.keys import Key, split_users
from cse_bench.building.notes import table_notes
from cse_bench.building.report import BuildReport
from cse_bench.building.tables import fixed_lists
from cse_bench.logs.coveo import Archive, read_archive
from cse_bench.release.schema import (
    ALIGNED,
    CROSS_SESSIONS,
    aligned_schema,
    products_schema,
    schema_of,
)
from cse_bench.release.write import ReleaseContents

SOURCE = "the archive released with Fantastic Embeddings and How to Align Them, version 1.1.0"
WAIVERS = dict.fromkeys(
    ("ids", "unicity", "length", "membership"),
    "repacked for who holds the archive already; its release may not be passed on",
)

CITATION = (
    "Bianchi, F., Tagliabue, J., Yu, B., Bigon, L., Greco, C. (2020), Fantastic Embeddings and How "
    "to Align Them, SIGIR eCom 2020; data by Coveo, form-gated: it may not be passed on."
)


def archive_contents(path: Path, name: str, version: str, key: Key) -> ReleaseContents:
    """Turn the archive into a release's contents.

    There are no users in it, so sessions are split one by one, and each is its own group; no pairs,
    no in-shop sessions, no catalogue. Ids are the archive's own pseudonyms. The release is marked
    as not redistributable.

    Parameters
    ----------
    path : Path
        The archive.
    name, version : str
        Of the release.
    key : Key
        Splits the sessions.
    """
    archive = read_archive(path)
    splits = split_users([str(i) for i in range(len(archive.sessions))], key)
    tables = {}
    for split in CROSS_SESSIONS.splits:
        rows = [s for s, where in zip(archive.sessions, splits, strict=True) if where == split]
        order = key.order(f"row-order-{split}", ((str(i),) for i in range(len(rows))))
        tables[CROSS_SESSIONS.name, split] = _rows([rows[i] for i in order], split)
    train = [s for s, where in zip(archive.sessions, splits, strict=True) if where == "train"]
    popularity = Counter(i for session in train for part in session for i in part)
    report = BuildReport.of_archive(archive.drops, splits)
    report.notes += table_notes(tables)
    contents = ReleaseContents(
        name=name,
        version=version,
        licence="other",
        redistributable=False,
        source=SOURCE,
        citation=CITATION,
        pairs_basis=None,
        products={shop: _products(archive, shop, popularity) for shop in archive.shops},
        tables=tables,
        build={
            "log": "coveo",
            "min_users": 0,
            "trainer": {"name": "the paper's own"},
            "gap": "–",
            "waivers": WAIVERS,
        },
        report=report.as_dict(),
    )
    if archive.aligned:
        aligned = {(ALIGNED, shop): _aligned(archive, shop) for shop in archive.shops}
        contents = replace(contents, tables=contents.tables | aligned)
    return contents


def _rows(rows: list[tuple[list[str], list[str]]], split: str) -> pa.Table:
    groups = None if split == "train" else list(range(len(rows)))
    columns = {
        "source_shop": [source[0].partition("_")[0] for source, _ in rows],
        "target_shop": [target[0].partition("_")[0] for _, target in rows],
        "source": [source for source, _ in rows],
        "target": [target for _, target in rows],
        "group": [None] * len(rows) if groups is None else groups,
    }
    return pa.table(columns, schema=schema_of(CROSS_SESSIONS))


def _products(archive: Archive, shop: str, popularity: Counter[str]) -> pa.Table:
    ids, vectors = archive.ids[shop], archive.original[shop]
    events = np.array([max(popularity[i], 1) for i in ids], dtype=np.float64)
    columns = [
        pa.array(ids, pa.string()),
        fixed_lists(vectors),
        pa.nulls(len(ids)),
        pa.array((np.round(np.log2(events) * 4) / 4).astype(np.float32)),
        pa.nulls(len(ids), pa.string()),
    ]
    return pa.Table.from_arrays(columns, schema=products_schema(vectors.shape[1], None))


def _aligned(archive: Archive, shop: str) -> pa.Table:
    vectors = archive.aligned[shop]
    columns = [pa.array(archive.ids[shop], pa.string()), fixed_lists(vectors)]
    return pa.Table.from_arrays(columns, schema=aligned_schema(vectors.shape[1]))
