"""One simulated run, from its first event to its end: run, crash, mend, resume. What happens is chosen elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, final

from flowing._rows import results_of
from flowing._text import describe_error
from flowing.core.events import CancelRequested, ResultProvided, ResumeRequested, RunRequested, RunRestored
from flowing.core.run_rules import past_of
from flowing.core.state import Closed, initial
from flowing.core.status import FRESH, Because, CommitDue, Committing, Invalidated, Provided, Succeeded
from flowing.core.transition import transition
from flowing.errors import FlowingError, WorkersExhausted, WorkerStartError
from flowing.shell.session import begin, close_as_it_stands
from flowing.testing import oracle, standing
from flowing.testing.entries import enter
from flowing.testing.fates import Fates
from flowing.testing.ledger import Ledger
from flowing.testing.pending import StoreAnswer
from flowing.testing.witness import Witness
from flowing.testing.world import SimulatedWorld

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core.events import Event
    from flowing.core.state import State
    from flowing.core.status import Status
    from flowing.testing.choices import Choices
    from flowing.testing.faults import Faults
    from flowing.testing.subject import Subject

_WALL_S: Final = 1_700_000_000.0
RUN_REQUESTED: Final = RunRequested(0.0, _WALL_S, "simulated")
_STEPS_MAX: Final = 1_000  # for each task: more is a run that goes round in circles
_STORABLE: Final = (Succeeded, Provided, CommitDue, Committing)


@final
class Play:
    """A run under way: `state` is where it stands, `error` what `run()` would have raised in the end.

    After a violation nothing more is done: `witness.violation` says what it was.
    """

    def __init__(
        self,
        subject: Subject,
        faults: Faults,
        choices: Choices,
        *,
        is_timed: bool = True,
        crash_after: int | None = None,
    ) -> None:
        self.state: State = subject.fresh_start()
        self.error: FlowingError | None = None
        self.rows: tuple[Status, ...] = ()
        self.late: Sequence[Event] = ()  # what is reported when the run is over
        self.survivors: tuple[tuple[int, Succeeded | Provided | Invalidated], ...] | None = None
        self.commit_survives: bool | None = None  # one that is on its way when the process dies; None: it is a choice
        self.was_committing: bool = False  # when the process died last
        self.world: SimulatedWorld | None = None
        self.witness: Witness = Witness(subject, self.now_s, is_timed=is_timed)
        self.witness.read_state = lambda: self.state if self.world is None else self.world.desk.state
        self.choices: Choices = choices
        self.witness.crash_after = crash_after
        for task, row in enumerate(self.state.table):
            if isinstance(row, Provided):
                enter(self.witness.ledger, ResultProvided(task, row.value))
        self._fates = Fates(faults, subject)
        self._sound: State | None = None  # asked about last
        self._between_s = 0.0  # the time while no world is there

    def now_s(self) -> float:
        """Tell the time."""
        return self._between_s if self.world is None else self.world.now_s

    # ── a run, or a resume, and what is mended before ────────────────────────────────────────────

    def run(self) -> None:
        """Play a run to its end, or its crash."""
        self.begin(RUN_REQUESTED)
        self.go_on()

    def resume(self, *, rerun_detached: bool = False) -> None:
        """Play a resume to its end, or its crash."""
        self.begin(ResumeRequested(self._between_s, _WALL_S + self._between_s, rerun_detached))
        self.go_on()

    def mend(self, event: Event) -> None:
        """Override or invalidate results while nothing runs."""
        self.state = transition(self.state, event)
        self.witness.note(event)
        self.rows = tuple(self.state.table)
        if isinstance(event, ResultProvided):
            self.witness.stored[event.task] = event.value
        self._forget_stored()
        self.ask_about_the_state()

    def _forget_stored(self) -> None:
        """Let the store have nothing that is no result any more."""
        stored = self.witness.stored
        for task in [task for task in stored if not isinstance(self.rows[task], _STORABLE)]:
            del stored[task]

    def begin(self, event: Event) -> None:
        """Begin a run or a resume; one with nothing to start is over at once."""
        self.witness.came_back.clear()
        self.witness.is_cancelled = False
        self.error = None
        self.state = begin(self.state, event, self.witness)
        self.rows = tuple(self.state.table)
        self._forget_stored()
        if not isinstance(self.state.phase, Closed):
            self.world = SimulatedWorld(self.state, self._fates, self.choices, self.witness)

    def go_on(self) -> None:
        """Let one thing happen after the other until the run is over, or the process dies; ask every claim."""
        world = self.world
        try:
            self._go_on()
        finally:
            if world is not None:
                world.coroutines.end()

    def _go_on(self) -> None:
        witness = self.witness
        for _ in range(_STEPS_MAX * (1 + self.state.graph.size)):
            if witness.violation is not None:
                return
            if witness.crashed is not None:
                self._die(witness.crashed)
                return
            self.ask_about_the_state()
            if self.world is None:
                self.ask_about_the_end()
                return
            self.step()
        witness.complain("no_run_goes_round_in_circles", f"{_STEPS_MAX} steps for each task did not end the run")

    def step(self) -> None:
        """Let one thing happen, and ask what may depend on how it came about."""
        world, witness, before = self.world, self.witness, self.rows
        assert world is not None, "the run is open"
        try:
            happened = world.step()
        except Exception as error:  # noqa: BLE001 - whatever it is, a thread of flowing's would have died of it
            witness.complain("flowing_itself_raises_nothing", describe_error(error), cause=error)
            return
        self.state = world.desk.state
        self.rows = tuple(self.state.table)
        if witness.crashed is not None:
            return
        witness.ask(standing.settled_rows_stay, witness.ledger, before, self.rows)
        if world.desk.closed:
            self._close(world)
            return
        witness.ask(standing.the_table_says_what_was_heard, witness.ledger, self.rows)
        witness.ask(standing.who_is_not_waited_for_is_told, witness.ledger, world.performing())
        if not world.somebody_comes():
            witness.ask(standing.somebody_comes_for_what_is_due, witness.ledger, witness.free)
        if not (happened if witness.is_timed else world.goes_on()):
            witness.ask(standing.what_has_begun_goes_on, witness.ledger)

    def _close(self, world: SimulatedWorld) -> None:
        """Close a run whose desk is closed, as the flow does, and let everybody leave."""
        witness, desk = self.witness, world.desk
        self._between_s, self.world = world.now_s, None
        if not isinstance(self.state.phase, Closed):
            self.state = close_as_it_stands(self.state)
            self.rows = tuple(self.state.table)
            if isinstance(desk.broken, WorkerStartError):
                witness.ask(standing.gives_up_when_nobody_works, witness.ledger)
            enter(witness.ledger, CancelRequested())
            self.error = desk.broken if isinstance(desk.broken, FlowingError) else None
        elif self.state.phase.because is Because.EXHAUSTED:
            names = [attempt.body.name for attempt in desk.abandoned.values()]
            self.error = WorkersExhausted(names, grace_s=witness.subject.grace_s)
        self.late = world.empty()
        witness.ask(standing.the_caller_hears_of_the_end_once, world.closings)
        witness.ask(standing.no_thread_is_left_behind, world.crew.threads, world.hung)

    # ── claims that depend on nothing but where the run stands ───────────────────────────────────

    def ask_about_the_state(self) -> None:
        """Ask whether the state is sound, if it is another than last time. O(nodes + edges)."""
        if self.state is not self._sound:
            self._sound = self.state
            self.witness.ask(standing.the_state_is_sound, self.state)

    def ask_about_the_end(self) -> None:
        """Ask what came of a run that is over. O(nodes + edges)."""
        witness = self.witness
        expected = oracle.outcomes(witness.subject, witness.ledger)
        results = results_of(self.state, witness.subject.numbers)
        witness.ask(oracle.outcomes_equal_the_oracle, expected, results)
        witness.ask(oracle.detached_tasks_change_no_outcome, expected[: witness.subject.graph.main], ok=results.ok)
        witness.ask(standing.what_comes_after_the_end_changes_nothing, self.state, self.late)

    # ── a crash ──────────────────────────────────────────────────────────────────────────────────

    def _die(self, crashed: State) -> None:
        """Lose everything but the results that there were, or, where there is a store, that it has."""
        world, stored = self.world, self.witness.stored
        self._between_s, self.world = self.now_s(), None
        on_its_way = {
            task: due.value
            for each in ([] if world is None else world.pending)
            if isinstance(each, StoreAnswer)
            for task, due in each.saving.results
            if isinstance(crashed.table[task], Committing)  # not what the same step went on to begin
        }
        self.was_committing = bool(on_its_way)
        survives = self.commit_survives
        if on_its_way and (self.choices.below(2, "whether the store was quicker") if survives is None else survives):
            stored.update(on_its_way)
        self.survivors = tuple(
            (task, kept)
            for task, row in enumerate(crashed.table)
            if (kept := _survives(row, is_stored=task in stored or not self.witness.subject.is_stored)) is not None
        )

    def run_again(self, *, crash_after: int | None = None) -> None:
        """Go on in a new process with what survived the crash; perhaps it crashes, too, after so many events."""
        assert self.survivors is not None, "the process has crashed"
        witness, graph, epoch = self.witness, self.state.graph, self.state.epoch
        times = self.state.run.times
        assert times is not None, "the run had begun"
        witness.crashed = None
        witness.ledger = Ledger(graph)
        self.state = initial(graph, epoch=epoch)
        self.mend(RunRestored(times.id, epoch, self._between_s, _WALL_S + self._between_s, self.survivors))
        self.survivors = None
        witness.crash_after = None if crash_after is None else len(witness.story) + crash_after
        self.resume()


def _survives(row: Status, *, is_stored: bool) -> Succeeded | Provided | Invalidated | None:
    """Say what a crash leaves of a row: its result, or how many attempts were made."""
    if is_stored:
        match row:
            case Succeeded() | Provided():
                return row
            case CommitDue() | Committing():
                due = row if isinstance(row, CommitDue) else row.due
                return Succeeded(due.run, due.ended_s, due.value)
            case _:
                pass
    past = past_of(row)
    return None if past is FRESH else Invalidated(past)
