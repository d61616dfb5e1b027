"""Facts the shell reports, and the orders it gets. No logic.

Events are past tense: what happened, with the time and the randomness it happened with. Decisions are imperative:
orders not yet carried out. Every decision that is carried out is answered by exactly one event, named beside it.
All times are seconds on one monotonic clock; `task` is a number in the graph.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, final

from attrs import field

from flowing._no_value import NO_VALUE
from flowing._record import maker, record

if TYPE_CHECKING:
    from flowing.core.status import Known

# ── events about one attempt, fenced by epoch and attempt number ─────────────────────────────────


@record
class AttemptStarted:
    """A worker began the attempt. Answers `Start`."""

    task: int
    attempt: int
    epoch: int
    at_s: float


@final
@record
class AttemptSucceeded:
    """The body returned a value that was accepted."""

    task: int
    attempt: int
    epoch: int
    at_s: float
    value: object = field(repr=False)


@final
@record
class AttemptReturned:
    """The body returned a value that counts once it is committed. `kept` is what the store keeps of it."""

    task: int
    attempt: int
    epoch: int
    at_s: float
    value: object = field(repr=False)
    kept: object = field(repr=False)


@record(kw_only=True)
class AttemptFailed:
    """The body raised, or `retry_until` refused `value`. `jitter` in [0, 1) scales the delay of a jittered retry."""

    task: int
    attempt: int
    epoch: int
    at_s: float
    error: BaseException = field(repr=False)
    retryable: bool
    jitter: float = 0.0
    value: object = field(repr=False, default=NO_VALUE)


@record(kw_only=True)
class AttemptTimedOut:
    """The deadline passed first; the attempt's thread is abandoned and keeps its place until it returns."""

    task: int
    attempt: int
    epoch: int
    at_s: float
    error: BaseException = field(repr=False)
    retryable: bool
    jitter: float = 0.0


@record
class AttemptStopped:
    """The body ended itself because the run was being cancelled."""

    task: int
    attempt: int
    epoch: int
    at_s: float


@record
class GateClosed:
    """`when` said no before the body ran."""

    task: int
    attempt: int
    epoch: int
    at_s: float


@record
class InputRejected:
    """A gate raised `error` before the body ran."""

    task: int
    attempt: int
    epoch: int
    at_s: float
    error: BaseException = field(repr=False)


@record
class BackoffStarted:
    """A timer for the delay is set. Answers `Delay`."""

    task: int
    attempt: int
    epoch: int
    until_s: float


@record
class BackoffElapsed:
    """The delay is over."""

    task: int
    attempt: int
    epoch: int


@record
class RetryAbandoned:
    """The run stops, so the task will not be tried again. Answers `GiveUp`."""

    task: int
    attempt: int
    epoch: int


@record
class TaskSkipped:
    """The skip was taken note of, and goes on to the dependents. Answers `Skip`."""

    task: int
    attempt: int
    epoch: int


# ── events about the run ─────────────────────────────────────────────────────────────────────────


@record
class RunRequested:
    """A run begins. `wall_s` is the Unix time at `at_s`, for display only."""

    at_s: float
    wall_s: float
    run_id: str


@record
class ResumeRequested:
    """The run goes on: what has no result runs (again), with a fresh retry budget."""

    at_s: float
    wall_s: float
    rerun_detached: bool = False


@record
class MainSettled:
    """Nothing more happens in the main graph; detached tasks may start. Answers `SettleMain`."""


@record
class CancelRequested:
    """Start nothing more; running attempts may finish."""


@record
class GraceElapsed:
    """Running attempts had their time after a cancel; their threads are abandoned."""


@record
class PlaceAwaited:
    """A timer is set for a place to come free. Answers `AwaitPlace`."""

    wait: int


@record
class PlacesExhausted:
    """No abandoned thread came back in the time of this wait."""

    wait: int


@record
class CommitStarted:
    """Everything that was due to be committed is on its way to the store. Answers `Commit`."""

    commit: int


@record
class ResultsCommitted:
    """All that was in this commit is durable."""

    commit: int


@record
class RunFinished:
    """The run is over. Answers `Finish`."""


@record
class RunRestored:
    """A run was read: these rows hold its results, committed or not, and what it knew of tasks without one.

    Their times are on this process's clock: `wall_s` is the Unix time at `at_s`.
    """

    run_id: str
    epoch: int
    at_s: float
    wall_s: float
    rows: tuple[tuple[int, Known], ...] = field(repr=False)


@record
class ResultProvided:
    """A value was given from outside; computed descendants are invalidated with it."""

    task: int
    value: object = field(repr=False)


@record
class ResultsInvalidated:
    """These results are wrong: they and their computed descendants are to be made anew."""

    tasks: tuple[int, ...]


Report: TypeAlias = (
    AttemptSucceeded | AttemptReturned | AttemptFailed | AttemptStopped | GateClosed | InputRejected
)  # how an attempt ended, from the thread that made it
AttemptEvent: TypeAlias = (
    AttemptStarted | Report | AttemptTimedOut | BackoffStarted | BackoffElapsed | RetryAbandoned | TaskSkipped
)
RunEvent: TypeAlias = (
    RunRequested
    | ResumeRequested
    | MainSettled
    | CancelRequested
    | GraceElapsed
    | PlaceAwaited
    | PlacesExhausted
    | CommitStarted
    | ResultsCommitted
    | RunFinished
    | RunRestored
    | ResultProvided
    | ResultsInvalidated
)
Event: TypeAlias = AttemptEvent | RunEvent


# ── decisions ────────────────────────────────────────────────────────────────────────────────────


@record
class Start:
    """Run the body; answer with `AttemptStarted`."""

    task: int
    attempt: int
    epoch: int


@record
class Delay:
    """Set a timer that reports `BackoffElapsed`; answer with `BackoffStarted`."""

    task: int
    attempt: int
    epoch: int
    delay_s: float


@record
class GiveUp:
    """Forget the timer; answer with `RetryAbandoned`."""

    task: int
    attempt: int
    epoch: int


@record
class Skip:
    """Take note; answer with `TaskSkipped`."""

    task: int
    attempt: int
    epoch: int


@record
class SettleMain:
    """Answer with `MainSettled`."""


@record
class AwaitPlace:
    """Set a timer that reports `PlacesExhausted`; answer with `PlaceAwaited`. `wait` counts the waits of the run."""

    wait: int


@record
class Commit:
    """Have the store commit what is due, then report `ResultsCommitted`; answer with `CommitStarted`.

    `commit` counts the commits of the run; there is never a second one on its way.
    """

    commit: int


@record
class Finish:
    """Let everybody go; answer with `RunFinished`."""


Decision: TypeAlias = Start | Delay | GiveUp | Skip | SettleMain | AwaitPlace | Commit | Finish

make_attempt_succeeded: Final = maker(AttemptSucceeded)  # as the class makes it, only faster: every task needs one
