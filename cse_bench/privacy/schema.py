"""Gates ``schema`` and ``raw-values``: nothing is in a release but what its format names."""

from __future__ import annotations

import re
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.privacy.base import LOG_AND_KEY, NOTHING, Gate, Reading, Subject
from cse_bench.privacy.queries import personal
from cse_bench.release.read import Release
from cse_bench.release.schema import ALIGNED, TABLES, aligned_schema, products_schema, schema_of
from cse_bench.release.write import HUB_FILES, OTHER_FILES

METADATA = {b"ARROW:schema"}
"""What Arrow itself writes into a Parquet file."""

LOOKS_WRONG = {
    "a URL": re.compile(r"https?://|www\.", re.IGNORECASE),
    "a day": re.compile(r"\b(19|20)\d\d[-/.]\d\d?[-/.]\d\d?\b|\b\d\d?[-/.]\d\d?[-/.](19|20)\d\d\b"),
    "a time": re.compile(r"\b\d\d?:\d\d(:\d\d)?\b"),
    "a price": re.compile(r"[€£$¥]\s?\d|\d\s?(?:[€£$¥]|EUR\b|USD\b|GBP\b)"),
}
"""What no cell of a release has a use for; `queries.PERSONAL` says what else."""

ADDRESS = re.compile(r"[\w.+-]+@(?:[\w-]+\.)+[A-Za-z][\w-]+")
"""An e-mail address; ``org/name@v1.0.0``, which a card may say, ends in no name of a domain."""


def wanted_schema(release: Release, name: str) -> pa.Schema | None:
    """The schema that a file of a release must have; None where the format knows no such file."""
    config, _, file = name.removesuffix(".parquet").partition("/")
    manifest = release.manifest
    if config == "products" and file in manifest.shops:
        return products_schema(manifest.dimensions, manifest.content_dimensions)
    if config in TABLES and file in TABLES[config].splits:
        return schema_of(TABLES[config])
    if config == ALIGNED and file in manifest.shops:
        path = release.path / name
        return aligned_schema(pq.read_schema(path).field("vector").type.list_size)
    return None


def _schema(subject: Subject) -> list[Reading]:
    release = subject.release
    listed = set(release.manifest.files)
    allowed = listed | set(OTHER_FILES) | set(HUB_FILES)
    odd = [p for p in _files(release.path) if p not in allowed]
    columns, metadata, texts = [], [], []
    for name in sorted(listed):
        wanted, path = wanted_schema(release, name), release.path / name
        found = pq.read_schema(path)
        if wanted is None or not found.remove_metadata().equals(wanted):
            columns.append(name)
        own = pq.read_metadata(path).metadata or {}
        if set(own) - METADATA or found.metadata:
            metadata.append(name)
        texts += [f"{name}: a cell that looks like {what}" for what in _wrong_texts(path)]
    others = [release.path / name for name in OTHER_FILES if name.endswith((".md", ".json"))]
    mail = [p.name for p in others if p.is_file() and ADDRESS.search(p.read_text("utf-8"))]
    return [
        _counted("files that no release holds", odd),
        _counted("tables with other columns or types", columns),
        _counted("tables with metadata of their own", metadata),
        _counted("cells that look like a URL, a person's, a day, a time or a price", texts),
        _counted("other files with an e-mail address", mail),
    ]


def _files(directory: Path) -> list[str]:
    return sorted(p.relative_to(directory).as_posix() for p in directory.rglob("*") if p.is_file())


def _counted(what: str, found: list[str]) -> Reading:
    return Reading(what, len(found), limit=0, example=found[0] if found else "")


def _wrong_texts(path: Path) -> list[str]:
    texts = {text for found in _texts(path).values() for text in found}
    wrong = {what for what, p in LOOKS_WRONG.items() if any(p.search(text) for text in texts)}
    return sorted(wrong | {what for text in texts if (what := personal(text)) is not None})


def _texts(path: Path) -> dict[str, set[str]]:
    """The distinct texts of each column of a table."""
    with pq.ParquetFile(path) as file:
        table = file.read()
    found: dict[str, set[str]] = {}
    for field in table.schema:
        column = table[field.name].combine_chunks()
        if pa.types.is_list(field.type):
            column = column.flatten()
        if pa.types.is_string(column.type):
            found[field.name] = {t for t in column.unique().to_pylist() if t is not None}
    return found


SCHEMA = Gate(
    name="schema",
    about="only the format's files, columns and types; no URL, person, time or price; no metadata",
    threat="T1–T5",
    threshold="0",
    needs=NOTHING,
    why="what is not listed was not thought about",
    measure=_schema,
)


def _raw_values(subject: Subject) -> list[Reading]:
    release, raw = subject.release, subject.known().raw_values
    found = []
    for name in sorted(release.manifest.files):
        for column, texts in _texts(release.path / name).items():
            same = len(texts & raw)
            if same:
                found.append(f"{name}, column {column}: {same} of {len(texts)} values")
    return [
        _counted("columns with a raw id of a user, product or session, or a shop's name", found)
    ]


RAW_VALUES = Gate(
    name="raw-values",
    about="no cell equals a raw id of a user, a product or a session, or a shop's name",
    threat="T1–T5",
    threshold="0",
    needs=LOG_AND_KEY,
    why="a raw id is the link to the log",
    measure=_raw_values,
)
