"""What each event does in a run, decision of the design by decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from attrs import evolve

from flowing.core import (
    NO_VALUE,
    AttemptEvent,
    AttemptFailed,
    AttemptStarted,
    BackingOff,
    Because,
    Blocked,
    Cancelled,
    Closed,
    Delay,
    Detaching,
    Failed,
    FailingFast,
    Failure,
    GateClosed,
    GraceElapsed,
    InputRejected,
    Node,
    Open,
    Past,
    Policy,
    Ready,
    ReadyAgain,
    Rejected,
    RetryAbandoned,
    RetryDue,
    Running,
    Skipped,
    State,
    Stopping,
    Succeeded,
    decide,
    transition,
)
from flowing.errors import InvalidTransition
from tests.unit.core.states import (
    BOOM,
    after,
    begin,
    cancelled,
    failed,
    fence,
    gate_closed,
    invalidated,
    kinds,
    number,
    ordered,
    ran,
    rejected,
    rest,
    resumed,
    row,
    started,
    starting,
    stopped,
    succeeded,
    timed_out,
    woken,
)

if TYPE_CHECKING:
    from collections.abc import Callable

RETRY: Final = Policy(retries=1)


def fail(task: int, attempt: int, epoch: int) -> AttemptFailed:
    return AttemptFailed(task=task, attempt=attempt, epoch=epoch, at_s=9.0, error=BOOM, retryable=True)


# ── starting and succeeding ──────────────────────────────────────────────────────────────────────


def test_a_success_makes_ready_what_waits_for_nothing_else() -> None:
    state = begin(Node("a"), Node("b"), Node("c", ("a", "b")))
    state = ran(state, "a")
    assert row(state, "c") == Blocked(1)
    state = succeeded(started(state, "b", at_s=3.0), "b", "the value", at_s=4.0)
    assert row(state, "b") == Succeeded(Running(1, Past(), 3.0), 4.0, "the value")
    assert row(state, "c") == Ready(1)


@pytest.mark.parametrize("count", [1022, 1023, 1024, 1025])
def test_one_dependency_less_is_one_less_of_however_many(count: int) -> None:
    """Up to a number their rows are shared."""
    names = [f"{number}" for number in range(count)]
    state = begin(*map(Node, names), Node("all", tuple(names)))
    assert row(state, "all") == Blocked(count)
    assert row(ran(state, names[0]), "all") == Blocked(count - 1)


def test_a_task_with_many_dependencies_waits_for_the_last() -> None:
    count = 100
    names = [f"{number}" for number in range(count)]
    state = begin(*map(Node, names), Node("all", tuple(names)))
    assert row(state, "all") == Blocked(count)
    state = ran(state, *names[:-1])
    assert row(state, "all") == Blocked(1)
    assert row(ran(state, names[-1]), "all") == Ready(1)


def test_a_task_that_waits_for_one_less_keeps_what_went_before() -> None:
    """Its attempts count on, however many dependencies are made anew before it."""
    state = rest(begin(Node("a"), Node("b"), Node("c", ("a", "b"))))
    state = resumed(invalidated(state, "a", "b"))
    before = Past(1, invalidations=1)
    assert row(state, "c") == Blocked(2, before)
    state = ran(state, "a")
    assert row(state, "c") == Blocked(1, before)
    assert row(ran(state, "b"), "c") == Ready(2, before)


def test_nothing_starts_without_a_free_place() -> None:
    state = started(begin(Node("a"), Node("b"), workers=1), "a")
    with pytest.raises(InvalidTransition, match=r"'b'.* 0 free places"):
        started(state, "b")


def test_nothing_starts_out_of_its_part_of_the_run() -> None:
    """D6: detached tasks after the main graph, main tasks only while it is open."""
    state = begin(Node("a"), Node("b"), Node("c", detached=True))
    with pytest.raises(InvalidTransition, match="'c'"):
        started(state, "c")
    with pytest.raises(InvalidTransition, match="'b'"):
        started(ordered(failed(state, "a")), "b")


# ── failing, and trying again (D7) ───────────────────────────────────────────────────────────────


def test_a_failure_is_tried_again_as_often_as_the_policy_says() -> None:
    """[R1] And then FAILED, with the last error, and what was refused."""
    state = begin(Node("a", policy=Policy(retries=2)))
    for attempt in (1, 2):
        state = failed(state, "a")
        assert isinstance(row(state, "a"), RetryDue)
        state = ordered(state)
        assert isinstance(row(state, "a"), BackingOff)
        state = woken(state, "a")
        assert isinstance(row(state, "a"), ReadyAgain)
        assert row(state, "a").attempt == attempt + 1
    last = KeyError("last")
    state = failed(state, "a", last, value="refused")
    assert row(state, "a") == Failed(Failure(Running(3, Past(), 1.0), 2.0, last, "refused"))
    assert row(failed(begin(Node("a")), "a"), "a") == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM, NO_VALUE))


def test_what_is_not_worth_a_retry_gets_none() -> None:
    """Not retryable: the policy does not matter."""
    state = begin(Node("a", policy=Policy(retries=2)))
    assert isinstance(row(failed(state, "a", retryable=False), "a"), Failed)
    assert isinstance(row(timed_out(state, "a", retryable=False), "a"), Failed)


def test_a_back_off_knows_when_it_is_over() -> None:
    """The delay counts from the moment at which its timer was set."""
    state = ordered(failed(begin(Node("a", policy=Policy(retries=1, backoff_base_s=2.0))), "a"), at_s=3.0)
    assert row(state, "a") == BackingOff(Failure(Running(1, Past(), 1.0), 2.0, BOOM), 5.0)


def test_without_a_delay_the_next_attempt_is_ready_at_once() -> None:
    state = failed(begin(Node("a", policy=Policy(retries=1, backoff_base_s=0.0))), "a")
    assert isinstance(row(state, "a"), ReadyAgain)
    assert starting(state) == ["a"]


def delays(policy: Policy, *, jitter: float = 0.5) -> list[float]:
    """Fail as often as the policy allows, and list the delays in between."""
    found = []
    state = begin(Node("a", policy=policy))
    for _ in range(policy.retries):
        state = failed(state, "a", jitter=jitter)
        decision = decide(state)[0]
        assert isinstance(decision, Delay)
        found.append(decision.delay_s)
        state = woken(ordered(state), "a")
    return found


def test_delays_double_up_to_the_cap() -> None:
    assert delays(Policy(retries=6)) == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert delays(Policy(retries=3, backoff_base_s=0.25, backoff_max_s=0.5)) == [0.25, 0.5, 0.5]


def test_jitter_takes_any_part_of_the_delay() -> None:
    """Full jitter, where the policy asks for it."""
    assert delays(Policy(retries=3, jitter=True), jitter=0.75) == [0.75, 1.5, 3.0]
    assert delays(Policy(retries=3), jitter=0.75) == [1.0, 2.0, 4.0]


def test_a_jitter_of_nothing_is_no_delay() -> None:
    state = failed(begin(Node("a", policy=Policy(retries=1, jitter=True))), "a", jitter=0.0)
    assert starting(state) == ["a"]


@pytest.mark.parametrize("tries", [1_000, 1_100, 5_000])
@pytest.mark.parametrize("base_s", [1e-9, 1.0, 1.7e308])
def test_delays_do_not_overflow(tries: int, base_s: float) -> None:
    """[T9] 2**5000 is no float; the cap holds all the same."""
    state = begin(Node("a", policy=Policy(retries=10_000, backoff_base_s=base_s)))
    state = evolve(state, table=state.table.put(0, Ready(tries)))
    state = transition(transition(state, AttemptStarted(0, tries, 0, 1.0)), fail(0, tries, 0))
    assert decide(state) == [Delay(0, tries, 0, 30.0)]


# ── fail_fast (D5) ───────────────────────────────────────────────────────────────────────────────


def test_a_final_failure_stops_the_main_graph() -> None:
    """[R1] Running siblings finish and their successes count; descendants are SKIPPED, the rest never starts."""
    nodes = [
        Node("a"),
        Node("b"),
        Node("below a", ("a",)),
        Node("below b", ("b",)),
        Node("below both", ("a", "b")),
        Node("z"),
    ]
    state = started(begin(*nodes, workers=2), "a", "b")
    state = ordered(failed(state, "a"))
    assert starting(state) == []
    state = ordered(succeeded(state, "b"))
    assert state.phase == Closed(None, number(state, "a"))
    assert kinds(state) == {
        "a": "Failed",
        "b": "Succeeded",
        "below a": "Skipped",
        "below b": "Ready",
        "below both": "Skipped",
        "z": "Ready",
    }


def test_a_task_in_back_off_fails_with_its_last_error() -> None:
    """D5: "not retried: fail_fast", be it waiting, about to wait, or ready to go."""
    at_once = Policy(retries=1, backoff_base_s=0.0)
    nodes = [Node("a"), Node("waits", policy=RETRY), Node("about to", policy=RETRY), Node("ready", policy=at_once)]
    state = begin(*nodes, Node("below", ("waits",)), workers=4)
    state = ordered(failed(state, "waits"))
    state = started(state, "a")
    state = failed(failed(state, "ready"), "about to")
    state = failed(state, "a", KeyError("first"))
    state = ordered(state)
    for name in ("waits", "about to", "ready"):
        assert row(state, name) == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM), Because.FAIL_FAST)
    assert row(state, "below") == Skipped(number(state, "waits"), gate=False, past=Past())
    assert row(state, "a") == Failed(Failure(Running(1, Past(), 1.0), 2.0, row(state, "a").failure.error))  # type: ignore[union-attr]  # it is a Failed
    assert isinstance(state.phase, Closed)


@pytest.mark.parametrize("end", [failed, timed_out])
def test_a_task_that_fails_with_retries_left_is_not_retried(end: Callable[[State, str], State]) -> None:
    """D5: nor one that has none left, but that is not for fail_fast's sake."""
    state = started(begin(Node("a"), Node("b", policy=RETRY), Node("c"), workers=3), "a", "b", "c")
    state = end(end(failed(state, "a"), "b"), "c")
    because = {name: getattr(row(state, name), "because", "?") for name in "abc"}
    assert because == {"a": None, "b": Because.FAIL_FAST, "c": None}


@pytest.mark.parametrize("ready", [False, True])
def test_no_retry_is_given_up_in_a_run_that_goes_on(ready: bool) -> None:
    """Be it waited for or ready; a shell that says so has a bug."""
    for detached in (False, True):
        state = begin(Node("a", policy=RETRY, detached=detached))
        state = ordered(failed(ordered(state), "a"))
        state = woken(state, "a") if ready else state
        with pytest.raises(InvalidTransition, match="RetryAbandoned"):
            transition(state, RetryAbandoned(*fence(state, "a")))


def test_a_run_that_does_not_fail_fast_goes_on() -> None:
    state = failed(begin(Node("a"), Node("b", ("a",)), Node("c"), fail_fast=False), "a")
    assert state.phase == Open()
    assert kinds(rest(state)) == {"a": "Failed", "b": "Skipped", "c": "Succeeded"}


def test_only_the_first_failure_stops_the_run() -> None:
    state = started(begin(Node("a"), Node("b")), "a", "b")
    assert failed(failed(state, "b"), "a").phase == FailingFast(number(state, "b"))


# ── detached tasks (D6) ──────────────────────────────────────────────────────────────────────────


def test_detached_tasks_run_also_when_the_main_graph_failed() -> None:
    """If all their own dependencies succeeded."""
    nodes = [Node("a"), Node("b"), Node("tell", ("a",), detached=True), Node("warn", ("b",), detached=True)]
    state = ordered(failed(ran(begin(*nodes), "a"), "b"))
    assert state.phase == Detaching(number(state, "b"))
    assert starting(state) == ["tell"]
    state = rest(state)
    assert state.phase == Closed(None, number(state, "b"))
    assert kinds(state) == {"a": "Succeeded", "b": "Failed", "tell": "Succeeded", "warn": "Skipped"}


def test_a_detached_failure_stops_only_what_hangs_on_it() -> None:
    nodes = [Node("a", detached=True), Node("b", detached=True), Node("c", ("a",), detached=True)]
    state = failed(ordered(begin(*nodes)), "a")
    assert state.phase == Detaching(None)
    assert kinds(rest(state)) == {"a": "Failed", "b": "Succeeded", "c": "Skipped"}
    assert rest(state).phase == Closed(None, None)


def test_a_detached_task_is_retried_when_the_main_graph_failed_fast() -> None:
    state = ordered(failed(begin(Node("a"), Node("b", detached=True, policy=RETRY)), "a"))
    state = ordered(failed(state, "b"))
    assert isinstance(row(state, "b"), BackingOff)
    assert kinds(rest(woken(state, "b"))) == {"a": "Failed", "b": "Succeeded"}


# ── cancelling (D9) ──────────────────────────────────────────────────────────────────────────────


def test_a_cancelled_run_lets_what_runs_finish() -> None:
    """A success counts, a failure is not retried, one that stops itself is CANCELLED; nothing else starts."""
    nodes = [Node("good"), Node("bad", policy=RETRY), Node("obeys"), Node("waits"), Node("side", detached=True)]
    state = cancelled(started(begin(*nodes, workers=3), "good", "bad", "obeys"))
    state = stopped(failed(succeeded(state, "good"), "bad"), "obeys")
    state = ordered(state)
    assert state.phase == Closed(Because.CANCEL, None)
    assert isinstance(row(state, "good"), Succeeded)
    assert row(state, "bad") == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM), Because.CANCEL)
    assert row(state, "obeys") == Cancelled(Running(1, Past(), 1.0), 2.0)
    assert {row(state, name) for name in ("waits", "side")} == {Ready(1)}


def test_after_the_grace_what_runs_is_left_behind() -> None:
    """It stays as it is, "interrupted while running", and runs again in a resume."""
    state = after(cancelled(started(begin(Node("a"), Node("b"), Node("c")), "a", "b")), GraceElapsed())
    state = ordered(state)
    assert kinds(state) == {"a": "Running", "b": "Running", "c": "Ready"}
    assert state.phase == Closed(Because.CANCEL, None)
    state = resumed(state)
    assert row(state, "a") == row(state, "b") == Ready(2, Past(1))
    assert state.running == 0


def test_a_cancel_is_heard_once_and_remembers_what_failed() -> None:
    state = failed(begin(Node("a"), Node("b")), "a")
    cause = number(state, "a")
    state = cancelled(state)
    assert state.phase == Stopping(Because.CANCEL, cause)
    assert cancelled(state) == state
    state = ordered(state)
    assert state.phase == Closed(Because.CANCEL, cause)
    assert cancelled(state) == after(state, GraceElapsed()) == state


def test_a_cancel_stops_detached_tasks_too() -> None:
    state = cancelled(ordered(begin(Node("a", detached=True), Node("b", detached=True))))
    assert ordered(state).phase == Closed(Because.CANCEL, None)


def test_a_detached_task_that_stops_itself_leaves_the_main_graph_alone() -> None:
    """What of it is left is counted by its own tasks."""
    state = started(ordered(failed(begin(Node("a"), Node("b"), Node("side", detached=True)), "a")), "side")
    state = ordered(stopped(cancelled(state), "side"))
    assert kinds(state) == {"a": "Failed", "b": "Ready", "side": "Cancelled"}
    assert state.main_left == 1


@pytest.mark.parametrize("ready", [False, True])
def test_a_cancelled_run_gives_up_its_retries(ready: bool) -> None:
    """With the last error, be they waited for or ready."""
    state = ordered(failed(begin(Node("a", policy=RETRY)), "a"))
    state = ordered(cancelled(woken(state, "a") if ready else state))
    assert row(state, "a") == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM), Because.CANCEL)


def test_a_body_ends_itself_in_a_cancelled_run_only() -> None:
    """In any other its result, or its error, is to be reported."""
    for state in (begin(Node("a"), Node("b")), failed(started(begin(Node("a"), Node("b")), "a"), "b")):
        with pytest.raises(InvalidTransition, match="AttemptStopped"):
            stopped(state if kinds(state)["a"] == "Running" else started(state, "a"), "a")


def test_a_failure_in_a_cancelled_run_does_not_make_it_fail_fast() -> None:
    state = failed(cancelled(started(begin(Node("a")), "a")), "a")
    assert state.phase == Stopping(Because.CANCEL, None)


# ── gates (D10) ──────────────────────────────────────────────────────────────────────────────────


def test_a_closed_gate_skips_the_task_and_its_dependents() -> None:
    """It is no failure: the run goes on, and nothing was attempted."""
    state = gate_closed(begin(Node("a"), Node("b", ("a",)), Node("c")), "a")
    assert state.phase == Open()
    state = rest(state)
    cause = number(state, "a")
    assert row(state, "a") == row(state, "b") == Skipped(cause, gate=True, past=Past())
    assert row(state, "a").attempt == 0
    assert isinstance(row(state, "c"), Succeeded)


def test_a_gate_that_raises_fails_the_task_without_an_attempt() -> None:
    """No retry, whatever the policy; and the run fails fast."""
    state = rejected(begin(Node("a", policy=RETRY), Node("b", ("a",)), Node("c")), "a")
    assert row(state, "a") == Rejected(BOOM)
    assert row(state, "a").attempt == 0
    assert state.phase == FailingFast(number(state, "a"))
    assert row(ordered(state), "b") == Skipped(number(state, "a"), gate=False, past=Past())


def test_a_gate_in_a_resumed_run_forgets_nothing_of_the_earlier_one() -> None:
    """Attempts made before it was asked are still counted."""
    state = resumed(ordered(failed(begin(Node("a")), "a")))
    assert row(rejected(state, "a"), "a") == Rejected(BOOM, Past(1))
    assert row(gate_closed(state, "a"), "a") == Skipped(0, gate=True, past=Past(1))


@pytest.mark.parametrize("gate", ["closed", "raised"])
def test_a_gate_has_no_say_once_the_body_has_run(gate: str) -> None:
    """D10: it is asked before the first attempt; a shell that asks again has a bug."""
    state = begin(Node("a", policy=RETRY))
    state = started(woken(ordered(failed(state, "a")), "a"), "a")
    task, attempt, epoch = fence(state, "a")
    event: AttemptEvent = GateClosed(task, attempt, epoch, 9.0)
    if gate == "raised":
        event = InputRejected(task, attempt, epoch, 9.0, ValueError())
    with pytest.raises(InvalidTransition, match=rf"{type(event).__name__}.* 'a' .*which is not the first attempt"):
        transition(state, event)
