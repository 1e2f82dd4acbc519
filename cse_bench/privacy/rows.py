"""Gates ``one-row``, ``length``, ``rows-per-user``: how much of a shopper a release shows."""

from __future__ import annotations

from collections import Counter

import numpy as np

from cse_bench.privacy.base import LOG_AND_KEY, NOTHING, Gate, Reading, Subject, visit_tables

MOST_PRODUCTS = 10
MOST_TRAIN_ROWS = 20
MOST_HELD_OUT_ROWS = 1
LISTS = ("products", "source", "target")


def _one_row(subject: Subject) -> list[Reading]:
    used: Counter[tuple[int, int]] = Counter()
    for rows in subject.known().rows.values():
        for user, visits in zip(rows.user.tolist(), rows.visits.tolist(), strict=True):
            used.update((user, visit) for visit in visits if visit >= 0)
    again = sum(n - 1 for n in used.values())
    return [Reading("visits that stand in a second row", again, limit=0, n=len(used))]


ONE_ROW = Gate(
    name="one-row",
    about="every visit is in at most one row of the whole release",
    threat="T4",
    threshold="exact",
    needs=LOG_AND_KEY,
    why="else one row's target is another's source, and rows chain into a shopper's history",
    measure=_one_row,
)


def _length(subject: Subject) -> list[Reading]:
    readings = []
    for config, split in visit_tables(subject.release):
        table = subject.release.table(config, split)
        whole = np.zeros(table.num_rows, np.int64)
        longest = 0
        for column in (c for c in LISTS if c in table.column_names):
            lengths = np.diff(table[column].combine_chunks().offsets.to_numpy())
            longest = max(longest, int(lengths.max(initial=0)))
            whole += lengths
        name = f"{config}/{split}"
        readings.append(Reading(f"{name}: products of a visit", longest, limit=MOST_PRODUCTS))
        least = int(whole.min(initial=2))
        readings.append(Reading(f"{name}: least products", least, limit=2, at_least=True))
    return readings


LENGTH = Gate(
    name="length",
    about="2 to 10 products of a visit in a row; longer ones are cut at random",
    threat="T4",
    threshold="exact",
    needs=NOTHING,
    why="a long basket is singled out by almost any three of its products, and discloses the rest",
    measure=_length,
)


def _rows_per_user(subject: Subject) -> list[Reading]:
    most: dict[bool, Counter[int]] = {True: Counter(), False: Counter()}
    for (_, split), rows in subject.known().rows.items():
        most[split == "train"].update(rows.user.tolist())
    return [
        Reading("train rows of a user", max(most[True].values(), default=0), limit=MOST_TRAIN_ROWS),
        Reading(
            "held-out rows of a user",
            max(most[False].values(), default=0),
            limit=MOST_HELD_OUT_ROWS,
        ),
    ]


ROWS_PER_USER = Gate(
    name="rows-per-user",
    about="rows of one user in the whole release",
    threat="T4",
    threshold=f"≤ {MOST_TRAIN_ROWS} train, {MOST_HELD_OUT_ROWS} held-out",
    needs=LOG_AND_KEY,
    why="a heavy shopper must not be most of the release, nor be followed through it",
    measure=_rows_per_user,
)
