"""Read a release as read-only NumPy views."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from cse_bench.errors import ReleaseError, did_you_mean
from cse_bench.ragged import Ragged
from cse_bench.release.columns import (
    as_groups,
    as_matrix,
    as_rows,
    of_direction,
    of_shop,
    read_file,
)
from cse_bench.release.manifest import Manifest, read_manifest, verify_files
from cse_bench.release.schema import ALIGNED, TABLES, products_schema
from cse_bench.release.tables import CrossRows, QueryRows, ShopTable
from cse_bench.types import Ints, Matrix


@dataclass(frozen=True, eq=False)
class Release:
    """An anonymised cross-shop dataset, verified against its manifest.

    Attributes
    ----------
    path : Path
        Its directory.
    manifest : Manifest
        What it is.
    shops : dict of str to ShopTable
        Its shops, in order.
    revision : str or None
        Commit on the Hub it came from.
    repo : str or None
        Repository on the Hub it came from.
    """

    path: Path
    manifest: Manifest
    shops: dict[str, ShopTable]
    revision: str | None = None
    repo: str | None = None

    def __repr__(self) -> str:
        shops = ", ".join(map(repr, self.shops.values()))
        return f"<Release {self.name} {self.manifest.version} in {self.path}: {shops}>"

    @property
    def name(self) -> str:
        """Name of the release."""
        return self.manifest.name

    @property
    def directions(self) -> list[tuple[str, str]]:
        """Every ordered pair of shops: source, target."""
        return [(a, b) for a in self.shops for b in self.shops if a != b]

    def has(self, table: str, split: str) -> bool:
        """Whether the release holds a table.

        Parameters
        ----------
        table : str
            ``sessions``, ``cross_sessions``, ``pairs``, ``rendered``, ``queries`` or ``aligned``.
        split : str
            ``train``, ``validation`` or ``test``, as the table has them; for ``aligned`` a shop.

        Raises
        ------
        ReleaseError
            If no release has such a table or split.
        """
        if table in TABLES and split not in TABLES[table].splits:
            raise ReleaseError(
                f"the table {table!r} has no split {split!r}", ", ".join(TABLES[table].splits)
            )
        if table not in (*TABLES, ALIGNED):
            raise ReleaseError(f"there is no table {table!r}", did_you_mean(table, [*TABLES]))
        return f"{table}/{split}.parquet" in self.manifest.files

    def require_shops(self, *names: str) -> None:
        """Refuse a shop that the release has not.

        Raises
        ------
        ReleaseError
            Naming those that it has.
        """
        for name in names:
            if name not in self.shops:
                hint = did_you_mean(name, [*self.shops])
                raise ReleaseError(f"the release {self.name} has no shop {name!r}", hint)

    def table(self, table: str, split: str) -> pa.Table:
        """One Parquet file as an Arrow table.

        Parameters
        ----------
        table, split : str
            See `has`; ``products`` too, whose splits are the shops.

        Returns
        -------
        Arrow table
            Its columns are those of `release.schema`.

        Raises
        ------
        ReleaseError
            If the release has no such file.
        """
        name = f"{table}/{split}.parquet"
        if name not in self.manifest.files:
            raise ReleaseError(f"the release {self.name} has no {name}")
        return read_file(self.path / name)

    def published_alignment(self) -> dict[str, Matrix] | None:
        """Vectors of every shop as the data's own authors aligned them, if the release has them.

        Returns
        -------
        dict of str to ndarray of shape (n, k), float32, or None
        """
        if not all(self.has(ALIGNED, shop) for shop in self.shops):
            return None
        vectors = {}
        for name, shop in self.shops.items():
            table = self.table(ALIGNED, name)
            order = np.argsort(shop.rows_of(table["product_id"].combine_chunks()))
            column = table["vector"]
            vectors[name] = as_matrix(column, column.type.list_size)[order]
        return vectors

    def pairs(self, split: str, source: str, target: str) -> Ints:
        """Gold pairs of a direction.

        Parameters
        ----------
        split : str
            ``train``, ``validation`` or ``test``.
        source, target : str
            The direction.

        Returns
        -------
        ndarray of shape (m, 2), int64
            Row in the source shop, row in the target shop; in one order, whichever way round.

        Raises
        ------
        ReleaseError
            If there is no such split or shop.
        """
        self.require_shops(source, target)
        if not self.has("pairs", split):
            return np.empty((0, 2), np.int64)
        table = self.table("pairs", split)
        left, right = (c.combine_chunks() for c in (table["left_id"], table["right_id"]))
        parts = []
        for ours, theirs in ((left, right), (right, left)):
            mine = pc.and_(of_shop(ours, source), of_shop(theirs, target))
            rows = [
                self.shops[source].rows_of(ours.filter(mine)),
                self.shops[target].rows_of(theirs.filter(mine)),
            ]
            parts.append(np.column_stack(rows))
        return np.concatenate(parts)

    def rows(self, table: str, split: str, source: str, target: str) -> CrossRows:
        """Rows of ``cross_sessions`` or ``rendered`` in one direction.

        A table that the release lacks has no rows.

        Parameters
        ----------
        table, split : str
            See `has`.
        source, target : str
            The direction.

        Returns
        -------
        CrossRows
            Both parts as rows of the shops, and the group of each row.

        Raises
        ------
        ReleaseError
            If there is no such split or shop.
        """
        self.require_shops(source, target)
        if not self.has(table, split):
            empty = Ragged.from_lists([])
            return CrossRows(empty, empty, np.empty(0, np.int64))
        data = self.table(table, split)
        data = of_direction(data, source, target)
        return CrossRows(
            as_rows(data["source"], self.shops[source]),
            as_rows(data["target"], self.shops[target]),
            as_groups(data["group"]),
        )

    def queries(self, split: str, source: str, target: str) -> QueryRows:
        """Real queries of one direction; in train, `source` and `target` are one shop.

        A release without queries has no rows.

        Parameters
        ----------
        split : str
            ``train``, ``validation`` or ``test``.
        source, target : str
            The direction.

        Returns
        -------
        QueryRows
            The session before, the query, and the group of each row.

        Raises
        ------
        ReleaseError
            If there is no such split or shop.
        """
        self.require_shops(source, target)
        if not self.has("queries", split):
            return QueryRows(Ragged.from_lists([]), (), np.empty(0, np.int64))
        data = of_direction(self.table("queries", split), source, target)
        return QueryRows(
            as_rows(data["source"], self.shops[source]),
            tuple(data["query"].to_pylist()),
            as_groups(data["group"]),
        )

    def sessions(self, split: str, shop: str) -> tuple[Ragged, Ints]:
        """In-shop sessions of one shop.

        Parameters
        ----------
        split : str
            ``train`` or ``validation``.
        shop : str
            The shop.

        Returns
        -------
        sessions : Ragged
            Rows of the shop, a row a session.
        group : ndarray of shape (n_sessions,), int64
            What intervals resample; -1 in train.

        Raises
        ------
        ReleaseError
            If there is no such split or shop.
        """
        self.require_shops(shop)
        if not self.has("sessions", split):
            return Ragged.from_lists([]), np.empty(0, np.int64)
        data = self.table("sessions", split)
        data = data.filter(pc.equal(data["shop"], shop))
        return as_rows(data["products"], self.shops[shop]), as_groups(data["group"])


def read_release(
    directory: Path, *, revision: str | None = None, repo: str | None = None
) -> Release:
    """Read a release from a directory.

    Parameters
    ----------
    directory : Path
        The release.
    revision, repo : str, optional
        Commit and repository on the Hub that the directory was fetched from.

    Returns
    -------
    Release

    Raises
    ------
    ReleaseError
        If a file is missing or is not the one that the manifest describes.
    """
    manifest = read_manifest(directory)
    verify_files(directory, manifest)
    shops = {name: _read_shop(directory, manifest, name) for name in manifest.shops}
    return Release(directory, manifest, shops, revision, repo)


def _read_shop(directory: Path, manifest: Manifest, name: str) -> ShopTable:
    path = directory / "products" / f"{name}.parquet"
    if f"products/{name}.parquet" not in manifest.files:
        raise ReleaseError(f"{directory}: its manifest lists the shop {name}, but no {path.name}")
    table = read_file(path)
    wanted = products_schema(manifest.dimensions, manifest.content_dimensions)
    if not table.schema.equals(wanted):
        raise ReleaseError(f"{path} has other columns than its manifest says: {table.schema}")
    content = None
    if manifest.content_dimensions is not None:
        content = as_matrix(table["content"], manifest.content_dimensions)
    popularity = table["popularity"].combine_chunks().to_numpy(zero_copy_only=True)
    return ShopTable(
        name=name,
        id_array=table["product_id"].combine_chunks(),
        vectors=as_matrix(table["embedding"], manifest.dimensions),
        content=content,
        popularity=popularity,
        categories=tuple(table["category"].to_pylist()),
    )
