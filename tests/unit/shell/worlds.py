"""A world for a desk or a clerk: a clock set by hand, timers that are only noted, workers that do as told. No tests."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing._bodies import Body, BoundCall
from flowing.core import Limits, Node, RunRequested, State, compile_graph, initial, transition
from flowing.shell.attempt import Attempt
from flowing.shell.desk import Desk
from flowing.shell.seams import Saving, World

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core import Event


class Hand:
    """A worker that visits when the test says so."""

    def __init__(self) -> None:
        self.assignment: Attempt | Saving | None = None
        self.bells = 0

    def wake(self) -> None:
        self.bells += 1

    def take(self) -> Attempt:
        """Take the assignment, as a worker does."""
        attempt, self.assignment = self.assignment, None
        assert isinstance(attempt, Attempt)
        return attempt


def nobody(desk: Desk) -> None:
    """Stand for the start of a worker where none is wanted."""
    raise AssertionError("nobody is hired")


class Scripted:
    """The clock, the pool, the timers and the observer of one desk."""

    def __init__(self, *, threads: int = 100) -> None:
        self.now_s = 0.0
        self.threads = threads
        self.hired = self.refused = self.closed = self.stopped = 0
        self.timers: list[tuple[float, Event]] = []
        self.watched: list[Attempt] = []
        self.events: list[Event] = []
        self.listening = True

    def hire(self, desk: Desk) -> None:
        if not self.threads:
            self.refused += 1
            desk.refuse(RuntimeError("can't start new thread"))
            return
        self.threads -= 1
        self.hired += 1

    def report_at(self, due_s: float, event: Event) -> None:
        self.timers.append((due_s, event))

    def watch(self, attempt: Attempt) -> None:
        self.watched.append(attempt)

    def stop(self) -> None:
        self.stopped += 1

    def observe(self, event: Event) -> None:
        self.events.append(event)

    def on_closed(self) -> None:
        self.closed += 1

    def desk(self, nodes: Sequence[Node], *, limits: Limits | None = None, timeout_s: float | None = None) -> Desk:
        """Make the desk of a run that has just begun."""
        bodies = [Body(each.name, BoundCall(lambda: None), timeout_s=timeout_s) for each in nodes]
        world = World(lambda: self.now_s, self, self, self.on_closed)
        return Desk(begun(nodes, limits), bodies, world, grace_s=10.0, observer=self)


def begun(nodes: Sequence[Node], limits: Limits | None = None) -> State:
    """Make the state of a run that has just begun."""
    return transition(initial(compile_graph(nodes, limits or Limits())), RunRequested(0.0, 0.0, "run"))
