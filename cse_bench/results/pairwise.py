"""Paired tests of every two among many results: each is reduced once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from cse_bench.errors import InputError
from cse_bench.results.paired import (
    draws_of,
    p_value,
    question_of,
    run_noise,
    same_runs,
    side_by_side,
)
from cse_bench.results.record import Cell
from cse_bench.results.rescore import QueryValues
from cse_bench.types import Floats


@dataclass(frozen=True, eq=False)
class Sample:
    """What a paired test needs of an entry.

    Attributes
    ----------
    question : tuple
        What was asked: two samples can be tested if it is equal.
    residuals : ndarray of shape (n_groups,), float64
        Summed deviations from the mean, of each group.
    n : int
        Number of queries.
    means : ndarray of shape (n_runs,), float64
        Of each run.
    draws : tuple of int
        The draw of evidence of each run.
    """

    question: tuple[object, ...]
    residuals: Floats
    n: int
    means: Floats
    draws: tuple[int, ...]


def reduce_cells(cells: Mapping[Cell, QueryValues], rooms: Mapping[Cell, float]) -> Sample:
    """Reduce one entry's values, so scaled that every direction counts alike.

    A query of direction d weighs ``N / (D n_d room_d)``, with D directions and N queries in all:
    the mean is that of the directions' means, each in units of its room.

    Parameters
    ----------
    cells : mapping of Cell to QueryValues
        The directions of one metric, on one track.
    rooms : mapping of Cell to float
        What a difference in each is divided by.
    """
    group, (values, _) = side_by_side(cells, cells)
    counted = ~np.isnan(values).any(axis=1)
    sizes = [len(own.query) for own in cells.values()]
    way = np.repeat(np.arange(len(cells)), sizes)[counted]
    group, values = group[counted], values[counted]
    share = len(cells) * np.bincount(way, minlength=len(cells))
    room = np.array([rooms[cell] for cell in cells])
    scaled = values * (len(values) / (share * room))[way][:, None]
    known, dense = np.unique(group, return_inverse=True)
    each = scaled.mean(axis=1)
    return Sample(
        question=(*map(question_of, cells), known.tobytes(), counted.tobytes()),
        residuals=np.bincount(dense, weights=each - each.mean()).astype(np.float64),
        n=len(each),
        means=scaled.mean(axis=0),
        draws=draws_of(cells),
    )


def pairwise(samples: Sequence[Sample], pairs: Sequence[tuple[int, int]]) -> Floats:
    """The p-values of `paired.t_test` for many pairs of entries.

    Parameters
    ----------
    samples : sequence of Sample
        One an entry.
    pairs : sequence of (int, int)
        Which entries to test.

    Returns
    -------
    ndarray of shape (n_pairs,), float64
        Two-sided; NaN where there is one group only.

    Raises
    ------
    InputError
        If two samples are not about the same queries.
    """
    if len({sample.question for sample in samples}) > 1:
        raise InputError("the entries do not hold the same queries", "verify them again")
    return np.array([_tested(samples[i], samples[j]) for i, j in pairs], np.float64)


def _tested(a: Sample, b: Sample) -> float:
    parts = [a.means - b.means] if same_runs(a.draws, b.draws) else [a.means, b.means]
    mean = float(a.means.mean() - b.means.mean())
    found = p_value(mean, a.residuals - b.residuals, a.n, run_noise(parts))
    return float("nan") if found is None else found
