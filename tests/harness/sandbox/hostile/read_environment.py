"""Read a token from the environment."""

import os

from cse_bench import Aligner


def attack():
    return os.environ["HF_TOKEN"]


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
