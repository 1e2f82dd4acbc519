"""Memory that parent and child share: sealed, so that neither size nor inputs can be changed."""

from __future__ import annotations

import mmap
import os
import unicodedata
from collections.abc import Mapping

import numpy as np

from cse_bench.aligners.base import MAX_DIMENSIONS
from cse_bench.harness.sandbox.job import Array
from cse_bench.types import Matrix

ALIGNMENT = 64
ADD_SEALS, F_SEAL_SEAL, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_WRITE = 1033, 1, 2, 4, 8
SIZE_FIXED = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW


def fixed_memory(name: str, size: int) -> int:
    """A descriptor of zeros that can be written, but neither grown nor shrunk.

    Pages that nobody writes to take no memory.
    """
    handle = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    os.ftruncate(handle, max(1, size))
    _seal(handle, SIZE_FIXED)
    return handle


def sealed_text(name: str, text: bytes) -> int:
    """A descriptor whose content can never be changed."""
    handle = os.memfd_create(name, os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
    _write(handle, memoryview(text), 0)
    _seal(handle, SIZE_FIXED | F_SEAL_WRITE)
    return handle


class SealedArrays:
    """Arrays written once into memory that can never be changed; `close` gives it back.

    Parameters
    ----------
    arrays : mapping of str to ndarray
        What to write.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        self.handle = os.memfd_create("inputs", os.MFD_CLOEXEC | os.MFD_ALLOW_SEALING)
        self.table: dict[str, Array] = {}
        end = 0
        for name, array in arrays.items():
            flat = np.ascontiguousarray(array)
            start = -(-end // ALIGNMENT) * ALIGNMENT
            self.table[name] = Array(self.handle, flat.dtype.str, flat.shape, start)
            if flat.nbytes:
                _write(self.handle, flat.reshape(-1).view(np.uint8).data, start)
            end = start + flat.nbytes
        os.ftruncate(self.handle, max(1, end))
        _seal(self.handle, SIZE_FIXED | F_SEAL_WRITE)

    def close(self) -> None:
        """Give the memory back."""
        if self.handle >= 0:
            os.close(self.handle)
            self.handle = -1


def _seal(handle: int, seals: int) -> None:
    import fcntl  # not everywhere, as this module is imported

    fcntl.fcntl(handle, ADD_SEALS, seals)


def _write(handle: int, data: memoryview, offset: int) -> None:
    done = 0
    while done < len(data):
        done += os.pwrite(handle, data[done : done + (1 << 30)], offset + done)


def output_bytes(n_source: int, n_target: int) -> int:
    """Size of the output's memory."""
    return 4 * MAX_DIMENSIONS * (n_source + n_target)


def read_output(handle: int, n_source: int, n_target: int, k: int) -> tuple[Matrix, Matrix]:
    """The two matrices of an output, copied. Nobody else may be writing any more.

    Parameters
    ----------
    handle : int
        Of `fixed_memory`, of `output_bytes`.
    n_source, n_target : int
        Products of the shops.
    k : int
        Dimensions, from 1 to `MAX_DIMENSIONS`.
    """
    with mmap.mmap(handle, 0, prot=mmap.PROT_READ) as view:
        sides = []
        for n, start in ((n_source, 0), (n_target, 4 * MAX_DIMENSIONS * n_source)):
            flat = np.frombuffer(view, np.float32, n * k, start).copy()
            sides.append(flat.reshape(n, k))
    return sides[0], sides[1]


def read_text(handle: int, most: int) -> str:
    """What a stranger has written for people: its control characters taken out, cut to `most`."""
    return plain(os.pread(handle, most, 0).split(b"\0")[0])


def plain(raw: bytes) -> str:
    """Text without what would move a cursor, change a colour or turn the direction of writing."""
    text = raw.decode("utf-8", errors="replace").expandtabs(4)
    return "".join(c for c in text if c == "\n" or unicodedata.category(c)[0] != "C").strip("\n")
