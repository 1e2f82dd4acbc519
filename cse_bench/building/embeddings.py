"""Each shop's embeddings as they are released: learned, turned, rounded."""

from __future__ import annotations

import numpy as np

from cse_bench.building.keys import Key
from cse_bench.errors import InputError
from cse_bench.trainers.base import Sessions, Trainer
from cse_bench.types import Matrix

MANTISSA_BITS = 12
"""Embeddings keep this many bits of a 23-bit mantissa (an error of 2⁻¹³), and compress better."""


def released_vectors(trainer: Trainer, sessions: list[Sessions], key: Key) -> list[Matrix]:
    """The vectors of each shop.

    Parameters
    ----------
    trainer : Trainer
        Learns them, in one shop at a time.
    sessions : list of Sessions
        What is learned from, a shop each.
    key : Key
        The source of every random choice.

    Returns
    -------
    list of ndarray of shape (n_products, dimensions), float32

    Raises
    ------
    InputError
        If a shop has too little to learn from.
    """
    return [
        round_mantissa(turned(_fit(trainer, own), key.seed(f"turn {i}")), MANTISSA_BITS)
        for i, own in enumerate(sessions)
    ]


def _fit(trainer: Trainer, sessions: Sessions) -> Matrix:
    try:
        return trainer.fit(sessions).vectors
    except InputError as error:
        shop = sessions.ids[0].split("_")[0]
        raise InputError(f"{shop}: {error.what}", error.hint) from None


def turned(vectors: Matrix, seed: int) -> Matrix:
    """Turn a shop's vectors by a random rotation, which changes no cosine.

    A trainer may leave its axes in an order, such as that of their variance; two shops' spaces
    would then be aligned in part before any aligner has seen them.
    """
    d = vectors.shape[1]
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((d, d)))
    rotation = q * np.sign(np.diag(r))  # uniform over all rotations (Mezzadri 2007)
    return (vectors.astype(np.float64) @ rotation).astype(np.float32)


def round_mantissa(values: Matrix, bits: int) -> Matrix:
    """Round float32 values to `bits` bits of mantissa, halves to even."""
    raw = np.ascontiguousarray(values, dtype=np.float32).view(np.uint32)
    drop = np.uint32(23 - bits)
    half = ((raw >> drop) & np.uint32(1)) + np.uint32((1 << (int(drop) - 1)) - 1)
    rounded = ((raw + half) >> drop) << drop
    return rounded.view(np.float32)
