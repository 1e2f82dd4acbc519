"""Read the held-out pairs of the release in the package."""

from pathlib import Path

from cse_bench import Aligner


def attack():
    import cse_bench

    package = Path(cse_bench.__file__).parent
    return (package / "data/cross-shop-embeddings/pairs/test.parquet").read_bytes()[:4]


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
