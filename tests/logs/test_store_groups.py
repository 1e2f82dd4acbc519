"""The balanced max-cut: against brute force, and in balance."""

from itertools import product

import numpy as np
import pytest

from cse_bench.logs.store_groups import balanced_max_cut


def cut_of(moves, labels):
    labels = np.asarray(labels)
    return moves[labels[:, None] != labels[None, :]].sum() / 2


@pytest.mark.parametrize("n_groups", [2, 3])
@pytest.mark.parametrize("seed", range(4))
def test_the_cut_is_the_best_in_balance(n_groups, seed):
    rng = np.random.default_rng(seed)
    n = 8
    moves = rng.integers(0, 9, (n, n)).astype(float)
    moves = np.triu(moves, 1) + np.triu(moves, 1).T
    volume = rng.integers(20, 30, n).astype(float)
    labels, cut = balanced_max_cut(moves, volume, n_groups, tolerance=0.3)
    mean = volume.sum() / n_groups
    best = max(
        cut_of(moves, guess)
        for guess in product(range(n_groups), repeat=n)
        if np.all(np.abs(np.bincount(guess, volume, n_groups) - mean) <= 0.3 * mean)
    )
    assert cut == cut_of(moves, labels) == best
    sizes = np.bincount(labels, volume, n_groups)
    assert np.all(np.abs(sizes - mean) <= 0.3 * mean)
    assert np.all(np.diff(sizes) <= 0)
