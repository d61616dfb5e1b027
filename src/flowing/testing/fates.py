"""How each attempt ends: as the faults tell, or as is chosen. Makes the report that a worker brings; hands none in."""

from __future__ import annotations

from contextvars import copy_context
from typing import TYPE_CHECKING, Final, Literal, TypeAlias, TypeVar, assert_never, cast, final

from attrs import evolve

from flowing._record import record
from flowing._text import one_line
from flowing.core.events import AttemptFailed, AttemptTimedOut, GateClosed, InputRejected
from flowing.errors import AttemptCancelled, ConfigError
from flowing.shell.perform import failed, is_retried, perform
from flowing.testing.faults import ErrorToRaise, SimulatedFault, number_of

if TYPE_CHECKING:
    from flowing.core.events import Report
    from flowing.shell.attempt import Attempt
    from flowing.shell.seams import Await
    from flowing.testing.choices import Choices
    from flowing.testing.faults import Fault, Faults
    from flowing.testing.subject import Subject

E = TypeVar("E", AttemptFailed, AttemptTimedOut)
Ending: TypeAlias = Literal["runs", "error", "shut", "rejected", "stops", "hangs", "late"]


class FatalFault(BaseException):
    """What an attempt raises that no `retry_on` names, unless one names everything."""


@record
class Fate:
    """How one attempt ends, and `takes_s` after its start; where it is late, after its deadline.

    One that `obeys` ends itself if it is cancelled before.
    """

    ending: Ending = "runs"
    takes_s: float = 0.0
    error: ErrorToRaise = SimulatedFault
    obeys: bool = False


RUNS: Final = Fate()
_FATAL: Final = Fate("error", error=FatalFault)
_SHUT: Final = Fate("shut")
_REJECTED: Final = Fate("rejected")
_HANGS: Final = Fate("hangs")
STOPS: Final = Fate("stops")

_TIMES_S: Final = (0.0, 1.0, 0.5, 3.0)


@final
class Fates:
    """The fates of one run: what was told, by task number, and what may be chosen beside it.

    Raises:
        UnknownTaskError: the faults name a task that is not in the flow.
        ConfigError: a task without a timeout is told to be late.
    """

    def __init__(self, faults: Faults, subject: Subject) -> None:
        self.freedom: Final = faults.freedom
        self.refusals: Final = faults.refusals
        self.cancels_at_s: Final = [each.at_s for each in faults.cancels if each.at_s is not None]
        self.cancels_after: Final = [
            number_of(each.after, subject.graph, what="Faults") for each in faults.cancels if each.after is not None
        ]
        self._told: dict[int, tuple[Fault, ...]] = {}
        for fault in faults.told:
            task = number_of(fault.task, subject.graph, what="Faults")
            if fault.kind == "late" and subject.bodies[task].timeout_s is None:
                message = (
                    f"task {one_line(fault.task)!r} can't be late: it has no timeout_s; give it one, or use take()"
                )
                raise ConfigError(message)
            self._told[task] = (*self._told.get(task, ()), fault)

    def told(self, attempt: Attempt) -> Fate | None:
        """Add up what was told of this attempt; None if nothing was."""
        fate = None
        for fault in self._told.get(attempt.task, ()):
            if not fault.attempts or attempt.number - attempt.row.past.attempts in fault.attempts:
                fate = _with(fate or RUNS, fault)
        return fate

    def chosen(self, attempt: Attempt, choices: Choices, *, may_hang: bool) -> Fate:
        """Choose, as the attempt starts, how it will end and when; whether at all, only where something ends it."""
        free = self.freedom
        takes_s = _TIMES_S[choices.below(len(_TIMES_S), "how long it takes")] if free.durations else 0.0
        obeys = free.stops and choices.below(2, "whether it obeys a cancel") == 1
        match choices.below(8, "how it ends") if free.errors else 0:
            case 4:
                return Fate("error", takes_s, _retryable(attempt), obeys)
            case 5 if free.fatal_errors:
                return Fate("error", takes_s, FatalFault, obeys)
            case 6 if free.gates and attempt.is_first_try:
                return _SHUT if choices.below(2, "which gate") else _REJECTED
            case 7 if free.hangs and may_hang:
                comes_back = attempt.deadline_s is not None and choices.below(2, "whether it comes back")
                return Fate("late", takes_s, obeys=obeys) if comes_back else Fate("hangs", obeys=obeys)
            case _:
                return Fate("runs", takes_s, obeys=obeys)

    def at_end(self, attempt: Attempt, choices: Choices) -> Fate:
        """Choose, as the attempt ends, how it does."""
        free = self.freedom
        fates = [RUNS]
        if free.errors:
            fates.append(Fate("error", error=_retryable(attempt)))
        if free.fatal_errors:
            fates.append(_FATAL)
        if free.gates and attempt.is_first_try:
            fates += (_SHUT, _REJECTED)
        if free.stops and attempt.cancelled:
            fates.append(STOPS)
        return fates[choices.below(len(fates), "how it ends")]


def _with(fate: Fate, fault: Fault) -> Fate:
    match fault.kind:
        case "error":
            return evolve(fate, ending="error", error=fault.error)
        case "late":
            return evolve(fate, ending="late", takes_s=fault.seconds)
        case "hangs":
            return _HANGS
        case "takes":
            return evolve(fate, takes_s=fault.seconds)
        case _:
            assert_never(fault.kind)


def _retryable(attempt: Attempt) -> ErrorToRaise:
    """Give an error after which the task is tried again, where it ever is."""
    kinds = attempt.body.retry_on
    if not kinds or is_retried(SimulatedFault, kinds):
        return SimulatedFault
    return kinds[0].__new__(kinds[0])  # its constructor may take anything


def report(attempt: Attempt, fate: Fate, choices: Choices, wait_for: Await) -> Report:
    """Run the attempt to its end, and give what its worker reports. Never raises what a body raises."""
    event = _end(attempt, fate, wait_for)
    return with_jitter(event, attempt, choices) if isinstance(event, AttemptFailed) else event


def with_jitter(event: E, attempt: Attempt, choices: Choices) -> E:
    """Choose the jitter, which production draws at random."""
    if not attempt.body.jitter:
        return event
    return evolve(event, jitter=choices.below(_JITTERS, "jitter") / _JITTERS)


_JITTERS: Final = 4


def _end(attempt: Attempt, fate: Fate, wait_for: Await) -> Report:
    match fate.ending:
        case "runs" | "late" | "hangs":
            return cast("Report", copy_context().run(perform, attempt, wait_for))  # it reports how the attempt ended
        case "error":
            error = fate.error
            return failed(attempt, error("simulated") if isinstance(error, type) else error)
        case "shut":
            return GateClosed(attempt.task, attempt.number, attempt.epoch, attempt.course.clock())
        case "rejected":
            refusal = SimulatedFault("simulated: a gate raised")
            return InputRejected(attempt.task, attempt.number, attempt.epoch, attempt.course.clock(), refusal)
        case "stops":
            return failed(attempt, AttemptCancelled(attempt.body.name))
        case _:
            assert_never(fate.ending)
