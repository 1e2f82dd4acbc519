"""Which products meet how often, counted on the log's engine: only counts reach this process."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING

import numpy as np

from cse_bench.building.job import BuildJob, open_log
from cse_bench.building.numbered import NumberedLog, number_log
from cse_bench.errors import InputError
from cse_bench.progress import silent
from cse_bench.trainers.base import Embeddings, check_dimensions
from cse_bench.trainers.cooccurrence import Cooccurrence, Met
from cse_bench.trainers.ppmi_svd import PpmiSvd

if TYPE_CHECKING:
    import ibis.expr.types as ir


def fit_on_engine(trainer: PpmiSvd, job: BuildJob) -> list[Embeddings]:
    """Learn the embeddings of every shop from pairs that the engine counted.

    Parameters
    ----------
    trainer : PpmiSvd
        What learns.
    job : BuildJob
        Where the log is, and who of its users are train users.

    Raises
    ------
    InputError
        If a shop has no more products than dimensions were asked for.
    """
    with open_log(job) as log, ExitStack() as scratch:
        numbered = number_log(log, job.parameters.min_users, job.key, scratch, silent)
        catalogue, found = numbered.catalogue, []
        for number, name in enumerate(catalogue.shops):
            ids = catalogue.ids[catalogue.rows(number)]
            try:
                check_dimensions(len(ids), trainer.dimensions)
            except InputError as error:
                raise InputError(f"{name}: {error.what}", error.hint) from None
            weight, fewest = trainer.length_weight, trainer.fewest()
            counts = count_on_engine(numbered, number, weight, fewest)
            found.append(trainer.fit_counts(ids, counts))
        return found


def count_on_engine(
    numbered: NumberedLog, shop: int, length_weight: float, fewest: int
) -> Cooccurrence:
    """Count the pairs of products of one shop's train visits; see `count_pairs`.

    Parameters
    ----------
    numbered : NumberedLog
        The log.
    shop : int
        Number of the shop.
    length_weight : float
        See `trainers.cooccurrence.session_weights`.
    fewest : int
        Pairs met in fewer visits are left out.
    """
    items = numbered.items
    items = items.filter((items.shop == shop) & (items.split == "train"))
    items = items.select("user", "visit", "item")
    size = items.group_by("user", "visit").agg(others=items.count() - 1)
    weight = size.others.cast("float64") ** -length_weight
    weighted = items.inner_join(size.mutate(weight=weight), ["user", "visit"])
    own = numbered.catalogue.rows(shop)
    total = np.zeros(own.stop - own.start)
    sums = weighted.group_by("item").agg(total=(weighted.weight * weighted.others).sum())
    found = sums.to_pyarrow()
    total[found["item"].to_numpy() - own.start] = found["total"].to_numpy()
    other = items.select("user", "visit", column=items.item)
    pairs = weighted.inner_join(other, ["user", "visit"])
    pairs = pairs.filter(pairs.item < pairs.column)
    counted = pairs.group_by("item", "column").agg(
        weight=pairs.weight.sum(), sessions=pairs.count()
    )
    return Cooccurrence(total, _both_ways(counted.filter(counted.sessions >= fewest), own.start))


def _both_ways(counted: ir.Table, first: int) -> Iterator[Met]:
    """Every pair and its reverse, in the order of their numbers whatever the engine gave."""
    found = counted.order_by("item", "column").to_pyarrow()
    row, column = (found[name].to_numpy().astype(np.int64) - first for name in ("item", "column"))
    weight, sessions = (
        found[name].to_numpy().astype(np.float64) for name in ("weight", "sessions")
    )
    yield Met(row, column, weight, sessions)
    yield Met(column, row, weight, sessions)
