"""Crash."""

import ctypes

from cse_bench import Aligner


def attack():
    return ctypes.string_at(8)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
