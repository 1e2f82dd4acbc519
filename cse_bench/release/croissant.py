"""The release in Croissant, the metadata format of MLCommons: every file, table and column."""

from __future__ import annotations

import json
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from cse_bench.errors import ReleaseError
from cse_bench.extras import require
from cse_bench.files import sha256_file
from cse_bench.release.columns import read_file
from cse_bench.release.manifest import Manifest
from cse_bench.release.schema import ALIGNED, ALIGNED_ABOUT, PRODUCTS_ABOUT, TABLES

if TYPE_CHECKING:
    import mlcroissant

CROISSANT = "croissant.json"
VERSION = "http://mlcommons.org/croissant/1.1"
"""The first that knows lists of a fixed length."""

PURPOSE = "the Croissant file of a release"
TYPES = {"string": "TEXT", "float": "FLOAT", "int32": "INTEGER", "null": "TEXT"}
"""Arrow → Croissant, for a column's values or the values of its lists."""

HEAD = 100
"""How many rows of a table are read to see that it is what is described. Parquet's columns are of
one type from the first row to the last, and mlcroissant goes through them value by value."""

ABOUT = {"products": PRODUCTS_ABOUT, ALIGNED: ALIGNED_ABOUT} | {
    name: table.about for name, table in TABLES.items()
}


def render_croissant(
    manifest: Manifest, schemas: dict[str, pa.Schema], page: str, files: str
) -> str:
    """The text of ``croissant.json``.

    Parameters
    ----------
    manifest : Manifest
        The release.
    schemas : dict of str to Arrow schema
        Those of its tables, by path.
    page : str
        Address of the dataset.
    files : str
        Address under which its files lie, of one version that does not change.

    Returns
    -------
    str
        JSON-LD.
    """
    mlc = require("mlcroissant", "build", PURPOSE)
    metadata = mlc.Metadata(
        name=manifest.name,
        description=f"Product embeddings of {len(manifest.shops)} shops, to be aligned.",
        license=[manifest.licence],
        url=page,
        version=manifest.version,
        cite_as=manifest.citation,
        distribution=[
            mlc.FileObject(
                id=path,
                name=path,
                content_url=f"{files}/{path}",
                encoding_formats=["application/x-parquet"],
                sha256=entry.sha256,
            )
            for path, entry in manifest.files.items()
        ],
        record_sets=[_record_set(mlc, path, schemas[path]) for path in manifest.files],
    )
    described = metadata.to_json() | {"conformsTo": VERSION}
    text: str = json.dumps(described, indent=1, ensure_ascii=False, default=str)
    return text + "\n"


def _record_set(mlc: Any, path: str, schema: pa.Schema) -> mlcroissant.RecordSet:
    """One table."""
    name = path.removesuffix(".parquet")
    fields = [
        mlc.Field(
            id=f"{name}/{column.name}",
            name=column.name,
            data_types=getattr(mlc.DataType, TYPES[str(_value_type(column.type))]),
            source=mlc.Source(file_object=path, extract=mlc.Extract(column=column.name)),
            **_shape(column.type),
        )
        for column in schema
    ]
    about = ABOUT[name.split("/")[0]]
    return mlc.RecordSet(id=name, name=name, description=about, fields=fields)


def _value_type(kind: pa.DataType) -> pa.DataType:
    return kind.value_type if _is_list(kind) else kind


def _is_list(kind: pa.DataType) -> bool:
    return pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind)


def _shape(kind: pa.DataType) -> dict[str, Any]:
    """Of a list: its length, or -1 where rows differ."""
    if not _is_list(kind):
        return {}
    length = kind.list_size if pa.types.is_fixed_size_list(kind) else -1
    return {"is_array": True, "array_shape": str(length)}


def check_croissant(path: Path, directory: Path, manifest: Manifest) -> None:
    """Read the first records of every table through the file that describes them.

    mlcroissant's own `validate` opens no table. The digests it then checks are those of what it is
    given; the release's own are compared with the manifest's.

    Parameters
    ----------
    path : Path
        The Croissant file.
    directory : Path
        Where the tables lie.
    manifest : Manifest
        What they are.

    Raises
    ------
    ReleaseError
        If a file, digest, column or number of rows is not that of the release.
    """
    mlc = require("mlcroissant", "build", PURPOSE)
    logging.getLogger("absl").setLevel(logging.ERROR)  # it misses a date, which a release has not
    described = json.loads(path.read_text(encoding="utf-8"))
    digests = {file["@id"]: file["sha256"] for file in described["distribution"]}
    if digests != {name: entry.sha256 for name, entry in manifest.files.items()}:
        raise ReleaseError(f"{path.name} names other files or digests than the manifest")
    tables = {name: read_file(directory / name) for name in manifest.files}
    for name, table in tables.items():
        if table.num_rows != manifest.files[name].rows:
            raise ReleaseError(f"{name} has {table.num_rows} rows, another number in the manifest")
    try:
        with tempfile.TemporaryDirectory() as place:
            heads = {name: Path(place) / name for name in tables}
            for name, head in heads.items():
                head.parent.mkdir(exist_ok=True)
                pq.write_table(tables[name].slice(0, HEAD), head)
            for file in described["distribution"]:
                file["sha256"] = sha256_file(heads[file["@id"]])
            dataset = mlc.Dataset(described, mapping={n: str(h) for n, h in heads.items()})
            for name, table in tables.items():
                records = name.removesuffix(".parquet")
                columns = {f"{records}/{column}" for column in table.column_names}
                found = [set(record) for record in dataset.records(records)]
                if found != [columns] * min(table.num_rows, HEAD):
                    raise ReleaseError(f"{path.name}: {records} has other records than its table")
    except ReleaseError:
        raise
    except Exception as error:  # whatever mlcroissant finds wrong
        raise ReleaseError(f"{path.name} cannot be read: {str(error).splitlines()[0]}") from None
