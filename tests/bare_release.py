"""A release of three shops with no pairs, content or categories: the third is a copy of the first.

From SHOP1 to SHOP3 and back it asks nothing.
"""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from cse_bench.release.read import Release, read_release
from cse_bench.release.schema import CROSS_SESSIONS, SESSIONS, products_schema, schema_of
from cse_bench.release.write import ReleaseContents, write_release


def bare_release(release: Release, directory: Path, *, crossings: bool = True) -> Release:
    """Write and read it, from a release of two shops; without crossings it asks nothing at all."""
    tables = {}
    for schema in (SESSIONS, CROSS_SESSIONS) if crossings else (SESSIONS,):
        for split in schema.splits if crossings else ("train",):
            rows = release.table(schema.name, split).to_pylist()
            rows += [_renamed(row) for row in rows if "SHOP1" in row.values()]
            tables[schema.name, split] = pa.Table.from_pylist(rows, schema=schema_of(schema))
    manifest = release.manifest
    contents = ReleaseContents(
        name="bare",
        version="0.0.1",
        licence=manifest.licence,
        redistributable=True,
        source=manifest.source,
        citation=manifest.citation,
        pairs_basis=None,
        products={name: _products(release, name) for name in ("SHOP1", "SHOP2", "SHOP3")},
        tables=tables,
        build=manifest.build,
    )
    directory.mkdir(exist_ok=True)
    write_release(directory, contents)
    return read_release(directory)


def _products(release: Release, name: str) -> pa.Table:
    shop = release.shops["SHOP2" if name == "SHOP2" else "SHOP1"]
    schema = products_schema(release.manifest.dimensions, None)
    n = len(shop)
    flat = pa.array(shop.vectors.ravel())
    columns = {
        "product_id": pa.array([f"{name}_{i.split('_')[1]}" for i in shop.ids]),
        "embedding": pa.FixedSizeListArray.from_arrays(flat, shop.vectors.shape[1]),
        "content": pa.nulls(n),
        "popularity": pa.array(shop.popularity),
        "category": pa.nulls(n, pa.string()),
    }
    return pa.table(columns).cast(schema)


def _renamed(row: dict[str, object]) -> dict[str, object]:
    def rename(value: object) -> object:
        if isinstance(value, list):
            return [rename(item) for item in value]
        return value.replace("SHOP1", "SHOP3") if isinstance(value, str) else value

    return {column: rename(value) for column, value in row.items()}
