"""Simulated workers: they visit the desk, perform, and visit again, one thing at a time. No thread, no order."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, final

from attrs import evolve

from flowing.core.events import AttemptFailed, CancelRequested, InputRejected, ResultsCommitted
from flowing.errors import CheckpointError
from flowing.shell.seams import Saving
from flowing.shell.tracebacks import clean
from flowing.testing.coroutines import NeverReturns
from flowing.testing.fates import RUNS, STOPS, report
from flowing.testing.invariants import inputs_are_the_results, threads_stay_within_the_bound
from flowing.testing.pending import Arrival, HireAgain, Refusal, Return, StoreAnswer

if TYPE_CHECKING:
    from flowing.core.events import Report
    from flowing.shell.attempt import Attempt
    from flowing.shell.desk import Desk
    from flowing.testing.fates import Fate
    from flowing.testing.world import SimulatedWorld

_RARELY: Final = 8  # one in so many
_STORE_ANSWERS: Final = (*["has committed"] * (_RARELY - 2), "can't be written", "has lost its answer")


@final
class SimulatedWorker:
    """A worker as the desk sees it, and its bell: as a thread's, it may ring before the worker sleeps, but once."""

    __slots__ = ("_crew", "assignment", "is_asleep", "is_rung")

    def __init__(self, crew: SimulatedCrew) -> None:
        self.assignment: Attempt | Saving | None = None
        self.is_asleep: bool = False
        self.is_rung: bool = False
        self._crew = crew

    def wake(self) -> None:
        """Let it come to the desk again."""
        if self.is_rung:
            raise RuntimeError("a worker was woken twice")
        self.is_rung = True
        if self.is_asleep:
            self._crew.expect(self)

    def sleep(self) -> None:
        """Sleep until woken, which may have happened already."""
        self.is_asleep = True
        if self.is_rung:
            self._crew.expect(self)


@final
class SimulatedCrew:
    """The workers of one run. `threads` counts those that are alive."""

    def __init__(self, world: SimulatedWorld, *, refusals: int) -> None:
        self.workers: list[SimulatedWorker] = []
        self.threads: int = 0
        self.was_refused: bool = False
        self.refusals_told: int = refusals
        self.refusals_left: int = world.freedom.refusals
        self.performing: Attempt | None = None
        self.is_cut_short: bool = False  # what is being performed, because the run will be over
        self._world: Final = world

    def hire(self, desk: Desk) -> None:  # noqa: ARG002 - it is the same desk all the time
        """Start a thread, or have the desk hear, some time, that there is none."""
        if self._is_refused():
            self._world.pending.append(Refusal(self._world.now_s + self._world.lateness_s()))
            return
        self.threads += 1
        self._world.witness.ask(threads_stay_within_the_bound, self._world.witness.subject, self.threads)
        self.workers.append(worker := SimulatedWorker(self))
        self.expect(worker)

    def _is_refused(self) -> bool:
        if self.refusals_told:
            self.refusals_told -= 1
            return True
        if not self.refusals_left:
            return False
        n = _RARELY if self._world.is_timed else 2
        if self._world.choices.below(n, "whether a thread is refused") != n - 1:
            return False
        self.refusals_left -= 1
        return True

    def refuse(self) -> None:
        """Tell the desk that the system refused a thread."""
        self.was_refused = True
        if not self._world.is_timed:
            self._world.pending.append(HireAgain(0.0))
        self._world.desk.refuse(RuntimeError("simulated: can't start new thread"))

    def expect(self, worker: SimulatedWorker) -> None:
        """Have the worker come to the desk, some time."""
        self._world.pending.append(Arrival(self._world.now_s + self._world.lateness_s(), worker))

    def visit(self, worker: SimulatedWorker, event: Report | ResultsCommitted | None) -> None:
        """Visit the desk, and go on as a worker thread does."""
        desk = self._world.desk
        worker.is_asleep = worker.is_rung = False
        if desk.visit(worker, event):
            assignment, worker.assignment = worker.assignment, None
            if isinstance(assignment, Saving):
                self._world.expect_answer(worker, assignment)
            else:
                assert assignment is not None
                self._take(worker, assignment)
        elif desk.closed:
            self.threads -= 1
        else:
            worker.sleep()

    def _take(self, worker: SimulatedWorker, attempt: Attempt) -> None:
        """Begin the attempt. Where time goes on, it is run at once, to its end, on a time of its own."""
        world = self._world
        world.witness.ask(inputs_are_the_results, world.witness.ledger, attempt)
        fate = world.fates.told(attempt)
        if fate is None and world.is_timed:
            may_hang = attempt.deadline_s is not None or bool(world.cancels.at_s())
            fate = world.fates.chosen(attempt, world.choices, may_hang=may_hang)
        if fate is not None and fate.ending == "hangs":
            world.pending.append(Return(math.inf, worker, attempt, obeys=fate.obeys))
            return
        if fate is None or not world.is_timed:
            world.pending.append(Return(0.0, worker, attempt))
            return
        event, ended_s, was_told = self.perform(attempt, fate)
        if event is None:
            world.pending.append(Return(math.inf, worker, attempt, obeys=fate.obeys))
            return
        if fate.ending == "late":
            assert attempt.deadline_s is not None
            ended_s = max(ended_s, attempt.deadline_s)
        if fate.takes_s or ended_s != event.at_s:
            event = evolve(event, at_s=ended_s + fate.takes_s)
        cut_short = self.is_cut_short
        world.pending.append(Return(event.at_s, worker, attempt, event, fate.obeys, was_told, cut_short))

    def perform(self, attempt: Attempt, fate: Fate = RUNS) -> tuple[Report | None, float, bool]:
        """Run the attempt; give its report, when it ended, and whether because it was told to. None: it never ends.

        Nobody else is told anything yet, and no time has passed for them.
        """
        world = self._world
        begun_s, was_cancelled, self.performing, self.is_cut_short = world.now_s, attempt.cancelled, attempt, False
        event = report(attempt, fate, world.choices, world.coroutines.wait_for)
        self.performing = None
        error = event.error if isinstance(event, AttemptFailed | InputRejected) else None
        if fate.ending == "runs" and isinstance(event, AttemptFailed) and isinstance(error, KeyboardInterrupt):
            raise error  # somebody at the keyboard: told of as a fault, it cancels the run as in production
        ended_s, world.now_s = world.now_s, begun_s
        was_told, attempt.cancelled = attempt.cancelled and not was_cancelled, was_cancelled
        return None if isinstance(error, NeverReturns) else event, ended_s, was_told

    def come_back(self, returning: Return) -> None:
        """Bring the report of an attempt that has ended."""
        world, attempt, event = self._world, returning.attempt, returning.event
        if not world.is_timed:
            fate = world.fates.told(attempt) or world.fates.at_end(attempt, world.choices)
            event, _, was_told = self.perform(attempt, fate)
            if event is None:
                world.pending.append(Return(math.inf, returning.worker, attempt))
                return
            if was_told:
                world.pass_deadline(attempt)
        elif event is None or (returning.obeys and attempt.cancelled):
            event = report(attempt, STOPS, world.choices, world.coroutines.wait_for)
        attempt.over = True
        if attempt.deadline_s is not None:
            world.witness.came_back.add((attempt.task, attempt.number))
        if isinstance(event, AttemptFailed | InputRejected):
            clean(event.error, keep_frames=world.witness.subject.keep_frames)
            if issubclass(type(event.error), KeyboardInterrupt):
                world.desk.report(CancelRequested())
        world.attempt_ended(attempt)
        self.visit(returning.worker, event)

    def save(self, answer: StoreAnswer) -> None:
        """Hear from the store. What it raises ends the run, and nobody knows what it has done."""
        world, saving = self._world, answer.saving
        answers = _STORE_ANSWERS if world.is_timed else _STORE_ANSWERS[-3:]
        choice = world.choices.below(len(answers), "what the store answers") if world.freedom.store_errors else 0
        if answers[choice] != "can't be written":
            world.witness.stored.update((task, due.value) for task, due in saving.results)
        if answers[choice] == "has committed":
            self.visit(answer.worker, ResultsCommitted(saving.commit))
        else:
            self.threads -= 1
            world.desk.break_down(CheckpointError(f"simulated: the store {answers[choice]}"))
