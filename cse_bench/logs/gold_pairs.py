"""Gold pairs: a file that tells which products of two shops are the same one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from cse_bench.errors import InputError
from cse_bench.logs.files import read_table
from cse_bench.logs.find import find_files
from cse_bench.logs.schema import PAIRS
from cse_bench.logs.typed import one_row, text_of

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


def read_pairs(engine: BaseBackend, file: str) -> ir.Table:
    """Read gold pairs, each in the order of its shops, and once.

    Parameters
    ----------
    engine : ibis backend
        DuckDB or PySpark.
    file : str
        A file, glob, directory or URL of a table with the columns `PAIRS`.

    Returns
    -------
    ibis Table
        The columns `PAIRS`, as strings.

    Raises
    ------
    InputError
        If there is none, a value is missing, or a pair is of one shop.
    """
    files = find_files(file)
    table = read_table(engine, files, {c: c for c in PAIRS}, PAIRS)
    typed = table.select(**{c: text_of(table[c]) for c in PAIRS})
    found = one_row(
        typed.aggregate(
            none=ibis.or_(*(typed[c].isnull() for c in PAIRS)).sum(),
            same=(typed.left_shop == typed.right_shop).sum(),
        ),
        files,
    )
    if found["none"]:
        raise InputError(
            f"{files}: {found['none']} rows lack a shop or a product", "fill or drop them"
        )
    if found["same"]:
        raise InputError(
            f"{files}: {found['same']} pairs are of one shop", "a pair joins two shops"
        )
    swap = typed.left_shop > typed.right_shop
    return typed.select(
        left_shop=ibis.ifelse(swap, typed.right_shop, typed.left_shop),
        left=ibis.ifelse(swap, typed.right, typed.left),
        right_shop=ibis.ifelse(swap, typed.left_shop, typed.right_shop),
        right=ibis.ifelse(swap, typed.left, typed.right),
    ).distinct()
