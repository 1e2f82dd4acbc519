"""The parent's side of a child: started with nothing of ours, watched, ended as a whole."""

from __future__ import annotations

import json
import os
import select
import signal
import subprocess
import sys
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

from cse_bench.errors import CseBenchError
from cse_bench.harness.sandbox import paths
from cse_bench.harness.sandbox.backends import Backend
from cse_bench.harness.sandbox.environment import environment
from cse_bench.harness.sandbox.job import MESSAGE_BYTES, Answers, Confinement, FitJob, Job, encode
from cse_bench.harness.sandbox.limits import Limits
from cse_bench.harness.sandbox.memory import fixed_memory, read_text, sealed_text

BOOTSTRAP = (
    "import sys; sys.path.insert(0, sys.argv[1]); "
    "from cse_bench.harness.sandbox.child import main; del sys.path[0]; main(int(sys.argv[2]))"
)
WATCH_SECONDS = 0.02
START_SECONDS = 10.0
PROBE = Limits(seconds=20, memory=1 << 30)


@dataclass(frozen=True)
class Ending:
    """How a child ended.

    Attributes
    ----------
    why : str
        ``done``, ``exit``, or what it was stopped for: ``time``, ``memory``, ``tasks``.
    width : int
        What it said when done.
    status : int
        As `subprocess.Popen.returncode`: negative for a signal.
    message, log : str
        What it said and printed, for people.
    seconds : float
        From the beginning of the fit, as it told, to the end.
    peak_rss : int
        Bytes.
    """

    why: str
    width: int
    status: int
    message: str
    log: str
    seconds: float
    peak_rss: int


def run_child(
    backend: Backend,
    limits: Limits,
    *,
    output: int,
    fit: FitJob | None = None,
    inputs: tuple[int, ...] = (),
    forbidden: str = "",
) -> Ending:
    """Start a child, watch it, and end it; when this returns, it and all of its own are dead.

    Parameters
    ----------
    backend : Backend
        How it is shut in.
    limits : Limits
        What it may use.
    output : int
        Descriptor of the memory that it writes to.
    fit : FitJob, optional
        What it shall do; by default try its walls.
    inputs : tuple of int
        Descriptors of the memory that it reads.
    forbidden : str
        A file that it must not be able to read.
    """
    with ExitStack() as stack:

        def own(handle: int) -> int:
            stack.callback(os.close, handle)
            return handle

        answers = Answers(
            begun=own(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)),
            done=own(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)),
            output=output,
            message=own(fixed_memory("message", MESSAGE_BYTES)),
        )
        log = own(fixed_memory("log", limits.log))
        bound = own(os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK))
        lifeline, held = (own(h) for h in os.pipe2(os.O_CLOEXEC))
        job = Job(_confinement(backend, limits, bound, lifeline), answers, fit, forbidden)
        told = own(sealed_text("job", encode(job)))
        status_out, status_in = (own(h) for h in os.pipe2(os.O_CLOEXEC))
        command = [*backend.wrapper(limits, status_in), *_python(), str(paths.PACKAGE.parent)]
        passed = (
            told,
            bound,
            lifeline,
            answers.begun,
            answers.done,
            answers.output,
            answers.message,
            *inputs,
        )
        process = subprocess.Popen(
            [*command, str(told)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment(backend, limits),
            pass_fds=(*passed, status_in) if backend.new_namespace else passed,
            start_new_session=True,
        )
        child = _Child(process, status_out if backend.new_namespace else None)
        try:
            child.let_go(bound, held, limits)
            why = child.watch(answers, limits)
        finally:
            child.end()
        return Ending(
            why=why,
            width=child.width,
            status=process.returncode,
            message=read_text(answers.message, MESSAGE_BYTES),
            log=read_text(log, limits.log),
            seconds=child.seconds,
            peak_rss=child.peak_rss,
        )


def _python() -> list[str]:
    return [sys.executable, "-I", "-B", "-c", BOOTSTRAP]


def _confinement(backend: Backend, limits: Limits, bound: int, lifeline: int) -> Confinement:
    readable, listable = paths.readable()
    if backend.scratch:  # what is hidden is hidden by mounts, so the rules may be few
        readable, listable = (*paths.trees(), *paths.DEVICES, *paths.MACHINE), ()
    return Confinement(
        readable=list(readable),
        listable=list(listable),
        writable=["/tmp"] if backend.scratch else [],
        ends_with_parent=not backend.new_namespace,
        bound=bound,
        lifeline=lifeline,
        processor_seconds=limits.processor,
        memory=limits.memory_bytes,
        file_bytes=limits.file_bytes,
        open_files=limits.open_files,
    )


class _Child:
    """A running child.

    Parameters
    ----------
    process : Popen
        The child itself, or what has started it.
    status : int, optional
        Descriptor from which its process number can be read, where `process` is not the child.
    """

    def __init__(self, process: subprocess.Popen[bytes], status: int | None) -> None:
        self.process = process
        self.width = 0
        self.peak_rss = 0
        self.started = self.begun = time.monotonic()
        self.seconds = 0.0
        self.watched = os.pidfd_open(process.pid)
        self.pid = process.pid
        self.inner: int | None = None
        if status is not None:
            self._find(status)

    def _find(self, status: int) -> None:
        """Learn the number of the process inside."""
        waited = select.poll()
        waited.register(status, select.POLLIN)
        waited.register(self.watched, select.POLLIN)
        text = b""
        while b"\n" not in text:
            ready = [handle for handle, _ in waited.poll(START_SECONDS * 1000)]
            if status not in ready:
                return  # it ended, or hangs: told by how it ends
            text += os.read(status, 4096)
        self.pid = int(json.loads(text.split(b"\n")[0])["child-pid"])
        with suppress(ProcessLookupError):
            self.inner = os.pidfd_open(self.pid)

    def let_go(self, bound: int, held: int, limits: Limits) -> None:
        """Let it begin, once it is bound to end with this process."""
        waited = select.poll()
        waited.register(bound, select.POLLIN)
        waited.register(self.watched, select.POLLIN)
        ready = [handle for handle, _ in waited.poll(limits.seconds * 1000)]
        if bound in ready:
            with suppress(BrokenPipeError):  # it has ended: told by how
                os.write(held, b"1")

    def watch(self, answers: Answers, limits: Limits) -> str:
        """Wait until it is done, ends, or goes beyond its limits; which of these it was."""
        waited = select.poll()
        for handle in (answers.begun, answers.done, self.watched):
            waited.register(handle, select.POLLIN)
        until = self.started + limits.seconds
        while True:
            left = until - time.monotonic()
            ready = [h for h, _ in waited.poll(max(0.0, min(left, WATCH_SECONDS)) * 1000)]
            now = time.monotonic()
            self.seconds = now - self.begun
            if answers.begun in ready:
                self.begun = now
                waited.unregister(answers.begun)
            over = self._over(limits)
            if answers.done in ready:
                with suppress(BlockingIOError):  # it has emptied its own counter: no width, then
                    self.width = os.eventfd_read(answers.done)
                return "done"
            if self.watched in ready:
                return "exit"
            if over is not None or left <= 0:
                return over or "time"

    def _over(self, limits: Limits) -> str | None:
        """What it has too much of; notes the peak of its memory on the way."""
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return None
        told = dict(line.split(":\t", 1) for line in text.splitlines() if ":\t" in line)
        if "VmHWM" not in told:
            return None  # it is ending

        def size(name: str) -> int:
            return int(told.get(name, "0 kB").split()[0]) * 1024

        self.peak_rss = max(self.peak_rss, size("VmHWM"))
        if sum(map(size, ("RssAnon", "VmSwap", "VmPTE"))) > limits.memory_bytes:
            return "memory"
        return "tasks" if int(told["Threads"]) > limits.tasks else None

    def end(self) -> None:
        """Kill it and all of its own, and wait until they are dead."""
        try:
            with suppress(ProcessLookupError):  # it has ended
                if self.inner is None:
                    os.killpg(self.process.pid, signal.SIGKILL)
                else:
                    signal.pidfd_send_signal(self.inner, signal.SIGKILL)
            if self.inner is not None:
                select.select([self.inner], [], [], START_SECONDS)
                os.close(self.inner)
            try:
                self.process.wait(START_SECONDS)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        finally:
            os.close(self.watched)


def try_backend(backend: Backend, forbidden: str) -> None:
    """Run a child that tries its walls.

    Raises
    ------
    CseBenchError
        If they do not hold, or the child cannot run within them.
    """
    output = fixed_memory("output", 1)
    try:
        ending = run_child(backend, PROBE, output=output, forbidden=forbidden)
    finally:
        os.close(output)
    if (ending.why, ending.width) != ("done", 1):
        said = ending.message or ending.log or f"its trial ended with {ending.why} {ending.status}"
        raise CseBenchError(said)
