"""Score matrices in blocks: bounded memory, every core busy."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from functools import cache

import numpy as np
from threadpoolctl import ThreadpoolController

from cse_bench.ragged import Ragged
from cse_bench.types import Matrix

BLOCK_BYTES = 4 << 20
"""Size of one block of scores: small enough to stay in a core's cache while it is counted."""

MOST_ROWS = 512
"""Rows of a block however short they are: else few candidates were one block, for one core."""

LEAST_ROWS = 64
"""Rows of a block however long they are: with fewer, most of the time goes into reading the
candidates again (10 rows of 100,000: a third of the speed)."""


def for_each_block(
    queries: Matrix, candidates: Matrix, visit: Callable[[slice, Matrix], None]
) -> None:
    """Multiply queries with candidates, block by block, and hand each block on.

    The blocks run on all cores, one BLAS thread each, so that a block is still in its core's
    cache when `visit` reads it. Memory: a block for each core, of `BLOCK_BYTES` or `LEAST_ROWS`
    rows, whichever is more.

    Parameters
    ----------
    queries : ndarray of shape (q, k), float32
        Unit vectors.
    candidates : ndarray of shape (n, k), float32
        Unit vectors.
    visit : callable
        Called with the slice of queries and their scores, (b, n) float32, which it may change. It
        is called from several threads, each slice once.
    """
    size = min(max(LEAST_ROWS, BLOCK_BYTES // (4 * max(len(candidates), 1))), MOST_ROWS)
    columns = candidates.T

    def work(part: slice) -> None:
        visit(part, np.dot(queries[part], columns))

    on_all_cores(work, cut(len(queries), size))


def hide(scores: Matrix, part: slice, hidden: Ragged) -> None:
    """Give the lowest score to what is no candidate of a query.

    Parameters
    ----------
    scores : ndarray of shape (b, n), float32
        Scores of the queries `part`; changed in place.
    part : slice
        Which queries.
    hidden : Ragged
        Candidates to hide, a row for each of all queries.
    """
    own = slice(hidden.offsets[part.start], hidden.offsets[part.stop])
    scores[hidden.rows[own] - part.start, hidden.values[own]] = -np.inf


def cut(length: int, size: int) -> list[slice]:
    """Slices of `size`, the last one shorter, that cover `length`."""
    return [slice(start, min(start + size, length)) for start in range(0, length, size)]


def on_all_cores(work: Callable[[slice], None], slices: list[slice]) -> None:
    """Call `work` with every slice, from as many threads as there are cores, one BLAS thread each.

    Parameters
    ----------
    work : callable
        Called once with each slice; what it raises is raised here.
    slices : list of slice
        The parts of the work.
    """
    with one_blas_thread():
        for _ in _pool().map(work, slices):
            pass


def one_blas_thread() -> AbstractContextManager[object]:
    """A context in which BLAS runs on the thread that calls it.

    Its own threads wait for their next product by running in circles: after the small products
    between two blocks, they would take the cores from the blocks' threads.
    """
    context: AbstractContextManager[object] = _blas().limit(limits=1, user_api="blas")
    return context


@cache
def _blas() -> ThreadpoolController:
    """The BLAS libraries in this process: found once, since the search takes milliseconds."""
    return ThreadpoolController()


@cache
def _pool() -> ThreadPoolExecutor:
    """One thread a core, kept."""
    here = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return ThreadPoolExecutor(here or 1, thread_name_prefix="cse-bench-blocks")
