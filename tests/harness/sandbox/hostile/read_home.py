"""List the user's home, and read a key there."""

import os

from cse_bench import Aligner


def attack():
    names = os.listdir("__HOME__/.ssh")
    return open(f"__HOME__/.ssh/{names[0]}").read()


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
