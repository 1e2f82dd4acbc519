"""Gates ``support`` and ``train-only``: who stands behind what was learned."""

from __future__ import annotations

import numpy as np

from cse_bench.privacy.base import LOG_AND_KEY, Gate, Reading, Subject

LEAST = 10
FLOOR = 5
"""Below this no waiver of a private log helps."""


def _support(subject: Subject) -> list[Reading]:
    readings = []
    for name, users in subject.known().support.items():
        least = int(users.min()) if len(users) else LEAST
        readings.append(
            Reading(f"{name}: least train users of a product", least, limit=LEAST, at_least=True)
        )
    return readings


SUPPORT = Gate(
    name="support",
    about="distinct train users who met a product",
    threat="T5",
    threshold=f"≥ {LEAST}, never below {FLOOR} for a private log",
    needs=LOG_AND_KEY,
    why="the fewer stand behind a product, the more of each of them its vector shows",
    measure=_support,
)


def _train_only(subject: Subject) -> list[Reading]:
    release, facts = subject.release, subject.known()
    readings = [
        Reading("sessions of other users that were learned from", 1 - facts.train_only, limit=0),
        Reading("seeds not drawn from the key", 1 - facts.fresh_seed, limit=0),
    ]
    for name, shop in release.shops.items():
        expected = (np.round(np.log2(facts.train_events[name]) * 4) / 4).astype(np.float32)
        wrong = int(np.sum(shop.popularity != expected))
        readings.append(Reading(f"{name}: popularities not of train users", wrong, limit=0))
    return readings


TRAIN_ONLY = Gate(
    name="train-only",
    about="embeddings and popularity come from train users only, under a fresh seed",
    threat="T5",
    threshold="exact",
    needs=LOG_AND_KEY,
    why="held-out users' visits are the questions: what learned from them gives them away",
    measure=_train_only,
)
