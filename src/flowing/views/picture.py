"""What is drawn of a run: a frozen record a task, wherever it was read. No drawing, and no object of a task's own."""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING

from attrs import field

from flowing._record import record
from flowing.results import StepState

if TYPE_CHECKING:
    from collections.abc import Mapping


class SpanKind(enum.Enum):
    """What a task did in a stretch of time."""

    WAITING = "waiting"  # ready to run, or waiting for another try, with no attempt known in it
    EARLIER = "earlier attempts"  # more than one attempt ended in here, and when is not known
    ATTEMPT = "attempt"
    BACKOFF = "back-off"


@record(kw_only=True)
class Span:
    """A stretch of a task's time, in seconds since 1970; it goes on where `until_s` is None.

    `attempt` is the number of the attempt, or of the first one in the stretch. `went` says how it ended.
    """

    kind: SpanKind
    from_s: float
    until_s: float | None = None
    attempt: int = 0
    went: StepState = StepState.RUNNING


@record(kw_only=True)
class DrawnTask:
    """One task as it is shown.

    `dependencies` and `order_only` (a part of them) are places in the picture. `why` and `traceback` are safe text,
    `value` says a type and a size. What is not known is None or empty.
    """

    name: str
    state: StepState = StepState.PENDING
    detached: bool = False
    overridden: bool = False
    attempts: int = 0
    duration_s: float | None = None
    started_s: float | None = None
    why: str = ""
    traceback: str | None = field(default=None, repr=False)
    root_cause: str | None = None
    value: str = ""
    dependencies: tuple[int, ...] = ()
    order_only: frozenset[int] = frozenset()
    spans: tuple[Span, ...] = field(default=(), repr=False)

    @property
    def ended_s(self) -> float | None:
        """When its last attempt ended; None where it did not, or it is not known."""
        if self.started_s is None or self.duration_s is None:
            return None
        return self.started_s + self.duration_s


@record(kw_only=True)
class Picture:
    """A run to be drawn. A task's dependencies stand before it; `notes` say what the reader has to know."""

    tasks: tuple[DrawnTask, ...] = field(repr=False)
    title: str = "flow"
    run_id: str | None = None
    notes: tuple[str, ...] = ()

    @property
    def begun(self) -> bool:
        """Whether anything is known of any task but that it is there."""
        return any(each.state is not StepState.PENDING or each.attempts for each in self.tasks)

    @property
    def counts(self) -> Mapping[StepState, int]:
        """Count the tasks by state, states without one left out. O(n)."""
        counts = dict.fromkeys(StepState, 0)
        for each in self.tasks:
            counts[each.state] += 1
        return {state: count for state, count in counts.items() if count}


def dependents_of(picture: Picture) -> tuple[tuple[int, ...], ...]:
    """Turn the edges round, ascending. O(tasks + edges)."""
    dependents: list[list[int]] = [[] for _ in picture.tasks]
    for place, each in enumerate(picture.tasks):
        for needed in each.dependencies:
            dependents[needed].append(place)
    return tuple([tuple(each) for each in dependents])


def critical_path(picture: Picture) -> tuple[int, ...]:
    """List the tasks that the wall time went to, first one first; empty where no time is known. O(path * in-degree).

    From the task of the main graph that ended last back to the dependency that ended last, and so on: each of them
    is what the next one waited for.
    """
    ends = [(each.ended_s, -place) for place, each in enumerate(picture.tasks) if not each.detached]
    known = [(ended_s, place) for ended_s, place in ends if ended_s is not None]
    path: list[int] = []
    while known:
        place = -max(known)[1]
        path.append(place)
        known = list[tuple[float, int]]()
        for needed in picture.tasks[place].dependencies:
            ended_s = picture.tasks[needed].ended_s
            if ended_s is not None:
                known.append((ended_s, -needed))
    return tuple(reversed(path))
