"""The same work by this package and by a named peer, timed in turn, the answers compared.

`benchmarks/all.py` runs these and writes the table; `translation` is in `peers.py`, the relational
stages are in `build.py`, rank metrics in `rank_metrics.py`. Every function gives `Comparison`
records, and stops where answers differ.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import build
import numpy as np
import peers
import rank_metrics
import trainers
from threadpoolctl import threadpool_limits

import cse_bench
from cse_bench.aligners import gromov_wasserstein, wasserstein_procrustes
from cse_bench.release.read import Release
from cse_bench.release.tables import ShopTable
from cse_bench.studies.in_shop import InShop, mean_of
from cse_bench.studies.visits import released_visits
from cse_bench.trainers.registry import get_trainer
from cse_bench.types import Floats


@dataclass(frozen=True)
class Comparison:
    """One line of the table.

    Attributes
    ----------
    what : str
        The work.
    ours : float
        Our best time, in seconds.
    peer : str
        Whom we stand beside.
    theirs : float
        The peer's best time, in seconds.
    agreed : str
        How the answers were compared; the same for all lines of one `what`.
    """

    what: str
    ours: float
    peer: str
    theirs: float
    agreed: str

    @property
    def ratio(self) -> float:
        """The peer's time over ours: above 1 we are faster."""
        return self.theirs / self.ours


def in_turn(
    contestants: Mapping[str, Callable[[], Any]], repeats: int
) -> tuple[dict[str, float], dict[str, Any]]:
    """Run all contestants in turn, each with all cores: best seconds, and last answers."""
    times: dict[str, list[float]] = {name: [] for name in contestants}
    answers: dict[str, Any] = {}
    with threadpool_limits(len(peers.cores())):
        for _ in range(repeats):
            for name, work in contestants.items():
                begin = time.perf_counter()
                answers[name] = work()
                times[name].append(time.perf_counter() - begin)
    return {name: min(taken) for name, taken in times.items()}, answers


def beside(what: str, seconds: Mapping[str, float], agreed: str) -> list[Comparison]:
    """A line for each peer; the first contestant is ours."""
    (_, ours), *others = seconds.items()
    return [Comparison(what, ours, peer, theirs, agreed) for peer, theirs in others]


def must_agree(answers: Mapping[str, Any], tolerance: float) -> None:
    """Stop where an answer is further from the first, for its largest entry, than `tolerance`."""
    (ours, expected), *others = answers.items()
    largest = np.abs(expected).max()
    for peer, found in others:
        apart = float(np.abs(np.subtract(found, expected)).max() / largest)
        if not apart <= tolerance:
            raise SystemExit(f"{peer} and {ours} differ by {apart:.2g}")


def translation(records: list[dict[str, Any]]) -> list[Comparison]:
    """Lines from what `peers.measure` has found, which has compared the answers."""
    lines = []
    for n in dict.fromkeys(r["products"] for r in records):
        seconds = {r["contestant"]: r["seconds"] for r in records if r["products"] == n}
        lines += beside(
            f"`translation`, {n:,} × {n:,} products",
            {name: seconds[name] for name in (peers.OURS, peers.BARE, peers.FAISS, peers.BRUTE)},
            "ours gives every pair's exact rank, with ties; the peers give 10 neighbours, the bare "
            "product (a limit, no peer) nothing. The share of pairs among the 10 is the same, to "
            f"{peers.AGREED:g} (`peers.py`)",
        )
    return lines


def training(
    release: Release | None = None, *, epochs: int = 30, repeats: int = 2
) -> list[Comparison]:
    """`ppmi-svd` and gensim's CBOW, of one width, on the embedded release's train sessions."""
    visits = released_visits(release or cse_bench.load_release())
    threads = len(peers.cores())
    width = get_trainer("ppmi-svd").dimensions
    ours, theirs = "ppmi-svd", f"gensim CBOW, {epochs} epochs, {threads} threads"
    ways: dict[str, tuple[str, dict[str, Any]]] = {
        ours: ("ppmi-svd", {}),
        theirs: ("prod2vec-cbow", {"dimensions": width, "epochs": epochs, "n_jobs": threads}),
    }
    for name, settings in ways.values():
        trainers.warm_up(name, settings, visits)
    seconds, vectors = in_turn(
        {line: lambda way=way: trainers.learn(*way, visits) for line, way in ways.items()}, repeats
    )
    judges = InShop(visits)
    scores = {line: judges.score(found) for line, found in vectors.items()}
    auc = {line: mean_of(found, "auc") for line, found in scores.items()}
    half = max(s.high - s.low for s in scores[ours] if s.metric == "auc") / 2
    if auc[ours] < auc[theirs] - half:
        raise SystemExit(f"ppmi-svd is faster because it learns less: {auc}")
    what = f"train both shops, {width} dimensions"
    agreed = (
        "two methods, so no equal vectors: in-shop completion (AUC on validation shoppers, ± "
        f"{half:.3f}) is {auc[ours]:.3f} with ours and {auc[theirs]:.3f} with gensim's, and ours "
        "may not be worse by more than that. gensim runs within our trainer, which takes some 2 % "
        "of its time to turn numbers into words"
    )
    return beside(what, seconds, agreed)


def relational(**given: Any) -> list[Comparison]:
    """The stages of a build from files to rows; what is `given` goes to `build.compare`."""
    found = build.compare(**given)
    rows = ", ".join(f"{n:,} {name}" for name, n in found.rows.items())
    agreed = f"the same numbers of rows at every stage: {rows}. Both read the files in their time"
    seconds = {"DuckDB, through our pipeline": min(found.ours), "pandas": min(found.theirs)}
    what = f"relational stages of a build, {found.events:,} events"
    return beside(what, seconds, agreed)


def metrics(queries: int = 20_000, candidates: int = 100, repeats: int = 3) -> list[Comparison]:
    """MRR, hits@10 and NDCG@10 of one relevant candidate a query, from an array of scores."""
    ways = rank_metrics.ways(queries, candidates)
    for work in ways.values():  # imports, and Numba's compiler, are not timed
        work()
    seconds, answers = in_turn(ways, repeats)
    must_agree(answers, 1e-9)
    return beside(
        f"MRR, hits@10, NDCG@10 of {queries:,} queries × {candidates} candidates",
        seconds,
        "the same means to 1e-9. Ours and `ir-measures` run on one core here; Numba had compiled "
        "ranx in a run before, which takes half a minute when it is new and is not counted",
    )


def transport(sizes: tuple[int, int] = (2_000, 800), repeats: int = 5) -> list[Comparison]:
    """The two Sinkhorn steps of our own aligners, on the release's most popular products."""
    even, start = even_masses(sizes[0]), given_masses(sizes[1])
    agreed = (
        "the same plan, to 1e-9 of its largest entry, from the same costs and masses in the same "
        "number of rounds; POT also looks every tenth round how far it still is. The plans of "
        "`gromov-wasserstein` and `fused-gromov-wasserstein` themselves are POT's, as the "
        "assignments of `graph-matching` are SciPy's: there we have nothing of our own to time"
    )
    lines = []
    for what, ways in (even, start):
        seconds, plans = in_turn(ways, repeats)
        must_agree(plans, 1e-9)
        lines += beside(what, seconds, agreed)
    return lines


Ways = dict[str, Callable[[], Any]]


def even_masses(n: int) -> tuple[str, Ways]:
    """A step of `wasserstein-procrustes`: the plan of some costs, all products alike."""
    aligner = wasserstein_procrustes.WassersteinProcrustes()
    x, y = (wasserstein_procrustes._most_popular(shop, n) for shop in two_shops())
    cost = -x @ y.T
    cost -= cost.min(axis=1, keepdims=True)  # ours does this too; now both begin alike
    a, b = (np.full(k, 1 / k) for k in cost.shape)
    strength, rounds = aligner.regularisation, 50
    return f"Sinkhorn of `wasserstein-procrustes`, {n:,} × {n:,}, {rounds} rounds", {
        "ours": lambda: wasserstein_procrustes._sinkhorn(-cost / strength, rounds),
        POT: lambda: pot_plan(a, b, cost, strength, rounds),
    }


def given_masses(n: int) -> tuple[str, Ways]:
    """The start of `gromov-wasserstein`: a kernel of popularity, scaled to masses."""
    aligner = gromov_wasserstein.GromovWasserstein()
    ours, theirs = (gromov_wasserstein._most_popular(shop, n)[1] for shop in two_shops())
    p, q = (np.exp2(aligner.mass * (v - v.max())) for v in (ours, theirs))
    p, q = p / p.sum(), q / q.sum()
    apart = (ours[:, None] - theirs[None, :]) ** 2
    kernel = np.exp(-apart / (2 * aligner.width**2)) + 1e-6
    # POT scales columns first, ours rows: so POT gets the transpose, and the masses as costs.
    cost = np.ascontiguousarray(-np.log(kernel * p[:, None] * q).T)
    return f"Sinkhorn of `gromov-wasserstein`'s start, {n:,} × {n:,}, 100 rounds", {
        "ours": lambda: gromov_wasserstein._with_masses(kernel, p, q),
        POT: lambda: pot_plan(q, p, cost, 1.0, 100).T,
    }


POT = "POT, `ot.sinkhorn`"


def pot_plan(a: Floats, b: Floats, cost: Floats, strength: float, rounds: int) -> Any:
    """POT's plan after so many rounds: it may not stop before."""
    import ot

    return ot.sinkhorn(a, b, cost, strength, numItermax=rounds, stopThr=0, warn=False)


def two_shops() -> list[ShopTable]:
    return list(cse_bench.load_release().shops.values())[:2]
