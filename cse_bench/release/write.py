"""Write a release: Parquet tables, manifest, card."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.files import sha256_file
from cse_bench.release.card import render_card
from cse_bench.release.manifest import (
    MANIFEST,
    PRIVACY_REPORT,
    UNICITY_PLOT,
    FileEntry,
    Manifest,
    fingerprint_of,
)
from cse_bench.release.schema import PAIRS, SCHEMA_VERSION
from cse_bench.release.seal import SEAL

OTHER_FILES = (
    MANIFEST,
    "README.md",
    "build_report.json",
    PRIVACY_REPORT,
    UNICITY_PLOT,
    SEAL,
)
"""What a release holds beside its tables."""

HUB_FILES = (".gitattributes", "croissant.json", "benchmark.svg", "eval.yaml")
"""What may stand beside it in its repository on the Hub."""


@dataclass(frozen=True)
class ReleaseContents:
    """Everything that goes into a release but the digests.

    Attributes
    ----------
    products : dict of str to Arrow table
        One table a shop.
    tables : dict of (str, str) to Arrow table
        The other tables, by config and split.
    build : dict
        How it was built, for the manifest.
    report : dict
        What was read and left out; written as ``build_report.json`` where it is not empty.
    sealed_commitment : str or None
        See `release.seal`.
    """

    name: str
    version: str
    licence: str
    redistributable: bool
    source: str
    citation: str
    pairs_basis: str | None
    products: dict[str, pa.Table]
    tables: dict[tuple[str, str], pa.Table]
    build: dict[str, Any] = field(default_factory=dict)
    report: dict[str, Any] = field(default_factory=dict)
    sealed_commitment: str | None = None

    def by_path(self) -> dict[str, pa.Table]:
        """All tables by their path in the release."""
        by_path = {f"products/{shop}.parquet": t for shop, t in self.products.items()}
        return by_path | {f"{c}/{s}.parquet": t for (c, s), t in self.tables.items()}


def write_release(directory: Path, contents: ReleaseContents) -> Manifest:
    """Write a whole release into an empty directory.

    Parameters
    ----------
    directory : Path
        An empty directory.
    contents : ReleaseContents
        The release.

    Returns
    -------
    Manifest
        As written.
    """
    files: dict[str, FileEntry] = {}
    for name, table in contents.by_path().items():
        path = directory / name
        path.parent.mkdir(exist_ok=True)
        _write_table(table, path)
        files[name] = FileEntry(sha256=sha256_file(path), rows=table.num_rows)

    first = next(iter(contents.products.values())).schema
    content_type = first.field("content").type
    has_pairs = any(config == PAIRS.name for config, _ in contents.tables)
    manifest = Manifest(
        schema_version=SCHEMA_VERSION,
        name=contents.name,
        version=contents.version,
        fingerprint=fingerprint_of(files),
        licence=contents.licence,
        redistributable=contents.redistributable,
        source=contents.source,
        citation=contents.citation,
        pairs_basis=contents.pairs_basis if has_pairs else None,
        shops=list(contents.products),
        dimensions=first.field("embedding").type.list_size,
        content_dimensions=None if pa.types.is_null(content_type) else content_type.list_size,
        build=contents.build,
        sealed_commitment=contents.sealed_commitment,
        files=files,
    )
    (directory / MANIFEST).write_text(manifest.model_dump_json(indent=2) + "\n", encoding="utf-8")
    if contents.report:
        report = json.dumps(contents.report, indent=2, ensure_ascii=False) + "\n"
        (directory / "build_report.json").write_text(report, encoding="utf-8")
    card = render_card(manifest, contents.by_path())
    (directory / "README.md").write_text(card, encoding="utf-8")
    return manifest


def _write_table(table: pa.Table, path: Path) -> None:
    """Zstandard throughout; embeddings byte-stream-split, since their bytes compress by plane.

    Content vectors repeat whole (all products of a kind share one), so they are left plain, where
    Zstandard finds the repeats.
    """
    floats = [n for n in ("embedding", "vector", "popularity") if n in table.column_names]
    strings = [f.name for f in table.schema if pa.types.is_string(f.type)]
    lists = [f"{f.name}.list.element" for f in table.schema if pa.types.is_list(f.type)]
    # An id column names each product once: a dictionary would only double it.
    dictionary = [n for n in strings + lists if n != "product_id"]
    paths = [f"{n}.list.element" if n in ("embedding", "vector") else n for n in floats]
    pq.write_table(
        table.replace_schema_metadata(None),
        path,
        compression="zstd",
        compression_level=19,
        use_dictionary=dictionary,
        use_byte_stream_split=paths,
        store_schema=True,
        write_page_index=False,
        data_page_size=1 << 22,
    )
