"""The log-linear model: what scikit-learn fits, whichever way the space is turned."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression

from cse_bench.metrics.cosine import unit
from cse_bench.metrics.loglinear import best_scale, fit_log_linear

N, K, V = 600, 6, 4


@pytest.fixture(scope="module")
def drawn():
    """Sessions, and one query typed after each; every query as often as any other."""
    rng = np.random.default_rng(0)
    typed = np.tile(np.arange(V), N // V)
    heads = rng.normal(size=(V, K))
    sessions = unit((heads[typed] + rng.normal(size=(N, K))).astype(np.float32))
    return sessions, csr_array((np.ones(N), (np.arange(N), typed)), shape=(N, V)), typed


def chances(log_prior, evidence, scale=1.0):
    logits = log_prior + scale * evidence.astype(np.float64)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    return share / share.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("prior", [20.0, 180.0])
def test_it_is_ridge_logistic_regression_with_an_offset(drawn, prior):
    sessions, typed, label = drawn
    model = fit_log_linear(sessions, typed, prior=prior)
    own = chances(model.log_prior, model.evidence(sessions))
    centred = sessions - sessions.mean(axis=0)
    scaled = centred / np.sqrt(centred.var(axis=0).mean())
    peer = LogisticRegression(C=1 / prior, fit_intercept=False, tol=1e-8).fit(scaled, label)
    np.testing.assert_allclose(own, peer.predict_proba(scaled), atol=0.01)
    assert own.max() > 0.5


def test_with_a_heavy_prior_popularity_is_left(drawn):
    sessions, _, _ = drawn
    skewed = csr_array(
        (np.ones(N), (np.arange(N), np.minimum(np.arange(N) % 10, V - 1))), shape=(N, V)
    )
    model = fit_log_linear(sessions, skewed, prior=1e9)
    own = chances(model.log_prior, model.evidence(sessions))
    np.testing.assert_allclose(own, np.tile(own[0], (N, 1)), atol=1e-4)
    np.testing.assert_allclose(own[0], [0.1, 0.1, 0.1, 0.7], atol=0.01)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=10)
def test_turning_the_space_changes_nothing(drawn, seed):
    sessions, typed, _ = drawn
    turn = np.linalg.qr(np.random.default_rng(seed).normal(size=(K, K)))[0].astype(np.float32)
    plain, turned = (fit_log_linear(s, typed) for s in (sessions, sessions @ turn))
    np.testing.assert_allclose(
        plain.evidence(sessions), turned.evidence(sessions @ turn), atol=0.02
    )


def test_the_scale_is_the_one_of_highest_likelihood(drawn):
    sessions, typed, label = drawn
    model = fit_log_linear(sessions[: N // 2], typed[: N // 2])
    held = model.evidence(sessions[N // 2 :])
    found = best_scale(model.log_prior, held, typed[N // 2 :])
    tried = np.linspace(0, 8, 801)
    rows = np.arange(N - N // 2)
    told = [np.log(chances(model.log_prior, held, s)[rows, label[N // 2 :]]).mean() for s in tried]
    assert found == pytest.approx(tried[int(np.argmax(told))], abs=0.011)
    assert best_scale(model.log_prior, -held, typed[N // 2 :]) == 0.0
    assert best_scale(model.log_prior, held[:0], typed[:0]) == 0.0
