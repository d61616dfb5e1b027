"""The clerk: timers, requests to cancel, and warnings of what runs long."""

from __future__ import annotations

import logging
import math
import threading
from typing import TYPE_CHECKING, Any, cast

import pytest

from flowing import TaskTimeoutError
from flowing._bodies import Body, BoundCall
from flowing.core import (
    AttemptTimedOut,
    BackoffElapsed,
    CancelRequested,
    GraceElapsed,
    Running,
)
from flowing.core.status import FRESH
from flowing.shell.attempt import Attempt, Course
from flowing.shell.clerk import Clerk
from tests.unit.shell.worlds import nobody

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core import Event

GUARD_S = 60
LAST = BackoffElapsed(99, 1, 0)


SERVED = CancelRequested()  # what the desk has been left then


class Diary:
    """A desk that notes what it hears, and then does as the test says."""

    def __init__(self) -> None:
        self.live: dict[int, Attempt] = {}
        self.heard: list[Event | None] = []
        self.refusals: list[RuntimeError] = []
        self.then: Callable[[Event | None], object] = lambda event: None

    def report(self, event: Event | None) -> None:
        self.heard.append(event)
        self.then(event)

    def serve(self) -> None:
        self.report(SERVED)

    def refuse(self, refusal: RuntimeError) -> None:
        self.refusals.append(refusal)


class Clock:
    """A clock that goes on by a millisecond with each look."""

    def __init__(self) -> None:
        self.now_s = 0.0

    def __call__(self) -> float:
        self.now_s += 0.001
        return self.now_s


def attempt(task: int = 0, *, timeout_s: float | None = 0.005, **options: Any) -> Attempt:  # noqa: ANN401 - those of a body
    body = Body(f"t{task}", BoundCall(lambda: None), timeout_s=timeout_s, **options)
    return Attempt(task, Running(1, FRESH, 0.0), 0, body, (), Course("run", lambda: 0.0))


def run(clerk: Clerk, diary: Diary) -> None:
    clerk.run(cast("Any", diary))


def test_the_desk_is_opened_first_and_timers_are_reported_in_order() -> None:
    clerk, diary = Clerk(Clock(), nobody, stall_warning_s=None), Diary()
    clerk.report_at(0.009, LAST)
    clerk.report_at(0.004, BackoffElapsed(1, 1, 0))
    clerk.report_at(0.004, BackoffElapsed(0, 1, 0))
    diary.then = lambda event: clerk.stop() if event == LAST else None
    run(clerk, diary)
    assert diary.heard == [None, BackoffElapsed(1, 1, 0), BackoffElapsed(0, 1, 0), LAST]


def test_a_timer_is_never_early() -> None:
    clock = Clock()
    clerk, diary = Clerk(clock, nobody, stall_warning_s=None), Diary()
    times: list[float] = []

    def then(event: Event | None) -> None:
        times.append(clock.now_s)
        if event is not None:
            clerk.stop()

    diary.then = then
    clerk.report_at(0.02, LAST)
    run(clerk, diary)
    assert times[-1] >= 0.02


def test_what_is_set_while_the_clerk_sleeps_wakes_it() -> None:
    clerk, diary = Clerk(lambda: 0.0, nobody, stall_warning_s=None), Diary()
    opened = threading.Event()

    def then(event: Event | None) -> None:
        opened.set()
        if event is not None:
            clerk.stop()

    diary.then = then
    thread = threading.Thread(target=run, args=(clerk, diary), daemon=True)
    thread.start()
    assert opened.wait(GUARD_S)
    clerk.report_at(0.0, LAST)
    thread.join(GUARD_S)
    assert diary.heard == [None, LAST]


def test_a_deadline_is_reported_with_the_error_that_says_where() -> None:
    clerk, diary = Clerk(Clock(), nobody, stall_warning_s=None), Diary()
    over, late = attempt(0), attempt(1, retry_on=(OSError,), jitter=True)
    late.thread_id = threading.get_ident()
    clerk.watch(over)
    clerk.watch(late)
    over.over = True
    diary.then = lambda event: clerk.stop() if event is not None else None
    run(clerk, diary)
    event = diary.heard[1]
    assert isinstance(event, AttemptTimedOut)
    assert (event.task, event.attempt, event.retryable) == (1, 1, True)
    assert 0 <= event.jitter < 1
    assert event.at_s >= 0.005
    assert isinstance(event.error, TaskTimeoutError)
    assert event.error.stuck_at is not None
    assert len(diary.heard) == 2


def test_an_attempt_that_is_over_at_its_deadline_is_not_reported() -> None:
    clerk, diary = Clerk(Clock(), nobody, stall_warning_s=None), Diary()
    watched = attempt()
    clerk.watch(watched)
    clerk.report_at(0.002, BackoffElapsed(0, 1, 0))
    clerk.report_at(0.009, LAST)

    def then(event: Event | None) -> None:
        watched.over = isinstance(event, BackoffElapsed) or watched.over
        if event == LAST:
            clerk.stop()

    diary.then = then
    run(clerk, diary)
    assert diary.heard == [None, BackoffElapsed(0, 1, 0), LAST]


@pytest.mark.parametrize(("at_once", "heard"), [(False, [None, SERVED]), (True, [None, SERVED, GraceElapsed()])])
def test_a_cancel_has_the_desk_served_once_however_often_it_comes(at_once: bool, heard: list[Event | None]) -> None:
    clerk, diary = Clerk(lambda: 0.0, nobody, stall_warning_s=None), Diary()

    def then(event: Event | None) -> None:
        if event is None:
            clerk.cancel(at_once=at_once)
            clerk.cancel(at_once=at_once)
        elif event == heard[-1]:
            clerk.stop()

    diary.then = then
    run(clerk, diary)
    assert diary.heard == heard


def test_a_cancel_before_the_start_comes_instead_of_it() -> None:
    clerk, diary = Clerk(lambda: 0.0, nobody, stall_warning_s=None), Diary()
    clerk.cancel()
    diary.then = lambda event: clerk.stop()
    run(clerk, diary)
    assert diary.heard == [SERVED]


def test_a_clerk_that_was_stopped_only_opens_the_desk() -> None:
    clerk, diary = Clerk(lambda: 0.0, nobody, stall_warning_s=None), Diary()
    clerk.stop()
    run(clerk, diary)
    assert diary.heard == [None]


def test_a_wait_of_any_length_overflows_nothing() -> None:
    """[T9] The longest timeouts that a task can have."""
    clerk, diary = Clerk(lambda: 0.0, nobody, stall_warning_s=None), Diary()
    clerk.watch(attempt(timeout_s=1.7e308))
    clerk.report_at(math.inf, LAST)
    clerk.report_at(0.0, BackoffElapsed(0, 1, 0))
    diary.then = lambda event: None if event is None else threading.Timer(0.05, clerk.stop).start()
    run(clerk, diary)
    assert diary.heard == [None, BackoffElapsed(0, 1, 0)]


def test_timers_of_attempts_that_are_over_do_not_pile_up() -> None:
    """The clerk is rung up when there is much mail, however far away the deadlines are."""
    clerk, diary = Clerk(lambda: 0.0, nobody, stall_warning_s=None), Diary()
    mail_left: list[int] = []

    def stop(event: Event | None) -> None:
        mail_left.append(len(clerk._mail))
        clerk.stop()

    def then(event: Event | None) -> None:
        for number in range(10_000):
            watched = attempt(number)
            watched.over = True
            clerk.watch(watched)
        clerk.report_at(0.0, LAST)
        diary.then = stop

    diary.then = then
    run(clerk, diary)
    assert mail_left == [0]


def test_a_long_runner_is_warned_of_once_and_one_with_a_timeout_never(caplog: pytest.LogCaptureFixture) -> None:
    """[T4] Its name is escaped."""
    caplog.set_level(logging.WARNING)
    clerk, diary = Clerk(Clock(), nobody, stall_warning_s=0.003), Diary()
    diary.live = {0: attempt(0, timeout_s=None), 1: attempt(1, timeout_s=1e9), 2: attempt(2, timeout_s=None)}
    diary.live[0].body = Body("\x1b[2J", BoundCall(lambda: None))
    diary.live[2].row = Running(1, FRESH, 1e9)
    clerk.report_at(0.02, BackoffElapsed(0, 1, 0))
    clerk.report_at(0.03, LAST)
    diary.then = lambda event: clerk.stop() if event == LAST else None
    run(clerk, diary)
    (record,) = caplog.records
    assert record.getMessage() == (
        r"task '\\x1b[2J' has been running for more than 0.003 s and is in an unknown line; "
        "give it a timeout_s, or raise stall_warning_s"
    )


def test_a_worker_that_is_wanted_is_started_by_the_clerks_own_thread() -> None:
    """Who asks for one holds the desk's lock, and must not wait until the thread has begun."""
    started: list[tuple[object, int]] = []
    clerk = Clerk(Clock(), lambda desk: started.append((desk, threading.get_ident())), stall_warning_s=None)
    diary = Diary()
    clerk.report_at(0.004, LAST)
    diary.then = lambda event: clerk.hire(cast("Any", diary)) if event is None else clerk.stop()
    thread = threading.Thread(target=run, args=(clerk, diary))
    thread.start()
    thread.join(GUARD_S)
    assert started == [(diary, thread.ident)]


def test_a_worker_that_can_not_be_started_is_told_to_the_desk() -> None:
    """[R21] Each time."""
    refusal = RuntimeError("can't start new thread")

    def refuse(desk: object) -> None:
        raise refusal

    clerk, diary = Clerk(Clock(), refuse, stall_warning_s=None), Diary()
    clerk.report_at(0.004, LAST)
    diary.then = lambda event: clerk.hire(cast("Any", diary)) if event is None else clerk.stop()
    run(clerk, diary)
    assert diary.refusals == [refusal]
