"""A small real slice of the embedded release: its most popular products, some of its rows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.release.read import Release, read_release
from cse_bench.release.schema import TABLES, schema_of
from cse_bench.release.write import ReleaseContents, write_release


def slice_release(
    release: Release, directory: Path, *, products: int = 300, rows: int = 250
) -> Release:
    """Write and read a release of the `products` most popular products of each shop."""
    kept: dict[str, pa.Table] = {}
    for name, shop in release.shops.items():
        index = np.sort(np.argsort(-shop.popularity, kind="stable")[:products])
        table = pq.read_table(release.path / "products" / f"{name}.parquet")
        kept[name] = table.take(index)
    known = {i for table in kept.values() for i in table["product_id"].to_pylist()}
    tables = {}
    for config, schema in TABLES.items():
        for split in (s for s in schema.splits if release.has(config, s)):
            data = release.table(config, split).to_pylist()
            small = []
            for row in data:
                for column, value in row.items():
                    if isinstance(value, list):
                        row[column] = [i for i in value if i in known]
                complete = all(
                    value and (value in known if column.endswith("_id") else True)
                    for column, value in row.items()
                    if isinstance(value, list) or column.endswith("_id")
                )
                if complete:
                    small.append(row)
                if config != "pairs" and len(small) == rows:
                    break
            tables[config, split] = pa.Table.from_pylist(small, schema=schema_of(schema))
    manifest = release.manifest
    contents = ReleaseContents(
        name="slice",
        version="0.0.1",
        licence=manifest.licence,
        redistributable=True,
        source=manifest.source,
        citation=manifest.citation,
        pairs_basis=manifest.pairs_basis,
        products=kept,
        tables=tables,
        build=manifest.build,
    )
    directory.mkdir(exist_ok=True)
    write_release(directory, contents)
    return read_release(directory)
