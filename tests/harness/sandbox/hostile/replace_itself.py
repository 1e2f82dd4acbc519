"""Become another program, free of this one's limits."""

import os

from cse_bench import Aligner


def attack():
    os.execv("/bin/sh", ["sh", "-c", "echo ATTACK  SUCCEEDED: ran >&2"])


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
