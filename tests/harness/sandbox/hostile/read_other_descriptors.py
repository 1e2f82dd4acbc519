"""Look through all descriptors for more than was given."""

import os

from cse_bench import Aligner


def attack():
    found = {}
    for handle in range(3, 1024):
        try:
            found[handle] = os.readlink(f"/proc/self/fd/{handle}")
        except OSError:
            continue
    known = ("memfd:inputs", "memfd:output", "memfd:message", "memfd:log", "eventfd", "/proc/")
    other = {h: to for h, to in found.items() if not any(k in to for k in known)}
    if not other:
        raise PermissionError("nothing but what was given")
    return other


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
