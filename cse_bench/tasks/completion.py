"""In-shop completion: a product is left out of a session, and sought from the rest of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from cse_bench.metrics.blocks import for_each_block, hide
from cse_bench.metrics.cosine import session_means, unit
from cse_bench.metrics.depth import count_above_to_depth
from cse_bench.metrics.matched import (
    Neighbours,
    auc,
    count_neighbours,
    find_neighbours,
    hits_in_top_tenth,
    neighbours_in_block,
)
from cse_bench.metrics.ranking import first_hit_at, mean_by, ndcg_at
from cse_bench.ragged import Ragged
from cse_bench.types import Floats, Ints, Matrix, Vector

DEPTH = 10


@dataclass(frozen=True, eq=False)
class Completion:
    """Sessions of one shop, ready to be completed by any vectors.

    Attributes
    ----------
    session : ndarray of shape (q,), int64
        Which session each query is of; there are `n_sessions`.
    shown : Ragged
        The session's other products, a row a query; they are no candidates.
    hidden : Ragged
        The one product left out of each.
    near : Neighbours
        Its popularity neighbours.
    popularity : ndarray of shape (n,), float32
        Of the shop's products.
    n_sessions : int
        Number of sessions.
    """

    session: Ints
    shown: Ragged
    hidden: Ragged
    near: Neighbours
    popularity: Vector
    n_sessions: int

    @classmethod
    def prepare(
        cls, sessions: Ragged, popularity: Vector, *, ordered: bool, limit: int | None = None
    ) -> Completion:
        """Choose what is left out: the last event where there is order, else each in turn.

        Parameters
        ----------
        sessions : Ragged
            Held-out sessions, each product once; those of one product ask nothing.
        popularity : ndarray of shape (n,), float32
            Of the shop's products.
        ordered : bool
            Whether the order of a session is the order of its events.
        limit : int, optional
            At most so many products of an unordered session, evenly spread over it.
        """
        lengths = sessions.lengths
        whole = np.flatnonzero(lengths >= 2)
        if ordered:
            session, place = whole, lengths[whole] - 1
        else:
            asked = np.minimum(lengths[whole], limit or lengths.max(initial=0))
            session = np.repeat(whole, asked)
            turn = np.arange(len(session)) - np.repeat(np.cumsum(asked) - asked, asked)
            place = turn * np.repeat(lengths[whole], asked) // np.repeat(asked, asked)
        every = sessions.take(session)
        left_out = np.zeros(len(every.values), np.bool_)
        left_out[every.offsets[:-1] + place] = True
        shown, hidden = every.where(~left_out), every.where(left_out)
        near = find_neighbours(popularity, hidden, shown)
        return cls(session, shown, hidden, near, popularity, len(sessions))

    def score(self, vectors: Matrix) -> dict[str, Floats]:
        """Rank by the cosine with the mean of the unit vectors shown.

        Parameters
        ----------
        vectors : ndarray of shape (n, d), float32
            One a product.

        Returns
        -------
        dict of str to ndarray of shape (n_sessions,), float64
            ``auc`` and ``hr@10%`` among popularity neighbours (`metrics.matched`), ``ndcg@10``,
            ``hr@10`` and ``mrr@10`` among all products: means over what was left out of each
            session, NaN where nothing was. By the matched ones a session also counts for nothing
            if it holds one of the few products that have too few neighbours.
        """
        candidates = unit(vectors)
        return self._by_session(session_means(candidates, self.shown), candidates)

    def score_popularity(self) -> dict[str, Floats]:
        """The floor that ranks by popularity alone; see `score`."""
        column = np.ascontiguousarray(self.popularity[:, None], dtype=np.float32)
        return self._by_session(np.ones((len(self.shown), 1), np.float32), column)

    def _by_session(self, queries: Matrix, candidates: Matrix) -> dict[str, Floats]:
        """Mean over what was left out of each session."""
        by_row = rank_rows(queries, candidates, self.shown, self.hidden, self.near)
        return {
            name: mean_by(self.session, values, self.n_sessions) for name, values in by_row.items()
        }


def rank_rows(
    queries: Matrix, candidates: Matrix, shown: Ragged, hidden: Ragged, near: Neighbours
) -> dict[str, Floats]:
    """Rank the hidden products of each row, among their neighbours and among all products.

    Parameters
    ----------
    queries : ndarray of shape (q, k), float32
        One a row.
    candidates : ndarray of shape (n, k), float32
        One a product; a product scores its inner product with the query.
    shown : Ragged
        Products that are no candidates, a row a query.
    hidden : Ragged
        Products to be ranked, at least one a row.
    near : Neighbours
        Their neighbours.

    Returns
    -------
    dict of str to ndarray of shape (q,), float64
        See `Completion.score`; NaN where no product of a row has neighbours.
    """
    first_near = np.searchsorted(near.row, np.arange(len(hidden) + 1))
    row_of = hidden.rows
    matched = np.empty((2, len(near.row)), np.int64)
    full = np.empty((2, len(hidden.values)), np.int64)

    def visit(part: slice, scores: Matrix) -> None:
        rows, own, others = neighbours_in_block(scores, part, near, first_near)
        matched[:, rows] = count_neighbours(own, others, near.width[rows])
        hide(scores, part, shown)
        items = slice(hidden.offsets[part.start], hidden.offsets[part.stop])
        row = row_of[items] - part.start
        own = scores[row, hidden.values[items]]
        full[:, items] = count_above_to_depth(scores, row, own, DEPTH)

    for_each_block(queries, candidates, visit)
    (greater, ties), (above, tied) = matched, full
    hit, reciprocal = first_hit_at(DEPTH, above, tied, hidden)
    n = len(hidden)
    return {
        "auc": mean_by(near.row, auc(greater, ties, near.width), n),
        "hr@10%": mean_by(near.row, hits_in_top_tenth(greater, ties, near.width), n),
        "ndcg@10": ndcg_at(DEPTH, above, tied, hidden),
        "hr@10": hit,
        "mrr@10": reciprocal,
    }
