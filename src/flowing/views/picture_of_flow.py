"""Make a picture of a flow: of its tasks, and of the state that its run is in. Reads, and calls nothing of a task's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

from flowing._no_value import NO_VALUE
from flowing._rows import step_result
from flowing._text import counted, format_traceback, type_name
from flowing.task import Param
from flowing.views.picture import DrawnTask, Picture
from flowing.views.spans import observed_spans
from flowing.views.summary import why

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence, Sized

    from flowing.core.state import State
    from flowing.task import Task

_TRACEBACKS_MAX: Final = 100  # more of them are in nobody's report


def picture_of(
    state: State, tasks: Sequence[Task[object]], *, title: str = "flow", events: Iterable[object] = ()
) -> Picture:
    """Look at a run as it is now. O(tasks + edges + events).

    `events` are those of a recording, or what a listener heard: earlier attempts and waits are drawn when they were.
    """
    observed = observed_spans(events)
    tracebacks_left = _TRACEBACKS_MAX
    drawn: list[DrawnTask] = []
    for number, task in enumerate(tasks):
        each = _drawn(state, number, task, with_traceback=tracebacks_left > 0)
        tracebacks_left -= each.traceback is not None
        drawn.append(each)
    times = state.run.times
    return Picture(
        tasks=observed.added_to(drawn),
        title=title,
        run_id=None if times is None else times.id,
        notes=observed.notes,
    )


def _drawn(state: State, number: int, task: Task[object], *, with_traceback: bool) -> DrawnTask:
    result = step_result(state, number)
    dependencies = state.graph.dependencies[number]
    return DrawnTask(
        name=result.name,
        state=result.state,
        detached=result.detached,
        overridden=result.overridden,
        attempts=result.attempts,
        duration_s=result.duration_s,
        started_s=None if result.started_at is None else result.started_at.timestamp(),
        why="input" if result.overridden and isinstance(task, Param) else why(result),
        traceback=format_traceback(result.error) if result.error is not None and with_traceback else None,
        root_cause=result.root_cause,
        value=describe_value(result.value_or(NO_VALUE)),
        dependencies=dependencies,
        order_only=_order_only(task, dependencies),
    )


def _order_only(task: Task[object], dependencies: tuple[int, ...]) -> frozenset[int]:
    """Find the dependencies that give no value, to the body or to a gate."""
    taken = set(task.wired.sources())
    for gate in (task.when, task.validate):
        if gate is not None:
            taken.update(gate.sources())
    if len(taken) == len(dependencies):
        return frozenset()
    pairs = zip(task.dependencies, dependencies, strict=True)
    return frozenset([number for needed, number in pairs if needed not in taken])


_UNITS: Final[dict[type, str]] = {str: "character", bytes: "byte", bytearray: "byte"}
_CONTAINERS: Final[frozenset[type]] = frozenset({list, tuple, dict, set, frozenset})


def describe_value(value: object) -> str:
    """Say a value's type, and the size of a plain one: never what is in it (FAULTS S11)."""
    if value is NO_VALUE:
        return ""
    kind: type = type(value)
    if kind not in _CONTAINERS and kind not in _UNITS:  # a class of somebody's own could do anything in __len__
        return type_name(value)
    size = len(cast("Sized", value))  # all of these have a length
    return f"{type_name(value)}, {counted(size, _UNITS.get(kind, 'item'))}"
