"""What an event costs, in instructions and bytes, not in seconds; and sizes at which recursion would fail.

Instructions are counted where Python runs the core; what C does in one call, like a copy of a list, shows in the bytes.
"""

from __future__ import annotations

import functools
import sys
import tracemalloc
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Unpack

import pytest

from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    CancelRequested,
    Closed,
    Event,
    Graph,
    Limits,
    Node,
    Policy,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RunFinished,
    RunRequested,
    Skipped,
    Start,
    State,
    answer,
    compile_graph,
    decide,
    hand_over,
    initial,
    transition,
    value_of,
)
from tests.opcodes import instructions
from tests.unit.core.states import LimitOptions  # noqa: TC001 - read when the options are unpacked

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence


SMALL: Final = 1_000
LARGE: Final = 100_000
RETRY: Final = Policy(retries=1)
ERROR: Final = ValueError("boom")


def opened(nodes: Sequence[Node], **limits: Unpack[LimitOptions]) -> State:
    return transition(initial(compile_graph(nodes, Limits(**limits))), RunRequested(0.0, 0.0, "run"))


def peak_bytes(act: Callable[[], object]) -> int:
    """Measure the memory that it takes meanwhile."""
    tracemalloc.start()
    try:
        act()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


# ── an event in a small and in a large graph ─────────────────────────────────────────────────────


def independent(size: int) -> list[Node]:
    return [Node(f"{number}", policy=RETRY) for number in range(size)]


def chained(size: int) -> list[Node]:
    return [Node(f"{number}", tuple([f"{number - 1}"] * bool(number)), policy=RETRY) for number in range(size)]


def layered(size: int) -> list[Node]:
    """Layers of ten, each task of which needs all ten of the layer before."""
    return [
        Node(
            f"{number}",
            tuple(f"{needed}" for needed in range(number // 10 * 10 - 10, number // 10 * 10) if needed >= 0),
        )
        for number in range(size)
    ]


def success(state: State) -> State:
    return transition(state, AttemptSucceeded(0, 1, 0, 2.0, "value"))


def fail(state: State) -> State:
    return transition(state, AttemptFailed(task=0, attempt=1, epoch=0, at_s=2.0, error=ERROR, retryable=True))


def time_out(state: State) -> State:
    return transition(state, AttemptTimedOut(task=0, attempt=1, epoch=0, at_s=2.0, error=ERROR, retryable=True))


def start_next(state: State) -> State:
    return transition(state, answer(decide(state, 1)[0], 1.0))


def back_off(state: State) -> State:
    return start_next(fail(state))


def hand_over_one(state: State) -> State:
    return hand_over(state, AttemptSucceeded(0, 1, 0, 2.0, "value"), 3.0)[0]


def walk_all_rows(state: State) -> State:
    """Do what no event may do, in Python."""
    assert all(row.attempt >= 0 for row in state.table)
    return state


def copy_all_rows(state: State) -> State:
    """Do what no event may do, in C."""
    assert list(state.table)
    return state


EVENTS: Final = [success, fail, time_out, back_off, hand_over_one, lambda state: start_next(success(state))]


@functools.cache
def graph_of(shape: Callable[[int], list[Node]], size: int) -> Graph:
    return compile_graph(shape(size), Limits(workers=2))


def cost(shape: Callable[[int], list[Node]], size: int, act: Callable[[State], State]) -> tuple[int, int]:
    """Count instructions and bytes of an event in the middle of a run whose first task has started."""
    graph = graph_of(shape, size)
    counted = []
    for measure in (instructions, peak_bytes):
        state = transition(initial(graph), RunRequested(0.0, 0.0, "run"))
        state = transition(state, AttemptStarted(0, 1, 0, 1.0))
        counted.append(measure(lambda: act(state)))  # noqa: B023 - called at once
    return counted[0], counted[1]


@pytest.mark.parametrize("act", EVENTS, ids=lambda act: act.__name__)
@pytest.mark.parametrize("shape", [independent, chained, layered])
def test_an_event_costs_the_same_in_a_graph_of_any_size(
    shape: Callable[[int], list[Node]], act: Callable[[State], State]
) -> None:
    """A hundred times the tasks: the same instructions but for a few, and no copy of anything that has all of them."""
    cost(shape, SMALL, act)  # what CPython 3.12 and later trace for the first time is not counted in full
    small, small_bytes = cost(shape, SMALL, act)
    large, large_bytes = cost(shape, LARGE, act)
    assert large <= small + 40
    assert large_bytes <= small_bytes + 1_000


@pytest.mark.parametrize("event", [ResultProvided, lambda task, _: ResultsInvalidated((task,))])
def test_a_change_by_the_user_costs_what_hangs_on_it(event: Callable[[int, str], Event]) -> None:
    """However large the rest of the graph is: here, the last tenth of a hundred tasks, and the last three."""

    def touch(size: int, last: int) -> int:
        state = initial(graph_of(chained, size))
        return instructions(lambda: transition(state, event(size - last, "value")))

    touch(SMALL, 10)  # as above
    assert abs(touch(LARGE, 10) - touch(SMALL, 10)) <= 40
    assert touch(LARGE, 10) > touch(LARGE, 3) + 100  # control: what is counted grows with what is touched


@pytest.mark.parametrize("event", [RunRequested(0.0, 0.0, "run"), ResumeRequested(0.0, 0.0)])
def test_to_run_and_to_resume_is_linear_in_the_tasks(event: Event) -> None:
    def touch(size: int) -> int:
        state = transition(initial(graph_of(chained, size)), ResultProvided(0, "value"))
        if isinstance(event, ResumeRequested):
            state = transition(transition(state, RunRequested(0.0, 0.0, "run")), CancelRequested())
            state = transition(state, RunFinished())
        return instructions(lambda: transition(state, event))

    _, one, two, four = (touch(size) for size in (100, 1_000, 2_000, 4_000))  # the first as above
    assert abs((four - two) - 2 * (two - one)) <= 0.02 * four
    assert two - one > 1_000  # control: it is the tasks that were counted


@pytest.mark.parametrize(("act", "what"), [(walk_all_rows, 0), (copy_all_rows, 1)])
def test_the_count_catches_work_on_all_rows(act: Callable[[State], State], what: int) -> None:
    """Control: in instructions where Python does it, in bytes where C does."""
    assert cost(independent, LARGE, act)[what] > 50 * cost(independent, SMALL, act)[what]


# ── a hub ────────────────────────────────────────────────────────────────────────────────────────


def hub(dependents: int) -> list[Node]:
    return [Node("hub"), *(Node(f"{number}", ("hub",)) for number in range(dependents))]


@pytest.mark.parametrize("act", [success, hand_over_one, fail])
def test_an_event_at_a_hub_costs_one_pass_over_its_edges(act: Callable[[State], State]) -> None:
    """Three times the dependents, three times the pass, and no more."""
    _, one, two, four = (cost(hub, dependents, act)[0] for dependents in (100, 1_000, 2_000, 4_000))
    assert abs((four - two) - 2 * (two - one)) <= 40
    assert two - one > 1_000  # control: it is the pass that was counted


# ── whole runs ───────────────────────────────────────────────────────────────────────────────────


@contextmanager
def frames_left(count: int) -> Iterator[None]:
    """Leave room for only so many more frames on the stack."""
    before, frame, depth = sys.getrecursionlimit(), sys._getframe(), 0
    while frame.f_back is not None:
        frame, depth = frame.f_back, depth + 1
    sys.setrecursionlimit(depth + count)
    try:
        yield
    finally:
        sys.setrecursionlimit(before)


def test_the_room_for_frames_is_small() -> None:
    """[G12] Control: recursion over a chain of two hundred needs more."""

    def depth(number: int) -> int:
        return 1 + depth(number - 1) if number else 0

    with frames_left(100), pytest.raises(RecursionError):
        depth(200)


def run_to_the_end(state: State) -> tuple[State, int]:
    """Let every body succeed, and count the bodies."""
    bodies = 0
    while due := decide(state, 1):
        state = transition(state, answer(due[0], 1.0))
        if isinstance(due[0], Start):
            bodies += 1
            state = transition(state, AttemptSucceeded(due[0].task, due[0].attempt, due[0].epoch, 2.0, bodies))
    assert isinstance(state.phase, Closed)
    return state, bodies


def test_a_chain_of_a_hundred_thousand_runs_on_a_hundred_frames() -> None:
    """[G12] It is compiled, run, invalidated from its first task on and resumed: nothing recurses over the graph."""
    with frames_left(100):
        state, bodies = run_to_the_end(opened(chained(LARGE)))
        assert bodies == LARGE
        state = transition(state, ResultsInvalidated((LARGE // 2,)))
        state, bodies = run_to_the_end(transition(state, ResumeRequested(0.0, 0.0)))
        assert bodies == LARGE // 2
        assert value_of(state.table[LARGE // 2]) == 1


def test_a_failed_chain_of_a_hundred_thousand_is_skipped_on_a_hundred_frames() -> None:
    """[G12] One event a task."""
    with frames_left(100):
        state = fail(
            transition(opened([Node("0"), *chained(LARGE)[1:]], fail_fast=False), AttemptStarted(0, 1, 0, 1.0))
        )
        state, bodies = run_to_the_end(state)
    assert bodies == 0
    assert all(isinstance(row, Skipped) for row in list(state.table)[1:])


def test_a_fan_in_of_a_hundred_thousand_waits_for_the_last() -> None:
    """[G12] And a chain through the same names is no deeper."""
    sources = independent(LARGE)
    with frames_left(100):
        nodes = [*sources, Node("all", tuple(node.name for node in sources))]
        state, bodies = run_to_the_end(opened(nodes, workers=1))
    assert bodies == LARGE + 1
    assert value_of(state.table[LARGE]) == LARGE + 1


def test_a_hundred_thousand_timers_may_be_due_at_once() -> None:
    """[T9] A task in back-off holds no place (D7), and each timer costs what one costs."""
    state = opened(independent(LARGE), workers=1)
    for task in range(LARGE):
        state = transition(state, AttemptStarted(task, 1, 0, 1.0))
        state = transition(state, AttemptFailed(task=task, attempt=1, epoch=0, at_s=2.0, error=ERROR, retryable=True))
        state = start_next(state)
    assert not decide(state)
    counts = set()
    for task in range(LARGE):
        event = BackoffElapsed(task, 1, 0)
        if task % 10_000 == 1:
            counts.add(instructions(lambda: transition(state, event)))  # noqa: B023 - called at once
            state = transition(state, event)
        else:
            state = transition(state, event)
    assert max(counts) - min(counts) <= 40
    assert len(decide(state)) == 1
    assert run_to_the_end(state)[1] == LARGE
