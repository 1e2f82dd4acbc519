"""Make the text of the error endless."""

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
        for handle in find("memfd:message"):
            for place in range(0, 1 << 20, 1024):
                os.pwrite(handle, b"\x1b[2Jofficial " * 80, place)
        return self

    def transform(self, shop):
        return np.array(shop.vectors)
