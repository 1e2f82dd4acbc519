"""One conformance suite for every trainer."""

import numpy as np
import pytest

from cse_bench.errors import InputError
from cse_bench.ragged import Ragged
from cse_bench.trainers import Sessions
from cse_bench.trainers.ppmi_svd import PpmiSvd
from cse_bench.trainers.registry import TRAINERS, get_trainer
from tests.conftest import need

SMALL = {"ppmi-svd": {}, "prod2vec-cbow": {"epochs": 40}}


@pytest.fixture(params=list(TRAINERS))
def trainer(request):
    if request.param.startswith("prod2vec"):
        need("gensim")
    return get_trainer(request.param, dimensions=6, **SMALL.get(request.param, {}))


def two_worlds(n=400, seed=0):
    """Sessions of products 0–9 or of products 10–19, never both."""
    rng = np.random.default_rng(seed)
    rows = [rng.choice(10, 5, replace=False) + 10 * rng.integers(2) for _ in range(n)]
    return Sessions(tuple(f"p{i:02d}" for i in range(20)), Ragged.from_lists(rows))


def test_vectors_are_finite_float32_in_the_order_of_the_ids(trainer):
    fitted = trainer.fit(two_worlds())
    assert fitted.ids == two_worlds().ids
    assert fitted.vectors.shape == (20, 6)
    assert fitted.vectors.dtype == np.float32
    assert np.isfinite(fitted.vectors).all()


def test_products_of_one_world_are_neighbours(trainer):
    vectors = trainer.fit(two_worlds()).vectors
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosine = unit @ unit.T
    inside = cosine[:10, :10][~np.eye(10, dtype=bool)].mean()
    across = cosine[:10, 10:].mean()
    assert inside > across + 0.2


def test_the_same_seed_gives_the_same_vectors(trainer):
    assert trainer.deterministic
    first, second = (trainer.fit(two_worlds()).vectors for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_a_product_of_no_session_has_a_finite_vector(trainer):
    sessions = two_worlds()
    wider = Sessions((*sessions.ids, "alone"), sessions.rows)
    vectors = trainer.fit(wider).vectors
    assert vectors.shape == (21, 6)
    assert np.isfinite(vectors).all()
    assert vectors[20].any() == (trainer.name == "ppmi-svd")
    others = np.linalg.norm(vectors[:20], axis=1)
    assert np.linalg.norm(vectors[20]) <= others.max()  # a direction of its own, no louder


@pytest.mark.parametrize("rows", [[], [[]], [[0], [1], [2]]])
def test_sessions_in_which_nothing_meets_are_refused(trainer, rows):
    with pytest.raises(InputError, match="nothing occurs together"):
        trainer.fit(Sessions(tuple("abcdefgh"), Ragged.from_lists(rows)))


def test_more_dimensions_than_products_are_refused(trainer):
    sessions = Sessions(("a", "b", "c"), Ragged.from_lists([[0, 1, 2]] * 5))
    with pytest.raises(InputError, match="ask for 1 to 2 dimensions"):
        trainer.fit(sessions)


def test_ids_must_be_strings():
    with pytest.raises(InputError, match="session 1: the product id 7"):
        Sessions.from_lists([["a", "b"], ["a", 7]])
    assert Sessions.from_lists([["b", "a"]]).ids == ("a", "b")


def test_an_unknown_trainer_is_named():
    with pytest.raises(InputError, match="did you mean 'ppmi-svd'"):
        get_trainer("ppmi_svd")


@pytest.mark.parametrize("discount", [0.0, 2.0])
def test_ppmi_equals_its_definition(monkeypatch, discount):
    """Full rank and p = 1: the vectors' Gram matrix is M Mᵀ, with M computed by hand."""
    rng = np.random.default_rng(0)
    rows = [rng.choice(8, rng.integers(2, 5), replace=False) for _ in range(60)]
    sessions = Sessions(tuple("abcdefgh"), Ragged.from_lists(rows))
    monkeypatch.setattr(PpmiSvd, "JITTER", 0.0)
    fitted = get_trainer(
        "ppmi-svd",
        dimensions=7,
        eigenvalue_weight=1.0,
        length_weight=0.0,
        smoothing=0.75,
        n_iter=20,
        discount=discount,
    ).fit(sessions)
    count = np.zeros((8, 8))
    for row in rows:
        count[np.ix_(row, row)] += 1
    np.fill_diagonal(count, 0)
    total = count.sum(axis=1)
    with np.errstate(divide="ignore"):
        pmi = np.log(count * (total**0.75).sum() / np.outer(total, total**0.75))
    matrix = np.maximum(pmi, 0) * ((count - 1) / (count + 1)) ** discount
    values, vectors = np.linalg.eigh(matrix @ matrix.T)
    best = vectors[:, 1:] * np.sqrt(values[1:])  # the 7 largest of 8
    np.testing.assert_allclose(fitted.vectors @ fitted.vectors.T, best @ best.T, atol=1e-4)


def test_products_that_met_the_same_do_not_coincide():
    rows = [[0, 1], [0, 1], [0, 2], [0, 2], [3, 4], [3, 4], [5], [6]] * 3
    sessions = Sessions(tuple("abcdefg"), Ragged.from_lists(rows))
    vectors = get_trainer("ppmi-svd", dimensions=4).fit(sessions).vectors.astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    assert 0.99 < cosines[1, 2] < 1 - 1e-5
    assert np.abs(cosines - np.eye(7)).max() < 1 - 1e-5
