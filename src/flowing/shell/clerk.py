"""The clerk: the thread that keeps the timers, hires workers, and serves requests to cancel. No scheduling decisions.

Requests never block, so they can be made under the desk's lock, and by a caller that is being interrupted: it stores a
flag and releases a lock that the clerk waits for, which is safe in every such place. A `SimpleQueue` would be, too, but
up to CPython 3.12 its `get(timeout=...)` waits for ever if the time is over before the wait begins.
"""

from __future__ import annotations

import heapq
import itertools
import math
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, TypeAlias

from flowing._text import one_line
from flowing.core.events import AttemptTimedOut, Event, GraceElapsed
from flowing.errors import TaskTimeoutError
from flowing.shell.attempt import Attempt
from flowing.shell.log import warn
from flowing.shell.perform import is_retried, jitter

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.shell.desk import Desk

_MAIL_MAX: Final = 4096  # timers set before the clerk sorts them in; most are over by then and are dropped

_Timer: TypeAlias = tuple[float, int, "Event | Attempt"]


class Clerk:
    """Timers of one run. `run` is the body of its thread; everything else may be called from anywhere.

    `start` starts a worker. The clerk calls it, because a thread that starts another one waits until that has begun,
    and who holds the desk's lock would have everybody wait (measured: 5 to 15 % of a run of 1,000 trivial tasks).
    """

    def __init__(
        self, clock: Callable[[], float], start: Callable[[Desk], None], *, stall_warning_s: float | None
    ) -> None:
        self._clock = clock
        self._start = start
        self._stall_warning_s = stall_warning_s
        self._sequence = itertools.count()
        self._mail: deque[_Timer] = deque()
        self._bell = threading.Lock()  # free when it has been rung
        self._wakes_at_s = math.inf
        self._wanted = False  # a worker; the desk asks for one at a time
        self._cancels = 0
        self._then: Callable[[], None] | None = None
        self._stopped = False

    def report_at(self, due_s: float, event: Event) -> None:
        """Hand the event in at the desk when its time has come."""
        self._set((due_s, next(self._sequence), event))

    def watch(self, attempt: Attempt) -> None:
        """Report a time-out at the attempt's deadline, unless it is over by then."""
        deadline_s = attempt.deadline_s
        assert deadline_s is not None
        self._set((deadline_s, next(self._sequence), attempt))

    def _set(self, timer: _Timer) -> None:
        self._mail.append(timer)
        # The clerk publishes when it wakes and then looks into its mail; so it sees the timer, or we see its time.
        if timer[0] < self._wakes_at_s or len(self._mail) > _MAIL_MAX:
            self._ring()

    def hire(self, desk: Desk) -> None:  # noqa: ARG002 - a clerk serves one desk
        """Have one more worker started."""
        self._wanted = True
        self._ring()

    def cancel(self, *, at_once: bool = False, then: Callable[[], None] | None = None) -> None:
        """See to it that a cancel that was left at the desk is taken in; at once: without grace for what is running.

        What is to be done `then` is done once.
        """
        self._cancels = 2 if at_once else max(1, self._cancels)
        self._then = then or self._then
        self._ring()

    def stop(self) -> None:
        """Report nothing more, and let the thread end."""
        self._stopped = True
        self._ring()

    def _ring(self) -> None:
        with suppress(RuntimeError):  # it has been rung already
            self._bell.release()

    def run(self, desk: Desk) -> None:
        """Open the desk, then serve timers and requests until the run is over."""
        timers: list[_Timer] = []
        cancels = 0
        long_runners = _LongRunners(desk, self._stall_warning_s)
        if not self._cancels:
            desk.report(None)
        while not self._stopped:
            if cancels < self._cancels:
                cancels = self._cancels
                desk.serve()
                if cancels > 1:
                    desk.report(GraceElapsed())
            if self._wanted:
                self._wanted = False
                self._start_worker(desk)
            if cancels and self._then is not None:
                then, self._then = self._then, None
                then()
            self._sort_in(timers)
            self._report_due(timers, desk)
            next_s = min(timers[0][0] if timers else math.inf, long_runners.look(self._clock()))
            self._wakes_at_s = next_s
            if not self._mail and not self._stopped:
                self._wait_until(next_s)

    def _start_worker(self, desk: Desk) -> None:
        try:
            self._start(desk)
        except RuntimeError as refusal:
            desk.refuse(refusal)

    def _sort_in(self, timers: list[_Timer]) -> None:
        while self._mail:
            timer = self._mail.popleft()
            if not (isinstance(timer[2], Attempt) and timer[2].over):
                heapq.heappush(timers, timer)

    def _report_due(self, timers: list[_Timer], desk: Desk) -> None:
        now_s = self._clock()
        while timers and timers[0][0] <= now_s:
            _, _, what = heapq.heappop(timers)
            if not isinstance(what, Attempt):
                desk.report(what)
            elif not what.over:
                desk.report(time_out(what, now_s))
                what.interrupt()  # its report comes after that of the time-out

    def _wait_until(self, due_s: float) -> None:
        left_s = due_s - self._clock()
        if left_s > 0:
            self._bell.acquire(timeout=min(left_s, _WAIT_MAX_S))


_WAIT_MAX_S: Final = 3600.0  # an endless wait is many long ones: no timeout overflows


def time_out(attempt: Attempt, now_s: float) -> AttemptTimedOut:
    """Word the report of a deadline that has passed."""
    body = attempt.body
    assert body.timeout_s is not None
    error = TaskTimeoutError(body.name, attempt=attempt.number, timeout_s=body.timeout_s, stuck_at=attempt.stuck_at())
    return AttemptTimedOut(
        task=attempt.task,
        attempt=attempt.number,
        epoch=attempt.epoch,
        at_s=now_s,
        error=error,
        retryable=is_retried(TaskTimeoutError, body.retry_on),
        jitter=jitter(attempt),
    )


class _LongRunners:
    """Warns of attempts that run long and have no timeout: nothing else would ever say so (FAULTS T4)."""

    def __init__(self, desk: Desk, warning_s: float | None) -> None:
        self._desk = desk
        self._warning_s = math.inf if warning_s is None else warning_s
        self._warned: set[tuple[int, int]] = set()

    def look(self, now_s: float) -> float:
        """Warn once of each, and say when to look again."""
        next_s = now_s + self._warning_s
        for attempt in list(self._desk.live.values()):
            if attempt.deadline_s is None and (attempt.task, attempt.number) not in self._warned:
                if now_s - attempt.row.started_s >= self._warning_s:
                    self._warned.add((attempt.task, attempt.number))
                    self._warn(attempt)
                else:
                    next_s = min(next_s, attempt.row.started_s + self._warning_s)
        return next_s

    def _warn(self, attempt: Attempt) -> None:
        warn(
            "task %s has been running for more than %g s and is in %s; give it a timeout_s, or raise stall_warning_s",
            repr(one_line(attempt.body.name)),
            self._warning_s,
            one_line(attempt.stuck_at() or "an unknown line"),
        )
