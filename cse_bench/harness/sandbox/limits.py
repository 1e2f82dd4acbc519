"""What one fit in the sandbox may use."""

from __future__ import annotations

import os
from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """What one fit in the sandbox may use; beyond it is stopped.

    Attributes
    ----------
    seconds : float
        Wall clock, from start to result.
    processor_seconds : int, optional
        Over all threads; by default `seconds` on every core.
    memory : int, optional
        Bytes of its own, inputs and output not counted; by default three quarters of the machine's.
    threads : int, optional
        Threads of the numeric libraries; by default what the environment says
        (``OMP_NUM_THREADS`` and its like), else as many as there are cores.
    tasks : int
        Threads of any kind at one time.
    scratch : int
        Bytes of its temporary directory, where the backend can give it one.
    file_bytes : int
        Bytes of one file there.
    open_files : int
        Files open at one time.
    log : int
        Bytes that it may print; the rest is lost.
    """

    seconds: float = 7200.0
    processor_seconds: int | None = None
    memory: int | None = None
    threads: int | None = None
    tasks: int = 512
    scratch: int = 64 << 20
    file_bytes: int = 64 << 20
    open_files: int = 256
    log: int = 64 << 10

    @property
    def processor(self) -> int:
        """Seconds of processor time, at least 1."""
        if self.processor_seconds is not None:
            return max(1, self.processor_seconds)
        return max(1, round(self.seconds * (os.cpu_count() or 1)))

    @property
    def memory_bytes(self) -> int:
        """Bytes of memory."""
        if self.memory is not None:
            return self.memory
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") * 3 // 4


DEFAULT = Limits()
