"""What is due in each phase, exactly and in order; and the answers."""

from __future__ import annotations

import pytest

from flowing.core import (
    AttemptReturned,
    AttemptStarted,
    AttemptSucceeded,
    AwaitPlace,
    BackoffStarted,
    Closed,
    Commit,
    CommitStarted,
    Decision,
    Delay,
    Detaching,
    Event,
    FailingFast,
    Finish,
    GiveUp,
    GraceElapsed,
    MainSettled,
    Node,
    Open,
    PlaceAwaited,
    PlacesExhausted,
    Policy,
    RetryAbandoned,
    RunFinished,
    SettleMain,
    Skip,
    Start,
    State,
    Stopping,
    TaskSkipped,
    answer,
    decide,
)
from tests.unit.core.states import (
    after,
    begin,
    cancelled,
    failed,
    fence,
    graph_state,
    number,
    ordered,
    ran,
    rest,
    resumed,
    started,
    starting,
    succeeded,
    timed_out,
    woken,
)

RETRY = Policy(retries=1, backoff_base_s=2.0)
AT_ONCE = Policy(retries=1, backoff_base_s=0.0)


def due(state: State, at_most: int | None = None) -> list[Decision]:
    return list(decide(state) if at_most is None else decide(state, at_most))


# ── the main graph ───────────────────────────────────────────────────────────────────────────────


def test_nothing_is_due_before_the_run_and_after_it() -> None:
    assert due(graph_state([Node("a")])) == []
    assert due(rest(begin(Node("a")))) == []


def test_free_places_are_filled_with_the_lowest_ready_numbers() -> None:
    """D18: what has the longest way to a sink comes first, whatever was defined first."""
    nodes = [Node("short"), Node("long"), Node("mid", ("long",)), Node("end", ("mid",)), Node("other")]
    state = begin(*nodes, workers=2)
    assert due(state) == [Start(number(state, "long"), 1, 0), Start(number(state, "short"), 1, 0)]
    assert starting(started(state, "long")) == ["short"]
    assert due(started(state, "long", "short")) == []
    assert starting(ran(state, "long")) == ["mid", "short"]


def test_no_more_is_said_than_was_asked_for() -> None:
    state = begin(*(Node(name) for name in "abcd"), workers=3, fail_fast=False)
    assert due(state, 1) == due(state)[:1]
    assert due(state, 2) == due(state)[:2]
    assert len(due(state, 99)) == 3


def test_a_commit_is_one_of_those_that_were_asked_for() -> None:
    """Starts are said beside it, one less."""
    state = started(begin(*(Node(name) for name in "abcde")), "a")
    state = after(state, AttemptReturned(*fence(state, "a"), 2.0, "value", b"value"))
    assert len(due(state)) == 5
    for at_most in range(1, 6):
        assert due(state, at_most) == due(state)[:at_most]


@pytest.mark.parametrize("at_most", [1, 2])
def test_no_more_orders_are_said_than_was_asked_for(at_most: int) -> None:
    """Of skips, of delays, and of retries to give up, whatever the run stops for."""
    root_failed = failed(begin(Node("a"), *(Node(name, ("a",)) for name in "bcd"), fail_fast=False), "a")
    assert due(root_failed, at_most) == due(root_failed)[:at_most]
    retried = [*(Node(name, policy=RETRY) for name in "ab"), *(Node(name, policy=AT_ONCE) for name in "cd")]
    backing_off = begin(*retried, Node("e"))
    for name in "abcd":
        backing_off = failed(backing_off, name)
    assert due(backing_off, at_most) == due(backing_off)[:at_most]
    backing_off = ordered_delays(backing_off)
    for stopping in (cancelled(backing_off), failed(backing_off, "e")):
        assert len(due(stopping)) == 4
        assert due(stopping, at_most) == due(stopping)[:at_most]


def ordered_delays(state: State) -> State:
    for decision in due(state):
        if isinstance(decision, Delay):
            state = after(state, answer(decision, 3.0))
    return state


def test_a_retry_that_is_due_starts_before_and_after_its_like_by_number() -> None:
    """First attempts and further ones share one order."""
    state = begin(*(Node(name, policy=AT_ONCE) for name in "abc"), workers=3)
    assert starting(failed(state, "b")) == ["a", "b", "c"]
    assert starting(failed(state, "c")) == ["a", "b", "c"]
    assert starting(failed(ran(state, "b"), "a")) == ["a", "c"]


def test_a_delay_is_ordered_before_anything_starts() -> None:
    state = failed(begin(Node("a", policy=RETRY), Node("b")), "a")
    assert due(state) == [Delay(number(state, "a"), 1, 0, 2.0)]
    assert starting(ordered(state)) == ["b"]


def test_a_skip_is_ordered_before_anything_starts() -> None:
    state = failed(begin(Node("a"), Node("b", ("a",)), Node("c"), fail_fast=False), "a")
    assert due(state) == [Skip(number(state, "b"), 0, 0)]


def test_a_back_off_holds_no_place() -> None:
    """D7."""
    state = ordered(failed(begin(Node("a", policy=RETRY), Node("b"), workers=1), "a"))
    assert starting(state) == ["b"]


def test_the_main_graph_settles_when_nothing_of_it_is_left() -> None:
    state = ran(begin(Node("a"), Node("b")), "a", "b")
    assert due(state) == [SettleMain()]
    assert due(begin()) == [SettleMain()]


# ── detached tasks (D6) ──────────────────────────────────────────────────────────────────────────


def test_detached_tasks_wait_until_the_main_graph_has_settled() -> None:
    state = begin(Node("a"), Node("b", detached=True), Node("c", ("b",), detached=True), workers=5)
    assert starting(state) == ["a"]
    assert due(started(state, "a")) == []
    state = ordered(ran(state, "a"))
    assert state.phase == Detaching(None)
    assert starting(state) == ["b"]
    state = ran(state, "b")
    assert starting(state) == ["c"]
    assert due(started(state, "c")) == []
    assert due(ran(state, "c")) == [Finish()]


def test_a_run_waits_for_the_back_off_of_a_detached_task() -> None:
    state = begin(Node("a", detached=True, policy=RETRY))
    state = ordered(failed(ordered_once(state), "a"))
    assert due(state) == []
    assert starting(woken(state, "a")) == ["a"]


def ordered_once(state: State) -> State:
    return after(state, answer(due(state)[0], 1.0))


def test_main_tasks_that_never_started_do_not_start_beside_detached_ones() -> None:
    state = failed(begin(Node("a"), Node("b"), Node("c", detached=True), workers=1), "a")
    state = ordered(state)
    assert starting(state) == ["c"]


# ── stopping ─────────────────────────────────────────────────────────────────────────────────────


def test_a_run_that_fails_fast_gives_up_retries_and_waits_for_what_runs() -> None:
    """D5."""
    nodes = [Node("a"), Node("b", policy=RETRY), Node("c", policy=AT_ONCE), Node("d"), Node("e")]
    state = started(begin(*nodes, workers=3), "a", "d")
    state = ordered(failed(state, "b"))
    state = failed(state, "c")
    state = failed(state, "a")
    assert state.phase == FailingFast(number(state, "a"))
    assert due(state) == [GiveUp(number(state, "b"), 1, 0), GiveUp(number(state, "c"), 2, 0)]
    state = after(state, *[answer(each, 4.0) for each in due(state)])
    assert due(state) == []
    assert due(succeeded(state, "d")) == [SettleMain()]


def test_a_cancelled_run_gives_up_retries_and_waits_for_what_runs() -> None:
    """D9."""
    state = begin(Node("a", policy=RETRY), Node("b"), Node("c"))
    state = cancelled(started(ordered(failed(state, "a")), "b"))
    assert due(state) == [GiveUp(number(state, "a"), 1, 0)]
    state = ordered(state)
    assert due(state) == []
    assert due(succeeded(state, "b")) == [Finish()]


def test_after_the_grace_a_cancelled_run_waits_for_nothing() -> None:
    state = after(cancelled(started(begin(Node("a"), Node("b")), "a")), GraceElapsed())
    assert isinstance(state.phase, Stopping)
    assert due(state) == [Finish()]
    assert isinstance(ordered(state).phase, Closed)


# ── places (D8) ──────────────────────────────────────────────────────────────────────────────────


def no_place_left(*more: Node) -> State:
    state = begin(Node("a"), Node("b"), *more, workers=1, abandoned=0, fail_fast=False)
    return timed_out(state, "a")


def test_without_a_place_left_the_run_waits_for_one() -> None:
    """[T5] Once; and not while something runs that may end, or nothing needs a place."""
    state = no_place_left()
    assert due(state) == [AwaitPlace(1)]
    assert due(after(state, PlaceAwaited(1))) == []
    alone = timed_out(begin(Node("a"), workers=1, abandoned=0, fail_fast=False), "a")
    assert due(alone) == [SettleMain()]
    beside = begin(*(Node(name) for name in "abc"), workers=2, abandoned=0, fail_fast=False)
    assert due(timed_out(started(beside, "b"), "a")) == []


def test_detached_tasks_wait_for_a_place_too() -> None:
    """[T5] And the run ends when none comes."""
    state = timed_out(begin(Node("a"), Node("b", detached=True), workers=1, abandoned=0, fail_fast=False), "a")
    state = ordered_once(state)
    assert state.phase == Detaching(None)
    assert due(state) == [AwaitPlace(1)]
    state = after(state, PlaceAwaited(1))
    assert due(state) == []
    assert due(after(state, PlacesExhausted(1))) == [Finish()]


def test_a_place_that_comes_free_is_used() -> None:
    """[T5] D8: a thread that returns gives its place back."""
    state = after(no_place_left(), PlaceAwaited(1))
    state = after(state, AttemptSucceeded(*fence(state, "a"), 5.0, "late"))
    assert starting(state) == ["b"]


# ── answers ──────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("decision", "event"),
    [
        (Start(1, 2, 3), AttemptStarted(1, 2, 3, 10.0)),
        (Delay(1, 2, 3, 4.0), BackoffStarted(1, 2, 3, 14.0)),
        (GiveUp(1, 2, 3), RetryAbandoned(1, 2, 3)),
        (Skip(1, 2, 3), TaskSkipped(1, 2, 3)),
        (SettleMain(), MainSettled()),
        (AwaitPlace(1), PlaceAwaited(1)),
        (Commit(4), CommitStarted(4)),
        (Finish(), RunFinished()),
    ],
)
def test_each_decision_has_its_answer(decision: Decision, event: Event) -> None:
    assert answer(decision, 10.0) == event


def test_the_phase_is_open_from_the_request_to_run() -> None:
    assert begin(Node("a")).phase == resumed(rest(begin(Node("a")))).phase == Open()
