"""How good embeddings are within a shop, how well they align, and what they remember."""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace

import numpy as np

from cse_bench.aligners.base import Evidence, Shop
from cse_bench.aligners.contract import align
from cse_bench.aligners.loading import find_aligner
from cse_bench.errors import InputError
from cse_bench.metrics.bootstrap import Resampler, interval
from cse_bench.privacy.base import Subject
from cse_bench.privacy.membership import attack, auc_of
from cse_bench.release.read import Release
from cse_bench.studies.visits import ShopVisits
from cse_bench.tasks.base import PreparedTask
from cse_bench.tasks.completion import Completion
from cse_bench.tasks.next_event import NextEvent
from cse_bench.tasks.translation import Translation
from cse_bench.trainers.base import Embeddings, Trainer
from cse_bench.types import Floats, Ints, Matrix


@dataclass(frozen=True)
class InShopScore:
    """One metric of one shop.

    Attributes
    ----------
    shop, metric : str
        What was measured where.
    value, low, high : float
        Mean over sessions, and its 95 % interval over users.
    n : int
        Number of sessions.
    """

    shop: str
    metric: str
    value: float
    low: float
    high: float
    n: int


class InShop:
    """Completion of the validation users' sessions, shop by shop.

    Parameters
    ----------
    visits : list of ShopVisits
        The shops.

    Raises
    ------
    InputError
        If a shop has no validation session of two products.
    """

    def __init__(self, visits: list[ShopVisits]) -> None:
        self.visits = visits
        self._prepared = [
            Completion.prepare(v.validation, v.popularity, ordered=v.ordered) for v in visits
        ]
        for shop, prepared in zip(visits, self._prepared, strict=True):
            if not len(prepared.session):
                raise InputError(
                    f"{shop.name} has no validation session of two products to judge by"
                )

    def score(self, vectors: list[Matrix]) -> list[InShopScore]:
        """Score one matrix of vectors a shop."""
        return [
            score
            for shop, prepared, own in zip(self.visits, self._prepared, vectors, strict=True)
            for score in _summarised(shop.name, prepared.score(own), shop.group)
        ]

    def score_popularity(self) -> list[InShopScore]:
        """Score the floor that ranks by popularity."""
        return [
            score
            for shop, prepared in zip(self.visits, self._prepared, strict=True)
            for score in _summarised(shop.name, prepared.score_popularity(), shop.group)
        ]


def _summarised(shop: str, metrics: dict[str, Floats], group: Ints) -> list[InShopScore]:
    drawn = Resampler.over(group)
    scores = []
    for name, values in metrics.items():
        n = int(np.sum(~np.isnan(values)))
        mean = float(np.nanmean(values)) if n else float("nan")
        scores.append(InShopScore(shop, name, mean, *interval(drawn.means(values)), n))
    return scores


def mean_of(scores: list[InShopScore], metric: str) -> float:
    """Mean of a metric over shops."""
    return float(np.mean([score.value for score in scores if score.metric == metric]))


JUDGED = (NextEvent(), Translation())
"""The tasks that tell how well embeddings align."""


class Alignability:
    """How well `procrustes` on all train pairs aligns embeddings, judged on validation pairs.

    Parameters
    ----------
    release : Release
        Pairs and rows are its; its embeddings play no part.
    """

    def __init__(self, release: Release) -> None:
        self._release = release
        self._tasks: dict[tuple[str, str], dict[str, PreparedTask]] = {}
        for source, target in release.directions:
            prepared = {t.name: t.prepare(release, "validation", source, target) for t in JUDGED}
            self._tasks[source, target] = {n: t for n, t in prepared.items() if t is not None}

    def score(self, vectors: dict[str, Matrix]) -> dict[str, float]:
        """Mean over directions of what the release can ask.

        Parameters
        ----------
        vectors : dict of str to ndarray of shape (n, d), float32
            Shop → its products' vectors.

        Returns
        -------
        dict of str to float
            ``translation`` (MRR) and ``next_event`` (rendered, matched AUC); nothing where the
            release has no pairs.
        """
        found: dict[str, list[float]] = {}
        for (source, target), tasks in self._tasks.items():
            pairs = self._release.pairs("train", source, target)
            if not len(pairs):
                continue
            shops = (self._shop(source, vectors), self._shop(target, vectors))
            aligned = align(find_aligner("procrustes").make(), *shops, Evidence(pairs))
            for name, task in tasks.items():
                first = task.score(aligned, full=False)[0]
                metric = next(iter(first.metrics))
                found.setdefault(name, []).append(float(np.nanmean(first.metrics[metric])))
        return {name: float(np.mean(values)) for name, values in found.items()}

    def _shop(self, name: str, vectors: dict[str, Matrix]) -> Shop:
        return Shop(name, vectors[name], self._release.shops[name].popularity)


def membership(release: Release, vectors: dict[str, Matrix]) -> float | None:
    """AUC of telling which rare baskets were learned from (gate ``membership``).

    Returns
    -------
    float or None
        None where the release holds too few baskets to say.
    """
    shops = {n: replace(shop, vectors=vectors[n]) for n, shop in release.shops.items()}
    members, others = attack(Subject(replace(release, shops=shops)))
    return auc_of(members, others) if len(members) else None


def train_shops(trainer: Trainer, visits: list[ShopVisits]) -> list[Embeddings]:
    """Fit a trainer on every shop's train sessions, shops side by side.

    Raises
    ------
    InputError
        If a shop's sessions cannot be learned from; the message names it.
    """
    found: dict[str, Embeddings] = {}
    failed: dict[str, BaseException] = {}

    def fit(shop: ShopVisits) -> None:
        try:
            found[shop.name] = trainer.fit(shop.train)
        except BaseException as error:
            failed[shop.name] = error

    # Daemons, so that who interrupts need not wait for the end of a fit.
    threads = [threading.Thread(target=fit, args=(shop,), daemon=True) for shop in visits]
    for thread in threads:
        thread.start()
    for thread in threads:
        while thread.is_alive():
            thread.join(0.1)
    for name, error in failed.items():
        if isinstance(error, InputError):
            raise InputError(f"{name}: {error.what}", error.hint) from None
        raise error
    return [found[shop.name] for shop in visits]
