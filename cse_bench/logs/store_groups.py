"""Groups stores into shops so that shoppers' visits cross between shops as often as possible."""

from __future__ import annotations

import numpy as np

from cse_bench.types import Floats, Ints


def balanced_max_cut(
    moves: Floats,
    volume: Floats,
    n_groups: int = 2,
    *,
    tolerance: float = 0.1,
    n_restarts: int = 50,
    random_state: int = 0,
) -> tuple[Ints, float]:
    """Cut a graph of stores into groups of about equal volume, across its heaviest edges.

    Local search over single moves and swaps (the 2-opt neighbourhood of max-k-cut), from random
    starts; the best cut of all restarts is kept.

    Parameters
    ----------
    moves : ndarray of shape (n, n), float64
        Symmetric, zero diagonal: how often shoppers visit two stores in turn.
    volume : ndarray of shape (n,), float64
        Size of each store.
    n_groups : int
        How many groups to make.
    tolerance : float
        By what share of the mean group a group's volume may differ from that mean.
    n_restarts : int
        How many random starts to try.
    random_state : int
        Seed of the starts.

    Returns
    -------
    labels : ndarray of shape (n,), int64
        Group of each store; group 0 is the one of the largest volume.
    cut : float
        Weight of the edges between groups.
    """
    rng = np.random.default_rng(random_state)
    best, best_cut = np.zeros(len(volume), np.int64), -1.0
    for _ in range(n_restarts):
        labels = _descend(moves, volume, _balanced_start(volume, n_groups, rng), tolerance)
        cut = float(moves[labels[:, None] != labels[None, :]].sum() / 2)
        if cut > best_cut:
            best, best_cut = labels, cut
    order = np.argsort(-np.bincount(best, weights=volume, minlength=n_groups), kind="stable")
    return np.argsort(order)[best], best_cut


def _balanced_start(volume: Floats, n_groups: int, rng: np.random.Generator) -> Ints:
    """Deal the stores, largest first, each row of `n_groups` in random order."""
    n = len(volume)
    deal = np.concatenate([rng.permutation(n_groups) for _ in range(-(-n // n_groups))])[:n]
    labels = np.empty(n, np.int64)
    labels[np.argsort(-volume, kind="stable")] = deal
    return labels


def _descend(moves: Floats, volume: Floats, labels: Ints, tolerance: float) -> Ints:
    """Improve a grouping until neither a move nor a swap of two stores cuts more."""
    n, n_groups = len(labels), int(labels.max()) + 1
    slack = tolerance * volume.sum() / n_groups
    labels = labels.copy()
    stores = np.arange(n)
    while True:
        member = np.eye(n_groups)[labels]
        tie = moves @ member  # weight from each store into each group
        sizes = volume @ member - volume.sum() / n_groups
        gain = tie[stores, labels][:, None] - tie  # of moving store i into group g
        leaves = np.abs(sizes[labels] - volume) <= slack
        enters = np.abs(sizes[None, :] + volume[:, None]) <= slack
        allowed = np.where(leaves[:, None] & enters, gain, -np.inf)
        store, group = np.unravel_index(np.argmax(allowed), allowed.shape)
        if allowed[store, group] > 1e-9:
            labels[store] = group
            continue
        swap = gain[:, labels]  # swap[i, j]: i into j's group …
        swap = swap + swap.T + 2 * moves * (labels[:, None] != labels[None, :])  # … and j into i's
        shift = volume[None, :] - volume[:, None]
        fits = np.abs(sizes[labels][:, None] + shift) <= slack
        swap = np.where(fits & fits.T, swap, -np.inf)
        first, second = np.unravel_index(np.argmax(swap), swap.shape)
        if swap[first, second] <= 1e-9:
            return labels
        labels[first], labels[second] = labels[second], labels[first]
