"""What trainers may learn from, straight from the log: every visit, in each user's order."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np

from cse_bench.building.job import BuildJob, open_log
from cse_bench.building.numbered import number_log, shop_sessions
from cse_bench.errors import InputError
from cse_bench.progress import silent
from cse_bench.release.read import Release
from cse_bench.studies.visits import ShopVisits


def read_visits(job: BuildJob, release: Release, *, judges_only: bool = False) -> list[ShopVisits]:
    """The visits of the train users, and of the validation users who judge.

    Parameters
    ----------
    job : BuildJob
        What the release was built by.
    release : Release
        The release; test users, as its key draws them, stay out.
    judges_only : bool
        Whether the train users' visits are left on the engine: there are none then.

    Raises
    ------
    InputError
        If log, key and options give other products than the release has.
    """
    with open_log(job) as log, ExitStack() as scratch:
        numbered = number_log(log, job.parameters.min_users, job.key, scratch, silent)
        train, validation = (
            shop_sessions(
                numbered.items.filter(numbered.items.split == split),
                numbered.catalogue,
                log.ordered,
            )
            for split in ("nobody" if judges_only else "train", "validation")
        )
        catalogue, ordered = numbered.catalogue, log.ordered
    visits = []
    for number, (ours, user) in enumerate(train):
        name, (theirs, group) = catalogue.shops[number], validation[number]
        popularity = catalogue.popularity[catalogue.rows(number)].astype(np.float32)
        known = release.shops.get(name)
        # Another key draws other train users, and these have met products at other rates.
        if (
            known is None
            or known.ids != ours.ids
            or not np.array_equal(known.popularity, popularity)
        ):
            raise InputError(
                f"log, key and options give other products of {name} than {release.name} has",
                "give the key and the options that it was built with",
            )
        visits.append(ShopVisits(name, ours, theirs.rows, group, popularity, ordered, user))
    return visits
