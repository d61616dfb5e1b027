"""Puts together what carries a flow out. Loaded when the first flow is made; starts nothing."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from flowing._compile import compile_flow
from flowing._inputs import Inputs
from flowing._runs import Runs
from flowing._task.options import UNSET
from flowing.core.graph import Limits
from flowing.shell.observers import Observers
from flowing.shell.session import Settings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing._compile import Compiled
    from flowing._durable.hold import Hold
    from flowing._flow_options import FlowOptions
    from flowing._runs import Checkpoint
    from flowing._task.options import ExecutorOption
    from flowing.shell.remote import Given
    from flowing.task import Task


def assembled(terminals: Sequence[Task[object]], options: FlowOptions, checkpoint: Checkpoint | None) -> Runs:
    """Compile the graph, and prepare all that a run of it needs; raises as `Flow` does. O(tasks + edges)."""
    abandoned = options.max_workers if options.max_abandoned is None else options.max_abandoned
    limits = Limits(workers=options.max_workers, abandoned=abandoned, fail_fast=options.fail_fast)
    compiled = compile_flow(terminals, limits, discover_detached=options.discover_detached)
    observers = Observers(compiled.graph.names)
    if options.progress:
        from flowing.views.progress_screen import progress_on  # noqa: PLC0415 - views are loaded when somebody looks

        observers.add_attendant(progress_on(None))
    return Runs(
        compiled,
        Inputs(compiled.tasks, compiled.numbers),
        Settings(grace_s=options.grace_s, keep_frames=options.keep_frames, stall_warning_s=options.stall_warning_s),
        executors=_executors_of(compiled.tasks, options.executor),
        observers=observers,
        hold_on=partial(_hold, compiled, options),
        checkpoint=checkpoint,
    )


def _hold(compiled: Compiled, options: FlowOptions, checkpoint: Checkpoint) -> Hold:
    """Join a graph to its checkpoint."""
    from flowing._durable.hold import Hold  # noqa: PLC0415 - loads SQLite and cattrs

    return Hold(
        checkpoint,
        compiled,
        on_change=options.on_change,
        on_unreadable=options.on_unreadable,
        max_crashes=options.max_crashes,
    )


def _executors_of(tasks: Sequence[Task[object]], default: ExecutorOption) -> Mapping[int, Given]:
    """Say which tasks run in which executor."""
    if default is None and all(each.options.executor is UNSET for each in tasks):
        return {}
    from flowing.shell.remote import executors_of  # noqa: PLC0415 - few flows have one

    return executors_of(tasks, default)
