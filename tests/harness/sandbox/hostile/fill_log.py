"""Print without end, past Python."""

import os

from cse_bench import Aligner


def attack():
    for _ in range(__LINES__):
        os.write(1, b"x" * 65535 + b"\n")
    return "written"


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
