"""Run an aligner and hold its output to the contract."""

from __future__ import annotations

import sys
import traceback
from contextlib import redirect_stdout
from dataclasses import dataclass
from typing import Any, TextIO

import numpy as np

from cse_bench.aligners.base import MAX_DIMENSIONS, Aligner, Evidence, Shop
from cse_bench.errors import AlignerError
from cse_bench.types import Matrix


@dataclass(frozen=True, eq=False)
class Aligned:
    """Both shops in the shared space.

    Attributes
    ----------
    source : ndarray of shape (n_source, k), float32
    target : ndarray of shape (n_target, k), float32
    """

    source: Matrix
    target: Matrix


def align(
    aligner: Aligner,
    source: Shop,
    target: Shop,
    evidence: Evidence,
    uses: frozenset[str] | None = None,
) -> Aligned:
    """Fit an aligner, transform both shops, and check what it returns.

    Parameters
    ----------
    aligner : Aligner
        The aligner.
    source, target : Shop
        The shops.
    evidence : Evidence
        All evidence there is; what the aligner does not declare is taken out first.
    uses : frozenset of str, optional
        What it declares, as read from its source; by default what its class says now.

    Returns
    -------
    Aligned

    Raises
    ------
    AlignerError
        If it raises, or returns what the contract does not allow.
    """
    uses = type(aligner).uses if uses is None else uses
    source, target, evidence = declared(source, target, evidence, uses)
    returned = _call(aligner, "fit", source, target, evidence)
    if returned is not aligner:
        raise AlignerError(
            f"{_who(aligner)}: fit returned {type(returned).__name__}, not the aligner itself",
            "end fit with: return self",
        )
    raw_source = _call(aligner, "transform", source)
    raw_target = _call(aligner, "transform_target", target)
    if raw_source is raw_target:
        raise AlignerError(
            f"{_who(aligner)}: transform and transform_target returned one and the same object",
            "transform gets the source shop, transform_target the target shop: return one matrix "
            "for each",
        )
    aligned = Aligned(
        checked_matrix(f"{_who(aligner)}: transform", raw_source, source.name, len(source)),
        checked_matrix(f"{_who(aligner)}: transform_target", raw_target, target.name, len(target)),
    )
    k_source, k_target = aligned.source.shape[1], aligned.target.shape[1]
    if k_source != k_target:
        raise AlignerError(
            f"{_who(aligner)}: transform returned {k_source} dimensions, transform_target "
            f"{k_target}",
            "both shops must come into one space; if the shared space is not the target's own, "
            "write transform_target too",
        )
    return aligned


def declared(
    source: Shop, target: Shop, evidence: Evidence, uses: frozenset[str]
) -> tuple[Shop, Shop, Evidence]:
    """The shops and the evidence with nothing in them that an aligner does not declare."""
    if "content" not in uses:
        source, target = _without_content(source), _without_content(target)
    return source, target, Evidence(**{k: v for k, v in vars(evidence).items() if k in uses})


def _without_content(shop: Shop) -> Shop:
    return Shop(shop.name, shop.vectors, shop.popularity)


WHERE = "cse-bench check FILE runs it on small data"
UNDECLARED = "evidence and content are None unless they are in uses: uses = frozenset({…})"
"""What to do about an aligner that raised."""


def _who(aligner: Aligner) -> str:
    return f"the aligner {type(aligner).name!r}"


def quiet_stdout() -> redirect_stdout[TextIO]:
    """Send what an aligner prints to the error stream: the output may be read by a machine."""
    return redirect_stdout(sys.stderr)


def _call(aligner: Aligner, method: str, *arguments: Any) -> Any:
    """Call one method; what goes wrong inside is told with the line where it went wrong."""
    try:
        with quiet_stdout():
            return getattr(aligner, method)(*arguments)
    except (Exception, SystemExit) as error:
        frames = traceback.extract_tb(error.__traceback__)
        own = [f for f in frames if f.filename != __file__] or list(frames)
        inside = [f for f in own if f.name == method] or own
        place = f"{inside[0].filename}, line {inside[0].lineno}: {inside[0].line}"
        deepest = own[-1]
        if deepest.lineno != inside[0].lineno or deepest.filename != inside[0].filename:
            place += f"\n  raised in {deepest.filename}, line {deepest.lineno}"
        undeclared = isinstance(error, AttributeError | TypeError) and "NoneType" in str(error)
        raise AlignerError(
            f"{_who(aligner)}: {method} raised {type(error).__name__}: {error}\n  at {place}",
            UNDECLARED if undeclared else WHERE,
        ) from error


def checked_matrix(who: str, value: Any, shop: str, n: int) -> Matrix:
    """One returned matrix, as contiguous float32.

    Parameters
    ----------
    who : str
        Who returned it, for the error.
    value : object
        What was returned.
    shop : str
        Name of the shop.
    n : int
        Its number of products.

    Raises
    ------
    AlignerError
        That says what is wrong with it.
    """
    wanted = f"return an array of shape ({n}, k), float32, k at most {MAX_DIMENSIONS}"
    if not isinstance(value, np.ndarray):
        raise AlignerError(f"{who} returned {type(value).__name__}, not a NumPy array", wanted)
    if value.ndim != 2 or len(value) != n:
        raise AlignerError(
            f"{who} returned the shape {value.shape} for the {n} products of {shop}",
            wanted,
        )
    if not 1 <= value.shape[1] <= MAX_DIMENSIONS:
        raise AlignerError(f"{who} returned {value.shape[1]} dimensions", wanted)
    if value.dtype.kind not in "fiu":
        raise AlignerError(f"{who} returned the dtype {value.dtype}, which is no number", wanted)
    with np.errstate(over="ignore"):
        matrix = np.array(value, dtype=np.float32, order="C")
    broken = np.flatnonzero(~np.isfinite(matrix).all(axis=1))
    if len(broken):
        raise AlignerError(
            f"{who} returned NaN or infinity in {len(broken)} of {len(matrix)} rows, first in row "
            f"{broken[0]}",
            "every product needs a finite float32 vector; zeros where there is nothing to say",
        )
    return matrix
