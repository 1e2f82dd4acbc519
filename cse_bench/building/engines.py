"""The engines that run the pipeline's expressions: DuckDB, or Spark."""

from __future__ import annotations

import contextlib
import re
import tempfile
from collections.abc import Iterator
from types import ModuleType
from typing import TYPE_CHECKING, Any

from cse_bench.errors import InputError, did_you_mean
from cse_bench.extras import require

if TYPE_CHECKING:
    from ibis.backends import BaseBackend

ENGINES = ("duckdb", "spark")

PARTITIONS = "spark.sql.shuffle.partitions"


@contextlib.contextmanager
def open_engine(
    name: str, *, master: str = "local[*]", memory: str | None = None
) -> Iterator[BaseBackend]:
    """Open an engine, and close it at the end.

    Parameters
    ----------
    name : str
        ``duckdb`` (one machine, spills to disk) or ``spark``.
    master : str
        For Spark: the master's URL, ``local[*]`` for this machine.
    memory : str, optional
        How much the engine may hold before it spills to disk, such as ``4GB``; its own default
        without (DuckDB: 80 % of the machine's; Spark: a driver of 4 GB).

    Raises
    ------
    InputError
        If there is no such engine, it cannot start, or another Spark session is running here.
    """
    if name not in ENGINES:
        raise InputError(f"there is no engine {name!r}", did_you_mean(name, list(ENGINES)))
    ibis = require("ibis", "build", "building a release")
    if name == "duckdb":
        require("duckdb", "build", "building a release")
        with tempfile.TemporaryDirectory(prefix="cse-bench-duckdb-") as spill:
            # Rows need no order of their own here: every result is sorted where it leaves.
            settings: dict[str, Any] = {"preserve_insertion_order": False}
            if memory is not None:
                settings["memory_limit"] = _checked_memory(memory)
            backend = ibis.duckdb.connect(temp_directory=spill, **settings)
            try:
                yield backend
            finally:
                backend.disconnect()
        return
    sql = require("pyspark.sql", "spark", "the engine spark")
    memory = _checked_memory(memory or "4GB")
    if sql.SparkSession.getActiveSession() is not None:
        raise InputError(
            "a Spark session of yours is running in this process, whose settings would be changed",
            "build in a process of its own, such as by cse-bench build",
        )
    session = _spark_session(sql, master, memory)
    try:
        yield ibis.pyspark.connect(session)
    finally:
        session.stop()


def _checked_memory(text: str) -> str:
    """An amount of memory that both engines understand.

    Raises
    ------
    InputError
        If it is none.
    """
    if re.fullmatch(r"[1-9][0-9]*(MB|GB)", text) is None:
        raise InputError(f"{text!r} is no amount of memory", "write 800MB or 4GB")
    return text


def _spark_session(sql: ModuleType, master: str, memory: str) -> Any:
    """A Spark session that is quiet and keeps UTC."""
    settings = {
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.log.level": "ERROR",
    }
    if master.startswith("local"):
        settings["spark.driver.memory"] = memory[:-1]
    builder = sql.SparkSession.builder.master(master).appName("cse-bench")
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        session = builder.getOrCreate()
    except Exception as error:
        reason = str(error).strip().splitlines()[0] if str(error).strip() else repr(error)
        raise InputError(
            f"Spark does not start: {reason}", "it needs Java 17 or later (JAVA_HOME), and a master"
        ) from None
    if master.startswith("local") and not session.sparkContext.getConf().contains(PARTITIONS):
        session.conf.set(PARTITIONS, "8")  # Spark's own 200 are for many machines
    return session
