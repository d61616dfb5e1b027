"""What the desk needs from the world, as protocols: a clock, timers, threads, a lock. No implementation."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Protocol, final

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CoroutineType

    from flowing.core.events import Event
    from flowing.core.status import CommitDue
    from flowing.shell.attempt import Attempt
    from flowing.shell.desk import Desk
    from flowing.shell.parcels import Call


class Worker(Protocol):
    """One that visits the desk, and sleeps while there is nothing for it."""

    assignment: Attempt | Saving | None

    def wake(self) -> None:
        """Let it visit the desk again. Called once for each time it was told to sleep."""
        ...


class Pool(Protocol):
    """Where workers come from."""

    def hire(self, desk: Desk) -> None:
        """Have one more worker made, which then visits the desk; if the system refuses it, tell `desk.refuse`.

        Called under the desk's lock.
        """
        ...


class Timers(Protocol):
    """Reports of what falls due. Late is fine, early is not."""

    def report_at(self, due_s: float, event: Event) -> None:
        """Hand the event in at the desk when its time has come."""
        ...

    def watch(self, attempt: Attempt) -> None:
        """Report a time-out at the attempt's deadline, unless it is over by then."""
        ...

    def stop(self) -> None:
        """Report nothing more."""
        ...


class Observer(Protocol):
    """One that is told of every event."""

    @property
    def listening(self) -> bool:
        """Whether there is anybody to be told; asked before each event."""
        ...

    def observe(self, event: Event) -> None:
        """Take note, at once and without calling anything of the user's. Called under the desk's lock."""
        ...


class Store(Protocol):
    """Where results are made durable."""

    def save(self, results: Sequence[tuple[int, CommitDue]]) -> None:
        """Commit all of them, or none. Called by one worker at a time, off the desk's lock.

        Raises:
            CheckpointError: they are not durable, or nobody knows; the run ends.
        """
        ...

    def begins(self, attempt: Attempt, place: int) -> None:
        """Note that the attempt is about to run, by the worker of this number.

        Raises:
            CheckpointError: it could not be noted; the run ends.
        """
        ...

    def has_ended(self, place: int) -> None:
        """Note that the worker of this number is done with its attempt."""
        ...


class Lock(Protocol):
    """What keeps two visits apart."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:  # noqa: FBT001, FBT002 - as `threading.Lock` has it
        """Take it; False if it is taken."""
        ...

    def release(self) -> None:
        """Give it back."""
        ...


class Bell(Protocol):
    """What a body sleeps on, in `current().sleep()`."""

    def set(self) -> None:
        """Wake the body, now or when it goes to sleep."""
        ...

    def wait(self, timeout: float | None = None) -> bool:
        """Sleep for so many seconds; True if woken before."""
        ...


class Elsewhere(Protocol):
    """A part of an attempt that runs outside its thread, which waits for it."""

    def interrupt(self) -> None:
        """Have it break off soon. Never waits; may be called again, from any thread."""
        ...

    def stuck_at(self) -> str | None:
        """Say in which line it is, where that is known."""
        ...


class Await(Protocol):
    """What runs the coroutines of attempts."""

    def __call__(self, attempt: Attempt, coroutine: CoroutineType[object, object, object], /) -> object:
        """Run the coroutine, in a copy of the calling context, and give its value. Waits until it is over.

        Raises:
            AttemptCancelled: it broke off because the attempt was interrupted.
            BaseException: whatever the coroutine raised.
        """
        ...


class Place(Protocol):
    """Where calls are carried out."""

    def run(self, call: Call, attempt: Attempt) -> object:
        """Have it carried out, and give its value; waits.

        Raises:
            AttemptCancelled: it was interrupted.
            UnsendableError: it can't be sent there, or its result can't be sent back.
            ExecutorBroken, ProcessDied: there was no answer.
            BaseException: what the body raised.
        """
        ...

    def end(self) -> frozenset[int | None]:
        """Let go of everybody who waits, and of what was made for the run; give the threads that had waited."""
        ...


@final
@record
class Saving:
    """What a worker is to have the store commit: results by task."""

    commit: int
    results: tuple[tuple[int, CommitDue], ...]


@record
class World:
    """All seams of one run. `clock` is monotonic, in seconds; `on_closed` is called once, under the desk's lock.

    `lock` makes the desk's lock, `bell` what an attempt sleeps on.
    """

    clock: Callable[[], float]
    pool: Pool
    timers: Timers
    on_closed: Callable[[], None]
    lock: Callable[[], Lock] = threading.Lock
    bell: Callable[[], Bell] = threading.Event
