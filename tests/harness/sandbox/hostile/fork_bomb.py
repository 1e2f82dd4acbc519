"""Start processes without end."""

import os

from cse_bench import Aligner


def attack():
    for _ in range(__FORKS__):
        if os.fork() == 0:
            attack()
            os._exit(0)
    return "forked"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
