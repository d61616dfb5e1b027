"""The witness of a simulated run: hears every event, asks every claim about it, keeps the story. Changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, ParamSpec, final

from flowing._record import record
from flowing.testing.entries import enter
from flowing.testing.invariants import CLAIMS
from flowing.testing.ledger import Ledger

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core.events import Event
    from flowing.core.state import State
    from flowing.testing.invariants import Complaint
    from flowing.testing.subject import Subject


P = ParamSpec("P")


@record
class Violation:
    """A claim that does not hold, by name, what contradicts it, and the error that did, where one did."""

    claim: str
    complaint: str
    cause: Exception | None = None


@final
class Witness:
    """The observer of one desk after the other: of a run, its resumes, and what is mended between them.

    `came_back` are the attempts with a deadline that have reported, be it too late. `stored` is what the store has.
    `is_cancelled` says that somebody has cancelled the run, be it that nobody at the desk knows yet.
    With the first event of a run that is number `crash_after` of the story, or later, the process dies: `crashed` is
    how the run stood then, read off by `read_state`.
    """

    def __init__(self, subject: Subject, now_s: Callable[[], float], *, is_timed: bool) -> None:
        self.listening: bool = True
        self.subject: Subject = subject
        self.ledger: Ledger = Ledger(subject.graph)
        self.now_s: Callable[[], float] = now_s
        self.is_timed: bool = is_timed
        self.story: list[tuple[float, Event]] = []
        self.violation: Violation | None = None
        self.crash_after: int | None = None
        self.crashed: State | None = None
        self.read_state: Callable[[], State]
        self.stored: dict[int, object] = {}
        self.came_back: set[tuple[int, int]] = set()
        self.is_cancelled: bool = False

    def observe(self, event: Event) -> None:
        """Note an event of a run, and see whether the process dies. Never raises: called under the desk's lock."""
        if self.crashed is not None:
            return  # what the same step goes on to do has never happened
        self.note(event)
        if self.crash_after is not None and len(self.story) >= self.crash_after:
            self.crashed = self.read_state()

    def note(self, event: Event) -> None:
        """Ask every claim about the event, then write it down."""
        self.story.append((self.now_s(), event))
        for claim in CLAIMS.get(type(event), ()):
            complaint = claim(self, event)
            if complaint is not None:
                self.complain(claim.__name__, complaint)
        enter(self.ledger, event)

    def ask(self, claim: Callable[P, Complaint], *about: P.args, **more: P.kwargs) -> None:
        """Ask a claim about something that is no event."""
        if self.crashed is not None:
            return
        complaint = claim(*about, **more)
        if complaint is not None:
            self.complain(claim.__name__, complaint)

    def complain(self, claim: str, complaint: str, *, cause: Exception | None = None) -> None:
        """Keep a violation; the first one counts."""
        if self.violation is None:
            self.violation = Violation(claim, complaint, cause)

    @property
    def free(self) -> int:
        """Count the attempts for which there is room."""
        ledger, limits = self.ledger, self.subject.graph.limits
        not_replaced = max(0, len(ledger.abandoned - self.came_back) - limits.abandoned)
        return limits.workers - not_replaced - ledger.running
