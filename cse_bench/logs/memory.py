"""Tables that an engine holds beside the log: made in Python, or computed once."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

import pyarrow as pa

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends import BaseBackend


def put(engine: BaseBackend, columns: dict[str, Any]) -> ir.Table:
    """A temporary table of the given columns.

    Ibis' own in-memory tables are not enough: its Spark engine knows them in queries, but not in
    tables that are computed and kept.

    Parameters
    ----------
    engine : ibis backend
        Where the table shall be.
    columns : dict of str to sequence or Arrow array
        Its columns.
    """
    name, table = f"cse_bench_{uuid.uuid4().hex}", pa.table(columns)
    if engine.name == "pyspark":
        from pyspark.sql import SparkSession

        SparkSession.active().createDataFrame(table).createOrReplaceTempView(name)
        return engine.table(name)
    return engine.create_table(name, table, temp=True)


def keep(table: ir.Table) -> ir.Table:
    """Compute a table that is dear to read and read several times, for as long as its engine lives.

    On Spark it stays a plan: its own caches belong to whoever runs the plan.
    """
    engine = table.get_backend()
    if engine.name == "pyspark":
        return table
    return engine.create_table(f"cse_bench_{uuid.uuid4().hex}", table, temp=True)
