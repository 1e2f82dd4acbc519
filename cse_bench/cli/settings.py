"""The option --set NAME=VALUE: parameters of a trainer or of an aligner."""

from __future__ import annotations

from ast import literal_eval
from collections.abc import Callable
from typing import Any

import click

from cse_bench.cli.sections import OPTIONS, option


def with_settings(about: str, section: str = OPTIONS) -> Callable[[Any], Any]:
    """Give a command the option ``--set``, and its parameter ``settings``."""
    return option(section, "--set", "settings", multiple=True, metavar="NAME=VALUE", help=about)


def read_settings(given: tuple[str, ...]) -> dict[str, str]:
    """``name=value`` texts, as a dict."""
    settings = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals or not name.strip():
            raise click.UsageError(f"--set {text}: write NAME=VALUE")
        if name.strip() in settings:
            raise click.UsageError(f"--set {name.strip()} is given twice")
        settings[name.strip()] = value.strip()
    return settings


def read_values(given: tuple[str, ...]) -> dict[str, Any]:
    """``name=value`` texts, each value as Python reads it; what it does not read is text."""
    words = {"true": True, "false": False, "none": None}
    values: dict[str, Any] = {}
    for name, text in read_settings(given).items():
        try:
            values[name] = words[text.lower()] if text.lower() in words else literal_eval(text)
        except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError):
            values[name] = text
    return values
