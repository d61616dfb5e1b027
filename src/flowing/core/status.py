"""What a task's row in the table can be: one record per status, each with exactly its own payload. No logic."""

from __future__ import annotations

import enum
from typing import ClassVar, Final, Literal, TypeAlias

from attrs import field

from flowing._no_value import NO_VALUE
from flowing._record import maker, record

# Which rows the table can find without a search: those that await something. Plain ints, because an IntEnum costs
# half a microsecond per bit operation.
Lane: TypeAlias = Literal[0, 1, 2, 3, 4, 5]
NO_LANE: Final = 0
READY: Final = 1
AGAIN: Final = 2
ORDER: Final = 3
BACKOFF: Final = 4
COMMIT: Final = 5
LANES: Final[tuple[Lane, ...]] = (NO_LANE, READY, AGAIN, ORDER, BACKOFF, COMMIT)


class Because(enum.Enum):
    """Why a task failed without another try, or was cancelled."""

    FAIL_FAST = "fail_fast"
    CANCEL = "cancelled"
    EXHAUSTED = "no worker left"


@record
class Past:
    """What a row keeps of earlier resumes of this run: attempts made, and how often its result was invalidated."""

    attempts: int = 0
    invalidations: int = 0


FRESH: Final = Past()


@record
class Blocked:
    """Waits for `unmet` dependencies that have not succeeded yet."""

    lane: ClassVar[Lane] = NO_LANE
    unmet: int
    past: Past = FRESH

    @property
    def attempt(self) -> int:
        """Count the attempts so far."""
        return self.past.attempts


@record
class Ready:
    """Every dependency succeeded; attempt number `attempt`, the first one since the run began, can start."""

    lane: ClassVar[Lane] = READY
    attempt: int
    past: Past = FRESH


@record
class Running:
    """Attempt number `attempt` started at `started_s` on the monotonic clock."""

    lane: ClassVar[Lane] = NO_LANE
    attempt: int
    past: Past
    started_s: float


@record
class Failure:
    """How an attempt ended badly: the error, and the refused value if there was one."""

    run: Running
    ended_s: float
    error: BaseException = field(repr=False)
    value: object = field(repr=False, default=NO_VALUE)


@record
class RetryDue:
    """Failed with retries left; the delay of `delay_s` has not been ordered yet."""

    lane: ClassVar[Lane] = ORDER
    failure: Failure
    delay_s: float

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that failed."""
        return self.failure.run.attempt


@record
class BackingOff:
    """Failed with retries left; the next attempt may start at `until_s`. Holds no worker."""

    lane: ClassVar[Lane] = BACKOFF
    failure: Failure
    until_s: float

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that failed."""
        return self.failure.run.attempt


@record
class ReadyAgain:
    """Failed with retries left and has waited; the next attempt can start. Keeps the error, should none do (D5)."""

    lane: ClassVar[Lane] = AGAIN
    failure: Failure

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that can start."""
        return self.failure.run.attempt + 1

    @property
    def past(self) -> Past:
        """Give what the row kept of earlier resumes."""
        return self.failure.run.past


@record
class CommitDue:
    """The body returned `value`, which counts once it is committed (D15). `kept` is what the store keeps of it."""

    lane: ClassVar[Lane] = COMMIT
    run: Running
    ended_s: float
    value: object = field(repr=False)
    kept: object = field(repr=False)

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that returned."""
        return self.run.attempt

    @property
    def past(self) -> Past:
        """Give what the row kept of earlier resumes when the attempt started."""
        return self.run.past


@record
class Committing:
    """The body returned `due.value`, and the commit that it is part of has begun. Holds no worker."""

    lane: ClassVar[Lane] = NO_LANE
    due: CommitDue

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that returned."""
        return self.due.run.attempt

    @property
    def past(self) -> Past:
        """Give what the row kept of earlier resumes when the attempt started."""
        return self.due.run.past


@record
class Succeeded:
    """Has a computed value. `stale` marks a detached one whose inputs changed after it ran (D4)."""

    lane: ClassVar[Lane] = NO_LANE
    run: Running
    ended_s: float
    value: object = field(repr=False)
    stale: bool = False

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that succeeded."""
        return self.run.attempt

    @property
    def past(self) -> Past:
        """Give what the row kept of earlier resumes when the attempt started."""
        return self.run.past


@record
class Provided:
    """Has a value from outside: an override."""

    lane: ClassVar[Lane] = NO_LANE
    value: object = field(repr=False)
    past: Past = FRESH

    @property
    def attempt(self) -> int:
        """Count the attempts made before the value was provided."""
        return self.past.attempts


@record
class Failed:
    """Failed for good. `because` says what kept it from being tried again, where something did."""

    lane: ClassVar[Lane] = NO_LANE
    failure: Failure
    because: Because | None = None

    @property
    def attempt(self) -> int:
        """Give the number of the last attempt."""
        return self.failure.run.attempt


@record
class Rejected:
    """Failed without an attempt: a gate raised `error` (D10)."""

    lane: ClassVar[Lane] = NO_LANE
    error: BaseException = field(repr=False)
    past: Past = FRESH

    @property
    def attempt(self) -> int:
        """Count the attempts made before the gate was asked."""
        return self.past.attempts


@record
class SkipDue:
    """Task `cause` failed, or its gate closed; the skip has not been ordered yet."""

    lane: ClassVar[Lane] = ORDER
    cause: int
    gate: bool
    past: Past

    @property
    def attempt(self) -> int:
        """Count the attempts so far."""
        return self.past.attempts


@record
class Skipped:
    """Will not run in this run: ancestor `cause` failed, or a gate closed on it or on ancestor `cause`."""

    lane: ClassVar[Lane] = NO_LANE
    cause: int
    gate: bool
    past: Past

    @property
    def attempt(self) -> int:
        """Count the attempts so far."""
        return self.past.attempts


@record
class Cancelled:
    """The body itself stopped because the run was being cancelled."""

    lane: ClassVar[Lane] = NO_LANE
    run: Running
    ended_s: float

    @property
    def attempt(self) -> int:
        """Give the number of the attempt that stopped."""
        return self.run.attempt


@record
class Invalidated:
    """Its result is wrong or out of date; the next run or resume makes it anew."""

    lane: ClassVar[Lane] = NO_LANE
    past: Past

    @property
    def attempt(self) -> int:
        """Count the attempts so far."""
        return self.past.attempts


Waiting: TypeAlias = (
    Blocked | Ready | ReadyAgain | RetryDue | BackingOff | SkipDue | CommitDue | Committing | Invalidated
)
Settled: TypeAlias = Succeeded | Provided | Failed | Rejected | Skipped | Cancelled
Status: TypeAlias = Waiting | Running | Settled
Known: TypeAlias = Succeeded | Provided | Invalidated | CommitDue  # what counts of a row when a run is restored

# As the classes make them, only faster: every task needs these.
make_blocked: Final = maker(Blocked)
make_running: Final = maker(Running)
make_succeeded: Final = maker(Succeeded)

# Shared, because most rows are fresh and wait for few: `SHARED[unmet]`. To make all of them takes 0.2 ms.
SHARED: Final[tuple[Ready | Blocked, ...]] = (Ready(1), *map(make_blocked, range(1, 1024)))
