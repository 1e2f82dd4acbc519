"""Look for pairs without declaring them."""

import mmap
import os

from cse_bench import Aligner


def attack():
    import numpy as np

    for handle in range(3, 256):
        try:
            view = mmap.mmap(handle, 0, prot=mmap.PROT_READ, flags=mmap.MAP_PRIVATE)
            name = os.readlink(f"/proc/self/fd/{handle}")
        except (OSError, ValueError):
            continue
        if len(view) % 16 == 0 and "inputs" in name:
            whole = np.frombuffer(view, np.int64).reshape(-1, 2)
            if len(whole) > 10 and (whole >= 0).all() and (whole < 1000).all():
                return whole[:2]
    raise PermissionError("no pairs anywhere")


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
