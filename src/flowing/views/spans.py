"""Read off a run's events when each attempt was, and each wait. Facts as they were heard; no drawing, no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias, assert_never

from attrs import evolve

from flowing._record import record
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffStarted,
    GateClosed,
    InputRejected,
    ResumeRequested,
    RunRequested,
    RunRestored,
)
from flowing.results import StepState
from flowing.shell.observers import EventsLost, Observation
from flowing.views.picture import Span, SpanKind

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowing.views.picture import DrawnTask

_End: TypeAlias = AttemptSucceeded | AttemptReturned | AttemptFailed | AttemptTimedOut | AttemptStopped


@record
class Observed:
    """What was heard: the attempts and back-offs of each task by number, in order, and how many events were not."""

    spans: Mapping[int, tuple[Span, ...]]
    lost: int = 0

    @property
    def notes(self) -> tuple[str, ...]:
        """Say what is missing."""
        if not self.lost:
            return ()
        return (f"{self.lost:,} events were lost on the way to the listener: attempts may be missing.",)

    def added_to(self, tasks: Sequence[DrawnTask]) -> tuple[DrawnTask, ...]:
        """Give each task, in the order of their numbers, its spans."""
        if not self.spans:
            return tuple(tasks)
        return tuple([evolve(each, spans=self.spans.get(number, ())) for number, each in enumerate(tasks)])


def observed_spans(events: Iterable[object]) -> Observed:
    """Follow the events of the newest run among them: of a recording, or as a listener heard them. O(events)."""
    spans: dict[int, list[Span]] = {}
    to_wall_s = 0.0  # added to a time on the monotonic clock
    lost = 0
    for each in events:
        match each.event if isinstance(each, Observation) else each:
            case RunRequested(at_s=at_s, wall_s=wall_s):
                spans, lost, to_wall_s = {}, 0, wall_s - at_s
            case ResumeRequested(at_s=at_s, wall_s=wall_s) | RunRestored(at_s=at_s, wall_s=wall_s):
                to_wall_s = wall_s - at_s
            case EventsLost(count):
                lost += count
            case AttemptStarted(task, attempt=attempt, at_s=at_s):
                begun = Span(kind=SpanKind.ATTEMPT, from_s=at_s + to_wall_s, attempt=attempt)
                spans.setdefault(task, []).append(begun)
            case (
                AttemptSucceeded() | AttemptReturned() | AttemptFailed() | AttemptTimedOut() | AttemptStopped()
            ) as ended:
                _end_attempt(spans.get(ended.task, []), ended, to_wall_s)
            case GateClosed(task) | InputRejected(task) if spans.get(task):
                spans[task].pop()  # the body did not begin, so there was no attempt
            case BackoffStarted(task, attempt=attempt, until_s=until_s) if spans.get(task):
                from_s = spans[task][-1].until_s or spans[task][-1].from_s
                waits = Span(kind=SpanKind.BACKOFF, from_s=from_s, until_s=until_s + to_wall_s, attempt=attempt)
                spans[task].append(waits)
            case _:
                pass
    return Observed({number: tuple(each) for number, each in spans.items()}, lost)


def _end_attempt(spans: list[Span], event: _End, to_wall_s: float) -> None:
    """Say when the attempt ended, and how; what is heard of one that is over already (T2) counts no more."""
    last = spans[-1] if spans else None
    if last is not None and last.kind is SpanKind.ATTEMPT and last.attempt == event.attempt and last.until_s is None:
        spans[-1] = evolve(last, until_s=event.at_s + to_wall_s, went=_went(event))


def _went(event: _End) -> StepState:
    match event:
        case AttemptSucceeded() | AttemptReturned():
            return StepState.SUCCEEDED
        case AttemptFailed() | AttemptTimedOut():
            return StepState.FAILED
        case AttemptStopped():
            return StepState.CANCELLED
        case _:
            assert_never(event)
