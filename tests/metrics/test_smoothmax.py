"""Smooth maxima: against the formula, and between the bounds that it promises."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cse_bench.metrics import blocks
from cse_bench.metrics.cosine import unit
from cse_bench.metrics.smoothmax import TEMPERATURE, Wanted, smooth_maxima
from cse_bench.ragged import Ragged


def drawn(seed):
    rng = np.random.default_rng(seed)
    source = unit(rng.standard_normal((9, 5)).astype(np.float32))
    target = unit(rng.standard_normal((30, 5)).astype(np.float32))
    sessions = Ragged.from_lists([rng.integers(0, 9, rng.integers(1, 5)) for _ in range(6)])
    session = np.sort(rng.integers(0, 6, 11))
    index = rng.integers(0, 30, (11, 4)).astype(np.int32)
    return source, target, sessions, session, index


@given(seed=st.integers(0, 10**6), rows=st.integers(1, 30))
def test_the_formula_is_followed_in_blocks_of_any_size(seed, rows):
    source, target, sessions, session, index = drawn(seed)
    used = len(np.unique(sessions.values))
    before, blocks.BLOCK_BYTES = blocks.BLOCK_BYTES, 4 * rows * used
    try:
        found = smooth_maxima(source, target, sessions, Wanted.sort(session, index, 30))
    finally:
        blocks.BLOCK_BYTES = before
    for place, row in enumerate(session):
        cosines = (source[sessions[row]] @ target[index[place]].T).astype(np.float64)
        expected = TEMPERATURE * np.log(np.exp(cosines / TEMPERATURE).sum(axis=0))
        np.testing.assert_allclose(found[place], expected, atol=1e-6)


@given(seed=st.integers(0, 10**6))
def test_it_lies_between_the_maximum_and_what_the_length_adds(seed):
    source, target, sessions, session, index = drawn(seed)
    found = smooth_maxima(source, target, sessions, Wanted.sort(session, index, 30))
    for place, row in enumerate(session):
        largest = (source[sessions[row]] @ target[index[place]].T).max(axis=0)
        slack = TEMPERATURE * np.log(len(sessions[row]))
        assert (found[place] >= largest - 1e-6).all()
        assert (found[place] <= largest + slack + 1e-6).all()
