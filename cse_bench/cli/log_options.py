"""What a log's reader is told on the command line, for every verb that reads logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from cse_bench.cli.sections import option

TABULAR = "The log tabular"
COVEO = "The archive coveo"
SHOPS = "The logs completejourney and synthetic"
SYNTHETIC = "The log synthetic"

LOG_OPTIONS = (
    option(
        TABULAR,
        "--events",
        multiple=True,
        metavar="[SHOP=]FILES",
        help="A file, glob, directory or URL of events (repeat for more).",
    ),
    option(
        TABULAR,
        "--catalogue",
        multiple=True,
        metavar="[SHOP=]FILES",
        help="Likewise, of the catalogue.",
    ),
    option(
        TABULAR,
        "--queries",
        multiple=True,
        metavar="[SHOP=]FILES",
        help="Likewise, of what users typed.",
    ),
    option(
        TABULAR,
        "--kind",
        "kinds",
        multiple=True,
        metavar="KIND",
        help="Keep only the events of this kind (repeat for more).",
    ),
    option(
        TABULAR,
        "--mapping",
        type=click.Path(path_type=Path),
        metavar="FILE.toml",
        help='Which column is which; [events] user = "visitor".',
    ),
    option(
        TABULAR,
        "--session-gap",
        type=float,
        metavar="MINUTES",
        help="A longer pause begins a new session.  [default: 30]",
    ),
    option(
        TABULAR,
        "--unordered",
        "ordered",
        flag_value=False,
        type=bool,
        default=None,
        help="Timestamps do not order a session's products.",
    ),
    option(
        TABULAR,
        "--licence",
        metavar="NAME",
        help="The licence under which you, its owner, let the release be passed on: "
        "cc-by-4.0, ….  [default: none, it may not be published]",
    ),
    option(
        COVEO,
        "--archive",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="The zip file, or its directory.",
    ),
    option(
        SHOPS,
        "--shops",
        type=int,
        metavar="N",
        help="How many shops.  [default: 2]",
    ),
    option(SYNTHETIC, "--size", type=int, metavar="N", help="How many events.  [default: 400000]"),
    option(
        SYNTHETIC,
        "--asking",
        type=click.FloatRange(0, 1),
        metavar="SHARE",
        help="Share of visits that begin with a query.  [default: 0]",
    ),
    option(SYNTHETIC, "--seed", type=int, metavar="N", help="Seed of chance."),
)
"""What a log's reader is told, beneath the name of the log it is about."""


def with_log_options(function: Any) -> Any:
    """Give a command the options of all logs."""
    for add in reversed(LOG_OPTIONS):
        function = add(function)
    return function
