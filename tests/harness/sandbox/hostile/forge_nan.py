"""Put NaN where the output goes, and say it is done."""

import mmap
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
        output = mmap.mmap(next(find("memfd:output")), 0)
        np.frombuffer(output, np.float32)[:65536] = np.nan
        for handle in find("eventfd"):
            os.eventfd_write(handle, 8)
        time.sleep(60)
        return self

    def transform(self, shop):
        return np.array(shop.vectors)
