"""Faults of time: what is late is dropped, what hangs is left behind, and a clock that jumps is not looked at."""

from __future__ import annotations

import itertools
import logging
import math
import threading
import time
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing import (
    AttemptCancelled,
    ConfigError,
    Flow,
    RetryUntilError,
    StepState,
    Task,
    TaskTimeoutError,
    WorkersExhausted,
    bind,
    current,
    task,
)
from flowing.core import (
    AttemptStarted,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    Failed,
    Limits,
    Node,
    PlaceAwaited,
    RunRequested,
    State,
    Succeeded,
    compile_graph,
    initial,
    transition,
)
from flowing.shell.clerk import Clerk
from tests.unit.faults.child import said
from tests.unit.shell.leaping import FAR_S, LeapingClock, whereabouts
from tests.unit.shell.worlds import nobody

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowing.core import Event
    from flowing.shell.attempt import Attempt

FAILED, SUCCEEDED = StepState.FAILED, StepState.SUCCEEDED
GUARD_S = 60


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Something that hung bodies wait for; set when the test is over, so that their threads end."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> LeapingClock:
    """Give a clock that leaps to the deadlines when the test says so."""
    return LeapingClock(monkeypatch)


def test_hung_tasks_fail_at_their_deadline_and_the_run_goes_on(release: threading.Event, clock: LeapingClock) -> None:
    """[T1] The error says where each is stuck, and what to do."""

    def hang() -> None:
        release.wait(GUARD_S)

    @task
    def harmless() -> int:
        return 1

    hung: list[Task[None]] = [bind(hang).with_options(name=f"hung {number}", timeout_s=FAR_S) for number in range(20)]
    flow = Flow(*hung, harmless, max_workers=20, fail_fast=False)
    line = hang.__code__.co_firstlineno + 1
    clock.leap_when(flow, lambda: whereabouts(flow).count(f"{__file__}:{line} in hang") == 20)
    results = flow.run()
    for each in hung:
        error = results[each].error
        assert isinstance(error, TaskTimeoutError)
        assert isinstance(error, TimeoutError)
        assert error.stuck_at == f"{__file__}:{line} in hang"
        assert f"task {each.name!r} was not done {FAR_S:g} s after attempt 1 began, stuck in" in str(error)
        assert "raise timeout_s" in str(error)
    assert results[harmless].value == 1


def test_a_late_report_never_replaces_what_came_after_it(release: threading.Event, clock: LeapingClock) -> None:
    """[T2] Three abandoned attempts come back as the fourth one ends; `test_desk.py` has each moment."""

    @task(timeout_s=FAR_S, retry=3, retry_backoff_base_ms=0, retry_on=TaskTimeoutError)
    def slow() -> str:
        number = current().attempt
        if number == 4:
            release.set()
            return "the last attempt's"
        clock.leap(flow)
        release.wait(GUARD_S)
        if number == 2:
            raise ValueError
        return "late"

    @task(depends_on=[slow])
    def last(slow: str) -> str:
        threading.Event().wait(0.05)
        return slow

    flow = Flow(last, max_workers=3, max_abandoned=3)
    results = flow.run()
    assert (results[slow].value, results[slow].attempts) == ("the last attempt's", 4)
    assert results[last].value == "the last attempt's"
    assert results[slow].error is None


def running() -> State:
    """Make a run in which attempt 1 of the only task, with one retry, runs."""
    graph = compile_graph([Node("a")], Limits(workers=1))
    state = transition(initial(graph), RunRequested(0.0, 0.0, "run"))
    return transition(state, AttemptStarted(0, 1, 0, 0.0))


def test_of_success_and_time_out_at_one_moment_the_first_to_be_reported_counts() -> None:
    """[T3] Same order, same answer; the other one changes no result."""
    success = AttemptSucceeded(0, 1, 0, 1.0, "value")
    timeout = AttemptTimedOut(task=0, attempt=1, epoch=0, at_s=1.0, error=TimeoutError(), retryable=True)

    def after(*events: Event) -> State:
        state = running()
        for event in events:
            state = transition(state, event)
        return state

    won, lost = after(success, timeout), after(timeout, success)
    assert isinstance(won.table[0], Succeeded)
    assert isinstance(lost.table[0], Failed)
    assert (won.run.late, lost.run.late) == (0, 1)
    assert after(success, timeout).table[0] == won.table[0]


def test_a_task_that_runs_very_long_without_a_timeout_is_warned_of_once(
    caplog: pytest.LogCaptureFixture, clock: LeapingClock
) -> None:
    """[T4] With its line and the fix; the run waits for it, for nobody said how long it may take."""
    warned, begun = threading.Event(), threading.Event()

    class Handler(logging.Handler):
        @override
        def emit(self, record: logging.LogRecord) -> None:
            warned.set()

    handler = Handler()
    logging.getLogger("flowing").addHandler(handler)
    try:

        @task
        def endless() -> bool:
            begun.set()
            waited = warned.wait(GUARD_S)
            clock.leap(flow)
            return waited and not threading.Event().wait(0.1)

        @task(after=[endless])
        def next_one() -> None: ...

        flow = Flow(next_one, max_workers=1, stall_warning_s=FAR_S)
        clock.leap_when(flow, begun.is_set)
        results = flow.run()
    finally:
        logging.getLogger("flowing").removeHandler(handler)
    assert results.ok
    messages = [each.getMessage() for each in caplog.records if "'endless'" in each.getMessage()]
    assert len(messages) == 1
    assert messages[0].startswith("task 'endless' has been running for more than 3600 s and is in ")
    assert f"{__file__}:" in messages[0]
    assert messages[0].endswith("give it a timeout_s, or raise stall_warning_s")


def test_no_warning_without_a_stall(caplog: pytest.LogCaptureFixture) -> None:
    """[T4] Control; and None switches it off."""
    for stall_warning_s in (GUARD_S, None):
        nap: Task[bool] = task(lambda: threading.Event().wait(0.05), name="nap")
        Flow(nap, stall_warning_s=stall_warning_s).run()
    assert caplog.records == []


def test_when_every_place_is_taken_by_a_hung_attempt_the_run_ends_and_names_them(
    release: threading.Event, clock: LeapingClock
) -> None:
    """[T5] Places up to `max_abandoned` are replaced; then the run waits for the grace, and raises."""
    begun: list[str] = []
    waits = threading.Event()

    def hang() -> None:
        begun.append(current().name)
        release.wait(GUARD_S)

    hung: list[Task[None]] = [bind(hang).with_options(name=f"hung {number}", timeout_s=FAR_S) for number in range(5)]
    flow = Flow(*hung, max_workers=2, max_abandoned=1, fail_fast=False, grace_s=FAR_S)
    flow.subscribe(lambda seen: waits.set() if isinstance(seen.event, PlaceAwaited) else None)
    clock.leap_when(flow, lambda: begun[1:], lambda: begun[2:], waits.is_set)
    with pytest.raises(WorkersExhausted, match=r"raise max_abandoned; resume\(\) keeps what succeeded") as caught:
        flow.run()
    assert [entry.split(" at ")[0] for entry in sorted(caught.value.stuck)] == ["hung 0", "hung 1", "hung 2"]
    assert all(f"{__file__}:" in entry for entry in caught.value.stuck)
    states = [flow.results[each].state for each in hung]
    assert states == [FAILED] * 3 + [StepState.CANCELLED] * 2
    assert flow.results[hung[4]].reason == "not started: no worker left"
    release.set()
    assert flow.resume().ok


def test_a_thread_that_comes_back_gives_its_place_back(release: threading.Event) -> None:
    """[T5] Within the grace the run goes on with it."""

    @task(timeout_s=0.02)
    def hangs() -> None:
        release.wait(GUARD_S)

    @task
    def other() -> int:
        return 1

    flow = Flow(hangs, other, max_workers=1, max_abandoned=0, fail_fast=False, grace_s=GUARD_S)
    flow.subscribe(lambda seen: release.set() if isinstance(seen.event, PlaceAwaited) else None)
    results = flow.run()
    assert (results[hangs].state, results[other].value) == (FAILED, 1)


def test_a_wall_clock_that_jumps_moves_no_deadline(monkeypatch: pytest.MonkeyPatch, release: threading.Event) -> None:
    """[T6] A day back and forth at every look: the monotonic clock decides, wall time is for display."""
    days = itertools.cycle([0.0, 86_400.0, -86_400.0])
    wall = time.time
    monkeypatch.setattr(time, "time", lambda: wall() + next(days))

    @task(timeout_s=GUARD_S, retry=1, retry_backoff_base_ms=1)
    def flaky() -> None:
        if current().attempt == 1:
            raise ConnectionError

    @task(timeout_s=0.02)
    def hangs() -> None:
        release.wait(GUARD_S)

    results = Flow(flaky, hangs, fail_fast=False).run()
    assert (results[flaky].state, results[flaky].attempts) == (SUCCEEDED, 2)
    assert isinstance(results[hangs].error, TaskTimeoutError)
    assert all(0 <= (result.duration_s or 0) < GUARD_S for result in results.values())


def test_a_call_that_holds_the_gil_makes_things_late_and_not_wrong() -> None:
    """[T8] A hundred milliseconds of C, without the GIL for anybody else; five seconds are no different."""
    done = said(
        """
        import ctypes
        @task(timeout_s=0.05)
        def holds():
            ctypes.PyDLL(None).usleep(300_000)
        @task(retry=2, retry_backoff_base_ms=10)
        def other():
            if current().attempt < 3:
                raise ConnectionError
            return current().attempt
        results = Flow(holds, other, fail_fast=False).run()
        say(type(results[holds].error).__name__, results[other].value)
        """
    )
    assert done in (["TaskTimeoutError 3"], ["NoneType 3"])  # it came back before anybody could look at the clock


class OneVisitor:
    """A desk that takes note of what it is told, and closes when it has heard enough."""

    def __init__(self, clerk: Clerk, enough: int) -> None:
        self.live: dict[int, Attempt] = {}
        self.heard: list[Event | None] = []
        self._clerk, self._enough = clerk, enough

    def report(self, event: Event | None) -> None:
        self.heard.append(event)
        if len(self.heard) > self._enough:
            self._clerk.stop()


def test_a_hundred_thousand_timers_at_once_are_all_reported_in_order() -> None:
    """[T9] On a clock of the test's own."""
    count, now_s = 100_000, itertools.count()
    clerk = Clerk(lambda: float(next(now_s)), nobody, stall_warning_s=None)
    desk = OneVisitor(clerk, count)
    for number in range(count):
        clerk.report_at(float(number % 7), BackoffElapsed(number, 1, 0))
    clerk.run(desk)  # type: ignore[arg-type]  # a desk as far as the clerk knows
    assert desk.heard[0] is None
    numbers = [event.task for event in desk.heard if isinstance(event, BackoffElapsed)]
    assert numbers == sorted(range(count), key=lambda number: (number % 7, number))


def test_a_delay_never_overflows() -> None:
    """[T9] 2**1100 times the largest base, capped."""

    @task(retry=1_100, retry_backoff_base_ms=1e308, retry_max_backoff_ms=0.0)
    def flaky() -> int:
        if current().attempt < 1_101:
            raise ConnectionError
        return current().attempt

    assert Flow(flaky).run()[flaky].value == 1_101


def test_the_shortest_timeout_always_passes_before_a_body_that_waits() -> None:
    """[T11] None at all is refused when the task is defined."""

    @task(timeout_s=math.ulp(0.0))
    def waits() -> None:
        current().sleep(GUARD_S)

    result = Flow(waits).run()[waits]
    assert (result.state, type(result.error), result.attempts) == (FAILED, TaskTimeoutError, 1)
    with pytest.raises(ConfigError, match=r"'waits'.*more than 0"):
        waits.with_options(timeout_s=0)


def test_a_body_that_asks_stops_at_its_deadline_and_one_that_does_not_is_left_behind(
    release: threading.Event,
) -> None:
    """[T12] Both fail in the same way."""
    ended: list[type[BaseException]] = []
    asked_to_stop = threading.Event()

    @task(timeout_s=0.02)
    def polite() -> None:
        try:
            current().sleep(GUARD_S)
        except AttemptCancelled as error:
            ended.append(type(error))
            assert current().cancelled
            asked_to_stop.set()
            raise

    @task(timeout_s=0.02)
    def rude() -> None:
        release.wait(GUARD_S)

    results = Flow(polite, rude, fail_fast=False).run()
    assert asked_to_stop.wait(GUARD_S)
    assert ended == [AttemptCancelled]
    assert {type(results[each].error) for each in (polite, rude)} == {TaskTimeoutError}


def test_a_fail_fast_race_leaves_no_task_between_states() -> None:
    """[T10] Failures, successes, retries and a cancel at once, over and over: everything is settled in the end."""
    for number in range(60):
        flow = _busy_flow(number)
        canceller = threading.Thread(target=flow.cancel) if number % 3 == 0 else threading.Thread(target=list)
        canceller.start()
        flow.run()
        canceller.join()
        assert flow.results.counts()[StepState.PENDING] == flow.results.counts()[StepState.RUNNING] == 0


def _busy_flow(number: int) -> Flow:
    def body(each: int) -> int:
        if (each + number) % 5 == 0:
            raise ValueError
        return each

    first: list[Task[int]] = [
        bind(body, each).with_options(name=f"first {each}", retry=each % 2, retry_backoff_base_ms=each)
        for each in range(8)
    ]
    second: list[Task[int]] = [
        bind(body, each).with_options(name=f"second {each}", after=[first[each], first[each - 1]]) for each in range(8)
    ]
    return Flow(*second, max_workers=3, fail_fast=number % 2 == 0)


def test_a_refused_last_value_is_no_time_out() -> None:
    """[T1] Control: what is not late fails with its own error."""

    @task(timeout_s=GUARD_S, retry_until=lambda value: False)
    def quick() -> int:
        return 1

    assert isinstance(Flow(quick).run()[quick].error, RetryUntilError)
