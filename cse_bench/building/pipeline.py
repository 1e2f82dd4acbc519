"""The pipeline: a log in, the contents of a release out."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cse_bench import __version__
from cse_bench.building.catalogue import Catalogue
from cse_bench.building.chosen import choose_visits
from cse_bench.building.content import content_vectors, given_vectors
from cse_bench.building.counts import count_log, count_rows
from cse_bench.building.embeddings import MANTISSA_BITS, released_vectors
from cse_bench.building.facts import collect_facts
from cse_bench.building.keys import Key
from cse_bench.building.limits import cut_rows, limit_rows
from cse_bench.building.notes import catalogue_note, order_note, table_notes
from cse_bench.building.numbered import number_log, shop_sessions
from cse_bench.building.pairs import find_pairs
from cse_bench.building.rendered import rendered_items
from cse_bench.building.report import EMBEDDINGS, RENDERED, SESSIONS, TABLES, BuildReport
from cse_bench.building.tables import (
    cross_tables,
    pairs_tables,
    products_tables,
    queries_tables,
    rendered_tables,
    sessions_tables,
)
from cse_bench.errors import InputError
from cse_bench.logs.schema import Log
from cse_bench.privacy.base import Facts
from cse_bench.release.schema import CROSS_SESSIONS
from cse_bench.release.write import ReleaseContents
from cse_bench.trainers.base import Trainer

if TYPE_CHECKING:
    pass


@dataclass(frozen=True)
class BuildParameters:
    """How to build; all of it but the key goes into the manifest.

    Attributes
    ----------
    name, version : str
        Of the release.
    gap_days : float
        The longest time between the two visits of a cross-shop session.
    min_users : int
        How many train users must have met a product in a shop.
    waivers : dict of str to str
        Privacy gate → why it need not hold, beside those that the log's reader declares.
    """

    name: str = "cross-shop-embeddings"
    version: str = __version__
    gap_days: float = 7.0
    min_users: int = 10
    waivers: dict[str, str] = field(default_factory=dict)


def build_contents(
    log: Log,
    trainer: Trainer,
    parameters: BuildParameters,
    key: Key,
    stage: Callable[[str], None] = lambda name: None,
) -> ReleaseContents:
    """The contents alone; see `build_with_facts`."""
    return build_with_facts(log, trainer, parameters, key, stage)[0]


def build_with_facts(
    log: Log,
    trainer: Trainer,
    parameters: BuildParameters,
    key: Key,
    stage: Callable[[str], None] = lambda name: None,
) -> tuple[ReleaseContents, Facts]:
    """Turn a log into a release's contents, and what its privacy gates need to know.

    Parameters
    ----------
    log : Log
        The log, on its engine.
    trainer : Trainer
        Learns each shop's embeddings.
    parameters : BuildParameters
        How to build.
    key : Key
        The source of every random choice.
    stage : callable
        Told the name of each stage as it begins; see `report.STAGES`.

    Returns
    -------
    contents : ReleaseContents
    facts : Facts

    Raises
    ------
    InputError
        If the log has fewer than two shops with supported products.
    """
    waived = log.waivers.keys() | parameters.waivers.keys()
    report = BuildReport(drops=list(log.drops))

    with ExitStack() as scratch:
        numbered = number_log(log, parameters.min_users, key, scratch, stage)
        users, offers, events = numbered.users, numbered.offers, numbered.events
        catalogue, products = numbered.catalogue, numbered.products
        visits, items = numbered.visits, numbered.items
        pairs = find_pairs(log, catalogue, products, key, report)
        report.drop(*_undescribed(log, catalogue))
        stage(SESSIONS)
        chosen = choose_visits(
            log,
            numbered,
            parameters.gap_days,
            parameters.min_users,
            scratch,
            report,
            rendering=pairs is not None,
        )
        asked = chosen.asked
        made = sessions_tables(items, chosen.within, users, catalogue, log.ordered, key)
        made |= cross_tables(items, chosen.crossing, users, catalogue, log.ordered, key)
        if asked is not None:
            made |= queries_tables(
                items, chosen.asking, asked.texts, users, catalogue, log.ordered, key
            )
        if pairs is not None:
            stage(RENDERED)
            bridges = pairs.bridges_table(catalogue, log.events.get_backend())
            shown = rendered_items(chosen.rendered, items, products, bridges, len(catalogue.shops))
            made |= rendered_tables(shown, users, catalogue, key)
        count_log(report, events, offers, catalogue, visits, users)
        report.notes += [*order_note(items, log.ordered), *catalogue_note(catalogue)]
        stage(EMBEDDINGS)
        train = items.split == "train"
        sessions, unseen = (
            [found for found, _ in shop_sessions(items.filter(part), catalogue, log.ordered)]
            for part in (train, ~train)
        )
        if "length" not in waived:
            made = cut_rows(made, key, report)
        if "rows-per-user" not in waived:
            made = limit_rows(made, key, report)
        facts = collect_facts(
            users, offers, visits, catalogue, asked, made, sessions, unseen, trainer, key
        )

    tables = {kind: rows.table for kind, rows in made.items()}
    if pairs is not None:
        tables |= pairs_tables(pairs, catalogue, key)
    report.rows = count_rows(tables)
    report.notes += table_notes(tables)
    if not any(t.num_rows for (config, _), t in tables.items() if config == CROSS_SESSIONS.name):
        raise _no_crossing(report, catalogue, parameters.min_users)
    vectors = released_vectors(trainer, sessions, key)
    stage(TABLES)
    if catalogue.content is None:
        content = content_vectors(catalogue.titles, random_state=key.seed("content"))
    else:
        content = given_vectors(catalogue.content)
    contents = ReleaseContents(
        name=parameters.name,
        version=parameters.version,
        licence=log.licence,
        redistributable=log.redistributable,
        source=log.source,
        citation=log.citation,
        pairs_basis=log.pairs_basis,
        products=products_tables(catalogue, vectors, content),
        tables=tables,
        build=_build_record(log, trainer, parameters),
        report=report.as_dict(),
    )
    return contents, facts


def _no_crossing(report: BuildReport, catalogue: Catalogue, min_users: int) -> InputError:
    """Why there is no cross-shop session, as far as counts tell."""
    names = dict(zip(catalogue.shops, catalogue.raw_shops, strict=True))
    visits = {names[shop]: counts["visits"] for shop, counts in report.shops.items()}
    told = ", ".join(f"{shop} {n:,}" for shop, n in visits.items())
    hint = "users must be known by one id in all shops; or widen --gap"
    if sum(n > 0 for n in visits.values()) < 2:
        hint = (
            f"a visit counts with two products that {min_users} train users met in the shop: "
            "more of the log, or a smaller --min-users"
        )
    return InputError(
        f"no user visits two shops within the gap, so there is no cross-shop session (visits that "
        f"count: {told})",
        hint,
    )


def _build_record(log: Log, trainer: Trainer, parameters: BuildParameters) -> dict[str, Any]:
    """What the manifest says of the build. The trainer's seed follows from the key: left out."""
    settings = {k: v for k, v in trainer.parameters().items() if k != "random_state"}
    return {
        "log": log.name,
        "gap": f"{parameters.gap_days:g}d",
        "min_users": parameters.min_users,
        "trainer": {"name": trainer.name} | settings,
        "mantissa_bits": MANTISSA_BITS,
        "ordered": log.ordered,
        "waivers": log.waivers | parameters.waivers,
    }


def _undescribed(log: Log, catalogue: Catalogue) -> tuple[str, str, int]:
    """How many products no row of the log's catalogue describes, as a drop.

    Where it describes none, that is no loss but a note; see `notes.catalogue_note`.
    """
    described = zip(catalogue.titles, catalogue.categories, strict=True)
    without = sum(title is None and category is None for title, category in described)
    lost = without if without < len(catalogue.titles) else 0
    return "descriptions", "a product without title or category in the catalogue", lost
