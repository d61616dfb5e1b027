"""Play events again: the state after them, or at any moment between them. Pure, and nothing is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._events.facts import Forgotten, Recorded
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    GateClosed,
    InputRejected,
    ResumeRequested,
    RunRequested,
    RunRestored,
)
from flowing.core.state import Closed, Idle, State, initial
from flowing.core.transition import transition
from flowing.errors import EventLogError, InvalidTransition
from flowing.shell.session import close_as_it_stands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from flowing.core.graph import Graph


def replayed(graph: Graph, events: Iterable[Recorded]) -> State:
    """Give the state after all of the events. O(tasks + events).

    Raises:
        EventLogError: an event can't have happened after those before it; says which.
    """
    state = initial(graph)
    for number, event in enumerate(events):
        try:
            state = _after(state, event)
        except (InvalidTransition, AssertionError, LookupError) as error:
            message = (
                f"event {number}, {type(event).__name__}, can't have followed the {number} before it; give replay() "
                f"every event of a run, in order, and the flow (or the graph) that they are of"
            )
            raise EventLogError(message) from error
    return state


def _after(state: State, event: Recorded) -> State:
    """Do as the shell does, which begins a new run, and goes on with one that was broken off."""
    match event:
        case Forgotten(epoch):
            return initial(state.graph, epoch=epoch)
        case RunRequested() | RunRestored() if not isinstance(state.phase, Idle):
            return transition(initial(state.graph, epoch=state.epoch + 1), event)
        case ResumeRequested() if not isinstance(state.phase, Idle | Closed):
            return transition(close_as_it_stands(state), event)
        case _:
            return transition(state, event)


def until(events: Sequence[Recorded], *, at_s: float) -> Sequence[Recorded]:
    """Give the events that had happened so many seconds after the first run of them began. O(events).

    An event that has no time of its own happened with the one before it.
    """
    began_s: float | None = None
    for number, event in enumerate(events):
        now_s = time_of(event)
        if began_s is None and isinstance(event, RunRequested | ResumeRequested):
            began_s = now_s
        if now_s is not None and began_s is not None and now_s > began_s + at_s:
            return events[:number]
    return events


def time_of(event: Recorded) -> float | None:
    """Give the time of an event, on the monotonic clock of the process it happened in; None where it has none."""
    match event:
        case (
            AttemptStarted(at_s=at_s)
            | AttemptSucceeded(at_s=at_s)
            | AttemptReturned(at_s=at_s)
            | AttemptFailed(at_s=at_s)
            | AttemptTimedOut(at_s=at_s)
            | AttemptStopped(at_s=at_s)
            | GateClosed(at_s=at_s)
            | InputRejected(at_s=at_s)
            | RunRequested(at_s=at_s)
            | ResumeRequested(at_s=at_s)
        ):
            return at_s
        case _:
            return None
