"""Make the output larger, and smaller, under the harness's feet."""

import os

import numpy as np

from cse_bench import Aligner


def find(kind):
    for handle in range(3, 64):
        try:
            if kind in os.readlink(f"/proc/self/fd/{handle}"):
                yield handle
        except OSError:
            continue


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        for size in (0, 1 << 40):
            for handle in find("memfd:output"):
                try:
                    os.ftruncate(handle, size)
                except OSError as error:
                    last = error
                else:
                    print("ATTACK", "SUCCEEDED:", size)
        raise last
        return self

    def transform(self, shop):
        return np.array(shop.vectors)
