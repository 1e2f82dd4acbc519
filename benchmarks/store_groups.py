"""Compute the two shops of The Complete Journey: the balanced max-cut of its stores.

    python benchmarks/store_groups.py [--key-file KEY] [--shops 2] [--write]

Only train households are read. The frozen grouping was computed with the key of release v0.9.0;
another key draws other train households and so another, similar cut. Prints how many visit pairs
cross under the frozen grouping, the one computed now, and stores dealt alternately by volume.
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

import ibis
import numpy as np

from cse_bench.building.keys import Key, split_users
from cse_bench.logs import completejourney
from cse_bench.logs.store_groups import balanced_max_cut

TARGET = Path(completejourney.__file__).with_name("stores.csv")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--key-file", type=Path)
    parser.add_argument("--shops", type=int, default=2)
    parser.add_argument("--write", action="store_true", help=f"replace {TARGET.name}")
    arguments = parser.parse_args()

    engine = ibis.duckdb.connect()
    events = completejourney.store_events(engine)
    everyone = sorted(events.user.as_table().distinct().to_pyarrow()["user"].to_pylist())
    split = split_users(everyone, Key.from_file(arguments.key_file))
    train = [u for u, s in zip(everyone, split, strict=True) if s == "train"]
    held_out = [u for u, s in zip(everyone, split, strict=True) if s != "train"]

    stores, moves, volume = completejourney.store_moves(events, train)
    labels, cut = balanced_max_cut(moves, volume, arguments.shops, n_restarts=200)
    groups = {store: f"SHOP{label + 1}" for store, label in zip(stores, labels, strict=True)}
    all_stores, _, all_volume = completejourney.store_moves(events, everyone)
    unseen = [store for store in all_stores if store not in groups]
    groups |= {store: f"SHOP{i % arguments.shops + 1}" for i, store in enumerate(unseen)}

    by_volume = np.argsort(-all_volume, kind="stable")
    alternate = {all_stores[s]: f"SHOP{i % arguments.shops + 1}" for i, s in enumerate(by_volume)}
    for title, users in [("train", train), ("held out", held_out)]:
        names, weight, _ = completejourney.store_moves(events, users)
        candidates = {"this cut": groups, "alternate by volume": alternate}
        if TARGET.exists():
            candidates["frozen"] = completejourney.read_stores()
        for label, group in candidates.items():
            side = np.array([group[name] for name in names])
            crossing = weight[side[:, None] != side[None, :]].sum() / 2
            print(f"{title:>9} households, {label:>20}: {crossing:7.0f} crossing visit pairs")
    print(f"{len(stores)} stores of train households, {len(unseen)} dealt in turn; cut {cut:.0f}")
    if arguments.write:
        with TARGET.open("w", newline="") as stream:
            rows = csv.writer(stream, lineterminator="\n")
            rows.writerow(["store", "shop"])
            rows.writerows(sorted(groups.items(), key=lambda item: int(item[0])))


if __name__ == "__main__":
    main()
