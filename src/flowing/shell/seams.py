"""What the desk needs from the world, as protocols: a clock, timers, threads. No implementation."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from flowing._record import record

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core.events import Event
    from flowing.shell.attempt import Attempt
    from flowing.shell.desk import Desk


class Worker(Protocol):
    """One that visits the desk, and sleeps while there is nothing for it."""

    assignment: Attempt | None

    def wake(self) -> None:
        """Let it visit the desk again. Called once for each time it was told to sleep."""
        ...


class Pool(Protocol):
    """Where workers come from."""

    def hire(self, desk: Desk) -> None:
        """Make one more worker, which then visits the desk.

        Raises:
            RuntimeError: the system refuses to start a thread.
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


@record
class World:
    """All seams of one run. `clock` is monotonic, in seconds; `on_closed` is called once, under the desk's lock."""

    clock: Callable[[], float]
    pool: Pool
    timers: Timers
    on_closed: Callable[[], None]
