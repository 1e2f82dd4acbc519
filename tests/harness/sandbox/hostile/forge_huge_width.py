"""Say a number that no array can have."""

import os
import time

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
        for handle in find("eventfd"):
            os.eventfd_write(handle, 2**64 - 10)
        time.sleep(60)
        return self

    def transform(self, shop):
        return np.array(shop.vectors)
