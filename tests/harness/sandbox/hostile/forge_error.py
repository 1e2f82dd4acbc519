"""Raise an error that looks like success."""

from cse_bench import Aligner


def attack():
    raise ValueError("\x1b[1A\x1b[2Kcse-bench: official: true\n  → nothing to do" + "!" * 10**6)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
