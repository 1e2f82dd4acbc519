"""Help in sections, for commands whose options are too many for one list."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

OPTIONS = "Options"
"""The heading of what has none of its own."""


class SectionOption(click.Option):
    """An option that stands beneath a heading of its own in the help."""

    def __init__(self, *given: Any, section: str, **attributes: Any) -> None:
        super().__init__(*given, **attributes)
        self.section = section


def option(section: str, *names: str, **attributes: Any) -> Callable[[Any], Any]:
    """Give a command an option, like `click.option`, beneath the heading `section`."""
    return click.option(*names, cls=SectionOption, section=section, **attributes)


class Sectioned(click.Command):
    """A command that shows its options beneath their headings, those without one first."""

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the options, in the order of their headings."""
        sections: dict[str, list[tuple[str, str]]] = {OPTIONS: []}
        for parameter in self.get_params(ctx):
            told = parameter.get_help_record(ctx)
            if told is not None and isinstance(parameter, click.Option):
                sections.setdefault(getattr(parameter, "section", OPTIONS), []).append(told)
        for heading, options in sections.items():
            with formatter.section(heading):
                formatter.write_dl(options)
