"""The scripted world: the smallest shell there is. A list of what may happen next, and choices of what does.

It carries out decisions and feeds in the facts that the script tells, in the order that the choices tell. It judges
nothing: whoever wants to know looks on through `watch`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Final, TypeAlias

from attrs import frozen

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
    Event,
    Failed,
    GateClosed,
    GraceElapsed,
    InputRejected,
    PlaceAwaited,
    PlacesExhausted,
    Ready,
    ReadyAgain,
    Rejected,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    Running,
    RunRequested,
    Skipped,
    State,
    Status,
    Stopping,
    Succeeded,
    answer,
    decide,
    has_result,
    initial,
    transition,
    value_of,
)
from tests.property.oracle import Outcome

if TYPE_CHECKING:
    from tests.property.scripts import Script, Session

Step: TypeAlias = Callable[[State, Event], State]
Watch: TypeAlias = "Callable[[World, State, Event], None]"  # between the state before the event and `world.state`

_EVENTS_MAX: Final = 5_000


@frozen
class BodyError(Exception):
    """What a body raises. Compares by value, so that two plays of one script give equal states."""

    task: str
    attempt: int


class World:
    """One script on its way. `play` goes through all its sessions."""

    def __init__(self, script: Script, watch: Watch, step: Step = transition) -> None:
        self.script: Final = script
        self.step: Final = step
        self.state = initial(script.graph())
        self.log: list[Event] = []
        self.known: Mapping[str, Outcome] = {}  # what there was when the session began
        self._watch = watch
        self._pending: list[Event] = []  # what will be reported some time: ends of attempts, and timers
        self._choices = iter(script.choices)

    def play(self) -> None:
        """Play each session to its end; between them, threads that were abandoned may still report."""
        for count, session in enumerate(self.script.sessions):
            self._change(session)
            self.known = outcomes_in(self.state, rerun_detached=session.rerun_detached)
            if count:
                self.happen(ResumeRequested(self._now_s(), 0.0, session.rerun_detached))
            else:
                self.happen(RunRequested(self._now_s(), 0.0, "run"))
            while not isinstance(self.state.phase, Closed):
                assert len(self.log) < _EVENTS_MAX, "the run goes round in circles"
                self.happen(self._next())
            # The shell forgets these two timers with the session; no number fences them.
            self._pending = [each for each in self._pending if not isinstance(each, GraceElapsed | PlacesExhausted)]
            while self._pending and next(self._choices, 0) % 2:
                self.happen(self._take_pending(0))

    def happen(self, event: Event) -> None:
        """Apply one event, show it, and note what will follow from it."""
        before = self.state
        self.state = self.step(before, event)
        self.log.append(event)
        self._watch(self, before, event)
        self._follow_up(before, event)

    def _now_s(self) -> float:
        return float(len(self.log))

    def _change(self, session: Session) -> None:
        numbers = self.state.graph.numbers
        for name in session.overrides:
            self.happen(ResultProvided(numbers[name], f"given {len(self.log)}"))
        if session.invalidates:
            self.happen(ResultsInvalidated(tuple(numbers[name] for name in session.invalidates)))

    def _next(self) -> Event:
        """Choose: any decision of this round, anything pending, or a cancel; the latter when nothing else can be."""
        due = decide(self.state)
        can_cancel = self.script.cancels and not isinstance(self.state.phase, Stopping)
        options = len(due) + len(self._pending) + can_cancel
        if not options:
            return CancelRequested()
        choice = next(self._choices, 0) % options
        if choice < len(due):
            return answer(due[choice], self._now_s())
        choice -= len(due)
        return self._take_pending(choice) if choice < len(self._pending) else CancelRequested()

    def is_waiting(self) -> bool:
        """Tell whether anything will still be reported."""
        return bool(self._pending)

    def _take_pending(self, choice: int) -> Event:
        event = self._pending.pop(choice)
        if isinstance(event, AttemptSucceeded) and isinstance(self.state.phase, Stopping):
            name = self.state.graph.names[event.task]
            if self.script.does(name, event.attempt) == "obeys":
                return AttemptStopped(event.task, event.attempt, event.epoch, event.at_s)
        return event

    def _follow_up(self, before: State, event: Event) -> None:
        now_s = self._now_s()
        match event:
            case AttemptStarted():
                self._pending += self._ends(event)
            case AttemptTimedOut(task=task, attempt=attempt) if self.state.run.abandoned > before.run.abandoned:
                does = self.script.does(self.state.graph.names[task], attempt)
                if does == "hang, then value":
                    self._pending.append(AttemptSucceeded(task, attempt, event.epoch, now_s, "late"))
                elif does == "hang, then error":
                    self._pending.append(self._failure(task, attempt, event.epoch, retryable=True))
            case BackoffStarted(task, attempt, epoch):
                self._pending.append(BackoffElapsed(task, attempt, epoch))
            case CancelRequested():
                self._pending.append(GraceElapsed())
            case PlaceAwaited(wait):
                self._pending.append(PlacesExhausted(wait))
            case _:
                pass

    def _ends(self, start: AttemptStarted) -> list[Event]:
        """Say how the attempt will end; in more than one way where it is a race."""
        task, attempt, epoch, now_s = start.task, start.attempt, start.epoch, self._now_s()
        name = self.state.graph.names[task]
        row = self.state.table[task]
        if isinstance(row, Running) and attempt == row.past.attempts + 1:  # gates are asked once, not at each retry
            match self.script.tasks[name].gate:
                case "shut":
                    return [GateClosed(task, attempt, epoch, now_s)]
                case "raises":
                    return [InputRejected(task, attempt, epoch, now_s, BodyError(name, attempt))]
                case "open":
                    pass
        value = AttemptSucceeded(task, attempt, epoch, now_s, self._value(task, attempt))
        match self.script.does(name, attempt):
            case "value" | "obeys":
                return [value]
            case "error":
                return [self._failure(task, attempt, epoch, retryable=True)]
            case "fatal":
                return [self._failure(task, attempt, epoch, retryable=False)]
            case "race":
                return [value, self._time_out(task, attempt, epoch)]
            case "stuck":
                return []
            case _:
                return [self._time_out(task, attempt, epoch)]

    def _value(self, task: int, attempt: int) -> str:
        inputs = (str(value_of(self.state.table[needed])) for needed in self.state.graph.dependencies[task])
        return f"{self.state.graph.names[task]}{attempt}({','.join(inputs)})"

    def _failure(self, task: int, attempt: int, epoch: int, *, retryable: bool) -> AttemptFailed:
        error = BodyError(self.state.graph.names[task], attempt)
        return AttemptFailed(
            task=task, attempt=attempt, epoch=epoch, at_s=self._now_s(), error=error, retryable=retryable
        )

    def _time_out(self, task: int, attempt: int, epoch: int) -> AttemptTimedOut:
        error = BodyError(self.state.graph.names[task], attempt)
        return AttemptTimedOut(task=task, attempt=attempt, epoch=epoch, at_s=self._now_s(), error=error, retryable=True)


def outcomes_in(state: State, *, rerun_detached: bool = False) -> dict[str, Outcome]:
    """Read the outcomes off a state, in the oracle's words; stale ones don't count where detached tasks run again."""
    return {
        name: Outcome("STALE", None, row.attempt)
        if rerun_detached and isinstance(row, Succeeded) and row.stale
        else _outcome(row)
        for name, row in zip(state.graph.names, state.table, strict=True)
    }


def _outcome(row: Status) -> Outcome:
    if has_result(row):
        return Outcome("SUCCEEDED", str(value_of(row)), row.attempt)
    if isinstance(row, Failed | Rejected):
        return Outcome("FAILED", None, row.attempt)
    if isinstance(row, Skipped):
        return Outcome("SKIPPED", None, row.attempt)
    return Outcome("CANCELLED", None, row.attempt - isinstance(row, Ready | ReadyAgain))
