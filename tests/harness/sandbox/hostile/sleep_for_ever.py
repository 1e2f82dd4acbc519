"""Sleep for ever."""

import time

from cse_bench import Aligner


def attack():
    time.sleep(__LONG__)
    return "rested"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
