"""Each shop's vectors are turned at random: cosines stay, axes tell nothing."""

from __future__ import annotations

import numpy as np

from cse_bench.building.embeddings import turned
from cse_bench.building.keys import Key
from cse_bench.building.pipeline import BuildParameters, build_contents
from cse_bench.trainers.ppmi_svd import PpmiSvd
from tests.small_log import make_log, random_events


def test_cosines_stay_and_coordinates_do_not():
    vectors = np.random.default_rng(0).standard_normal((50, 8)).astype(np.float32)
    one, same, other = (turned(vectors, seed) for seed in (1, 1, 2))
    np.testing.assert_allclose(one @ one.T, vectors @ vectors.T, atol=1e-4)
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.5
    assert one.dtype == np.float32


def test_a_release_does_not_order_its_axes_by_variance():
    """The trainer does: two shops' first axes would be alike, and the spaces aligned in part."""
    key = Key(bytes(range(32)))
    log = make_log(random_events())
    contents = build_contents(log, PpmiSvd(8), BuildParameters(min_users=3), key)
    ordered = 0
    for table in contents.products.values():
        flat = table["embedding"].combine_chunks().flatten().to_numpy()
        power = (flat.reshape(-1, 8) ** 2).sum(axis=0)
        ordered += int(np.all(np.diff(power) < 0))
    assert ordered == 0
