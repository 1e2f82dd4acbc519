"""One conformance suite for every trainer."""

import numpy as np
import pytest

from cse_bench.errors import InputError
from cse_bench.ragged import Ragged
from cse_bench.trainers import Sessions
from cse_bench.trainers.base import COMMON_LIMITS
from cse_bench.trainers.ppmi_svd import PpmiSvd
from cse_bench.trainers.registry import TRAINERS, get_trainer, read_settings
from tests.conftest import need

SMALL = {
    "prod2vec-cbow": {"epochs": 40},
    "prod2vec-sgns": {"epochs": 20, "sample": 0.0},
    "ials": {"iterations": 8},
}
LIBRARY = {"prod2vec-cbow": "gensim", "prod2vec-sgns": "gensim", "ials": "implicit"}
NEVER_ZERO = ("ppmi-svd", "random")
"""A product of no session has a direction of its own there."""


@pytest.fixture(params=list(TRAINERS))
def trainer(request):
    if request.param in LIBRARY:
        need(LIBRARY[request.param])
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
    assert (inside > across + 0.2) == (trainer.name != "random")  # the control knows nothing


def test_the_same_seed_gives_the_same_vectors(trainer):
    assert trainer.deterministic
    first, second = (trainer.fit(two_worlds()).vectors for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_another_seed_gives_other_vectors(trainer):
    first = trainer.fit(two_worlds()).vectors
    trainer.random_state = 1
    assert not np.array_equal(first, trainer.fit(two_worlds()).vectors)


def test_it_keeps_its_parameters_and_says_what_it_is(trainer):
    parameters = trainer.parameters()
    assert parameters["dimensions"] == 6
    assert get_trainer(trainer.name, **parameters).parameters() == parameters
    trainer.fit(two_worlds())
    assert trainer.parameters() == parameters
    assert trainer.description


def test_a_session_may_be_empty_or_hold_a_product_twice(trainer):
    rows = [*two_worlds().rows, [], [0, 0, 1]]
    fitted = trainer.fit(Sessions(two_worlds().ids, Ragged.from_lists(rows)))
    assert np.isfinite(fitted.vectors).all()


def test_threads_are_declared():
    need("gensim")
    assert not get_trainer("prod2vec-cbow", n_jobs=2).deterministic
    need("implicit")
    small = {"dimensions": 6, "iterations": 8}
    one, two = (get_trainer("ials", n_jobs=n, **small).fit(two_worlds()).vectors for n in (1, 2))
    np.testing.assert_array_equal(one, two)


def test_rarer_products_than_min_count_have_no_vector():
    need("gensim")
    rows = [*two_worlds().rows, [0, 20]]
    sessions = Sessions((*two_worlds().ids, "rare"), Ragged.from_lists(rows))
    vectors = get_trainer("prod2vec-cbow", dimensions=6, min_count=2).fit(sessions).vectors
    assert not vectors[20].any()
    assert vectors[:20].any(axis=1).all()
    with pytest.raises(InputError, match="no product was met 9999 times"):
        get_trainer("prod2vec-cbow", dimensions=6, min_count=9999).fit(sessions)


@pytest.mark.parametrize(
    ("trainer", "parameter", "value"),
    [
        ("ppmi-svd", "dimensions", 0),
        ("ppmi-svd", "shift", 0.0),
        ("ppmi-svd", "smoothing", float("nan")),
        ("ppmi-svd", "eigenvalue_weight", float("inf")),
        ("ppmi-svd", "n_iter", -1),
        ("ppmi-svd", "random_state", -1),
        ("prod2vec-cbow", "window", 0),
        ("prod2vec-cbow", "epochs", -1),
        ("prod2vec-sgns", "ns_exponent", 1.5),
        ("ials", "n_jobs", -1),
        ("ials", "regularization", -1.0),
        ("random", "dimensions", -3),
    ],
)
def test_parameters_beyond_their_limits_are_refused(trainer, parameter, value):
    with pytest.raises(InputError, match=f"{trainer}: {parameter} is .*"):
        get_trainer(trainer, **{parameter: value})


@pytest.mark.parametrize("name", list(TRAINERS))
def test_every_number_has_limits_and_defaults_keep_them(name):
    trainer = get_trainer(name)
    assert set(trainer.parameters()) <= set(COMMON_LIMITS | trainer.limits)


def test_settings_are_read_as_their_defaults_are():
    assert read_settings("ppmi-svd", {"smoothing": "0.5", "dimensions": "7"}) == {
        "smoothing": 0.5,
        "dimensions": 7,
    }
    with pytest.raises(InputError, match="did you mean 'smoothing'"):
        read_settings("ppmi-svd", {"smothing": "1"})
    with pytest.raises(InputError, match=r"dimensions = '7\.5' is no int"):
        read_settings("ppmi-svd", {"dimensions": "7.5"})


def test_a_product_of_no_session_has_a_finite_vector(trainer):
    sessions = two_worlds()
    wider = Sessions((*sessions.ids, "alone"), sessions.rows)
    vectors = trainer.fit(wider).vectors
    assert vectors.shape == (21, 6)
    assert np.isfinite(vectors).all()
    assert (np.linalg.norm(vectors[20]) > 1e-3) == (trainer.name in NEVER_ZERO)
    others = np.linalg.norm(vectors[:20], axis=1)
    assert np.linalg.norm(vectors[20]) <= 3 * others.max()  # a direction of its own, no louder


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
        shift=1.0,
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
