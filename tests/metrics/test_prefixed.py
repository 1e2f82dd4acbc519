"""Queries behind a prefix: scored as they are when everything is written out."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array

from cse_bench.metrics.prefixed import PREFIXES, Vocabulary, score_typed

words = st.lists(
    st.text("abAB", min_size=1, max_size=4), min_size=2, max_size=12, unique_by=str.casefold
)


def written_out(scores, texts, typed, length):
    """Probability and reciprocal rank (0 beyond 10) of one query among those of its prefix."""
    head = texts[typed].casefold()[:length]
    rivals = [i for i, text in enumerate(texts) if text.casefold()[:length] == head]
    total = sum(np.exp(scores[i]) for i in rivals)
    above = sum(scores[i] > scores[typed] for i in rivals)
    level = sum(scores[i] == scores[typed] for i in rivals)
    places = [above + 1 + i for i in range(level)]
    return np.exp(scores[typed]) / total, np.mean([1 / p if p <= 10 else 0 for p in places])


@given(words, st.integers(0, 2**32 - 1))
def test_bits_and_places_are_those_written_out(given_texts, seed):
    rng = np.random.default_rng(seed)
    vocabulary = Vocabulary.of_texts(given_texts)
    texts = vocabulary.texts
    assert sorted(texts) == sorted(given_texts)
    v, n = len(texts), 5
    sessions = rng.integers(-2, 3, (n, 3)).astype(np.float32)
    weights = rng.integers(-1, 2, (v, 3)).astype(np.float32)  # whole numbers: ties are ties
    log_prior = np.log(np.full(v, 1 / v))
    typed = rng.integers(0, v, n)
    matrix = csr_array((np.ones(n), (np.arange(n), typed)), shape=(n, v))
    found = score_typed(sessions, weights, log_prior, np.ones(n), matrix, vocabulary)
    assert len(found) == len(PREFIXES)
    for length, scored in zip(PREFIXES, found, strict=True):
        for row in range(n):
            logits = sessions[row] @ weights.T + log_prior
            chance, place = written_out(logits, texts, typed[row], length)
            alone, plain = written_out(log_prior, texts, typed[row], length)
            np.testing.assert_allclose(scored["bits"][row], np.log2(chance / alone), atol=1e-5)
            np.testing.assert_allclose(scored["mrr@10"][row], place)
            np.testing.assert_allclose(scored["mrr@10-of-popularity"][row], plain)


@given(words, st.integers(0, 2**32 - 1))
def test_what_says_nothing_gains_nothing(texts, seed):
    rng = np.random.default_rng(seed)
    vocabulary = Vocabulary.of_texts(texts)
    v, n = len(texts), 4
    log_prior = np.log(rng.dirichlet(np.ones(v)))
    share = rng.dirichlet(np.ones(v), n)
    weights = rng.normal(size=(v, 3)).astype(np.float32)
    sessions = rng.normal(size=(n, 3)).astype(np.float32)
    for scored in score_typed(
        sessions, weights, log_prior, np.zeros(n), csr_array(share), vocabulary
    ):
        np.testing.assert_allclose(scored["bits"], 0, atol=1e-9)
        np.testing.assert_allclose(scored["mrr@10"], scored["mrr@10-of-popularity"])
