"""A small GRU over frozen product vectors, which foretells a user's next visit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cse_bench.errors import InputError
from cse_bench.extras import require
from cse_bench.metrics.cosine import session_means, unit
from cse_bench.metrics.matched import find_neighbours
from cse_bench.progress import Advance, silent
from cse_bench.ragged import Ragged
from cse_bench.studies.visits import ShopVisits
from cse_bench.tasks.completion import rank_rows
from cse_bench.types import Floats, Ints, Matrix

if TYPE_CHECKING:
    import torch


@dataclass(frozen=True)
class NextVisit:
    """How well a user's visits to a shop foretell the next one there.

    Attributes
    ----------
    group : ndarray of shape (q,), int64
        User of each query.
    metrics : dict of str to dict of str to ndarray of shape (q,), float64
        Who predicts (``gru``, ``last-visit``: the mean of the last visit's vectors,
        ``popularity``) → metric → value of each query; see `Completion.score`.
    epochs : int
        How many were trained before the held-back users' loss rose.
    """

    group: Ints
    metrics: dict[str, dict[str, Floats]]
    epochs: int


def predict_next_visits(
    visits: ShopVisits,
    vectors: Matrix,
    *,
    hidden: int = 64,
    epochs: int = 8,
    batch: int = 64,
    longest: int = 60,
    learning_rate: float = 3e-3,
    temperature: float = 0.1,
    random_state: int = 0,
    step: Advance = silent,
) -> NextVisit:
    r"""Train on train users, predict every visit of the validation users but their first.

    A visit is the mean :math:`v_t` of its products' unit vectors, which stay as they are. A gated
    recurrent unit reads :math:`v_1, \dots, v_t`; with W linear, a product p scores
    :math:`u_p^\top W h_t / \tau`, and the loss is the cross-entropy of the products of visit t + 1.
    A tenth of the train users is held back; training stops when their loss has not fallen for two
    epochs, and the best epoch's weights are kept. Deterministic for a number of threads.

    Parameters
    ----------
    visits : ShopVisits
        From a log: a release does not tell the order of visits.
    vectors : ndarray of shape (n, d), float32
        Embeddings of the shop's products.
    hidden : int
        Width of the recurrent state.
    epochs : int
        At most so many passes.
    batch : int
        Users in a step.
    longest : int
        Visits of a user in one sequence; longer histories are cut into several.
    learning_rate : float
        Of Adam.
    temperature : float
        The scale :math:`\tau`.
    random_state : int
        Seed.
    step : callable
        Told of each epoch as it begins.

    Raises
    ------
    InputError
        If the visits have no order, or nobody came twice.

    References
    ----------
    Cho et al. 2014 (GRU); Hidasi et al. 2016, "Session-based Recommendations with Recurrent Neural
    Networks"; Bianchi et al. 2020, section 3 (a recurrent model over frozen vectors).
    """
    require("torch", "torch", "the sequence model")
    import torch

    if visits.train_user is None:
        raise InputError(
            f"the order of visits to {visits.name} is not known: a release does not tell it",
            "give the log: --log SOURCE --key-file FILE",
        )
    products = unit(vectors)
    seen = _sequences(visits.train.rows, visits.train_user, longest)
    asked = _sequences(visits.validation, visits.group, longest)
    if len(seen) < 2 or not asked:
        raise InputError(f"too few users came to {visits.name} twice for a sequence model")
    rng = np.random.default_rng(random_state)
    order = rng.permutation(len(seen))
    held_back = max(1, len(seen) // 10)
    inner = [seen[i] for i in order[held_back:]]
    outer = [seen[i] for i in order[:held_back]]
    means = torch.from_numpy(session_means(products, visits.train.rows))
    catalogue = torch.from_numpy(products)
    width = products.shape[1]
    with torch.random.fork_rng(devices=[]):  # the user's own chance stays as it was
        torch.manual_seed(random_state)
        model = torch.nn.ModuleDict(
            {
                "gru": torch.nn.GRU(width, hidden, batch_first=True),
                "out": torch.nn.Linear(hidden, width),
            }
        )

    def loss_of(chosen: list[Ints]) -> torch.Tensor:
        predicted = _read(model, means, chosen)
        nexts = _nexts(chosen)
        wanted = visits.train.rows.take(nexts)
        scores = torch.log_softmax(predicted @ catalogue.T / temperature, dim=1)
        picked = scores[torch.from_numpy(wanted.rows), torch.from_numpy(wanted.values)]
        each = torch.from_numpy(1.0 / wanted.lengths[wanted.rows]).to(picked.dtype)
        return -(picked * each).sum() / len(nexts)

    def told(epoch: int) -> None:
        step(f"{visits.name}: epoch {epoch}")

    optimiser = torch.optim.Adam(model.parameters(), lr=learning_rate)
    trained = _train(model, optimiser, loss_of, inner, outer, epochs, batch, rng, told)
    metrics = _rank(model, visits, products, asked, batch)
    return NextVisit(visits.group[_nexts(asked)], metrics, trained)


def _train(
    model: torch.nn.ModuleDict,
    optimiser: torch.optim.Optimizer,
    loss_of: Callable[[list[Ints]], torch.Tensor],
    inner: list[Ints],
    outer: list[Ints],
    epochs: int,
    batch: int,
    rng: np.random.Generator,
    told: Callable[[int], None],
) -> int:
    """Train on `inner` until the loss of `outer` rises; how many epochs led to the weights kept."""
    import torch

    best, kept, trained, worse = float("inf"), None, 0, 0
    for epoch in range(epochs):
        told(epoch + 1)
        shuffled = rng.permutation(len(inner))
        for begin in range(0, len(inner), batch):
            optimiser.zero_grad()
            loss = loss_of([inner[i] for i in shuffled[begin : begin + batch]])
            torch.autograd.backward(loss)
            optimiser.step()
        with torch.no_grad():
            parts = [outer[begin : begin + batch] for begin in range(0, len(outer), batch)]
            weights = [sum(len(visit) - 1 for visit in part) for part in parts]
            found = float(np.average([float(loss_of(part)) for part in parts], weights=weights))
        if found < best:
            best, trained, worse = found, epoch + 1, 0
            kept = {name: value.clone() for name, value in model.state_dict().items()}
        else:
            worse += 1
            if worse == 2:
                break
    if kept is None:
        raise InputError("the sequence model did not learn: its loss is no number")
    model.load_state_dict(kept)
    return trained


def _rank(
    model: torch.nn.ModuleDict, visits: ShopVisits, products: Matrix, asked: list[Ints], batch: int
) -> dict[str, dict[str, Floats]]:
    """Rank every product for each visit that follows another: by model, last visit, popularity."""
    import torch

    before = np.concatenate([visit[:-1] for visit in asked])
    after = _nexts(asked)
    last = session_means(products, visits.validation)
    with torch.no_grad():
        told = [
            _read(model, torch.from_numpy(last), asked[begin : begin + batch]).numpy()
            for begin in range(0, len(asked), batch)
        ]
    wanted = visits.validation.take(after)
    nothing = Ragged.from_lists([[]] * len(after))
    near = find_neighbours(visits.popularity, wanted, nothing)
    column = np.ascontiguousarray(visits.popularity[:, None], dtype=np.float32)
    answers = {
        "gru": (unit(np.concatenate(told)), products),
        "last-visit": (last[before], products),
        "popularity": (np.ones((len(after), 1), np.float32), column),
    }
    return {
        who: rank_rows(queries, candidates, nothing, wanted, near)
        for who, (queries, candidates) in answers.items()
    }


def _nexts(sequences: list[Ints]) -> Ints:
    """The rows of all visits that follow another of their sequence."""
    return np.concatenate([visit[1:] for visit in sequences])


def _sequences(rows: Ragged, user: Ints, longest: int) -> list[Ints]:
    """The row numbers of each user's visits, in order, in runs of 2 to `longest`."""
    found = []
    starts = np.flatnonzero(np.diff(user, prepend=user[:1] - 1) != 0)
    for begin, end in zip(starts, [*starts[1:], len(user)], strict=True):
        for first in range(begin, end - 1, longest - 1):  # runs share their ends: no step is lost
            found.append(np.arange(first, min(first + longest, end)))
    return found


def _read(model: torch.nn.ModuleDict, means: torch.Tensor, chosen: list[Ints]) -> torch.Tensor:
    """What the model says after each visit but the last of each sequence, one below the other."""
    import torch

    lengths = [len(visit) - 1 for visit in chosen]
    padded = torch.nn.utils.rnn.pad_sequence(
        [means[torch.from_numpy(visit[:-1])] for visit in chosen], batch_first=True
    )
    states = model["gru"](padded)[0]
    kept = torch.cat([states[i, :n] for i, n in enumerate(lengths)])
    said: torch.Tensor = model["out"](kept)
    return said
