"""The simulated world of one desk: a clock, timers, a lock, workers, and all that may happen next.

One thread, no time of its own: what happens next is a choice. Where time goes on, of what is due first; where it
stands still, of everything, because a timer may be late by any time, and so that states repeat. The desk is the
production desk; no scheduling decision and no rule of the core is here.
"""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING, Final, assert_never, final

from flowing.core.events import CancelRequested, Event, GraceElapsed, ResultsCommitted
from flowing.shell.attempt import Attempt
from flowing.shell.clerk import time_out
from flowing.shell.desk import Desk
from flowing.shell.seams import World
from flowing.testing.cancels import SimulatedCancels
from flowing.testing.coroutines import SimulatedCoroutines
from flowing.testing.crew import SimulatedCrew
from flowing.testing.fates import with_jitter
from flowing.testing.locks import SimulatedBell, SimulatedLock
from flowing.testing.pending import (
    Alarm,
    Arrival,
    CancelCall,
    CancelService,
    HireAgain,
    Opening,
    Pending,
    Refusal,
    Return,
    StoreAnswer,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from flowing.core.events import AttemptTimedOut
    from flowing.core.state import State
    from flowing.shell.seams import Saving
    from flowing.testing.choices import Choices
    from flowing.testing.crew import SimulatedWorker
    from flowing.testing.fates import Fates
    from flowing.testing.faults import Freedom
    from flowing.testing.witness import Witness

_RARELY: Final = 8  # one in so many
_LATENESSES_S: Final = (0.0, 0.25, 2.0)
_CLOCK_STEP_S: Final = 0.2  # longer than the desk leaves a system alone that refused a thread
_CHANGING: Final = (bool, float, list, dict, deque)


@final
class SimulatedWorld:
    """Everything around one desk.

    `missed` is what its timers would still have reported when the run was over, `desk_parts` name what of the desk
    changes, beside its state.
    """

    def __init__(self, state: State, fates: Fates, choices: Choices, witness: Witness) -> None:
        self.fates: Final = fates
        self.freedom: Final[Freedom] = fates.freedom
        self.choices: Choices = choices
        self.witness: Final = witness
        self.is_timed: Final = witness.is_timed
        self.now_s: float = 0.0 if state.run.times is None else state.run.times.at_s
        self.pending: list[Pending] = []
        self.missed: list[Event] = []
        self.closings: int = 0
        self.overlaps: int = fates.freedom.overlaps if self.is_timed else min(1, fates.freedom.overlaps)
        self.crew: Final = SimulatedCrew(self, refusals=fates.refusals)
        self.coroutines: Final = SimulatedCoroutines(self)
        self.cancels: Final = SimulatedCancels(self)
        seams = World(
            clock=lambda: self.now_s,
            pool=self.crew,
            timers=self,
            on_closed=self.close,
            lock=lambda: SimulatedLock(self),
            bell=lambda: SimulatedBell(self),
        )
        subject = witness.subject
        self.desk: Desk = Desk(state, subject.bodies, seams, grace_s=subject.grace_s, observer=witness)
        self.desk_parts: Final = [name for name, value in vars(self.desk).items() if isinstance(value, _CHANGING)]
        self.pending.append(Opening(self.now_s))
        self.pending += self.cancels.planned()

    # ── what may happen next ─────────────────────────────────────────────────────────────────────

    def step(self) -> bool:
        """Let one thing happen; False if nothing will."""
        options = self.options()
        if options:
            self.happen(options[self.choices.below(len(options), "what happens next")])
        return bool(options)

    def meanwhile(self) -> None:
        """Perhaps let something else happen, in the middle of a visit to the desk."""
        while self.overlaps:
            if self.is_timed and self.choices.below(_RARELY, "whether visits overlap") != _RARELY - 1:
                return
            options = self.options()
            choice = self.choices.below(len(options) + 1, "what happens meanwhile")
            if not choice:
                return
            self.overlaps -= 1
            self.happen(options[choice - 1])

    def goes_on(self) -> bool:
        """Tell whether anything is under way that is sure to happen: no cancel, and no report that is overdue."""
        for each in self.pending:
            if isinstance(each, Return):
                if each.due_s < math.inf and self.desk.live.get(each.attempt.task) is each.attempt:
                    return True
            elif not isinstance(each, CancelCall | HireAgain):
                return True
        return False

    def options(self) -> list[Pending]:
        """List what may happen next; of things that are all alike, one."""
        if not self.is_timed:
            found: dict[object, Pending] = {}
            for each in self.pending:
                if each.due_s < math.inf:
                    found.setdefault(each if isinstance(each, Return | Alarm) else type(each), each)
            return list(found.values())
        first_s, options = math.inf, list[Pending]()
        for each in self.pending:
            due_s = self._due_s(each)
            if due_s < first_s:
                first_s, options = due_s, [each]
            elif due_s == first_s < math.inf:
                options.append(each)
        return options

    def _due_s(self, each: Pending) -> float:
        """Say when it happens; what was due before does now."""
        due_s = each.due_s
        if isinstance(each, Return):
            if each.cut_short or (each.was_told and not each.attempt.cancelled):
                return math.inf
            if each.obeys and each.attempt.cancelled:
                return self.now_s
        return max(due_s, self.now_s)

    def happen(self, each: Pending) -> None:
        """Let it happen, now."""
        if self.is_timed:
            self.now_s = self._due_s(each)
        self.pending.remove(each)
        match each:
            case Arrival(worker=worker):
                self.crew.visit(worker, None)
            case Return():
                self.crew.come_back(each)
            case StoreAnswer():
                self.crew.save(each)
            case Alarm(what=what):
                self._ring(what)
            case CancelCall() | CancelService():
                (self.cancels.call if isinstance(each, CancelCall) else self.cancels.serve)()
            case Opening():
                self._open()
            case Refusal():
                self.crew.refuse()
            case HireAgain():
                self.now_s += _CLOCK_STEP_S
            case _:
                assert_never(each)

    def _open(self) -> None:
        if not self.cancels.count:
            self.desk.report(None)

    def somebody_comes(self) -> bool:
        """Tell whether a worker or the clerk is on the way to the desk; a worker that was refused may never come."""
        kinds = Arrival | Opening | Refusal | CancelService
        return self.crew.was_refused or any(isinstance(each, kinds) for each in self.pending)

    def performing(self) -> Iterator[tuple[Attempt, bool]]:
        """Give the attempts that have not come back, and whether they are waited for."""
        live = self.desk.live
        for each in self.pending:
            if isinstance(each, Return):
                yield each.attempt, live.get(each.attempt.task) is each.attempt

    def empty(self) -> list[Event]:
        """Let everybody who still comes find the desk closed; give all that is reported after the end."""
        self.overlaps = 0
        late: list[Event] = [CancelRequested(), GraceElapsed(), *self.missed]
        for each in self.pending:
            if isinstance(each, Arrival):
                self.crew.visit(each.worker, None)
            elif isinstance(each, Refusal):
                self.crew.refuse()
            elif isinstance(each, StoreAnswer):
                late.append(ResultsCommitted(each.saving.commit))
                self.crew.save(each)
            elif isinstance(each, Return) and each.due_s < math.inf:
                event = each.event or self.crew.perform(each.attempt)[0]
                if event is None:
                    self.pending.append(Return(math.inf, each.worker, each.attempt))
                else:
                    late.append(event)
                    self.crew.visit(each.worker, event)
        return late

    @property
    def hung(self) -> int:
        """Count the attempts that never end."""
        return sum(isinstance(each, Return) and each.due_s == math.inf for each in self.pending)

    def expect_answer(self, worker: SimulatedWorker, saving: Saving) -> None:
        """Have the store answer, some time."""
        self.pending.append(StoreAnswer(self.now_s + self.lateness_s(), worker, saving))

    # ── timers, as the desk and the clerk see them ───────────────────────────────────────────────

    def report_at(self, due_s: float, event: Event) -> None:
        """Hand the event in when its time has come, or later."""
        self.pending.append(Alarm(due_s + self.lateness_s(), event))

    def watch(self, attempt: Attempt) -> None:
        """Report a time-out at the deadline, or later, unless the attempt is over by then."""
        assert attempt.deadline_s is not None
        self.pending.append(Alarm(attempt.deadline_s + self.lateness_s(), attempt))

    def stop(self) -> None:
        """Report nothing more."""
        alarms = [each for each in self.pending if isinstance(each, Alarm)]
        self.missed += [each.what for each in alarms if not isinstance(each.what, Attempt)]
        self.pending = [each for each in self.pending if not isinstance(each, Alarm)]

    def close(self) -> None:
        """Hear that the run is over."""
        self.closings += 1

    def lateness_s(self) -> float:
        """Choose how late something is."""
        if not (self.is_timed and self.freedom.durations):
            return 0.0
        return _LATENESSES_S[self.choices.below(len(_LATENESSES_S), "how late")]

    def _ring(self, what: Event | Attempt) -> None:
        if not isinstance(what, Attempt):
            self.desk.report(what)
        elif not what.over:
            self.cancels.come_after(what.task)
            self.desk.report(self._time_out(what))

    def _time_out(self, attempt: Attempt) -> AttemptTimedOut:
        return with_jitter(time_out(attempt, self.now_s), attempt, self.choices)

    def pass_deadline(self, attempt: Attempt) -> None:
        """Report the time-out of an attempt that has seen its deadline pass, if nobody has."""
        watched = self._watched(attempt)
        if watched is not None:
            self.pending.remove(watched)
            self._ring(attempt)

    def _watched(self, attempt: Attempt) -> Alarm | None:
        return next((each for each in self.pending if isinstance(each, Alarm) and each.what is attempt), None)

    def attempt_ended(self, attempt: Attempt) -> None:
        """Drop its deadline, unless the clerk has just looked; and cancel, where that is to be done after it."""
        watched = self._watched(attempt)
        if watched is not None:
            self.pending.remove(watched)
            may_be_late = self.freedom.stale_timers and (not self.is_timed or self.now_s >= watched.due_s)
            if may_be_late and self.choices.below(2, "whether its time-out is on its way"):
                self.pending.append(Alarm(self.now_s, self._time_out(attempt)))
        self.cancels.come_after(attempt.task)
