"""Leave with success before anything was returned."""

import os

from cse_bench import Aligner


def attack():
    os._exit(0)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
