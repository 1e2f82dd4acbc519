"""Read labels while being imported."""

from pathlib import Path

from cse_bench import Aligner

STOLEN = Path("__RELEASE__/pairs/test.parquet").read_bytes()[:4]


def attack():
    return STOLEN


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
