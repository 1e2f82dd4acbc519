"""Undo the limits."""

import ctypes
import os
import resource

from cse_bench import Aligner


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    most = resource.RLIM_INFINITY

    def call(result):
        if result < 0:
            raise OSError(ctypes.get_errno(), "refused")

    ways = (
        lambda: resource.setrlimit(resource.RLIMIT_DATA, (most, most)),
        lambda: resource.setrlimit(resource.RLIMIT_CPU, (most, most)),
        lambda: resource.prlimit(__PID__, resource.RLIMIT_CPU, (1, 1)),
        lambda: call(libc.prctl(1, 0, 0, 0, 0)),  # the signal at the parent's death
        lambda: call(libc.prctl(4, 1, 0, 0, 0)),  # dumpable
        lambda: call(libc.prctl(22, 2, 0, 0, 0)),
        lambda: os.setuid(0) or os.setgroups([0]),
        lambda: os.chroot("/tmp"),
        lambda: call(libc.unshare(0x10000000)),
        lambda: call(libc.mount(b"none", b"/tmp", b"tmpfs", 0, None)),
    )
    for way in ways:
        try:
            way()
        except (OSError, ValueError) as error:
            last = error
        else:
            return "undone"
    raise PermissionError(str(last))


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
