"""States that claims start from, and events that fit them. No claims."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypedDict, Unpack

from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    CancelRequested,
    Decision,
    Event,
    GateClosed,
    InputRejected,
    Limits,
    Node,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RunRequested,
    Start,
    State,
    Status,
    answer,
    check,
    compile_graph,
    decide,
    initial,
    transition,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

WALL_S: Final = 1_700_000_000.0
BOOM: Final = ValueError("boom")
LATE: Final = TimeoutError("late")


class LimitOptions(TypedDict, total=False):
    """What `Limits` takes."""

    workers: int
    abandoned: int
    fail_fast: bool


class EndOptions(TypedDict, total=False):
    """How an attempt ended badly."""

    at_s: float
    retryable: bool
    jitter: float


class FailureOptions(EndOptions, total=False):
    """How a body failed."""

    value: object


def graph_state(nodes: Sequence[Node], **limits: Unpack[LimitOptions]) -> State:
    """Make the state before anything has happened."""
    return initial(compile_graph(nodes, Limits(**limits)))


def begin(*nodes: Node, **limits: Unpack[LimitOptions]) -> State:
    """Make a state whose run was requested."""
    return after(graph_state(nodes, **limits), RunRequested(0.0, WALL_S, "run 1"))


def after(state: State, *events: Event) -> State:
    """Apply the events, and check the state after each."""
    for event in events:
        state = transition(state, event)
        check(state)
    return state


def number(state: State, name: str) -> int:
    return state.graph.numbers[name]


def row(state: State, name: str) -> Status:
    return state.table[number(state, name)]


def kinds(state: State) -> dict[str, str]:
    """Give each task's status by the name of its type."""
    return {name: type(each).__name__ for name, each in zip(state.graph.names, state.table, strict=True)}


def fence(state: State, name: str) -> tuple[int, int, int]:
    """Give the task's number, its attempt as the table has it, and the epoch."""
    return number(state, name), row(state, name).attempt, state.epoch


def started(state: State, *names: str, at_s: float = 1.0) -> State:
    for name in names:
        state = after(state, AttemptStarted(*fence(state, name), at_s))
    return state


def succeeded(state: State, name: str, value: object = "value", at_s: float = 2.0) -> State:
    return after(state, AttemptSucceeded(*fence(state, name), at_s, value))


def ran(state: State, *names: str) -> State:
    """Start each and have it succeed; its value is its name."""
    for name in names:
        state = succeeded(started(state, name), name, name)
    return state


def failure(state: State, name: str, error: BaseException = BOOM, **options: Unpack[FailureOptions]) -> AttemptFailed:
    task, attempt, epoch = fence(state, name)
    options.setdefault("at_s", 2.0)
    options.setdefault("retryable", True)
    return AttemptFailed(task=task, attempt=attempt, epoch=epoch, error=error, **options)


def failed(state: State, name: str, error: BaseException = BOOM, **options: Unpack[FailureOptions]) -> State:
    """Start it where it is not running, and have it fail."""
    state = state if kinds(state)[name] == "Running" else started(state, name)
    return after(state, failure(state, name, error, **options))


def time_out(state: State, name: str, **options: Unpack[EndOptions]) -> AttemptTimedOut:
    task, attempt, epoch = fence(state, name)
    options.setdefault("at_s", 2.0)
    options.setdefault("retryable", True)
    return AttemptTimedOut(task=task, attempt=attempt, epoch=epoch, error=LATE, **options)


def timed_out(state: State, name: str, **options: Unpack[EndOptions]) -> State:
    """Start it where it is not running, and let its deadline pass."""
    state = state if kinds(state)[name] == "Running" else started(state, name)
    return after(state, time_out(state, name, **options))


def gate_closed(state: State, name: str) -> State:
    state = started(state, name)
    return after(state, GateClosed(*fence(state, name), 2.0))


def rejected(state: State, name: str) -> State:
    state = started(state, name)
    return after(state, InputRejected(*fence(state, name), 2.0, BOOM))


def stopped(state: State, name: str) -> State:
    return after(state, AttemptStopped(*fence(state, name), 2.0))


def woken(state: State, name: str) -> State:
    return after(state, BackoffElapsed(*fence(state, name)))


def cancelled(state: State) -> State:
    return after(state, CancelRequested())


def provided(state: State, name: str, value: object = "provided") -> State:
    return after(state, ResultProvided(number(state, name), value))


def invalidated(state: State, *names: str) -> State:
    return after(state, ResultsInvalidated(tuple(number(state, name) for name in names)))


def resumed(state: State, *, rerun_detached: bool = False) -> State:
    return after(state, ResumeRequested(100.0, WALL_S + 100, rerun_detached))


def orders(state: State) -> list[Decision]:
    return [decision for decision in decide(state) if not isinstance(decision, Start)]


def ordered(state: State, at_s: float = 3.0) -> State:
    """Carry out everything that is due but starts, until only starts are left."""
    while due := orders(state):
        state = after(state, answer(due[0], at_s))
    return state


def starting(state: State) -> list[str]:
    """Name the tasks that should start now."""
    return [state.graph.names[decision.task] for decision in decide(state) if isinstance(decision, Start)]


def rest(state: State) -> State:
    """Let everything else go well until the run is over."""
    while due := decide(state):
        decision = due[0]
        if isinstance(decision, Start):
            state = ran(state, state.graph.names[decision.task])
        else:
            state = after(state, answer(decision, 3.0))
    return state
