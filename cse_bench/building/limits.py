"""How much of one shopper a release shows: rows are cut, and rows of one user are drawn from."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from cse_bench.building.keys import Key
from cse_bench.building.report import BuildReport
from cse_bench.building.tables import Made, Rows
from cse_bench.privacy.rows import LISTS, MOST_HELD_OUT_ROWS, MOST_PRODUCTS, MOST_TRAIN_ROWS
from cse_bench.ragged import Ragged
from cse_bench.types import Ints


def _generator(key: Key, purpose: str) -> np.random.Generator:
    """A generator with the whole digest for a seed."""
    return np.random.default_rng(int.from_bytes(key.digests(purpose, [()])[0]))


def cut_rows(made: Made, key: Key, report: BuildReport) -> Made:
    """Keep at most `MOST_PRODUCTS` products of a visit, drawn at random, in their order."""
    out: Made = {}
    rng = _generator(key, "cut-rows")
    left_out = 0
    for kind, rows in made.items():
        table = rows.table
        for column in (c for c in LISTS if c in table.column_names):
            lists = table[column].combine_chunks()
            offsets = lists.offsets.to_numpy().astype(np.int64)
            kept = _drawn(np.diff(offsets), MOST_PRODUCTS, rng)
            left_out += int((~kept).sum())
            places = Ragged(np.arange(len(kept)), offsets - offsets[0]).where(kept)
            values = lists.flatten().take(pa.array(places.values))
            cut = pa.ListArray.from_arrays(pa.array(places.offsets, pa.int32()), values)
            table = table.set_column(
                table.column_names.index(column), table.schema.field(column), cut.cast(lists.type)
            )
        out[kind] = Rows(table, rows.user, rows.visits)
    report.drop("products of rows", f"more than {MOST_PRODUCTS} of a visit", left_out)
    return out


def _drawn(
    lengths: Ints, most: int, rng: np.random.Generator
) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Of each run of `lengths`, at most `most` places, drawn at random."""
    run = np.repeat(np.arange(len(lengths)), lengths)
    order = np.lexsort((rng.random(len(run)), run))
    place = np.empty(len(run), np.int64)
    place[order] = np.arange(len(run)) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    kept: np.ndarray[tuple[int], np.dtype[np.bool_]] = place < most
    return kept


def limit_rows(made: Made, key: Key, report: BuildReport) -> Made:
    """Keep at most `MOST_TRAIN_ROWS` train rows and `MOST_HELD_OUT_ROWS` held-out row of each user.

    A held-out user's table is drawn before the row, so that the small tables are not starved by the
    large ones.
    """
    rng = _generator(key, "limit-rows")
    kept = {kind: np.zeros(len(rows.user), bool) for kind, rows in made.items()}
    for held_out, most in ((False, MOST_TRAIN_ROWS), (True, MOST_HELD_OUT_ROWS)):
        kinds = [kind for kind in made if (kind[1] != "train") == held_out]
        if not kinds:
            continue
        user = np.concatenate([made[kind].user for kind in kinds])
        table = np.repeat(np.arange(len(kinds)), [len(made[kind].user) for kind in kinds])
        row = np.concatenate([np.arange(len(made[kind].user)) for kind in kinds])
        first = rng.random((int(user.max(initial=0)) + 1, len(kinds)))[user, table] * held_out
        order = np.lexsort((rng.random(len(user)), first, user))
        begins = np.searchsorted(user[order], user[order])
        chosen = order[np.arange(len(order)) - begins < most]
        for number, kind in enumerate(kinds):
            kept[kind][row[chosen[table[chosen] == number]]] = True
    left_out = sum(int((~mask).sum()) for mask in kept.values())
    reason = (
        f"more than {MOST_TRAIN_ROWS} train rows or {MOST_HELD_OUT_ROWS} held-out row of a user"
    )
    report.drop("rows", reason, left_out)
    return {kind: rows.take(np.flatnonzero(kept[kind])) for kind, rows in made.items()}
