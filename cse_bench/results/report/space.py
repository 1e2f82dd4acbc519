"""The aligned space that a page shows, and where it comes from."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cse_bench.aligners.contract import Aligned
from cse_bench.errors import InputError
from cse_bench.release.read import Release
from cse_bench.release.tables import ShopTable
from cse_bench.types import Matrix

VECTORS = "aligned.parquet"
PLACE = ("track", "source_shop", "target_shop")
AGAIN = "run cse-bench evaluate … --save-vectors again, or name the aligner with --aligner"


@dataclass(frozen=True)
class Place:
    """One track in one direction.

    Attributes
    ----------
    track, source, target : str
        Track, and names of the shops.
    """

    track: str
    source: str
    target: str

    def __str__(self) -> str:
        return f"{self.track}, {self.source} → {self.target}"


@dataclass(frozen=True, eq=False)
class Space:
    """Both shops of a release, as they come and aligned.

    Attributes
    ----------
    release : Release
        The data.
    place : Place
        Track and direction.
    split : str
        Whose pairs say what is right.
    aligned : Aligned
        Both shops in the shared space, rows in the order of the release.
    origin : str
        Where the vectors come from, for the reader.
    reference : Aligned or None
        The same by ``procrustes`` on all train pairs, where the release has some.
    """

    release: Release
    place: Place
    split: str
    aligned: Aligned
    origin: str
    reference: Aligned | None = None

    @property
    def source(self) -> ShopTable:
        """The source shop."""
        return self.release.shops[self.place.source]

    @property
    def target(self) -> ShopTable:
        """The target shop."""
        return self.release.shops[self.place.target]

    @property
    def comparable(self) -> bool:
        """Whether the shops' own vectors have one width, so that they can be compared at all."""
        return self.source.vectors.shape[1] == self.target.vectors.shape[1]


def choose_place(
    places: list[Place], track: str | None, source: str | None, target: str | None
) -> Place:
    """The one of several that is shown: what was asked for, else the last track, first direction.

    Parameters
    ----------
    places : list of Place
        What there is, in the record's order: a result's last track has the most evidence.
    track, source, target : str, optional
        What was asked for.

    Raises
    ------
    InputError
        If there is no such one.
    """
    asked = {"track": track, "source": source, "target": target}
    found = [
        p
        for p in places
        if all(wanted is None or getattr(p, name) == wanted for name, wanted in asked.items())
    ]
    if not found:
        told = ", ".join(f"{name} {value}" for name, value in asked.items() if value is not None)
        raise InputError(
            f"there are no vectors of {told or 'any track'}",
            "there are: " + "; ".join(map(str, places)),
        )
    last = found[-1].track
    return next(p for p in found if p.track == last)


def read_places(path: Path) -> list[Place]:
    """The tracks and directions of an ``aligned.parquet``, in its order.

    Raises
    ------
    InputError
        If it is no such file.
    """
    with _open(path) as file:
        table = file.read([*PLACE])
    plain = pa.table([column.cast(pa.string()) for column in table.columns], names=[*PLACE])
    found = plain.group_by([*PLACE], use_threads=False).aggregate([])  # unthreaded keeps the order
    return [Place(*row.values()) for row in found.to_pylist()]


def read_vectors(path: Path, release: Release, place: Place) -> Aligned:
    """The vectors of one track and direction, in the rows of the release.

    Parameters
    ----------
    path : Path
        An ``aligned.parquet``.
    release : Release
        Whose products it must hold, each once.
    place : Place
        Track and direction.

    Returns
    -------
    Aligned
        As float32.

    Raises
    ------
    InputError
        If the file is damaged, or does not fit the release.
    """
    with _open(path) as file:
        table = file.read()
    for name, value in zip(PLACE, (place.track, place.source, place.target), strict=True):
        table = table.filter(pc.equal(table[name], value))
    sides = []
    for shop in (release.shops[place.source], release.shops[place.target]):
        own = table.filter(pc.equal(table["shop"], shop.name))
        sides.append(_matrix(path, own, shop, place))
    if sides[0].shape[1] != sides[1].shape[1]:
        raise InputError(f"{path}: {place}: the shops have vectors of two widths", AGAIN)
    return Aligned(*sides)


def _matrix(path: Path, table: pa.Table, shop: ShopTable, place: Place) -> Matrix:
    ids = table["product_id"].combine_chunks()
    if len(ids) != len(shop) or len(pc.unique(ids)) != len(shop):
        raise InputError(
            f"{path}: {place}: {len(ids):,} vectors for the {len(shop):,} products of {shop.name}",
            AGAIN,
        )
    column = table["vector"].combine_chunks()
    flat = column.flatten().to_numpy(zero_copy_only=False).astype(np.float32)
    widths = np.diff(column.offsets.to_numpy())
    if not len(flat) or len(set(widths.tolist())) != 1 or not np.isfinite(flat).all():
        raise InputError(f"{path}: {place}: a vector is empty, cut short or not finite", AGAIN)
    matrix: Matrix = np.empty((len(shop), int(widths[0])), np.float32)
    matrix[shop.rows_of(ids)] = flat.reshape(len(shop), -1)
    return matrix


def _open(path: Path) -> pq.ParquetFile:
    try:
        file = pq.ParquetFile(path)
    except (pa.ArrowException, OSError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(f"{path} is cut short or no Parquet file: {reason}", AGAIN) from None
    missing = {*PLACE, "shop", "product_id", "vector"} - set(file.schema_arrow.names)
    if missing:
        raise InputError(f"{path} has no column {min(missing)!r}", AGAIN)
    return file
