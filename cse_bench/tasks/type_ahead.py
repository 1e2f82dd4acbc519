"""type_ahead: from a session in the source shop, what will be typed in the target shop."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from scipy.sparse import csr_array

from cse_bench.aligners.contract import Aligned
from cse_bench.metrics.cosine import session_means, unit
from cse_bench.metrics.loglinear import LogLinear, best_scale, fit_log_linear
from cse_bench.metrics.prefixed import PREFIXES, Vocabulary, score_typed
from cse_bench.ragged import Ragged
from cse_bench.release.read import Release
from cse_bench.tasks.base import PreparedTask, Task, VariantScores
from cse_bench.types import Floats, Ints, Matrix

TABLES = {"rendered": "rendered", "real": "cross_sessions"}
"""Variant → table of the release, where queries are derived from what was bought."""

MODELS = 16
"""So many fitted models are kept: they are small, and long to fit."""

HELD_OUT = 10
"""Of real in-shop queries, one row in so many is kept from the model, for the in-shop reference."""


@dataclass(frozen=True)
class TypeAhead(Task):
    """A session, and the first letters of a query, foretell the query.

    Queries are those really typed in the target shop, where the release has them (variant
    ``queries``). Else the names of the categories of a row's target products stand for them, in
    expectation over the products: variant ``rendered``, and ``real`` as the control, where there
    is little to foretell.

    The model (`metrics.loglinear`) is fitted in the target shop alone, on half-baskets of its
    train sessions in the vectors of `transform_target`; no crossing has a part in it. Its one
    scale, how far evidence from another shop is to be trusted, is set on the validation rows of the
    variant: 0 for evidence that foretells nothing, so that no aligner stands below popularity but
    by noise. When validation itself is scored, or has no such rows, each half of the groups gets
    the scale of the other half.

    Metrics: ``bits`` (gained per query over popularity alone); ``mrr@10``;
    ``mrr@10-inverse-popularity``, where a query counts by one over its share; and, for reading
    them, ``mrr@10-of-popularity``, which no aligner changes. A track's first run alone carries
    ``…-prefix-1`` to ``-3``, where so many letters of the query are known, and ``in-shop``, what
    the same model foretells within the target shop: half-baskets of validation sessions, or
    held-out queries.
    """

    name: ClassVar[str] = "type_ahead"
    about: ClassVar[str] = "a session in one shop, and a prefix → the query typed in the other"
    primary: ClassVar[tuple[tuple[str, str], ...]] = (("queries", "bits"), ("rendered", "bits"))

    def prepare(
        self, release: Release, split: str, source: str, target: str
    ) -> PreparedTask | None:
        """Read what is typed and what the model is fitted on; see `Task.prepare`."""
        if release.has("queries", split) and release.has("queries", "train"):
            return _with_queries(release, split, source, target)
        return _with_categories(release, split, source, target)


@dataclass(frozen=True, eq=False)
class Asked:
    """Sessions, and what was typed after each.

    Attributes
    ----------
    sessions : Ragged
        Rows of the source shop, or of the target shop where the reference is in-shop.
    typed : sparse array of shape (n, v)
        Share of each query; rows sum to 1.
    group : ndarray of shape (n,), int64
        What intervals resample.
    """

    sessions: Ragged
    typed: csr_array
    group: Ints

    def take(self, index: Ints) -> Asked:
        """Some of the rows."""
        return Asked(self.sessions.take(index), self.typed[index], self.group[index])


def _with_queries(release: Release, split: str, source: str, target: str) -> PreparedTask | None:
    train = release.queries("train", target, target)
    vocabulary = Vocabulary.of_texts(sorted(set(train.query)))
    number = {text: i for i, text in enumerate(vocabulary.texts)}

    def asked(split: str, ours: str) -> Asked:
        rows = release.queries(split, ours, target)
        word = np.array([number.get(query, -1) for query in rows.query], np.int64)
        known = np.flatnonzero(word >= 0)
        cells = (np.ones(len(known)), (np.arange(len(known)), word[known]))
        typed = csr_array(cells, shape=(len(known), len(vocabulary)))
        return Asked(rows.source.take(known), typed, rows.group[known])

    every = asked("train", target)
    rows = np.arange(len(every.group))
    learnt, kept = every.take(rows[rows % HELD_OUT > 0]), every.take(rows[rows % HELD_OUT == 0])
    in_shop = Asked(kept.sessions, kept.typed, np.arange(len(kept.group)))
    tests = {"queries": (asked(split, source), asked("validation", source))}
    return _prepared(tests, learnt, in_shop, vocabulary, split)


def _with_categories(release: Release, split: str, source: str, target: str) -> PreparedTask | None:
    names = release.shops[target].categories
    vocabulary = Vocabulary.of_texts(sorted({name for name in names if name}))
    number = {text: i for i, text in enumerate(vocabulary.texts)}
    category = np.array([number[name] if name else -1 for name in names], np.int64)

    def asked(sessions: Ragged, bought: Ragged, group: Ints) -> Asked:
        typed = bought.where(category[bought.values] >= 0).map(category)
        known = np.flatnonzero((typed.lengths > 0) & (sessions.lengths > 0))
        return Asked(
            sessions.take(known), _shares(typed.take(known), len(vocabulary)), group[known]
        )

    def in_shop(split: str) -> Asked:
        sessions, group = release.sessions(split, target)
        one, other = halves(sessions)
        return asked(one + other, other + one, np.concatenate([group, group]))

    def crossing(table: str, split: str) -> Asked:
        rows = release.rows(table, split, source, target)
        return asked(rows.source, rows.target, rows.group)

    tests = {
        variant: (crossing(table, split), crossing(table, "validation"))
        for variant, table in TABLES.items()
    }
    return _prepared(tests, in_shop("train"), in_shop("validation"), vocabulary, split)


def _prepared(
    tests: dict[str, tuple[Asked, Asked]],
    learnt: Asked,
    in_shop: Asked,
    vocabulary: Vocabulary,
    split: str,
) -> PreparedTask | None:
    kept = {name: rows for name, rows in tests.items() if len(rows[0].group)}
    if not kept or not len(learnt.group) or len(vocabulary) < 2:
        return None
    return PreparedTypeAhead(kept, learnt, in_shop, vocabulary, split)


def halves(sessions: Ragged) -> tuple[Ragged, Ragged]:
    """Deal each session's products out in turn: the even places, the odd ones."""
    within = np.arange(len(sessions.values)) - np.repeat(sessions.offsets[:-1], sessions.lengths)
    return sessions.where(within % 2 == 0), sessions.where(within % 2 == 1)


def _shares(words: Ragged, n_words: int) -> csr_array:
    """Share of each word in each row, of shape (n, n_words)."""
    share = 1.0 / np.repeat(words.lengths, words.lengths)
    cells = csr_array((share, words.values, words.offsets), shape=(len(words), n_words))
    cells.sum_duplicates()
    return cells


@dataclass(frozen=True, eq=False)
class PreparedTypeAhead(PreparedTask):
    """All variants of one direction.

    Attributes
    ----------
    tests : dict of str to (Asked, Asked)
        Variant → rows that are scored, and the validation rows that its scale is set on.
    learnt : Asked
        What the model is fitted on, in the target shop.
    in_shop : Asked
        The in-shop reference.
    vocabulary : Vocabulary
        What may be typed.
    split : str
        Which split is scored.
    """

    tests: dict[str, tuple[Asked, Asked]]
    learnt: Asked
    in_shop: Asked
    vocabulary: Vocabulary
    split: str
    _models: dict[bytes, LogLinear] = field(default_factory=dict, repr=False)

    def score(self, aligned: Aligned, *, full: bool = True) -> list[VariantScores]:
        """Score every variant, in full with prefixes and in-shop; see `PreparedTask.score`."""
        source, target = unit(aligned.source), unit(aligned.target)
        model = self._model(target)
        scored: list[VariantScores] = []
        for variant, (rows, validation) in self.tests.items():
            if self.split == "validation" or not len(validation.group):
                scale = crossed_scales(model, source, rows)
            else:
                scale = np.full(len(rows.group), _scale(model, source, validation))
            scored += self._variants(variant, rows, source, model, scale, full=full)
        if full and len(self.in_shop.group):
            ones = np.ones(len(self.in_shop.group))
            scored += self._variants("in-shop", self.in_shop, target, model, ones)
        return scored

    def _variants(
        self,
        variant: str,
        rows: Asked,
        vectors: Matrix,
        model: LogLinear,
        scale: Floats,
        *,
        full: bool = True,
    ) -> list[VariantScores]:
        longest = PREFIXES[-1] if full else 0
        sessions = session_means(vectors, rows.sessions) - model.centre
        by_prefix = score_typed(
            sessions, model.weights, model.log_prior, scale, rows.typed, self.vocabulary, longest
        )
        return [
            VariantScores(f"{variant}-prefix-{length}" if length else variant, rows.group, metrics)
            for length, metrics in enumerate(by_prefix)
        ]

    def _model(self, target: Matrix) -> LogLinear:
        """The model in these vectors; fits recur.

        Most aligners leave the target as it is, or move it by what decides no draw: then runs of
        one number are alike on every track, to the last digit.
        """
        name = hashlib.sha256(target.tobytes()).digest()
        if name not in self._models:
            if len(self._models) >= MODELS:
                self._models.pop(next(iter(self._models)))
            sessions = session_means(target, self.learnt.sessions)
            self._models[name] = fit_log_linear(sessions, self.learnt.typed)
        return self._models[name]


def _scale(model: LogLinear, source: Matrix, rows: Asked) -> float:
    evidence = model.evidence(session_means(source, rows.sessions))
    return best_scale(model.log_prior, evidence, rows.typed)


def crossed_scales(model: LogLinear, source: Matrix, rows: Asked) -> Floats:
    """For each half of the groups, the scale that suits the other half best.

    Parameters
    ----------
    model : LogLinear
        The query model.
    source : ndarray of shape (n, k), float32
        Unit vectors.
    rows : Asked
        Rows of `source`, and what was typed.

    Returns
    -------
    ndarray of shape (n_rows,), float64
    """
    even = np.unique(rows.group, return_inverse=True)[1] % 2 == 0
    scale = np.zeros(len(even))
    for half in (even, ~even):
        scale[half] = _scale(model, source, rows.take(np.flatnonzero(~half)))
    return scale
