"""A log-linear model of what is typed after a session: fitted in-shop, scaled on held-out rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq, minimize
from scipy.sparse import csr_array

from cse_bench.metrics.blocks import for_each_block
from cse_bench.types import Floats, Matrix

PRIOR = 180.0
"""What the prior of the weights weighs, in sessions; a session's vector has variance 1 in the mean
of its dimensions. With few sessions popularity is held to; with many, evidence is."""

ITERATIONS = 50
TOLERANCE = 1e-3
"""Relative change of the objective at which fitting ends; a thousandth of that moves no score by
more than a thousandth of a bit."""

SMOOTHING = 0.5
"""Added to the count of every query, so that none is impossible."""

STEEPEST = 64.0
"""No scale is larger."""


@dataclass(frozen=True, eq=False)
class LogLinear:
    """``log p(query | session) = log p(query) + scale * w_query . (x - centre) - log Z``.

    Attributes
    ----------
    log_prior : ndarray of shape (v,), float64
        Natural logarithm of each query's share of all queries: popularity alone.
    weights : ndarray of shape (v, k), float32
        One row a query.
    centre : ndarray of shape (k,), float32
        Mean vector of the sessions it was fitted on.
    """

    log_prior: Floats
    weights: Matrix
    centre: Matrix

    def evidence(self, sessions: Matrix) -> Matrix:
        """What each session says for each query, before scale and prior.

        Parameters
        ----------
        sessions : ndarray of shape (n, k), float32
            Unit vectors.

        Returns
        -------
        ndarray of shape (n, v), float32
        """
        return np.dot(sessions - self.centre, self.weights.T)


def fit_log_linear(sessions: Matrix, typed: csr_array, *, prior: float = PRIOR) -> LogLinear:
    """Multinomial logistic regression with the queries' popularity as its offset.

    Minimises the mean cross-entropy plus ``prior / 2 n * |w|^2`` by L-BFGS, from zero. The problem
    is convex and rotation invariant; each weight is measured in units of its expected curvature,
    ``sqrt(p(query) * variance + prior / n)`` along the sessions' principal axes, so that few steps
    are needed.

    Parameters
    ----------
    sessions : ndarray of shape (n, k), float32
        Unit vector of each session.
    typed : sparse array of shape (n, v)
        Share of each query in what was typed after each session; rows sum to 1.
    prior : float
        Weight of the Gaussian prior of the weights, in sessions.

    Returns
    -------
    LogLinear
    """
    n = typed.shape[0]
    penalty = prior / n
    count = np.asarray(typed.sum(axis=0)).ravel() + SMOOTHING
    popularity = count / count.sum()
    log_prior = np.log(popularity)
    centre = sessions.mean(axis=0, dtype=np.float64).astype(np.float32)
    centred = sessions - centre
    covariance = (centred.T @ centred).astype(np.float64) / n
    variance, axes = np.linalg.eigh(covariance)
    unit_variance = max(float(np.trace(covariance)) / len(covariance), 1e-12)
    turn = axes / np.sqrt(unit_variance)
    turned = np.ascontiguousarray(centred @ turn.astype(np.float32))
    relative = np.maximum(variance, 0.0) / unit_variance
    step = 1.0 / np.sqrt(popularity[:, None] * relative + penalty)
    seen = np.asarray(typed.T @ turned, np.float64) / n

    def objective(scaled: Floats) -> tuple[float, Floats]:
        weights = scaled.reshape(step.shape) * step
        log_total, expected = _expected(turned, weights, log_prior)
        value = log_total / n - (seen * weights).sum() + penalty / 2 * (weights**2).sum()
        gradient = (expected / n - seen + penalty * weights) * step
        return float(value), gradient.ravel()

    options = {"maxiter": ITERATIONS, "ftol": TOLERANCE, "gtol": 0.0}
    found = minimize(objective, np.zeros(step.size), jac=True, method="L-BFGS-B", options=options)
    weights = (found.x.reshape(step.shape) * step) @ turn.T
    return LogLinear(log_prior, weights.astype(np.float32), centre)


def _expected(sessions: Matrix, weights: Floats, log_prior: Floats) -> tuple[float, Floats]:
    """Sum of the logarithms of the normalisers, and sum of ``p(query | session) session``."""
    offset = log_prior.astype(np.float32)
    parts: dict[int, tuple[float, Matrix]] = {}

    def visit(part: slice, scores: Matrix) -> None:
        scores += offset
        highest = scores.max(axis=1, keepdims=True)
        scores -= highest
        np.exp(scores, out=scores)
        total = scores.sum(axis=1, keepdims=True)
        scores /= total
        logs = (np.log(total) + highest).sum(dtype=np.float64)
        parts[part.start] = float(logs), scores.T @ sessions[part]

    for_each_block(sessions, weights.astype(np.float32), visit)
    in_order = [parts[start] for start in sorted(parts)]  # so that sums round alike every time
    total = sum(log for log, _ in in_order)
    return total, np.sum([expected for _, expected in in_order], axis=0, dtype=np.float64)


def best_scale(log_prior: Floats, evidence: Matrix, typed: csr_array) -> float:
    """The scale at which evidence foretells held-out queries best; 0 if it foretells nothing.

    The log-likelihood is concave in the scale, so the root of its slope is the one best scale.

    Parameters
    ----------
    log_prior : ndarray of shape (v,), float64
        Popularity alone.
    evidence : ndarray of shape (n, v), float32
        From `LogLinear.evidence`.
    typed : sparse array of shape (n, v)
        Share of each query in what was typed; rows sum to 1.

    Returns
    -------
    float
        At least 0, at most `STEEPEST`.
    """
    if not evidence.size:
        return 0.0
    held = evidence.astype(np.float64)
    seen = float(typed.multiply(held).sum())

    def slope(scale: float) -> float:
        logits = scale * held + log_prior
        logits -= logits.max(axis=1, keepdims=True)
        share = np.exp(logits)
        share /= share.sum(axis=1, keepdims=True)
        return seen - float((share * held).sum())

    if slope(0.0) <= 1e-9 * len(held):
        return 0.0
    top = 1.0
    while slope(top) > 0:
        top *= 2
        if top >= STEEPEST:
            return STEEPEST
    return float(brentq(slope, 0.0, top, xtol=1e-6))
