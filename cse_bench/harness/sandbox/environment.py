"""What a child is given in place of the user's environment."""

from __future__ import annotations

import os

from cse_bench.harness.sandbox.backends import Backend
from cse_bench.harness.sandbox.limits import Limits

THREADS = tuple(
    f"{library}_NUM_THREADS" for library in ("OMP", "OPENBLAS", "MKL", "BLIS", "NUMEXPR")
)
"""Environment variables that say how many threads to use; all that is passed on of ours."""


def environment(backend: Backend, limits: Limits) -> dict[str, str]:
    """All that the child knows of the user's environment: how many threads to use."""
    threads = {name: os.environ[name] for name in THREADS if name in os.environ}
    if limits.threads is not None:
        threads = dict.fromkeys(THREADS, str(limits.threads))
        if limits.threads > (os.cpu_count() or 1):
            # Idle threads of OpenBLAS sleep at once: those that spin keep the others from a core.
            threads["OPENBLAS_THREAD_TIMEOUT"] = "4"
    # torch makes a directory to cache in when it is imported, unless there is one: any will do.
    home = {"HOME": "/nonexistent", "TORCHINDUCTOR_CACHE_DIR": "/usr/lib"}
    if backend.scratch:
        home = {"HOME": "/tmp", "TMPDIR": "/tmp"}
    return {
        "LC_ALL": "C.UTF-8",
        "PATH": "/nonexistent",  # no compiler to be found and tried (`ctypes.util.find_library`)
        "JOBLIB_MULTIPROCESSING": "0",  # no processes: do not try, and do not warn
        **home,
        **threads,
    }
