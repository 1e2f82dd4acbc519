"""What a shell completes beside commands and options: names, from where they are registered."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import click
    from click.shell_completion import CompletionItem

Complete = Callable[["click.Context", "click.Parameter", str], list["CompletionItem"]]


def names(module: str, *registries: str, files: bool = False) -> Complete:
    """Complete the names of registries, which are imported only when a shell asks.

    Parameters
    ----------
    module : str
        Where they are.
    *registries : str
        Mappings by name.
    files : bool
        Whether a file may be meant as well.
    """

    def complete(_: click.Context, __: click.Parameter, begun: str) -> list[CompletionItem]:
        from click.shell_completion import CompletionItem

        there = vars(importlib.import_module(module))
        known = [name for registry in registries for name in there[registry]]
        found = [CompletionItem(name) for name in known if name.startswith(begun)]
        return found or ([CompletionItem(begun, type="file")] if files else [])

    return complete


ALIGNERS = names("cse_bench.aligners.registry", "ALIGNERS", files=True)
TRAINERS = names("cse_bench.trainers.registry", "TRAINERS")
LOGS = names("cse_bench.logs.registry", "READERS", "ARCHIVES")
