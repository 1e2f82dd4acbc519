"""What a build tells its user of the release that came of it, beyond counts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cse_bench.building.catalogue import Catalogue
from cse_bench.building.tables import Tables
from cse_bench.release.schema import CROSS_SESSIONS, PAIRS, RENDERED

if TYPE_CHECKING:
    import ibis.expr.types as ir

FEW = 500
"""With fewer test rows, all directions together, only large differences between aligners show."""


def order_note(items: ir.Table, ordered: bool) -> list[str]:
    """Whether timestamps really order the products of a visit, where the log is said to be ordered.

    Parameters
    ----------
    items : ibis Table
        `visits.Visits.items`.
    ordered : bool
        What the log says.

    Returns
    -------
    list of str
        One note, or none.
    """
    if not ordered:
        return []
    time = items.timestamp
    visits = items.group_by("user", "visit").agg(moment=time.min() == time.max())
    found = visits.aggregate(rows=visits.count(), moments=visits.moment.sum()).to_pyarrow()
    rows, moments = (int(found[name][0].as_py() or 0) for name in ("rows", "moments"))
    if 2 * moments <= rows:
        return []
    return [
        f"in {moments:,} of {rows:,} visits all products have one time: if times do not order a "
        "visit's products, build with --unordered, or the last of them is an accident"
    ]


def catalogue_note(catalogue: Catalogue) -> list[str]:
    """Whether the log's catalogue describes any product that is sold.

    Parameters
    ----------
    catalogue : Catalogue
        The supported products.

    Returns
    -------
    list of str
        One note, or none.
    """
    texts = (*catalogue.titles, *catalogue.categories)
    if catalogue.content is not None or any(text is not None for text in texts):
        return []
    return [
        "no product has a title, a category or content: no content track and no type_ahead (is "
        "there a --catalogue, and are its products and shops named as in the events?)"
    ]


def table_notes(tables: Tables) -> list[str]:
    """What the tables lack, and what cannot be measured without.

    Parameters
    ----------
    tables : dict of (str, str) to Arrow table
        By config and split.

    Returns
    -------
    list of str
    """
    notes = []
    train = tables.get((PAIRS.name, "train"))
    if train is None or not train.num_rows:
        notes.append(
            "no pairs: no translation, no rendered rows, no gap closed (--with-pairs; where an id "
            "of the log is one product in both shops, each such id is a pair)"
        )
    tests = [(name, tables.get((name, "test"))) for name in (CROSS_SESSIONS.name, RENDERED.name)]
    few = [f"{name}/test" for name, table in tests if table is not None and table.num_rows < FEW]
    if few:
        notes.append(
            f"few rows to test on ({', '.join(few)}): cse-bench describe tells how large a "
            "difference they can show"
        )
    return notes
