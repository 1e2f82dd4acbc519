"""What an aligner may not do, and how it is told."""

from __future__ import annotations

import numpy as np
import pytest

from cse_bench import Aligner
from cse_bench.aligners.checks import small_shops
from cse_bench.aligners.contract import align
from cse_bench.errors import AlignerError

SOURCE, TARGET, EVIDENCE = small_shops(n_source=80, n_target=80)


class Good(Aligner):
    """The identity."""

    name = "good"

    def fit(self, source, target, evidence):
        return self

    def transform(self, shop):
        return shop.vectors.copy()


def test_the_default_target_is_where_it_was():
    aligned = align(Good(), SOURCE, TARGET, EVIDENCE)
    np.testing.assert_array_equal(aligned.target, TARGET.vectors)
    assert aligned.source.dtype == np.float32


def returns(value, *, target=False):
    """An aligner whose transform returns `value`."""

    class Bad(Good):
        name = "bad"

        def transform(self, shop):
            return shop.vectors.copy() if target else value(shop)

        def transform_target(self, shop):
            return value(shop) if target else shop.vectors

    return Bad()


def spoilt(shop, value):
    vectors = shop.vectors.copy()
    vectors[5, 2] = value
    return vectors


BAD = {
    "not a NumPy array": lambda shop: shop.vectors.tolist(),
    "the shape (79, 12) for the 80 products of SHOP": lambda shop: shop.vectors[:-1],
    "the shape (80,)": lambda shop: shop.vectors[:, 0],
    "1025 dimensions": lambda shop: np.zeros((80, 1025), np.float32),
    "0 dimensions": lambda shop: np.zeros((80, 0), np.float32),
    "NaN or infinity in 1 of 80 rows, first in row 5": lambda shop: spoilt(shop, np.nan),
    "first in row 5": lambda shop: spoilt(shop, -np.inf),
    "no number": lambda shop: shop.vectors.astype(complex),
    "NaN or infinity in 80 of 80": lambda shop: np.full((80, 3), 1e300),
}


@pytest.mark.parametrize("target", [False, True])
@pytest.mark.parametrize("message", BAD)
def test_bad_output_is_told_with_what_and_where(message, target):
    with pytest.raises(AlignerError) as error:
        align(returns(BAD[message], target=target), SOURCE, TARGET, EVIDENCE)
    assert message in str(error.value)
    assert ("transform_target" if target else "transform returned") in str(error.value)
    assert error.value.exit_code == 2
    assert "→" in str(error.value)


def test_two_widths_are_refused():
    with pytest.raises(AlignerError, match="5 dimensions, transform_target 12"):
        align(returns(lambda shop: shop.vectors[:, :5]), SOURCE, TARGET, EVIDENCE)


def test_one_object_for_both_shops_is_refused():
    shared = np.zeros((80, 3), np.float32)

    class Same(Good):
        def transform(self, shop):
            return shared

        transform_target = transform

    with pytest.raises(AlignerError, match="one and the same object"):
        align(Same(), SOURCE, TARGET, EVIDENCE)


def test_a_fit_that_returns_anything_else_is_refused():
    class Forgets(Good):
        def fit(self, source, target, evidence):
            super().fit(source, target, evidence)

    with pytest.raises(AlignerError, match=r"fit returned NoneType, not the aligner itself"):
        align(Forgets(), SOURCE, TARGET, EVIDENCE)


def test_an_exception_is_told_with_its_line():
    class Raises(Good):
        name = "raises"

        def fit(self, source, target, evidence):
            return np.linalg.inv(np.zeros((2, 2)))

    with pytest.raises(AlignerError) as error:
        align(Raises(), SOURCE, TARGET, EVIDENCE)
    message = str(error.value)
    assert "fit raised LinAlgError: Singular matrix" in message
    assert "np.linalg.inv(np.zeros((2, 2)))" in message
    assert __file__ in message


def test_an_aligner_sees_only_what_it_declares():
    seen = {}

    class Looks(Good):
        def fit(self, source, target, evidence):
            seen.update(
                content=source.content, pairs=evidence.pairs, sessions=evidence.cross_sessions
            )
            return self

    align(Looks(), SOURCE, TARGET, EVIDENCE)
    assert seen == {"content": None, "pairs": None, "sessions": None}
    Looks.uses = frozenset({"content", "pairs", "cross_sessions"})
    align(Looks(), SOURCE, TARGET, EVIDENCE)
    assert all(value is not None for value in seen.values())


def test_arrays_cannot_be_written():
    class Writes(Good):
        def fit(self, source, target, evidence):
            source.vectors[0] = 1
            return self

    with pytest.raises(AlignerError, match="read-only"):
        align(Writes(), SOURCE, TARGET, EVIDENCE)
