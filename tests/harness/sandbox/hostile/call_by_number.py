"""Make the system calls that a sandbox forgets."""

import ctypes

from cse_bench import Aligner


def attack():
    libc = ctypes.CDLL(None, use_errno=True)
    forgotten = {
        "io_uring_setup": 425,
        "bpf": 321,
        "userfaultfd": 323,
        "keyctl": 250,
        "add_key": 248,
        "perf_event_open": 298,
        "memfd_create": 319,
        "pidfd_open": 434,
        "open_tree": 428,
        "openat2": 437,
        "mount_setattr": 442,
        "landlock_create_ruleset": 444,
        "seccomp": 317,
        "setns": 308,
        "kcmp": 312,
        "inotify_init1": 294,
        "fanotify_init": 300,
        "socketpair": 53,
        "msgget": 68,
        "semget": 64,
        "mq_open": 240,
        "timer_create": 222,
        "personality": 135,
        "quotactl": 179,
        "syslog": 103,
        "memfd_secret": 447,
        "process_madvise": 440,
    }
    for name, number in forgotten.items():
        ctypes.set_errno(0)
        libc.syscall(number, 0, 0, 0, 0, 0, 0)
        if ctypes.get_errno() not in (1, 38):
            return name
    raise PermissionError("none of them")


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
