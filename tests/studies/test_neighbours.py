"""Neighbours before and after alignment: a look at the embedded release."""

from __future__ import annotations

import json

import pytest

from cse_bench import api
from cse_bench.errors import InputError
from tests.cli.test_cli import run


def test_frozen_pizza_lies_near_frozen_pizza_once_aligned():
    done = run("neighbours", "frozen pizza", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 3
    shares = {}
    for place in ("in SHOP1", "in SHOP2, before alignment", "in SHOP2, after procrustes"):
        near = [n for product in found for n in product["places"][place]]
        assert len(near) == 15
        cosines = [n["cosine"] for n in found[0]["places"][place]]
        assert cosines == sorted(cosines, reverse=True)
        shares[place] = sum(n["category"] == "FROZEN PIZZA" for n in near) / 15
    assert shares["in SHOP1"] > 0.5
    assert shares["in SHOP2, before alignment"] < 0.2
    assert shares["in SHOP2, after procrustes"] > 0.5
    assert "SHOP2, after procrustes" in run("neighbours", "frozen pizza").stdout


def test_a_product_is_meant_by_its_id(small_release):
    own = small_release.shops["SHOP2"].ids[3]
    (found,) = api.neighbours(own, small_release.path, aligner="random-rotation", k=2)
    assert found.product.product == own
    assert [len(n) for n in found.places.values()] == [2, 2, 2]
    assert all(
        n.product.startswith("SHOP1_") for n in found.places["in SHOP1, after random-rotation"]
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"text": "forzen pizza"}, "did you mean 'frozen pizza'"),
        ({"text": ""}, "no product or category"),
        ({"text": "SHOP1_SKU99999"}, "no product or category"),
        ({"text": "frozen pizza", "source": "SHOP9"}, "no shop 'SHOP9'"),
        ({"text": "frozen pizza", "target": "SHOP1"}, "one shop"),
    ],
)
def test_what_means_nothing_is_refused(arguments, message):
    with pytest.raises(InputError, match=message):
        api.neighbours(**arguments)
