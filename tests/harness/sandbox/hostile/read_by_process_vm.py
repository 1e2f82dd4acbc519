"""Copy the harness's memory by a system call."""

import ctypes

from cse_bench import Aligner


def attack():
    class Piece(ctypes.Structure):
        _fields_ = (("base", ctypes.c_void_p), ("length", ctypes.c_size_t))

    libc = ctypes.CDLL(None, use_errno=True)
    buffer = ctypes.create_string_buffer(16)
    there = ctypes.create_string_buffer(b"something to copy")
    to = Piece(ctypes.addressof(buffer), 16)
    of = Piece(ctypes.addressof(there), 16)
    if libc.process_vm_readv(__PID__, ctypes.byref(to), 1, ctypes.byref(of), 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "process_vm_readv")
    return buffer.raw


class Hostile(Aligner):
    name = "hostile"

    def fit(self, source, target, evidence):
        print("ATTACK", "SUCCEEDED:", attack())
        return self

    def transform(self, shop):
        return shop.vectors * 2
