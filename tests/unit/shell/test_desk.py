"""The desk: every event is handed in here, and every decision carried out."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    BackoffStarted,
    CancelRequested,
    Closed,
    GraceElapsed,
    Limits,
    MainSettled,
    Node,
    PlacesExhausted,
    Policy,
    RunFinished,
    Succeeded,
)
from flowing.core.state import check
from flowing.errors import InvalidTransition, WorkerStartError
from tests.unit.shell.worlds import Hand, Scripted

if TYPE_CHECKING:
    import threading

    from flowing.shell.desk import Desk

ONE_RETRY = Policy(retries=1, backoff_base_s=5.0)


def succeeded(task: int, attempt: int = 1) -> AttemptSucceeded:
    return AttemptSucceeded(task, attempt, 0, 1.0, f"value {task}")


def failed(task: int, attempt: int = 1) -> AttemptFailed:
    return AttemptFailed(task=task, attempt=attempt, epoch=0, at_s=1.0, error=ValueError(), retryable=True)


def timed_out(task: int, attempt: int = 1) -> AttemptTimedOut:
    return AttemptTimedOut(task=task, attempt=attempt, epoch=0, at_s=1.0, error=TimeoutError(), retryable=True)


def test_a_chain_runs_on_one_worker_in_one_visit_a_task() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",)), Node("c", ("b",))])
    desk.report(None)
    assert world.hired == 1
    hand = Hand()
    assert desk.visit(hand, None)
    for task in range(3):
        attempt = hand.take()
        assert (attempt.task, attempt.number) == (task, 1)
        assert desk.visit(hand, succeeded(task)) is (task < 2)
    assert (world.hired, world.closed, world.stopped, desk.closed) == (1, 1, 1, True)
    assert [type(each) for each in world.events] == [
        *[AttemptStarted, AttemptSucceeded] * 3,
        MainSettled,
        RunFinished,
    ]
    check(desk.state)


def test_inputs_arrive_with_the_assignment() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",))])
    hand = Hand()
    desk.visit(hand, None)
    assert list(hand.take().inputs) == []
    desk.visit(hand, succeeded(0))
    assert desk.live.keys() == {1}


def test_workers_are_called_one_after_the_other_and_no_more_than_are_needed() -> None:
    world = Scripted()
    desk = world.desk([Node(str(number)) for number in range(3)], limits=Limits(workers=2))
    desk.report(None)
    assert world.hired == 1
    first, second = Hand(), Hand()
    assert desk.visit(first, None)
    assert world.hired == 2
    assert desk.visit(second, None)
    assert world.hired == 2
    first.take()
    assert desk.visit(first, succeeded(0))
    second.take()
    assert not desk.visit(second, succeeded(1))
    assert second.bells == 0
    first.take()
    assert not desk.visit(first, succeeded(2))
    assert (second.bells, first.bells, desk.closed) == (1, 1, True)


def test_a_sleeper_is_woken_before_anybody_is_hired() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",)), Node("c", ("a",))])
    sleeper, busy = Hand(), Hand()
    desk.visit(busy, None)
    assert not desk.visit(sleeper, None)
    busy.take()
    assert desk.visit(busy, succeeded(0))
    assert (sleeper.bells, world.hired) == (1, 0)
    assert desk.visit(sleeper, None)
    assert sleeper.take().task == 2


def test_a_delay_is_timed_and_holds_no_worker() -> None:
    world = Scripted()
    desk = world.desk([Node("a", policy=ONE_RETRY)])
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    world.now_s = 2.0
    assert not desk.visit(hand, failed(0))
    assert world.timers == [(7.0, BackoffElapsed(0, 1, 0))]
    assert BackoffStarted(0, 1, 0, 7.0) in world.events
    desk.report(BackoffElapsed(0, 1, 0))
    assert hand.bells == 1
    assert desk.visit(hand, None)
    assert hand.take().number == 2


def test_a_deadline_is_watched_and_cancels_the_attempt() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b")], limits=Limits(workers=1, abandoned=1, fail_fast=False), timeout_s=3.0)
    stuck, fresh = Hand(), Hand()
    desk.visit(stuck, None)
    attempt = stuck.take()
    assert world.watched == [attempt]
    assert attempt.deadline_s == 3.0
    desk.report(timed_out(0))
    assert attempt.cancelled
    assert (desk.live, list(desk.abandoned.values())) == ({}, [attempt])
    assert world.hired == 1
    assert desk.visit(fresh, None)
    assert fresh.take().task == 1
    assert not desk.visit(stuck, succeeded(0))
    assert desk.abandoned == {}
    assert desk.state.run.late == 1
    check(desk.state)


@pytest.mark.parametrize("moment", ["before the retry", "during the retry", "after the retry"])
@pytest.mark.parametrize(
    "late", [succeeded(0), failed(0), AttemptStopped(0, 1, 0, 9.0)], ids=lambda each: type(each).__name__
)
def test_a_late_report_changes_nothing_and_is_counted(late: AttemptSucceeded, moment: str) -> None:
    """[T2] Whatever an abandoned attempt reports, and whenever."""
    world = Scripted()
    desk = world.desk([Node("a", policy=ONE_RETRY), Node("b")], limits=Limits(workers=2), timeout_s=3.0)
    stuck, other, retry = Hand(), Hand(), Hand()
    desk.visit(stuck, None)
    desk.visit(other, None)
    stuck.take()
    desk.report(timed_out(0))
    if moment == "before the retry":
        desk.visit(stuck, late)
    desk.report(BackoffElapsed(0, 1, 0))
    assert desk.visit(retry, None)
    assert retry.take().number == 2
    if moment == "during the retry":
        desk.visit(stuck, late)
    desk.visit(retry, AttemptSucceeded(0, 2, 0, 5.0, "the retry's"))
    if moment == "after the retry":
        desk.visit(stuck, late)
    row = desk.state.table[0]
    assert isinstance(row, Succeeded)
    assert row.value == "the retry's"
    assert desk.state.run.late == 1
    assert not desk.state.run.abandoned
    assert not desk.abandoned
    assert desk.live.keys() == {1}
    check(desk.state)


def test_a_late_time_out_is_nobodys() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",))], timeout_s=3.0)
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    desk.visit(hand, succeeded(0))
    desk.report(timed_out(0))
    assert not hand.take().cancelled


def test_a_cancel_reaches_what_runs_and_sets_the_grace() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b"), Node("c")])
    polite, stubborn = Hand(), Hand()
    desk.visit(polite, None)
    desk.visit(stubborn, None)
    attempts = [polite.take(), stubborn.take()]
    desk.report(CancelRequested())
    assert all(attempt.cancelled for attempt in attempts)
    assert world.timers == [(10.0, GraceElapsed())]
    assert not desk.visit(polite, AttemptStopped(0, 1, 0, 1.0))
    assert not desk.closed
    desk.report(GraceElapsed())
    assert desk.closed
    assert isinstance(desk.state.phase, Closed)
    assert polite.bells == 1
    assert not desk.visit(stubborn, succeeded(1))
    assert stubborn.bells == 1
    assert "value 1" not in repr(desk.state.table[1])


def test_a_run_without_a_place_waits_for_one_and_then_ends() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b")], limits=Limits(workers=1, abandoned=0, fail_fast=False), timeout_s=1.0)
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    desk.report(timed_out(0))
    assert world.timers == [(10.0, PlacesExhausted(1))]
    assert not desk.closed
    desk.report(PlacesExhausted(1))
    assert desk.closed
    assert [attempt.task for attempt in desk.abandoned.values()] == [0]


def test_a_refused_thread_is_asked_for_again_later() -> None:
    """[R21] Not at every visit: the system is left alone for a while."""
    world = Scripted(threads=1)
    desk = world.desk([Node(str(number)) for number in range(4)])
    desk.report(None)
    hand = Hand()
    assert desk.visit(hand, None)
    assert (world.hired, world.refused) == (1, 1)
    hand.take()
    assert desk.visit(hand, succeeded(0))
    assert world.refused == 1
    world.now_s, world.threads = 0.2, 1
    hand.take()
    assert desk.visit(hand, succeeded(1))
    assert (world.hired, world.refused) == (2, 1)


def test_without_any_thread_the_run_ends_with_an_error() -> None:
    """[R21] Its state is kept as it was."""
    world = Scripted(threads=0)
    desk = world.desk([Node("a")])
    desk.report(None)
    assert desk.closed
    assert isinstance(desk.broken, WorkerStartError)
    assert "resume() keeps what succeeded" in str(desk.broken)
    assert (world.closed, world.refused) == (1, 1)
    desk.report(None)
    assert (world.closed, world.refused) == (1, 1)


def test_after_a_refusal_a_run_of_hung_attempts_asks_once_more_or_ends() -> None:
    """[R21] Nobody is left who could ask later, so the moment of peace does not count."""
    world = Scripted(threads=1)
    desk = world.desk([Node("a"), Node("b")], limits=Limits(workers=2, fail_fast=False), timeout_s=0.05)
    desk.report(None)
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    assert world.refused == 1
    desk.report(timed_out(0))
    assert isinstance(desk.broken, WorkerStartError)


def lock_of(desk: Desk) -> threading.Lock:
    return cast("threading.Lock", desk._lock)  # what `World` makes unless it is told otherwise


def test_who_finds_the_lock_taken_leaves_the_event_and_is_served() -> None:
    """By whoever holds the lock: before it lets go, or after."""
    world = Scripted()
    desk = world.desk([Node("a"), Node("b")])
    first, second = Hand(), Hand()
    with lock_of(desk):
        assert not desk.visit(first, None)
        desk.report(CancelRequested())
    desk.report(None)
    assert desk.closed
    assert first.bells == 1
    assert not desk.visit(second, None)
    assert second.bells == 1


def test_a_break_down_ends_the_run_and_keeps_the_first_error() -> None:
    """[X11] Also where the lock is never free again."""
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",))])
    hand = Hand()
    desk.visit(hand, None)
    before = desk.state
    first = ZeroDivisionError()
    lock_of(desk).acquire()  # by a thread that was killed
    desk.break_down(first)
    lock_of(desk).release()
    desk.break_down(KeyError())
    assert (desk.closed, desk.broken, world.closed) == (True, first, 1)
    assert desk.state is before


def test_an_event_that_cannot_be_is_refused_and_leaves_the_lock_free() -> None:
    world = Scripted()
    desk = world.desk([Node("a")])
    with pytest.raises(InvalidTransition):
        desk.report(succeeded(0))
    assert not lock_of(desk).locked()


def test_nobody_is_told_when_nobody_listens() -> None:
    world = Scripted()
    world.listening = False
    desk = world.desk([Node("a"), Node("b", ("a",))])
    hand = Hand()
    desk.visit(hand, None)
    hand.take()
    desk.visit(hand, succeeded(0))
    assert world.events == []
