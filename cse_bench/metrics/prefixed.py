"""Queries ranked and foretold when their first letters are known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from cse_bench.metrics.blocks import for_each_block
from cse_bench.metrics.ranking import count_above
from cse_bench.types import Floats, Ints, Matrix

PREFIXES = (0, 1, 2, 3)
"""How many letters are known."""

DEPTH = 10


@dataclass(frozen=True, eq=False)
class Vocabulary:
    """What may be typed, sorted, so that the words of one prefix stand together.

    Attributes
    ----------
    texts : tuple of str
        The words, in the order of their case-folded texts.
    starts : tuple of ndarray, int64
        For each length of `PREFIXES`: where the words of each prefix begin.
    of : tuple of ndarray of shape (v,), int64
        For each length: number of each word's prefix.
    """

    texts: tuple[str, ...]
    starts: tuple[Ints, ...]
    of: tuple[Ints, ...]

    @classmethod
    def of_texts(cls, texts: list[str]) -> Vocabulary:
        """Sort words, and find their prefixes. A word shorter than a prefix is its own."""
        ordered = sorted(texts, key=lambda text: (text.casefold(), text))
        starts, of = [], []
        for length in PREFIXES:
            heads = np.array([text.casefold()[:length] for text in ordered])
            new = np.concatenate([[True], heads[1:] != heads[:-1]])[: len(ordered)]
            starts.append(np.flatnonzero(new).astype(np.int64))
            of.append((np.cumsum(new) - 1).astype(np.int64))
        return cls(tuple(ordered), tuple(starts), tuple(of))

    def __len__(self) -> int:
        return len(self.texts)


def score_typed(
    sessions: Matrix,
    weights: Matrix,
    log_prior: Floats,
    scale: Floats,
    typed: csr_array,
    vocabulary: Vocabulary,
    longest: int = PREFIXES[-1],
) -> list[dict[str, Floats]]:
    """Score the queries typed after each session, for each length of prefix.

    Parameters
    ----------
    sessions : ndarray of shape (n, k), float32
        Centred session vectors.
    weights : ndarray of shape (v, k), float32
        Of the log-linear model.
    log_prior : ndarray of shape (v,), float64
        Popularity alone.
    scale : ndarray of shape (n,), float64
        Of each session's evidence.
    typed : sparse array of shape (n, v)
        Share of each query; rows sum to 1.
    vocabulary : Vocabulary
        The queries.
    longest : int
        Prefixes up to this length.

    Returns
    -------
    list of dict of str to ndarray of shape (n,), float64
        For each length of prefix: ``bits`` gained over popularity, ``mrr@10``,
        ``mrr@10-inverse-popularity``, and ``mrr@10-of-popularity``: expectations over what was
        typed.
    """
    row, word, share = _cells(typed)
    first = np.asarray(typed.indptr, np.int64)
    lengths = PREFIXES[: longest + 1]
    log_share, reciprocal = np.empty((2, len(lengths), len(word)))
    plain = np.asarray(log_prior, np.float64)[None, :]

    def visit(part: slice, scores: Matrix) -> None:
        cells = slice(first[part.start], first[part.stop])
        logits = scores * scale[part, None] + plain
        for length in lengths:
            places = (row[cells] - part.start, word[cells])
            log_share[length, cells], reciprocal[length, cells] = _among(
                logits, *places, vocabulary, length
            )

    for_each_block(sessions, weights, visit)
    scored = []
    every = np.arange(len(log_prior))
    for length in lengths:
        alone = _among(plain, np.zeros_like(every), every, vocabulary, length)
        by_cell = {
            "bits": (log_share[length] - alone[0][word]) / np.log(2),
            "mrr@10": reciprocal[length],
            "mrr@10-of-popularity": alone[1][word],
        }
        scored.append(_expected(row, share, len(scale), by_cell, np.exp(-log_prior)[word]))
    return scored


def _cells(typed: csr_array) -> tuple[Ints, Ints, Floats]:
    row = np.repeat(np.arange(typed.shape[0]), np.diff(typed.indptr))
    return row.astype(np.int64), typed.indices.astype(np.int64), typed.data


def _among(
    logits: Floats, row: Ints, word: Ints, vocabulary: Vocabulary, length: int
) -> tuple[Floats, Floats]:
    """Log-probability and expected ``1 / rank`` (0 beyond 10) among the words of one prefix."""
    starts, of = vocabulary.starts[length], vocabulary.of[length]
    highest = np.maximum.reduceat(logits, starts, axis=1)
    total = np.add.reduceat(np.exp(logits - highest[:, of]), starts, axis=1)
    own = logits[row, word]
    log_share = own - highest[row, of[word]] - np.log(total[row, of[word]])
    rivals = logits[row]
    if len(starts) > 1:
        rivals[of != of[word][:, None]] = -np.inf
    greater, ties = count_above(rivals, own)
    return log_share, _reciprocal_at_depth(greater, ties)


def _reciprocal_at_depth(greater: Ints, ties: Ints) -> Floats:
    """Expected ``1 / rank`` over tie orders, where ranks beyond `DEPTH` give 0."""
    harmonic = np.concatenate([[0.0], np.cumsum(1.0 / np.arange(1, DEPTH + 1))])
    begin, end = np.minimum(greater, DEPTH), np.minimum(greater + ties + 1, DEPTH)
    value: Floats = (harmonic[end] - harmonic[begin]) / (ties + 1)
    return value


def _expected(
    row: Ints, share: Floats, n: int, by_cell: dict[str, Floats], rarity: Floats
) -> dict[str, Floats]:
    """Expectations over what was typed in each row; MRR also with rare queries counting more."""

    def expected(values: Floats) -> Floats:
        return np.bincount(row, weights=share * values, minlength=n).astype(np.float64)

    weighted = expected(rarity * by_cell["mrr@10"]) / expected(rarity).mean()
    means = {name: expected(values) for name, values in by_cell.items()}
    return means | {"mrr@10-inverse-popularity": weighted}
