"""Open what the harness has open."""

import os

from cse_bench import Aligner


def attack():
    opened = []
    for name in os.listdir("/proc/__PID__/fd"):
        try:
            opened.append(os.open(f"/proc/__PID__/fd/{name}", os.O_RDONLY | os.O_NONBLOCK))
        except OSError as error:
            last = error
    if not opened:
        raise last
    return opened


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
