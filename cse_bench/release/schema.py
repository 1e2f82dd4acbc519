"""The tables of a release, schema version 1: names, columns, Arrow types."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow as pa

SCHEMA_VERSION = 1

HELD_OUT = ("validation", "test")
ALL_SPLITS = ("train", "validation", "test")

STRINGS = pa.list_(pa.field("element", pa.string()))


@dataclass(frozen=True)
class TableSchema:
    """One config of a release: a directory of Parquet files, one a split.

    Attributes
    ----------
    name : str
        Config and directory.
    splits : tuple of str
        Which files there may be; for `products`, one a shop instead.
    columns : dict of str to Arrow type
        In order. The vectors of `products` get their widths from `products_schema`.
    about : str
        One line for the card.
    """

    name: str
    splits: tuple[str, ...]
    columns: dict[str, pa.DataType]
    about: str


_ROW = {
    "source_shop": pa.string(),
    "target_shop": pa.string(),
    "source": STRINGS,
    "target": STRINGS,
    "group": pa.int32(),
}

SESSIONS = TableSchema(
    "sessions",
    ("train", "validation"),
    {"shop": pa.string(), "products": STRINGS, "group": pa.int32()},
    "in-shop sessions: the products of one visit",
)
CROSS_SESSIONS = TableSchema(
    "cross_sessions",
    ALL_SPLITS,
    _ROW,
    "cross-shop sessions: a visit in one shop and the same shopper's next visit, in another",
)
PAIRS = TableSchema(
    "pairs",
    ALL_SPLITS,
    {"left_id": pa.string(), "right_id": pa.string()},
    "gold pairs: the same product in two shops",
)
RENDERED = TableSchema(
    "rendered",
    HELD_OUT,
    _ROW,
    "simulated crossings: half of a real basket shown as another shop's products",
)
QUERIES = TableSchema(
    "queries",
    ALL_SPLITS,
    {
        "source_shop": pa.string(),
        "target_shop": pa.string(),
        "source": STRINGS,
        "query": pa.string(),
        "group": pa.int32(),
    },
    "queries typed in the target shop after a visit in the source shop; in train, both are one",
)

TABLES = {t.name: t for t in (SESSIONS, CROSS_SESSIONS, PAIRS, RENDERED, QUERIES)}
"""The tables with fixed columns; `products` depends on the release's widths."""

ALIGNED = "aligned"
"""A table like `products`, one split a shop: vectors aligned by the data's own authors."""

ALIGNED_ABOUT = "vectors of both shops as aligned by the authors of the data: a control"

PRODUCTS_ABOUT = "the products of each shop: embedding, content vector, popularity, category"


def schema_of(table: TableSchema) -> pa.Schema:
    """The Arrow schema of a table with fixed columns."""
    return pa.schema(list(table.columns.items()))


def aligned_schema(dimensions: int) -> pa.Schema:
    """The Arrow schema of `aligned`; `dimensions` is the width of its vectors."""
    return pa.schema([("product_id", pa.string()), ("vector", pa.list_(pa.float32(), dimensions))])


def products_schema(dimensions: int, content: int | None) -> pa.Schema:
    """The Arrow schema of `products`.

    Parameters
    ----------
    dimensions : int
        Width d of the embeddings.
    content : int or None
        Width c of the content vectors; None where the release has none.
    """
    content_type = pa.null() if content is None else pa.list_(pa.float32(), content)
    return pa.schema(
        [
            ("product_id", pa.string()),
            ("embedding", pa.list_(pa.float32(), dimensions)),
            ("content", content_type),
            ("popularity", pa.float32()),
            ("category", pa.string()),
        ]
    )
