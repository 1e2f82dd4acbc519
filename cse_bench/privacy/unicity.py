"""Gate ``unicity``: how many products of a basket single its row out."""

from __future__ import annotations

import numpy as np

from cse_bench.privacy.base import NOTHING, Gate, Reading, Subject, visit_tables, wilson
from cse_bench.privacy.rows import LISTS
from cse_bench.ragged import Ragged
from cse_bench.release.read import Release

LIMITS = {1: 0.01, 2: 0.25}
"""Known products → the largest share of rows that they may single out."""

MOST_KNOWN = 5
SAMPLE = 2000


def release_rows(release: Release) -> Ragged:
    """Every row made of visits as a set of products, all shops in one numbering."""
    begin, total = {}, 0
    for name, shop in release.shops.items():
        begin[name] = total
        total += len(shop)
    rows: list[np.ndarray[tuple[int], np.dtype[np.int64]]] = []
    for config, split in visit_tables(release):
        table = release.table(config, split)
        parts = []
        for column in (c for c in LISTS if c in table.column_names):
            lists = table[column].combine_chunks()
            values = np.empty(len(lists.flatten()), np.int64)
            ids = lists.flatten()
            owner = np.array([i.partition("_")[0] for i in ids.to_pylist()])
            for name, shop in release.shops.items():
                mine = owner == name
                values[mine] = shop.rows_of(ids.filter(mine)) + begin[name]
            parts.append(Ragged(values, lists.offsets.to_numpy().astype(np.int64)))
        rows += [
            np.unique(np.concatenate([part[i] for part in parts])) for i in range(table.num_rows)
        ]
    return Ragged.from_lists(rows)


def _unicity(subject: Subject) -> list[Reading]:
    """Share of rows that p of their products, drawn at random, single out among all rows."""
    from scipy.sparse import csr_array

    rows = release_rows(subject.release)
    if not len(rows):
        return []
    width = int(rows.values.max()) + 1
    ones = np.ones(len(rows.values), np.int32)
    member = csr_array((ones, rows.values, rows.offsets), shape=(len(rows), width))
    by_product = member.T.tocsr()
    rng = np.random.default_rng(0)
    readings = []
    for known in range(1, MOST_KNOWN + 1):
        long_enough = np.flatnonzero(rows.lengths >= known)
        if not len(long_enough):
            break
        chosen = rng.permutation(long_enough)[:SAMPLE]
        drawn = np.concatenate([rng.choice(rows[i], known, replace=False) for i in chosen])
        starts = np.arange(len(chosen) + 1) * known
        asked = csr_array(
            (np.ones(len(drawn), np.int32), drawn, starts), shape=(len(chosen), width)
        )
        met = (asked @ by_product).tocsr()  # how many of the known products each row holds
        whole = np.add.reduceat((met.data == known).astype(np.int64), met.indptr[:-1])
        single = whole == 1
        share = float(single.mean())
        low, high = wilson(share, len(chosen))
        more = float((rows.lengths[chosen[single]] - known).mean()) if single.any() else 0.0
        readings.append(
            Reading(
                f"share of rows singled out by p = {known}",
                share,
                limit=LIMITS.get(known),
                low=low,
                high=high,
                n=len(chosen),
                judge_high=True,
                example=f"which discloses {more:.1f} further products on average",
            )
        )
    return readings


UNICITY = Gate(
    name="unicity",
    about="share of rows that p = 1 … 5 known products single out",
    threat="T4",
    threshold="p = 1: ≤ 1 %, p = 2: ≤ 25 %",
    needs=NOTHING,
    why="an acquaintance who knows a few products of a basket would read the rest of it",
    measure=_unicity,
)
