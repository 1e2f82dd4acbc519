"""What only log and key tell of a release, for the privacy gates: it never leaves the build."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cse_bench.building.catalogue import Catalogue, keyed_places
from cse_bench.building.keys import Key
from cse_bench.building.numbers import Users
from cse_bench.building.queries import Asked
from cse_bench.building.tables import Made
from cse_bench.privacy.base import Facts, RowFacts
from cse_bench.trainers.base import Sessions, Trainer
from cse_bench.types import Ints

if TYPE_CHECKING:
    import ibis.expr.types as ir


def collect_facts(
    users: Users,
    offers: ir.Table,
    visits: ir.Table,
    catalogue: Catalogue,
    asked: Asked | None,
    made: Made,
    learned: list[Sessions],
    unseen: list[Sessions],
    trainer: Trainer,
    key: Key,
) -> Facts:
    """Gather the facts; see `Facts` for what each is.

    Parameters
    ----------
    users : Users
        The log's users.
    offers : ibis Table
        ``product``: raw ids of all that was read.
    visits : ibis Table
        ``user, split, visit, session, timestamp``.
    catalogue : Catalogue
        The release's products.
    asked : Asked or None
        The queries, where the log has some.
    made : dict
        The tables made of visits.
    learned, unseen : list of Sessions
        Sessions of the train users, and of all others, shop by shop.
    trainer : Trainer
        What learns the embeddings.
    key : Key
        The release's key.
    """
    own = {name: catalogue.rows(i) for i, name in enumerate(catalogue.shops)}
    place = keyed_places(catalogue.raw, key)
    known = visits.select("user", "visit", "session", "split", "timestamp").to_pyarrow()
    seconds = known["timestamp"].cast("timestamp[s]", safe=False).cast("int64").to_numpy()
    times = _Times(known["user"].to_numpy(), known["visit"].to_numpy(), seconds)
    products = offers.select("product").distinct().to_pyarrow()["product"].to_pylist()
    sessions = known["session"].unique().to_pylist()
    sessions += [name.removeprefix("log ") for name in sessions]  # as the log itself writes them
    shops = set(catalogue.raw_shops) - set(catalogue.shops)
    train_visits = int(np.sum(known["split"].to_numpy(zero_copy_only=False) == "train"))
    query_users = {}
    if asked is not None:
        query_users = {
            (catalogue.shops[shop], asked.texts[query]): n
            for (shop, query), n in asked.n_users.items()
        }
    return Facts(
        raw_shops=dict(zip(catalogue.shops, catalogue.raw_shops, strict=True)),
        raw_products={n: [p for _, p in catalogue.raw[rows]] for n, rows in own.items()},
        raw_values=frozenset(users.raw) | frozenset(products) | frozenset(sessions) | shops,
        keyed_place={n: place[rows] for n, rows in own.items()},
        support={n: catalogue.n_users[rows] for n, rows in own.items()},
        train_events={n: catalogue.n_events[rows] for n, rows in own.items()},
        rows={
            kind: RowFacts(rows.user, rows.visits, times.of(rows.user, rows.visits[:, 0]))
            for kind, rows in made.items()
        },
        query_users=query_users,
        vocabulary=catalogue.vocabulary,
        learned=dict(zip(catalogue.shops, learned, strict=True)),
        unseen=dict(zip(catalogue.shops, unseen, strict=True)),
        fresh_seed=trainer.parameters().get("random_state") == key.seed("trainer"),
        train_only=sum(len(s.rows) for s in learned) == train_visits,
        trainer=trainer,
    )


class _Times:
    """When each visit began.

    Parameters
    ----------
    user, visit, seconds : ndarray of shape (n,)
        Of each visit.
    """

    def __init__(self, user: Ints, visit: Ints, seconds: Ints) -> None:
        order = np.lexsort((visit, user))
        self._width = int(visit.max(initial=0)) + 1
        self._key = (user.astype(np.int64) * self._width + visit)[order]
        self._seconds = seconds[order]

    def of(self, user: Ints, visit: Ints) -> Ints:
        return self._seconds[np.searchsorted(self._key, user * self._width + visit)]
