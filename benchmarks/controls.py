"""Print what aligners score on two controls, as a Markdown table of P@1 / MRR.

    python benchmarks/controls.py [NAME ...] [--events 400000] [--seed 0]

*Split-half twin*: the sessions of one shop of a synthetic log fall at random into two halves, each
of which is embedded by itself. Every product is its own pair; a half of them is shown as evidence,
the other half is scored; visits of one shopper that fall into different halves, one after the
other, are the cross-shop sessions. Nothing but sampling noise tells the two spaces apart.

*Perturbed content*: the embedded release from SHOP1 to SHOP2, scored on validation pairs, with
Gaussian noise on SHOP1's content vectors: its standard deviation is the given multiple of the root
mean square entry. Only for aligners that use content.

Names are those of `cse-bench list`, or paths; by default all registered aligners.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

import cse_bench
from cse_bench import Evidence, Matrix, Ragged, Shop, unit
from cse_bench.aligners.contract import Aligned, align
from cse_bench.aligners.loading import find_aligner
from cse_bench.aligners.registry import ALIGNERS
from cse_bench.aligners.source import AlignerSource
from cse_bench.errors import CseBenchError
from cse_bench.harness.tracks import train_evidence
from cse_bench.logs.synthetic import SyntheticOptions, write_log
from cse_bench.trainers.base import Sessions
from cse_bench.trainers.ppmi_svd import PpmiSvd
from cse_bench.types import Ints

NOISE = (0.0, 0.3, 1.0, 3.0)
DIMENSIONS = 48
Problem = tuple[Shop, Shop, Evidence, Ints]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*", default=list(ALIGNERS), metavar="NAME")
    parser.add_argument("--events", type=int, default=400_000)
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()

    halves = split_half(SyntheticOptions(size=arguments.events, seed=arguments.seed))
    noisy = [perturbed(size, arguments.seed) for size in NOISE]
    print(f"split-half twin: {len(halves[0])} and {len(halves[1])} products\n")
    columns = ["aligner", "split-half twin", *(f"content noise {size:g}" for size in NOISE)]
    print("| " + " | ".join(columns) + " |")
    print("|---" * len(columns) + "|")
    for name in arguments.names:
        source = find_aligner(name)
        uses_content = "content" in source.info.uses
        cells = [score(source, halves)]
        cells += [score(source, problem) if uses_content else "–" for problem in noisy]
        print("| " + " | ".join([source.info.name, *cells]) + " |", flush=True)


def score(source: AlignerSource, problem: Problem) -> str:
    """P@1 and MRR of the target among all target products; what cannot run says why."""
    ours, theirs, evidence, pairs = problem
    try:
        aligned = align(source.make(), ours, theirs, evidence, source.info.uses)
    except CseBenchError as error:
        print(f"{source.info.name}: {error}", file=sys.stderr)
        return "failed"
    rank = ranks(aligned, pairs)
    return f"{np.mean(rank == 1):.3f} / {np.mean(1 / rank):.3f}"


def ranks(aligned: Aligned, pairs: Ints) -> Matrix:
    """Mean rank over ties of each pair's target."""
    queries, candidates = unit(aligned.source)[pairs[:, 0]], unit(aligned.target)
    found = []
    for begin in range(0, len(pairs), 1000):
        cosine = queries[begin : begin + 1000] @ candidates.T
        own = cosine[np.arange(len(cosine)), pairs[begin : begin + 1000, 1]][:, None]
        above, ties = (cosine > own + 1e-6).sum(axis=1), (np.abs(cosine - own) <= 1e-6).sum(axis=1)
        found.append(above + (ties + 1) / 2)
    result: Matrix = np.concatenate(found)
    return result


def perturbed(size: float, seed: int) -> Problem:
    """The embedded release with noise on SHOP1's content."""
    release = cse_bench.load_release()
    left, right = release.directions[0]
    ours, theirs = (
        Shop(s.name, s.vectors, s.popularity, s.content)
        for s in (release.shops[left], release.shops[right])
    )
    described = np.any(ours.content != 0, axis=1)
    spread = size * np.sqrt(np.mean(ours.content[described] ** 2))
    noise = np.random.default_rng([seed, 1]).standard_normal(ours.content.shape) * spread
    content = np.where(described[:, None], ours.content + noise, 0).astype(np.float32)
    pairs = release.pairs("validation", left, right)
    return replace(ours, content=content), theirs, train_evidence(release, left, right), pairs


def split_half(options: SyntheticOptions) -> Problem:
    """One shop's sessions in two halves, embedded apart."""
    rng = np.random.default_rng([options.seed, 2])
    users, rows, kind = one_shop(options)
    side = rng.integers(2, size=len(rows))
    sold = [np.unique(rows.take(np.flatnonzero(side == s)).values) for s in (0, 1)]
    order = [rng.permutation(s) for s in sold]  # which product each row of a half is
    place = [np.full(len(kind), -1) for _ in order]
    for table, products in zip(place, order, strict=True):
        table[products] = np.arange(len(products))
    words = rng.standard_normal((kind.max() + 1, 16)).astype(np.float32)
    shops = [
        half(
            f"SHOP{s + 1}",
            rows.take(np.flatnonzero(side == s)).map(place[s]),
            words[kind[order[s]]],
        )
        for s in (0, 1)
    ]
    both = rng.permutation(np.intersect1d(*sold))
    pairs = np.column_stack([place[0][both], place[1][both]])
    shown, asked = np.array_split(pairs, 2)
    # A visit in one half, and the same shopper's next visit in the other, in either order.
    next_too = np.flatnonzero((users[1:] == users[:-1]) & (side[1:] != side[:-1]))
    first = np.where(side[next_too] == 0, next_too, next_too + 1)
    second = np.where(side[next_too] == 0, next_too + 1, next_too)
    sessions = (rows.take(first).map(place[0]), rows.take(second).map(place[1]))
    return shops[0], shops[1], Evidence(shown, sessions), asked


def half(name: str, rows: Ragged, content: Matrix) -> Shop:
    """Embed one half; what it sells is numbered from 0."""
    ids = tuple(f"p{i:07}" for i in range(len(content)))
    vectors = PpmiSvd(dimensions=DIMENSIONS).fit(Sessions(ids, rows)).vectors
    count = np.bincount(rows.values, minlength=len(ids))
    popularity = (np.round(np.log2(count) * 4) / 4).astype(np.float32)
    return Shop(name, vectors, popularity, content)


def one_shop(options: SyntheticOptions) -> tuple[Ints, Ragged, Ints]:
    """Shopper and products of each visit to shop 0, by shopper and time; kind of each product."""
    with tempfile.TemporaryDirectory() as directory:
        write_log(Path(directory), options)
        read = partial(pq.read_table, filters=[("shop", "=", "shop 0")])
        events = read(f"{directory}/events").to_pandas()
        catalogue = read(f"{directory}/catalogue").to_pandas()
    events = events.drop_duplicates(["session", "product"])
    products, number = np.unique(events["product"].to_numpy(str), return_inverse=True)
    begin = events.groupby("session")["timestamp"].transform("min")
    user = events["user"].to_numpy(str)
    order = np.lexsort((number, events["session"].to_numpy(str), begin.to_numpy(), user))
    session = events["session"].to_numpy(str)[order]
    starts = np.flatnonzero(np.append(True, session[1:] != session[:-1]))
    rows = Ragged.from_lists(np.split(number[order], starts[1:]))
    named = dict(zip(catalogue["product"], catalogue["category"], strict=True))
    kind = np.unique([named.get(p, "") for p in products], return_inverse=True)[1]
    return user[order][starts], rows, kind


if __name__ == "__main__":
    main()
