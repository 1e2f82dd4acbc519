"""Fits in the sandbox: inputs sealed once a run, and nothing believed of what comes out."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass

import numpy as np

from cse_bench.aligners.base import MAX_DIMENSIONS, Evidence
from cse_bench.aligners.contract import WHERE, Aligned, checked_matrix
from cse_bench.aligners.source import AlignerSource
from cse_bench.errors import AlignerError
from cse_bench.harness.cache import RunCache
from cse_bench.harness.direction import (
    Direction,
    Fit,
    fit_direction,
    put_back,
    row_order,
    row_places,
    shown_evidence,
    shown_shops,
)
from cse_bench.harness.sandbox.backends import BACKENDS, NONE, Backend
from cse_bench.harness.sandbox.job import FitJob
from cse_bench.harness.sandbox.limits import DEFAULT, Limits
from cse_bench.harness.sandbox.memory import (
    SealedArrays,
    fixed_memory,
    output_bytes,
    read_output,
)
from cse_bench.harness.sandbox.process import Ending, run_child

Fitter = Callable[[AlignerSource, int, Direction, Evidence, int], Fit]
"""Given an aligner's file, a seed, a direction, its evidence and the number of the run."""


@dataclass(frozen=True)
class Way:
    """How runs are made: by what, shut in by what, on how many threads, kept where."""

    fit: Fitter
    isolation: str
    threads: int | None
    cache: RunCache


def in_the_open(cache: RunCache) -> Way:
    """How the package's own aligners are run beside the one that is scored."""
    return Way(fit_in_the_open, NONE, None, cache)


@contextmanager
def fitter(backend: str, limits: Limits = DEFAULT) -> Iterator[Fitter]:
    """What fits aligners: in a sandbox, or in the open.

    Parameters
    ----------
    backend : str
        A name of `BACKENDS`, or ``none``.
    limits : Limits
        What one fit may use, in a sandbox.
    """
    if backend == NONE:
        yield fit_in_the_open
        return
    sandbox = Sandbox(BACKENDS[backend], limits)
    try:
        yield sandbox.fit
    finally:
        sandbox.close()


def fit_in_the_open(
    source: AlignerSource, seed: int, direction: Direction, evidence: Evidence, run: int
) -> Fit:
    """Fit in this process, with nothing between the aligner and the rest of it."""
    return fit_direction(source.make(seed), direction, evidence, run, source.info.uses)


class Sandbox:
    """Fits files apart from everything, each in a process of its own.

    Parameters
    ----------
    backend : Backend
        How they are shut in.
    limits : Limits
        What one fit may use.
    """

    def __init__(self, backend: Backend, limits: Limits = DEFAULT) -> None:
        self.backend, self.limits = backend, limits
        self._direction: Direction | None = None
        self._shops: dict[tuple[int, bool], SealedArrays] = {}

    def fit(
        self, source: AlignerSource, seed: int, direction: Direction, evidence: Evidence, run: int
    ) -> Fit:
        """Fit one file; see `direction.fit_direction`.

        Raises
        ------
        AlignerError
            With what became of it, if it returned nothing that can be scored.
        """
        order, rng = row_order(direction, run)
        place = row_places(order)
        shops = self._sealed_shops(source, direction, run, order)
        given = SealedArrays(
            _evidence_arrays(shown_evidence(evidence, place, rng), source.info.uses)
        )
        sizes = (len(order[0]), len(order[1]))
        output = fixed_memory("output", output_bytes(*sizes))
        try:
            job = FitJob(
                file=source.path.name,
                text=source.text,
                class_name=source.class_name,
                info=asdict(source.info) | {"uses": sorted(source.info.uses)},
                seed=seed,
                chosen=dict(source.chosen),
                shops=(direction.source, direction.target),
                arrays=shops.table | given.table,
            )
            inputs = (shops.handle, given.handle)
            ending = run_child(self.backend, self.limits, output=output, fit=job, inputs=inputs)
            _show_log(source.info.name, ending.log)
            aligned = _taken(source.info.name, ending, self.limits, output, job.shops, sizes)
        finally:
            os.close(output)
            given.close()
        return Fit(put_back(aligned, place), ending.seconds, ending.peak_rss)

    def _sealed_shops(
        self, source: AlignerSource, direction: Direction, run: int, order: list[np.ndarray]
    ) -> SealedArrays:
        """The shops as a run shows them, written once for all of its tracks."""
        if direction is not self._direction:
            self.close()
            self._direction = direction
        with_content = "content" in source.info.uses
        if (run, with_content) not in self._shops:
            arrays = {}
            sides = zip(("source", "target"), shown_shops(direction, order), strict=True)
            for side, shop in sides:
                arrays[f"{side}.vectors"] = shop.vectors
                arrays[f"{side}.popularity"] = shop.popularity
                if with_content and shop.content is not None:
                    arrays[f"{side}.content"] = shop.content
            self._shops[run, with_content] = SealedArrays(arrays)
        return self._shops[run, with_content]

    def close(self) -> None:
        """Give the inputs' memory back."""
        for arrays in self._shops.values():
            arrays.close()
        self._shops.clear()


def _evidence_arrays(evidence: Evidence, uses: frozenset[str]) -> dict[str, np.ndarray]:
    """What was declared, and nothing else: what is not there cannot be looked at."""
    arrays: dict[str, np.ndarray] = {}
    if "pairs" in uses:
        arrays["pairs"] = evidence.pairs
    if "cross_sessions" in uses:
        for side, sessions in zip(("source", "target"), evidence.cross_sessions, strict=True):
            arrays[f"sessions.{side}.values"] = sessions.values
            arrays[f"sessions.{side}.offsets"] = sessions.offsets
    return arrays


def _show_log(name: str, log: str) -> None:
    """What it printed, each line marked as its own: no line of it can pass for one of ours."""
    for line in log.splitlines():
        print(f"{name} | {line}", file=sys.stderr)  # noqa: T201


def _taken(
    name: str,
    ending: Ending,
    limits: Limits,
    output: int,
    shops: tuple[str, str],
    sizes: tuple[int, int],
) -> Aligned:
    """What a dead child has left behind, if it can be scored."""
    who = f"the aligner {name!r}"
    if ending.why != "done":
        raise AlignerError(*_verdict(who, ending, limits))
    if not 1 <= ending.width <= MAX_DIMENSIONS:
        raise AlignerError(
            f"{who} returned {ending.width} dimensions", f"from 1 to {MAX_DIMENSIONS} are allowed"
        )
    matrices = read_output(output, *sizes, ending.width)
    sides = zip(("transform", "transform_target"), matrices, shops, sizes, strict=True)
    return Aligned(*(checked_matrix(f"{who}: {m}", x, shop, n) for m, x, shop, n in sides))


def _verdict(who: str, ending: Ending, limits: Limits) -> tuple[str, str]:
    """What became of a child that returned nothing, and what to do about it."""
    stopped = {
        "time": f"it took longer than {limits.seconds:g} s",
        "memory": f"it held more than {limits.memory_bytes / 1e6:,.0f} MB of memory",
        "tasks": f"it ran more than {limits.tasks} threads",
    }
    if ending.why in stopped:
        return f"{who} was stopped: {stopped[ending.why]}", "a fit has limits: docs/sandbox.md"
    status = ending.status - 128 if ending.status > 128 else -ending.status
    if ending.message:
        # The last line may be our own hint, written in the child: it is told once, beneath.
        own = [line for line in ending.message.splitlines() if WHERE not in line]
        said = "\n".join(f"  | {line.removeprefix(f'{who}: ')}" for line in own)
        return f"{who} failed; in its own words:\n{said}", _hint(ending.message)
    if status == signal.SIGXCPU or (status == signal.SIGKILL and ending.why == "exit"):
        return (
            f"{who} was ended by the system: it used more than {limits.processor} s of processor "
            "time, or memory ran out",
            "a fit has limits: docs/sandbox.md",
        )
    if status > 0:
        return f"{who} was ended by the signal {_name(status)}, and returned nothing", _WALLS
    return f"{who} ended early, with exit status {ending.status}, and returned nothing", _WALLS


def _hint(message: str) -> str:
    """What to do about an error of the aligner's own, by what it says."""
    if "ModuleNotFoundError" in message or "ImportError" in message:
        if "pip install 'cse-bench[" in message:
            return "then evaluate it again"
        return "pip install what it imports; an aligner may use what the package names"
    if any(kind in message for kind in ("PermissionError", "OSError", "Errno", "socket")):
        return _WALLS
    return WHERE


_WALLS = (
    "in the sandbox there is no network, no other process and no file but Python's own: "
    "docs/sandbox.md"
)


def _name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)
