"""What a release holds for trainers: exactly the baskets that stand in its tables."""

from __future__ import annotations

from collections import Counter

from cse_bench.studies.visits import released_visits


def test_train_sessions_are_those_of_every_table(small_release):
    for shop in released_visits(small_release):
        table = small_release.table("sessions", "train").to_pylist()
        rows = [row["products"] for row in table if row["shop"] == shop.name]
        for row in small_release.table("cross_sessions", "train").to_pylist():
            for side in ("source", "target"):
                if row[f"{side}_shop"] == shop.name:
                    rows.append(row[side])
        found = [[shop.train.ids[i] for i in row] for row in shop.train.rows]
        assert Counter(map(tuple, found)) == Counter(map(tuple, rows))
        asked = small_release.table("sessions", "validation").to_pylist()
        assert len(shop.validation) == sum(row["shop"] == shop.name for row in asked)
