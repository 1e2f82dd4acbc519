"""Time the relational stages of a build beside the same steps in plain pandas, and their growth.

    python benchmarks/build.py [--large]

On The Complete Journey: everything from the log's files to visits, cross-shop rows and free visits,
on DuckDB through the pipeline's own expressions, and in pandas; both find the same rows. On
synthetic logs: the same stages at growing sizes (1 to 10 million events; ``--large``: to 100
million) with 4 GB for DuckDB, the exponent of time over size and the peak memory of the process.
"""

from __future__ import annotations

import argparse
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import ibis
import ibis.expr.types as ir
import numpy as np
import pandas as pd
from ibis.backends import BaseBackend

from cse_bench.building.catalogue import number_products
from cse_bench.building.engines import open_engine
from cse_bench.building.keys import Key, split_users
from cse_bench.building.numbers import by_numbers, number_offers, number_users
from cse_bench.building.visits import (
    MIN_PRODUCTS,
    cross_shop_rows,
    free_visits,
    number_visits,
    session_items,
    support,
)
from cse_bench.logs.completejourney import NOT_PRODUCTS, data_directory, read_stores
from cse_bench.logs.registry import read_log
from cse_bench.logs.schema import Log
from cse_bench.logs.synthetic import SyntheticOptions, write_log

KEY = Key(bytes(range(32)))
GAP = 7 * 86400
MEMORY = "4GB"
"""What DuckDB may hold before it spills, on synthetic logs."""


def stages(log: Log, min_users: int = 10) -> dict[str, int]:
    """The relational stages on the log's engine: how many rows each gives."""
    with ExitStack() as scratch:

        def kept(table: ir.Table) -> ir.Table:
            return scratch.enter_context(table.cache())

        users = number_users(log.events, KEY)
        offers = kept(number_offers(log.events))
        events = kept(by_numbers(log.events, users.table, offers))
        supported = kept(support(events, users.table).inner_join(offers, "offer"))
        catalogue = number_products(log, supported, min_users, KEY)
        products = catalogue.as_table(KEY, log.events.get_backend())
        cut = number_visits(kept(session_items(events, products)), users.table)
        visits, items = kept(cut.visits), kept(cut.items)
        rows = kept(cross_shop_rows(visits, GAP))
        counts = {"items": items, "visits": visits, "rows": rows}
        counts["free"] = kept(free_visits(visits, rows))
        return {name: int(t.count().to_pyarrow().as_py()) for name, t in counts.items()}


def journey(engine: BaseBackend) -> Log:
    """The Complete Journey, from its files."""
    return read_log("completejourney", engine)


def journey_in_pandas() -> pd.DataFrame:
    """The events of The Complete Journey, from the same files as the reader takes them."""
    place, columns = data_directory(), ["store_id", "household_id", "basket_id", "product_id"]
    lines = pd.read_parquet(
        place / "transactions.parquet", columns=[*columns, "transaction_timestamp", "quantity"]
    )
    products = pd.read_parquet(place / "products.parquet")
    sold = products[products["product_category"].notna()]
    for column, values in NOT_PRODUCTS.items():
        sold = sold[~sold[column].isin(values)]
    lines = lines[(lines["quantity"] > 0) & lines["product_id"].isin(sold["product_id"])]
    store, user, session, product = (lines[c].astype(str) for c in columns)
    return pd.DataFrame(
        {
            "shop": store.map(read_stores()),
            "user": user,
            "session": session,
            "product": product,
            "timestamp": lines["transaction_timestamp"],
        }
    )


def stages_in_pandas(events: pd.DataFrame, min_users: int = 10) -> dict[str, int]:
    """The same steps, as one would write them in pandas."""
    names = sorted(events["user"].unique())
    split = pd.Series(split_users(names, KEY), index=names)
    train = events[events["user"].map(split) == "train"]
    met = train.groupby(["shop", "product"])["user"].agg(["nunique", "size"])
    known = met[met["nunique"] >= min_users].reset_index()[["shop", "product"]]
    raw = list(known.itertuples(index=False, name=None))
    known["place"], known["draw"] = KEY.order("products", raw), KEY.residues("item-draw", raw)
    items = events.merge(known, on=["shop", "product"])
    items = items.groupby(["user", "shop", "session", "product"], as_index=False)["timestamp"].min()
    visits = items.groupby(["user", "shop", "session"], as_index=False).agg(
        timestamp=("timestamp", "min"), n=("product", "size")
    )
    visits = visits[visits["n"] >= MIN_PRODUCTS].sort_values(
        ["user", "timestamp", "session", "shop"]
    )
    visits["visit"] = visits.groupby("user").cumcount()
    items = items.merge(
        visits[["user", "shop", "session", "visit"]], on=["user", "shop", "session"]
    )
    following = visits.groupby("user")[["shop", "timestamp"]].shift(-1)
    pause = (following["timestamp"] - visits["timestamp"]).dt.total_seconds()
    crosses = (following["shop"] != visits["shop"]) & (pause <= GAP)
    crossing = visits[crosses].copy()
    crossing["chain"] = crossing["visit"] - crossing.groupby("user").cumcount()
    crossing["link"] = crossing.groupby(["user", "chain"]).cumcount()
    rows = crossing[crossing["link"] % 2 == 0][["user", "visit"]]
    used = pd.concat([rows, rows.assign(visit=rows["visit"] + 1)])
    marked = visits.merge(used, on=["user", "visit"], how="left", indicator=True)
    free = marked[marked["_merge"] == "left_only"]
    return {"items": len(items), "visits": len(visits), "rows": len(rows), "free": len(free)}


@dataclass(frozen=True)
class Beside:
    """The same stages on DuckDB and in pandas, from the files, in turn.

    Attributes
    ----------
    ours, theirs, reading : list of float
        Seconds of each turn; `reading` is the part of `theirs` that reads the files.
    events : int
        Events of the log.
    rows : dict of str to int
        How many each stage gave, which is the same for both.
    """

    ours: list[float]
    theirs: list[float]
    reading: list[float]
    events: int
    rows: dict[str, int]


def compare(
    read: Callable[[BaseBackend], Log] = journey,
    frame: Callable[[], pd.DataFrame] = journey_in_pandas,
    *,
    repeats: int = 3,
    min_users: int = 10,
) -> Beside:
    """Time the stages on DuckDB and in pandas; what they find must be the same.

    Parameters
    ----------
    read : callable
        Opens the log on an engine.
    frame : callable
        Reads the same log's events into pandas.
    repeats : int
        Turns.
    min_users : int
        Fewest users of a product.
    """
    theirs, reading, ours = [], [], []
    for _ in range(repeats):
        begin = time.perf_counter()
        events = frame()
        reading.append(time.perf_counter() - begin)
        expected = stages_in_pandas(events, min_users)
        theirs.append(time.perf_counter() - begin)
        with open_engine("duckdb") as engine:
            begin = time.perf_counter()
            found = stages(read(engine), min_users)
            ours.append(time.perf_counter() - begin)
        if found != expected:
            raise SystemExit(f"the rows differ: {found}, pandas {expected}")
    return Beside(ours, theirs, reading, len(events), found)


def beside_pandas() -> None:
    found = compare()
    own, total, read = map(np.median, (found.ours, found.theirs, found.reading))
    print(f"The Complete Journey, from its files: {found.events:,} events -> {found.rows}")
    print(
        f"  DuckDB {own:.2f} s, pandas {pd.__version__} {total:.2f} s ({read:.2f} s of it reading):"
        f" {total / own:.1f}x (goal 5x)"
    )


def one_size(size: int) -> None:
    """Run in a process of its own, so that peak memory is this size's."""
    with tempfile.TemporaryDirectory() as place:
        write_log(Path(place), SyntheticOptions(size=size, products=20_000, categories=200))
        with open_engine("duckdb", memory=MEMORY) as engine:
            tables = {
                n: engine.read_parquet(f"{place}/{n}/*.parquet") for n in ("events", "catalogue")
            }
            log = Log("synthetic", tables["events"], tables["catalogue"], True, "", False, "", "")
            begin = time.perf_counter()
            stages(log)
            print(time.perf_counter() - begin, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def growth(sizes: list[int]) -> None:
    seconds = []
    for size in sizes:
        command = [sys.executable, __file__, "--one-size", str(size)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
        taken, peak = (float(x) for x in done.stdout.split())
        seconds.append(taken)
        print(f"  {size:>11,} events: {taken:7.1f} s, peak {peak / 2**20:.2f} GiB")
    slope = np.polyfit(np.log(sizes), np.log(seconds), 1)[0]
    print(f"  time grows with size to the power {slope:.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--large", action="store_true", help="up to 100 million events")
    parser.add_argument("--one-size", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.one_size:
        one_size(arguments.one_size)
        return
    print(f"ibis {ibis.__version__}, Python {platform.python_version()}")
    beside_pandas()
    print("synthetic logs, DuckDB:")
    growth([1_000_000, 3_000_000, 10_000_000] + [30_000_000, 100_000_000] * arguments.large)


if __name__ == "__main__":
    main()
