"""One attempt as the shell knows it, and `current()`, what a body can learn about its own."""

from __future__ import annotations

import sys
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final, final

from flowing._record import record
from flowing.errors import AttemptCancelled, BlockingSleepError, NoCurrentAttempt
from flowing.shell.tracebacks import stuck_at

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from flowing._bodies import Body
    from flowing.core.status import Running
    from flowing.shell.seams import Bell, Elsewhere


@record
class Course:
    """What all attempts of one run share."""

    run_id: str
    clock: Callable[[], float]
    bell: Callable[[], Bell] = threading.Event


@final
class Attempt:
    """An attempt that a worker has taken. Mutable: `cancelled`, `interrupted` and `over` are set once, by any thread.

    `elsewhere` is what its thread waits for, while part of it runs outside that thread.
    """

    __slots__ = (
        "_wake_up",
        "body",
        "cancelled",
        "course",
        "elsewhere",
        "epoch",
        "inputs",
        "interrupted",
        "over",
        "row",
        "spent",
        "task",
        "thread_id",
    )

    def __init__(  # noqa: PLR0917 - keywords cost a tenth of a microsecond a task
        self, task: int, row: Running, epoch: int, body: Body, inputs: Sequence[object], course: Course
    ) -> None:
        self.task: int = task
        self.row: Running = row
        self.epoch: int = epoch
        self.body: Body = body
        self.inputs: Sequence[object] = inputs
        self.course: Course = course
        self.spent: object = None  # what the attempt before it left; the worker lets go of it, outside the lock
        self.thread_id: int | None = None
        self.cancelled: bool = False
        self.interrupted: bool = False
        self.over: bool = False
        self.elsewhere: Elsewhere | None = None
        self._wake_up: Bell | None = None

    @property
    def number(self) -> int:
        """The attempt's number, from 1, counted over all resumes of the run."""
        return self.row.attempt

    @property
    def is_first_try(self) -> bool:
        """Whether it is the first one since the run began, or was resumed."""
        return self.row.attempt == self.row.past.attempts + 1

    @property
    def deadline_s(self) -> float | None:
        """When its result is no longer accepted, on the run's clock."""
        return None if self.body.timeout_s is None else self.row.started_s + self.body.timeout_s

    def cancel(self) -> None:
        """Tell the body, if it asks, that it may stop; wake it if it sleeps in `current().sleep()`."""
        self.cancelled = True
        if self._wake_up is not None:
            self._wake_up.set()

    def interrupt(self) -> None:
        """Cancel, and break off what runs outside the attempt's thread. Not under the desk's lock."""
        self.cancel()
        # Whoever goes elsewhere says so and then looks at the flag; so he sees it, or is seen here.
        self.interrupted = True
        if self.elsewhere is not None:
            self.elsewhere.interrupt()

    def stuck_at(self) -> str | None:
        """Say in which line it is, where that is known."""
        elsewhere = self.elsewhere
        return stuck_at(self.thread_id) if elsewhere is None else elsewhere.stuck_at()

    def sleep(self, seconds: float) -> None:
        """Wait for the time to pass or for `cancel()`."""
        if self.elsewhere is not None and _is_on_a_loop():
            raise BlockingSleepError(self.body.name)
        if self._wake_up is None:
            self._wake_up = self.course.bell()
        # `cancel()` sets the flag before it looks for the event, so one of the two sees the other.
        if self.cancelled or self._wake_up.wait(min(seconds, threading.TIMEOUT_MAX)):
            raise AttemptCancelled(self.body.name)


def _is_on_a_loop() -> bool:
    """Tell whether an event loop runs in the calling thread. Does not load asyncio to find out."""
    asyncio = sys.modules.get("asyncio")
    return asyncio is not None and asyncio._get_running_loop() is not None  # noqa: SLF001 - documented, for event loops


CURRENT: Final[ContextVar[Attempt]] = ContextVar("flowing.current")


@final
class CurrentAttempt:
    """The attempt that runs the calling code. Valid in the body's thread and in contexts copied from it."""

    __slots__ = ("_attempt",)

    def __init__(self, attempt: Attempt) -> None:
        self._attempt = attempt

    @property
    def name(self) -> str:
        """The task's name."""
        return self._attempt.body.name

    @property
    def attempt(self) -> int:
        """The attempt's number, from 1, counted over all resumes of the run."""
        return self._attempt.number

    @property
    def deadline(self) -> float | None:
        """When the result is no longer accepted, in seconds on the clock of `now()`; None without `timeout_s`."""
        return self._attempt.deadline_s

    @property
    def cancelled(self) -> bool:
        """Whether to stop soon: the deadline has passed, or the run is being cancelled."""
        return self._attempt.cancelled

    @property
    def idempotency_key(self) -> str:
        """A key for remote side effects: 32 hex digits, the same for every attempt and resume of one run.

        It changes when the task's result is invalidated, so that the remote side does not answer with the stale one.
        """
        import hashlib  # noqa: PLC0415 - loads OpenSSL, and few bodies ask

        attempt = self._attempt
        parts = (attempt.course.run_id, attempt.body.name, str(attempt.row.past.invalidations))
        return hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]

    def now(self) -> float:
        """Read the run's monotonic clock, in seconds."""
        return self._attempt.course.clock()

    def sleep(self, seconds: float) -> None:
        """Sleep, but no longer than anybody waits for this attempt.

        Raises:
            AttemptCancelled: the attempt was cancelled before the time was over; let it end the body.
            BlockingSleepError: an `async def` would block its event loop; it awaits `asyncio.sleep()`, which a
                time-out interrupts.
        """
        self._attempt.sleep(seconds)


def current() -> CurrentAttempt:
    """Give the attempt that runs the calling code.

    Raises:
        NoCurrentAttempt: the code was not called by a flow, or in a thread that did not copy the context.
    """
    attempt = CURRENT.get(None)
    if attempt is None:
        message = (
            "current() was called where no flow runs a task; call it in a task's body, "
            "and in threads of your own run the code in contextvars.copy_context()"
        )
        raise NoCurrentAttempt(message)
    return CurrentAttempt(attempt)
