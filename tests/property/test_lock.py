"""Two threads at the desk, each interrupted at every bytecode: no event, no worker and no wake-up call is lost."""

from __future__ import annotations

import itertools
import sys
import threading
from typing import TYPE_CHECKING, Final, TypeAlias

import pytest

from flowing._bodies import Body, BoundCall
from flowing.core import (
    AttemptFailed,
    AttemptSucceeded,
    AttemptTimedOut,
    CancelRequested,
    Closed,
    GraceElapsed,
    Limits,
    Node,
    RunRequested,
    check,
    compile_graph,
    initial,
    transition,
)
from flowing.shell.attempt import Attempt
from flowing.shell.desk import Desk
from flowing.shell.seams import World
from tests.property import bugs
from tests.property.interleaving import Interleaving

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flowing.core import Event
    from flowing.shell.seams import Saving
    from tests.property.interleaving import Step

pytestmark = pytest.mark.skipif(
    sys.version_info[:2] == (3, 12), reason="CPython 3.12 crashes where two threads are traced by instruction"
)


class Hand:
    """A worker: at the desk, asleep, or gone; its bell may ring before it sleeps, but once."""

    def __init__(self) -> None:
        self.assignment: Attempt | Saving | None = None
        self.is_rung = True  # who is hired comes as if he had been woken
        self.is_gone = False
        self.is_busy = False
        self.hangs = False

    def wake(self) -> None:
        assert not self.is_rung, "woken twice"
        self.is_rung = True


class Scene:
    """A desk, and two workers who have one attempt each; a third task waits for both, a fourth for nothing."""

    def __init__(self) -> None:
        nodes = [Node("a"), Node("b"), Node("c", ("a", "b")), Node("d", ("b",))]
        graph = compile_graph(nodes, Limits(workers=2, abandoned=2))
        state = transition(initial(graph), RunRequested(0.0, 0.0, "run"))
        world = World(lambda: 0.0, self, self, self.close, lambda: Lock(self))
        bodies = [Body(name, BoundCall(object)) for name in graph.names]
        self.listening = False
        self.threads: Interleaving | None = None
        self.closings = 0
        self.hands: list[Hand] = []
        self.due: list[Event] = []
        self.desk = Desk(state, bodies, world, grace_s=1.0, observer=self)
        self.desk.report(None)
        for number in range(2):
            self.hands[number].is_rung = False
            self.visit(self.hands[number], None)
        self.attempts = [hand.assignment for hand in self.hands]

    # ── what the desk needs ──────────────────────────────────────────────────────────────────────

    def hire(self, desk: Desk) -> None:
        self.hands.append(Hand())

    def report_at(self, due_s: float, event: Event) -> None:
        self.due.append(event)

    def watch(self, attempt: Attempt) -> None:
        raise AssertionError("no task has a deadline")

    def stop(self) -> None:
        self.due.clear()

    def observe(self, event: Event) -> None:
        raise AssertionError("nobody listens")

    def close(self) -> None:
        self.closings += 1

    # ── what happens at once ─────────────────────────────────────────────────────────────────────

    def visit(self, hand: Hand, event: Event | None) -> None:
        hand.is_busy = self.desk.visit(hand, event)
        hand.is_gone = not hand.is_busy and self.desk.closed

    def first_attempt(self, number: int) -> Attempt:
        attempt = self.attempts[number]
        assert isinstance(attempt, Attempt)
        return attempt

    def succeed(self, number: int) -> None:
        hand = self.hands[number]
        attempt, hand.assignment = hand.assignment, None
        assert isinstance(attempt, Attempt)
        self.visit(hand, AttemptSucceeded(attempt.task, attempt.number, attempt.epoch, 0.0, "value"))

    def fail(self, number: int) -> None:
        attempt, hand = self.first_attempt(number), self.hands[number]
        hand.assignment = None
        fence = {"task": attempt.task, "attempt": attempt.number, "epoch": attempt.epoch}
        self.visit(hand, AttemptFailed(**fence, at_s=0.0, error=ValueError(), retryable=False))

    def time_out(self, number: int) -> None:
        attempt = self.first_attempt(number)
        fence = {"task": attempt.task, "attempt": attempt.number, "epoch": attempt.epoch}
        self.desk.report(AttemptTimedOut(**fence, at_s=0.0, error=TimeoutError(), retryable=False))

    def rest(self) -> None:
        """Let everything else happen, one thing after the other; then nothing and nobody may be left."""
        hands = self.hands
        for number in itertools.cycle(range(2, 100)):
            hands = [hand for hand in self.hands if not hand.is_gone and not hand.hangs]
            if busy := [hand for hand in hands if hand.is_busy]:
                self.succeed(self.hands.index(busy[number % len(busy)]))
            elif woken := [hand for hand in hands if hand.is_rung]:
                woken[0].is_rung = False
                self.visit(woken[0], None)
            elif self.due:
                self.desk.report(self.due.pop())
            else:
                break
        assert self.desk.closed, "the run waits, and nothing will happen any more"
        assert self.closings == 1
        assert hands == [], "a worker sleeps for ever"
        assert not self.desk._inbox
        assert self.desk._lock.acquire(blocking=False)
        assert isinstance(self.desk.state.phase, Closed) or self.desk.broken is not None
        check(self.desk.state)


class Lock:
    """A lock of the standard library; who waits for it lets the other thread go on."""

    def __init__(self, scene: Scene) -> None:
        self._lock = threading.Lock()
        self._scene = scene

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        while not (got := self._lock.acquire(blocking=False)) and blocking:
            assert self._scene.threads is not None, "the lock was never given back"
            self._scene.threads.give_way()
        return got

    def release(self) -> None:
        self._lock.release()


Act: TypeAlias = "Callable[[Scene], None]"


def cancel_at_once(scene: Scene) -> None:
    scene.desk.report(CancelRequested())
    scene.desk.report(GraceElapsed())


def break_down(scene: Scene) -> None:
    """End the run while the other attempt hangs, so that nobody else looks into the inbox later."""
    scene.hands[1].hangs = True
    scene.desk.break_down(OSError())


MEETINGS: Final[Mapping[str, tuple[Act, Act]]] = {
    "two successes": (lambda scene: scene.succeed(0), lambda scene: scene.succeed(1)),
    "a success and a failure": (lambda scene: scene.succeed(0), lambda scene: scene.fail(1)),
    "a success and its own deadline": (lambda scene: scene.succeed(0), lambda scene: scene.time_out(0)),
    "a success and the deadline of the other": (lambda scene: scene.succeed(0), lambda scene: scene.time_out(1)),
    "a success and a cancel": (lambda scene: scene.succeed(0), lambda scene: scene.desk.report(CancelRequested())),
    "a failure and a cancel at once": (lambda scene: scene.fail(0), cancel_at_once),
    "a failure and a breakdown": (lambda scene: scene.fail(0), break_down),
    "a deadline and a cancel": (lambda scene: scene.time_out(0), lambda scene: scene.desk.report(CancelRequested())),
}


def meet(first: Act, second: Act, step: Step, places: tuple[int, int | None]) -> tuple[bool, bool]:
    """Let two threads do this, interrupted there, and then everything else happen; tell who was interrupted."""
    scene = Scene()
    names = ("visit", "report", "leave", "serve", "break_down", "_serve", "_go_on")
    watched = [getattr(Desk, name).__code__ for name in names]
    scene.threads = Interleaving(watched, step, places)
    interrupted = scene.threads.run(lambda: first(scene), lambda: second(scene))
    scene.threads = None
    scene.rest()
    return interrupted


def meet_everywhere(first: Act, second: Act) -> int:
    """Interrupt the first at every bytecode; and at every line, the second at every line too. Gives the meetings."""
    meetings = 0
    for place in itertools.count():
        meetings += 1
        if not meet(first, second, "opcode", (place, None))[0]:
            break
    was_first = True
    for place in itertools.count():
        for other in itertools.count():
            meetings += 1
            was_first, was_second = meet(first, second, "line", (place, other))
            if not was_second:
                break
        if not was_first:
            break
    return meetings


@pytest.mark.parametrize("meeting", MEETINGS)
def test_nothing_is_lost_wherever_two_threads_meet(meeting: str) -> None:
    """[T3] [T10] One interrupted at every bytecode of the desk's; both at every line; and the other way round."""
    first, second = MEETINGS[meeting]
    assert meet_everywhere(first, second) > 50
    assert meet_everywhere(second, first) > 50


@pytest.mark.parametrize(
    ("bug", "meeting"),
    [
        (bugs.drops_what_finds_the_lock_taken, "two successes"),
        (bugs.looks_into_the_inbox_once, "two successes"),
        (bugs.takes_whoever_comes_for_the_one_who_serves, "two successes"),
        (bugs.breaks_down_and_leaves_who_waits, "a failure and a breakdown"),
        (bugs.wakes_nobody_at_the_end, "a success and a cancel"),
    ],
    ids=lambda each: getattr(each, "__name__", each),
)
def test_a_bug_is_found(bug: bugs.Bug, meeting: str) -> None:
    """Control."""
    first, second = MEETINGS[meeting]
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bug, patch)
        with pytest.raises((AssertionError, RuntimeError)):
            meet_everywhere(first, second) + meet_everywhere(second, first)
