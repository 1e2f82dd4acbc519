"""Read the held-out pairs of the release that is being scored."""

from pathlib import Path

from cse_bench import Aligner


def attack():
    return Path("__RELEASE__/pairs/test.parquet").read_bytes()[:4]


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
