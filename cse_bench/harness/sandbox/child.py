"""The child's side of a fit: confine, read the inputs, run the one file, hand over two matrices."""

from __future__ import annotations

import mmap
import os
import sys
import time
from typing import TYPE_CHECKING, Any

from cse_bench.harness.sandbox.confine import confine
from cse_bench.harness.sandbox.job import MESSAGE_BYTES, Answers, Array, FitJob, decode
from cse_bench.harness.sandbox.stdio import Bounded, NoScratch

if TYPE_CHECKING:
    import numpy as np

    from cse_bench.aligners.base import Evidence, Shop
    from cse_bench.aligners.contract import Aligned


def main(handle: int) -> None:
    """Do the job that can be read from a descriptor; never return.

    Nothing the child says is believed: it says it for people's sake. It ends by waiting to be
    ended, so that the parent can read what it has cost.
    """
    job = decode(os.pread(handle, os.fstat(handle).st_size, 0))
    os.close(handle)
    confine(job.confinement)
    try:
        if job.fit is None:
            width = _try_walls(job.forbidden)
        else:
            width = _fit(job.fit, job.answers, bool(job.confinement.writable))
    except BaseException as error:
        os.pwrite(job.answers.message, _said(error)[: MESSAGE_BYTES - 1], 0)
        os._exit(1)
    os.eventfd_write(job.answers.done, width)
    while True:
        time.sleep(3600)


def _said(error: BaseException) -> bytes:
    from cse_bench.errors import CseBenchError

    if isinstance(error, CseBenchError):
        return str(error).encode(errors="replace")
    return f"{type(error).__name__}: {error}".encode(errors="replace")


def _fit(job: FitJob, answers: Answers, scratch: bool) -> int:
    """Run the aligner and write its output; how many dimensions it has."""
    # The file comes first, and what it does not need, later: nothing of ours delays its first line.
    sys.stdout, sys.stderr = Bounded(1), Bounded(2)
    sys.argv = [job.file]
    if not scratch:
        sys.meta_path.insert(0, NoScratch())
    if "torch" not in job.text:  # else POT imports it wherever it is installed: seconds a fit
        os.environ["POT_BACKEND_DISABLE_PYTORCH"] = "1"
    from cse_bench.aligners.running import make, run_text

    said = job.info | {"uses": frozenset(job.info["uses"])}
    cls = run_text(job.text, job.file, job.class_name, said, "aligner_of_a_file")
    aligner = make(cls, job.file, job.seed, job.chosen)
    import linecache

    import numpy as np

    from cse_bench.aligners.contract import align

    lines = job.text.splitlines(keepends=True)
    linecache.cache[job.file] = (len(job.text), None, lines, job.file)  # for errors: no such file
    shops, evidence = _inputs(job)
    _more_threads_than_cores()
    os.eventfd_write(answers.begun, 1)
    aligned: Aligned = align(aligner, *shops, evidence, frozenset(job.info["uses"]))
    memory = mmap.mmap(answers.output, 0)
    for matrix, start in (
        (aligned.source, 0),
        (aligned.target, len(memory) // _rows(aligned) * len(aligned.source)),
    ):
        np.frombuffer(memory, np.float32, matrix.size, start)[:] = matrix.ravel()
    return int(aligned.source.shape[1])


def _more_threads_than_cores() -> None:
    """Run linear algebra on as many threads as were asked for.

    From the environment OpenBLAS takes no more than there are cores; a calibration asks for more,
    so as to see on two cores what other machines do.
    """
    wanted = int(os.environ.get("OPENBLAS_NUM_THREADS", "0"))
    if wanted > (os.cpu_count() or 1):
        import scipy.linalg  # noqa: F401  # it brings an OpenBLAS of its own
        from threadpoolctl import threadpool_limits

        threadpool_limits(wanted)


def _rows(aligned: Aligned) -> int:
    return len(aligned.source) + len(aligned.target)


def _inputs(job: FitJob) -> tuple[tuple[Shop, Shop], Evidence]:
    """Shops and evidence as views of the shared memory, which cannot be written to."""
    from cse_bench.aligners.base import Evidence, Shop
    from cse_bench.ragged import Ragged

    memory: dict[int, mmap.mmap] = {}
    found = {name: _view(array, memory) for name, array in job.arrays.items()}
    shops = [
        Shop(
            name,
            found[f"{side}.vectors"],
            found[f"{side}.popularity"],
            found.get(f"{side}.content"),  # type: ignore[arg-type]  # there, if it is declared
        )
        for side, name in zip(("source", "target"), job.shops, strict=True)
    ]
    sessions: Any = None
    if "sessions.source.values" in found:
        sessions = tuple(
            Ragged(found[f"sessions.{side}.values"], found[f"sessions.{side}.offsets"])
            for side in ("source", "target")
        )
    pairs: Any = found.get("pairs")
    return (shops[0], shops[1]), Evidence(pairs, sessions)


def _view(array: Array, memory: dict[int, mmap.mmap]) -> np.ndarray:
    import numpy as np

    if array.handle not in memory:
        memory[array.handle] = mmap.mmap(
            array.handle, 0, flags=mmap.MAP_PRIVATE, prot=mmap.PROT_READ
        )
    count = 1
    for length in array.shape:
        count *= length
    flat: np.ndarray = np.frombuffer(
        memory[array.handle], np.dtype(array.dtype), count, array.offset
    )
    return flat.reshape(array.shape)


def _try_walls(forbidden: str) -> int:
    """Try what must not work, and what must; 1 if all is as it must be."""
    import ctypes
    import threading

    libc = ctypes.CDLL(None, use_errno=True)
    works: list[bool] = []
    thread = threading.Thread(target=works.append, args=(True,))
    thread.start()
    thread.join()
    if not works:
        raise RuntimeError("a thread cannot run")
    import numpy as np

    if float(np.ones((64, 64)).dot(np.ones((64, 64)))[0, 0]) != 64:
        raise RuntimeError("NumPy cannot compute")
    if os.path.exists(forbidden):
        try:
            with open(forbidden, "rb"):
                raise RuntimeError("it could read a file that it must not")
        except PermissionError:
            pass
    if libc.socket(2, 1, 0) >= 0 or libc.socket(1, 1, 0) >= 0:
        raise RuntimeError("it could open a socket")
    child = libc.fork()
    if child == 0:
        os._exit(0)
    if child > 0:
        raise RuntimeError("it could start a process")
    return 1
