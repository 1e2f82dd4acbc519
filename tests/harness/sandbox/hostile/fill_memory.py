"""Take all the memory."""

from cse_bench import Aligner


def attack():
    held = []
    while len(held) < __BLOCKS__:
        held.append(bytearray(b"x" * (8 << 20)))
    return len(held)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
