"""Wasserstein–Procrustes: a transport plan and a rotation in turn, from a convex start."""

from __future__ import annotations

from typing import Any, Self

import numpy as np

from cse_bench import Aligner, Evidence, Matrix, Shop, unit


class WassersteinProcrustes(Aligner):
    r"""The rotation and the doubly stochastic plan that together make the transport cheapest.

    For unit vectors X and Y of the n most popular products of either shop,

    .. math:: \min_{W^\top W = I,\; P} \|XW - PY\|_F^2, \quad P \text{ doubly stochastic.}

    The start minimises the convex relaxation :math:`\|XX^\top P - P YY^\top\|_F^2` over the plans
    by Frank–Wolfe, each step of which is an assignment smoothed by entropy (Sinkhorn), beginning at
    the uniform plan: nothing but the vectors is used, popularity only to choose products. Then plan
    (Sinkhorn of :math:`XWY^\top`) and rotation (Procrustes of :math:`X^\top PY`) alternate on
    growing n, with all products rather than the paper's random batches, so that it is
    deterministic. Every product is mapped; shops of differing dimensions by a partial isometry.
    Cost: O(n² (d + 50)) time a step, 50 being the rounds of Sinkhorn, and O(n²) memory; n is capped
    by ``start`` and ``sizes``.

    Parameters
    ----------
    start : int
        How many products the convex relaxation looks at.
    start_rounds : int
        Frank–Wolfe steps.
    sizes : tuple of int
        How many products the alternation looks at, stage by stage.
    rounds : int
        Alternations a stage.
    regularisation : float
        Entropic term, in units of cosine.

    References
    ----------
    Grave, Joulin & Berthet 2019, "Unsupervised Alignment of Embeddings with Wasserstein
    Procrustes", sections 3 and 4; Cuturi 2013, "Sinkhorn Distances".
    """

    name = "wasserstein-procrustes"
    version = "1"
    authors = ("The cse-bench authors",)
    description = "transport plan and rotation in turn, from a convex relaxation"
    licence = "Apache-2.0"
    citation = "Grave, E., Joulin, A., Berthet, Q. (2019). AISTATS, PMLR 89, 1880-1890."
    uses = frozenset()
    stochastic = False

    def __init__(
        self,
        start: int = 1000,
        start_rounds: int = 100,
        sizes: tuple[int, ...] = (1000, 2000),
        rounds: int = 20,
        regularisation: float = 0.05,
    ) -> None:
        self.start = start
        self.start_rounds = start_rounds
        self.sizes = sizes
        self.rounds = rounds
        self.regularisation = regularisation

    def fit(self, source: Shop, target: Shop, evidence: Evidence) -> Self:
        """Relax, then alternate."""
        most = max(self.start, *self.sizes)
        x, y = _most_popular(source, most), _most_popular(target, most)
        plan = _relaxed(x[: self.start], y[: self.start], self.start_rounds)
        rotation = _rotation(x[: self.start].T @ plan @ y[: self.start])
        for size in self.sizes:
            for _ in range(self.rounds):
                ours, theirs = x[:size], y[:size]
                plan = _sinkhorn((ours @ rotation @ theirs.T) / self.regularisation)
                rotation = _rotation(ours.T @ plan @ theirs)
        self.rotation_ = rotation.astype(np.float32)
        return self

    def transform(self, shop: Shop) -> Matrix:
        """Rotate the unit vectors."""
        return unit(shop.vectors) @ self.rotation_

    def transform_target(self, shop: Shop) -> Matrix:
        """Unit vectors."""
        return unit(shop.vectors)


def _most_popular(shop: Shop, n: int) -> Matrix:
    """Unit vectors of the most popular products; of equal ones the longest vectors come first."""
    length = np.linalg.norm(shop.vectors.astype(np.float64), axis=1)
    order = np.lexsort((length, shop.popularity))[::-1][:n]
    return unit(shop.vectors)[order].astype(np.float64)


def _relaxed(x: Matrix, y: Matrix, rounds: int) -> Matrix:
    """Frank–Wolfe on the convex relaxation, from the uniform plan.

    With A and B the Gram matrices, the gradient is :math:`2 (A^2 P - 2 APB + PB^2)`, in O(n² d).
    """
    n, m = len(x), len(y)
    # Masses of 1/n and 1/m: shops of differing size compare mean similarities.
    plan = np.full((n, m), 1 / (n * m))
    ours, theirs = x.T @ x / n, y.T @ y / m

    def gradient(p: Matrix) -> Any:
        left, right = x.T @ p, p @ y
        return (
            x @ (ours @ left) / n
            - 2 * x @ ((left @ y) @ y.T) / (n * m)
            + (right @ theirs) @ y.T / m
        )

    slope = gradient(plan)
    for _ in range(rounds):
        spread = slope.std()
        if not spread > 1e-12 * np.abs(slope).max():
            break
        corner = _sinkhorn(-slope / (0.1 * spread))
        step = corner - plan
        change = gradient(step)
        curve, descent = np.vdot(change, step), -np.vdot(slope, step)
        if descent <= 0:
            break
        length = min(1.0, float(descent / curve)) if curve > 0 else 1.0
        plan, slope = plan + length * step, slope + length * change
    return plan


def _sinkhorn(scores: Any, rounds: int = 50) -> Matrix:
    """The plan of uniform masses proportional to exp(scores), up to a factor a row and a column."""
    n, m = scores.shape
    kernel = np.exp(scores - scores.max(axis=1, keepdims=True))
    kernel += 1e-30  # a column that no row wants must not be empty
    row, column = np.ones(n), np.ones(m)
    for _ in range(rounds):
        column = (1 / m) / (row @ kernel)
        row = (1 / n) / (kernel @ column)
    plan: Matrix = row[:, None] * kernel * column
    return plan


def _rotation(cross: Any) -> Matrix:
    """The orthogonal map of the largest trace; directions of which nothing is known go to zero."""
    u, s, vt = np.linalg.svd(cross, full_matrices=False)
    known = s > s[0] * 1e-6
    product: Matrix = u[:, known] @ vt[known]
    return product
