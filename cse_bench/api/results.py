"""Results, once written: compared, exported, cited."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cse_bench.results.compare import Comparison


def compare(results: Sequence[str | Path], tracks: Sequence[str] = ()) -> list[Comparison]:
    """Compare results with the first of them.

    Parameters
    ----------
    results : sequence of str or Path
        Two ``result.json`` or more, each with its ``ranks.parquet`` beside it.
    tracks : sequence of str
        The track of each; empty to compare on every track that a result has in common with the
        first.

    Returns
    -------
    list of Comparison
        By other result, track and primary metric: all directions together, then each.

    Raises
    ------
    InputError
        If a result is refused, one is given twice, or they are about different releases, splits or
        protocols.
    """
    from cse_bench.results.compare import compare_entries
    from cse_bench.results.entries import read_entries

    return compare_entries(read_entries([Path(path) for path in results]), tracks)
