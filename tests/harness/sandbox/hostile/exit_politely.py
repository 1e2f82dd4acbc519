"""Ask to leave with success."""

import sys

from cse_bench import Aligner


def attack():
    sys.exit(0)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
