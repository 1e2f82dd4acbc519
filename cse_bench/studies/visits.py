"""The sessions of each shop that trainers may learn from, and those that judge them."""

from __future__ import annotations

from dataclasses import dataclass

from cse_bench.ragged import Ragged
from cse_bench.release.read import Release
from cse_bench.trainers.base import Sessions
from cse_bench.types import Ints, Vector


@dataclass(frozen=True, eq=False)
class ShopVisits:
    """The sessions of one shop, each product once.

    Attributes
    ----------
    name : str
        The shop.
    train : Sessions
        Of train users.
    validation : Ragged
        Of validation users.
    group : ndarray of shape (n_validation,), int64
        User of each of these.
    popularity : ndarray of shape (n,), float32
        Of the shop's products.
    ordered : bool
        Whether the order of a session is the order of its events.
    train_user : ndarray of shape (n_train,), int64, or None
        User of each train session; sessions then stand in the order of time for each user. A
        release does not tell either.
    """

    name: str
    train: Sessions
    validation: Ragged
    group: Ints
    popularity: Vector
    ordered: bool
    train_user: Ints | None = None


def released_visits(release: Release) -> list[ShopVisits]:
    """The sessions that a release holds: in-shop ones, and both parts of cross-shop ones.

    A release whose rows are not cut holds all train sessions; judges are the validation users'
    in-shop sessions.
    """
    visits = []
    for name, shop in release.shops.items():
        train = release.sessions("train", name)[0]
        for other in release.shops:
            if other != name:
                train += release.rows("cross_sessions", "train", name, other).source
                train += release.rows("cross_sessions", "train", other, name).target
        validation, group = release.sessions("validation", name)
        ordered = bool(release.manifest.build.get("ordered", False))
        sessions = Sessions(shop.ids, train)
        visits.append(ShopVisits(name, sessions, validation, group, shop.popularity, ordered))
    return visits
