"""The tasks, in the order in which the board shows them: one line each."""

from __future__ import annotations

from cse_bench.tasks.base import Task
from cse_bench.tasks.next_event import NextEvent
from cse_bench.tasks.retention import Retention
from cse_bench.tasks.translation import Translation
from cse_bench.tasks.type_ahead import TypeAhead

TASKS: tuple[Task, ...] = (
    NextEvent(),
    TypeAhead(),
    Translation(),
    Retention(),
)

PRIMARY = tuple((task.name, *pair) for task in TASKS for pair in task.primary)
"""Task, variant and metric of what is shown first, in order."""
