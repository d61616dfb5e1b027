"""One line of the log for each event, at DEBUG. Nothing but words, and nothing of a value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, assert_never, final

from flowing._record import record
from flowing._text import counted, describe_error, one_line
from flowing.core.events import (
    AttemptEvent,
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    BackoffStarted,
    CancelRequested,
    CommitStarted,
    GateClosed,
    GraceElapsed,
    InputRejected,
    MainSettled,
    PlaceAwaited,
    PlacesExhausted,
    ResultProvided,
    ResultsCommitted,
    ResultsInvalidated,
    ResumeRequested,
    RetryAbandoned,
    RunEvent,
    RunFinished,
    RunRequested,
    RunRestored,
    TaskSkipped,
)
from flowing.shell.log import debug, facts
from flowing.shell.observers import EventsLost

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing._bodies import Body
    from flowing.shell.observers import Observation, Occasion

_DRAIN_S: Final = 1.0  # for handlers that are slow; one that blocks for ever must not hold the caller up for long


@final
class Diary:
    """Writes the events of one call of `run()` or `resume()`."""

    def __init__(self, occasion: Occasion) -> None:
        times = occasion.look().run.times
        self._run_id: str | None = None if times is None else times.id
        self._subscription = occasion.hear(self._write)

    def equip(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Leave them as they are."""
        return bodies

    def ends(self) -> None:
        """Wait for the last line, if it takes no longer than a second."""
        self._subscription.close()
        self._subscription.drain(_DRAIN_S)

    def _write(self, observation: Observation) -> None:
        event = observation.event
        if isinstance(event, RunRequested):
            self._run_id = event.run_id
        if isinstance(event, EventsLost):
            return  # its queue has no limit
        if isinstance(event, AttemptEvent):
            said = words_of(event)
            assert observation.task is not None, event
            extra = facts(
                event=type(event).__name__,
                task=observation.task,
                attempt=event.attempt,
                run_id=self._run_id,
                state=said.state,
            )
            debug("task %s attempt %d %s", repr(one_line(observation.task)), event.attempt, said.text, extra=extra)
        else:
            extra = facts(event=type(event).__name__, task=observation.task, run_id=self._run_id)
            debug("%s", run_words_of(event, observation.task), extra=extra)


@record
class Words:
    """What happened to a task, and the state that it is in then, where the event alone tells."""

    text: str
    state: str | None = None


def words_of(event: AttemptEvent) -> Words:  # noqa: C901, PLR0912 - one line a kind of event
    """Say what happened in an attempt."""
    match event:
        case AttemptStarted():
            return Words("started", "RUNNING")
        case AttemptSucceeded():
            return Words("succeeded", "SUCCEEDED")
        case AttemptReturned():
            return Words("returned; its result is to be committed", "RUNNING")
        case AttemptFailed(error=error):
            return Words(f"failed: {describe_error(error)}")
        case AttemptTimedOut(error=error):
            return Words(f"timed out: {describe_error(error)}")
        case AttemptStopped():
            return Words("stopped by itself, for the run is being cancelled", "CANCELLED")
        case GateClosed():
            return Words("did not start: its gate closed", "SKIPPED")
        case InputRejected(error=error):
            return Words(f"did not start: {describe_error(error)}", "FAILED")
        case BackoffStarted():
            return Words("is to be made again after a delay", "PENDING")
        case BackoffElapsed():
            return Words("has waited, and can be made again", "PENDING")
        case RetryAbandoned():
            return Words("is not made again, for the run stops", "FAILED")
        case TaskSkipped():
            return Words("is skipped", "SKIPPED")
        case _:
            assert_never(event)


def run_words_of(event: RunEvent, task: str | None) -> str:  # noqa: C901, PLR0912 - one line a kind of event
    """Say what happened to the run; `task` is the one that the event is about, where there is one."""
    match event:
        case RunRequested(run_id=run_id):
            return f"run {one_line(run_id)} begins"
        case ResumeRequested():
            return "the run goes on"
        case RunRestored(run_id=run_id, rows=rows):
            return f"run {one_line(run_id)} was read: {len(rows)} rows"
        case MainSettled():
            return "the main graph has settled"
        case CancelRequested():
            return "the run is being cancelled"
        case GraceElapsed():
            return "what still runs is not waited for any more"
        case PlaceAwaited():
            return "every worker is stuck in a timed-out attempt; waiting for one to come back"
        case PlacesExhausted():
            return "no stuck worker came back in time"
        case CommitStarted(commit):
            return f"commit {commit} is on its way"
        case ResultsCommitted(commit):
            return f"commit {commit} is durable"
        case RunFinished():
            return "the run is over"
        case ResultProvided():
            return f"task {one_line(task or '')!r} was given a result from outside"
        case ResultsInvalidated(tasks):
            return f"{counted(len(tasks), 'result')} {'was' if len(tasks) == 1 else 'were'} invalidated"
        case _:
            assert_never(event)
