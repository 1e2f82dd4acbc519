"""Change the inputs that the next run is shown."""

import mmap
import os

from cse_bench import Aligner


def _link(handle):
    try:
        return os.readlink(f"/proc/self/fd/{handle}")
    except OSError:
        return ""


def attack():
    ways = (
        lambda h: mmap.mmap(h, 0),
        lambda h: os.pwrite(h, b"x", 0),
        lambda h: os.open(f"/proc/self/fd/{h}", os.O_RDWR) and os.pwrite(h, b"x", 0),
        lambda h: os.ftruncate(h, 0),
    )
    inputs = [h for h in range(3, 64) if "inputs" in _link(h)]
    for handle in inputs:
        for way in ways:
            try:
                way(handle)
            except OSError as error:
                last = error
            else:
                return handle
    raise last


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
