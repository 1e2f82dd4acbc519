"""The contract checks: small, named, each on data of a known truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np

from cse_bench.aligners.base import Aligner, Evidence, Shop
from cse_bench.aligners.contract import WHERE, Aligned, align, declared
from cse_bench.aligners.source import AlignerSource
from cse_bench.errors import CseBenchError
from cse_bench.ragged import Ragged

Example = tuple[Shop, Shop, Evidence]

WIDTH = 64
"""As wide as the embedded release: what is cut to some number of dimensions shows here."""


def small_shops(
    *, n_source: int = 90, n_target: int = 80, d: int = 12, random_state: int = 0
) -> Example:
    """Two small shops whose true alignment is a rotation, with every kind of evidence.

    Parameters
    ----------
    n_source, n_target : int
        Products; the first ``min(n_source, n_target) - 10`` of both are the same ones.
    d : int
        Dimensions.
    random_state : int
        Seed.

    Returns
    -------
    source, target : Shop
    evidence : Evidence
    """
    rng = np.random.default_rng(random_state)
    shared = min(n_source, n_target) - 10
    latent = rng.standard_normal((n_source + n_target, d))
    rotation = np.linalg.qr(rng.standard_normal((d, d)))[0]
    ours = latent[:n_source]
    theirs = np.concatenate([latent[:shared], latent[n_source : n_source + n_target - shared]])
    kinds = rng.standard_normal((8, 6))
    kind = np.argmax(latent[:, :8], axis=1)
    their_kind = np.concatenate([kind[:shared], kind[n_source : n_source + n_target - shared]])

    def shop(name: str, vectors: np.ndarray, kind: np.ndarray) -> Shop:
        arrays = (vectors, 8 * rng.random(len(vectors)), kinds[kind])
        frozen = [np.ascontiguousarray(a, dtype=np.float32) for a in arrays]
        for array in frozen:
            array.flags.writeable = False
        return Shop(name, *frozen)

    rows = [rng.integers(0, shared, size=rng.integers(1, 5)) for _ in range(40)]
    pairs = np.column_stack([np.arange(shared // 2)] * 2).astype(np.int64)
    sessions = (Ragged.from_lists(rows), Ragged.from_lists(rows))
    source = shop("SHOP1", ours @ rotation, kind[:n_source])
    return source, shop("SHOP2", theirs, their_kind), Evidence(pairs, sessions)


def _shapes(source: AlignerSource) -> None:
    align(source.make(), *small_shops())


def _fit_returns_itself(source: AlignerSource) -> None:
    used = source.make()
    returned = used.fit(*declared(*small_shops(), source.info.uses))
    if returned is not used:
        raise CseBenchError(
            f"fit returned {type(returned).__name__}, not the aligner itself",
            "end fit with: return self",
        )


def _shops_of_one_size(source: AlignerSource) -> None:
    align(source.make(), *small_shops(n_source=80, n_target=80))


def _wider_embeddings(source: AlignerSource) -> None:
    align(source.make(), *small_shops(n_source=150, n_target=170, d=WIDTH))


def _zero_vector(source: AlignerSource) -> None:
    ours, theirs, evidence = small_shops()
    vectors = ours.vectors.copy()
    vectors[3] = 0
    align(source.make(), replace(ours, vectors=vectors), theirs, evidence)


def _repeatable(source: AlignerSource) -> None:
    first, second = (align(source.make(7), *small_shops()) for _ in range(2))
    if not _equal(first, second):
        raise CseBenchError(
            "two fits with the same data and random_state differ",
            "draw every random number from numpy.random.default_rng(self.random_state)",
        )


def _seeds_differ(source: AlignerSource) -> None:
    first, second = (align(source.make(seed), *small_shops()) for seed in (0, 1))
    if _equal(first, second):
        raise CseBenchError("stochastic is True, but random_state changes nothing")


def _refit(source: AlignerSource) -> None:
    used = source.make()
    align(used, *small_shops(random_state=1))
    if not _equal(align(used, *small_shops()), align(source.make(), *small_shops())):
        raise CseBenchError(
            "fitting again remembers the first fit", "fit must forget what an earlier one learned"
        )


def _init_only_stores(source: AlignerSource) -> None:
    learned = [name for name in vars(source.make()) if name.endswith("_")]
    if learned:
        raise CseBenchError(f"__init__ sets {learned[0]!r}", "learn in fit")


def _inputs_untouched(source: AlignerSource) -> None:
    ours, theirs, evidence = small_shops()
    writable = [replace(shop, vectors=shop.vectors.copy()) for shop in (ours, theirs)]
    pairs = evidence.pairs.copy()
    align(source.make(), writable[0], writable[1], replace(evidence, pairs=pairs))
    same = [
        np.array_equal(w.vectors, s.vectors) for w, s in zip(writable, (ours, theirs), strict=True)
    ]
    if not (all(same) and np.array_equal(pairs, evidence.pairs)):
        raise CseBenchError("fit or transform changes its input", "work on a copy")


def _undeclared_evidence(source: AlignerSource) -> None:
    everything = small_shops()
    with_all = _align_unguarded(source.make(), *everything)
    without = _align_unguarded(source.make(), *declared(*everything, source.info.uses))
    if not _equal(with_all, without):
        raise CseBenchError("evidence that is not declared changes the output", "add it to uses")


REPEATABLE = "the same input gives the same output"
FORGETS = "a second fit forgets the first"
UNMOVED = "undeclared evidence has no effect"
STOCHASTIC = "random_state has an effect"
"""Of `CHECKS`; the last is asked of those alone that declare it."""

CHECKS: dict[str, Callable[[AlignerSource], None]] = {
    "__init__ only stores parameters": _init_only_stores,
    "fit and transform return what the contract asks": _shapes,
    "fit returns the aligner itself": _fit_returns_itself,
    "shops of one size": _shops_of_one_size,
    f"embeddings of {WIDTH} dimensions": _wider_embeddings,
    "a product with a zero vector": _zero_vector,
    REPEATABLE: _repeatable,
    STOCHASTIC: _seeds_differ,
    FORGETS: _refit,
    "inputs are left as they are": _inputs_untouched,
    UNMOVED: _undeclared_evidence,
}


def run_checks(source: AlignerSource) -> Iterator[tuple[str, str | None]]:
    """Run every check on an aligner.

    Parameters
    ----------
    source : AlignerSource
        The aligner.

    Yields
    ------
    name, problem : str, str or None
        What was checked, and what was found; None where all is well. What compares two fits
        cannot be told of an aligner whose fits differ by themselves: it has the same problem.
    """
    source.make()
    restless: str | None = None
    for name, check in CHECKS.items():
        if name == STOCHASTIC and not source.info.stochastic:
            continue
        if restless is not None and name in (FORGETS, UNMOVED):
            yield name, restless
            continue
        try:
            check(source)
        except CseBenchError as error:
            problem = error.what if error.hint == WHERE else str(error)
            restless = problem if name == REPEATABLE else restless
            yield name, problem
        except (Exception, SystemExit) as error:  # of the aligner: a finding, not a failure of ours
            yield name, f"{type(error).__name__}: {error}"
        else:
            yield name, None


def _align_unguarded(aligner: Aligner, ours: Shop, theirs: Shop, evidence: Evidence) -> Aligned:
    aligner.fit(ours, theirs, evidence)
    return Aligned(aligner.transform(ours), aligner.transform_target(theirs))


def _equal(first: Aligned, second: Aligned) -> bool:
    sides = ((first.source, second.source), (first.target, second.target))
    return all(np.array_equal(a, b, equal_nan=True) for a, b in sides)
