"""Gold pairs: shares, and no leak through a third shop."""

import numpy as np

from cse_bench.building.keys import Key
from cse_bench.building.pairs import split_pairs

KEY = Key(bytes(32))


def test_shares_and_order():
    names = [("A", str(i)) for i in range(600)] + [("B", str(i)) for i in range(600)]
    left, right = np.arange(600), np.arange(600, 1200)
    gold = split_pairs(left, right, names, KEY)
    assert np.bincount(gold.split).tolist() == [200, 100, 300]
    shuffled = np.random.default_rng(0).permutation(600)
    again = split_pairs(left[shuffled], right[shuffled], names, KEY)
    np.testing.assert_array_equal(gold.split, again.split)
    item, other = gold.bridges()
    assert len(item) == 800
    assert set(zip(item, other, strict=True)) == set(zip(other, item, strict=True))


def test_a_product_of_three_shops_has_one_split():
    n = 50
    names = [(s, str(i)) for s in "ABC" for i in range(n)]
    i = np.arange(n)
    left = np.concatenate([i, i, i + n])
    right = np.concatenate([i + n, i + 2 * n, i + 2 * n])
    gold = split_pairs(left, right, names, KEY)
    by_product = {}
    for a, split in zip(gold.left, gold.split, strict=True):
        by_product.setdefault(a % n, set()).add(split)
    assert all(len(splits) == 1 for splits in by_product.values())
