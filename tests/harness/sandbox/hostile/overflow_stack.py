"""Recurse until the stack is full."""

import sys

from cse_bench import Aligner


def attack():
    sys.setrecursionlimit(10**9)

    def deeper(depth):
        return [*map(deeper, [depth + 1])]

    return deeper(0)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
