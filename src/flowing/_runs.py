"""What a flow has run, and runs: one call at a time begins, goes on, mends, and takes the state back. No scheduling."""

from __future__ import annotations

import os
import threading
import time
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Final, TypeAlias, final

from attrs import evolve

from flowing._rows import Rows, results_of
from flowing.core.events import ResultProvided, ResultsInvalidated, ResumeRequested, RunRequested
from flowing.core.state import Closed, Idle, State, initial
from flowing.core.status import Failed, Rejected
from flowing.core.transition import transition
from flowing.errors import CheckpointError, FlowRunningError, ForkedProcessError
from flowing.shell.log import warn_of_failure
from flowing.shell.session import Session, Settings, begin, close_as_it_stands

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing._bodies import Body
    from flowing._compile import Compiled
    from flowing._durable.hold import Hold
    from flowing._inputs import Inputs
    from flowing.checkpoint import Store
    from flowing.core.events import Event
    from flowing.results import Results
    from flowing.shell.bridge import Caller
    from flowing.shell.observers import Observers
    from flowing.shell.remote import Executors, Given

    Checkpoint: TypeAlias = "str | os.PathLike[str] | Store"


@final
class Runs:
    """The state of a flow, and the session that changes it while there is one."""

    __slots__ = (
        "_executors",
        "_hold_on",
        "_starting",
        "at_rest",
        "compiled",
        "hold",
        "inputs",
        "observers",
        "session",
        "settings",
    )

    def __init__(
        self,
        compiled: Compiled,
        inputs: Inputs,
        settings: Settings,
        *,
        executors: Mapping[int, Given],
        observers: Observers,
        hold_on: Callable[[Checkpoint], Hold],
        checkpoint: Checkpoint | None,
    ) -> None:
        self.at_rest: State = initial(compiled.graph)
        self.session: Session | None = None
        self.observers: Observers = observers
        self.hold: Hold | None = None if checkpoint is None else hold_on(checkpoint)
        self.settings: Settings = settings
        self.compiled: Compiled = compiled
        self.inputs: Inputs = inputs
        self._executors = executors
        self._hold_on = hold_on
        self._starting = threading.Lock()

    def another(self, checkpoint: Checkpoint | None) -> Runs:
        """Make one that has not run, for the same tasks and options, with a checkpoint of its own."""
        return Runs(
            self.compiled,
            self.inputs,
            self.settings,
            executors=self._executors,
            observers=self.observers.of_another_flow(),
            hold_on=self._hold_on,
            checkpoint=checkpoint,
        )

    @property
    def state(self) -> State:
        """The state as it is now, also while the flow is running."""
        session = self.session
        return self.at_rest if session is None else session.state

    @property
    def rows(self) -> Rows:
        """What the state says now of each task."""
        return Rows(self.state, self.compiled.numbers)

    @property
    def results(self) -> Results:
        """What `run()` gives, as it stands now."""
        return results_of(self.state, self.compiled.numbers)

    def cancel(self) -> None:
        """Stop the run, if there is one."""
        session = self.session
        if session is not None:
            session.cancel()

    def close(self) -> None:
        """Let go of the checkpoint."""
        self.settled_state("close()")
        with self._starting:
            self.settled_state("close()")
            if self.hold is not None:
                self.hold.close()

    def conduct(
        self,
        call: str,
        first: Callable[[State], tuple[State, Event]],
        caller: Caller | None = None,
        *,
        anew: bool,
    ) -> Results:
        """Begin, and wait for the end, whatever ends it; those who attend see all of it."""
        if self._executors:
            self._refuse_while_importing(call)
        self.settled_state(call)  # before the lock, which a fork may have copied while it was held
        with ExitStack() as attendance:
            with self._starting:
                self.at_rest = self._taken_over(self.settled_state(call), anew=anew)
                began, session = self._begin(*first(self.at_rest), caller, attendance)
            if session is None:
                return results_of(began, self.compiled.numbers)
            if caller is not None:
                caller.awaits(session)
            self._see_out(session, began)
            return self._reported(session)

    def _refuse_while_importing(self, call: str) -> None:
        """Let no flow with processes begin in a process that its own program was started in again."""
        from flowing.shell.remote import refuse_while_importing  # noqa: PLC0415 - few flows have an executor

        refuse_while_importing(self._executors, self.compiled.tasks, call)

    def _begin(
        self, state: State, event: Event, caller: Caller | None, attendance: ExitStack
    ) -> tuple[State, Session | None]:
        """Begin with the first event, for which there is a session unless nothing is to be done. Under the lock."""
        hold = self.hold
        is_new = isinstance(event, RunRequested)
        if hold is not None or is_new:
            self.observers.go_on_from(state)
        attended = self.observers.attend(self._passing, attendance)
        began = begin(state, event, self.observers)
        scribe = None if hold is None else hold.has_begun(state, began, anew=is_new)
        if isinstance(began.phase, Closed):
            self.at_rest = began
            if hold is not None:
                hold.has_ended_with(state, began)
            return began, None
        bodies = self.compiled.bodies if hold is None else hold.bodies
        executors = _hired(self._executors, bodies)
        bodies = attended.equip(bodies if executors is None else executors.bodies)
        loop = None if caller is None else caller.loop
        self.session = Session(began, bodies, self.settings, self.observers, scribe, loop=loop, executors=executors)
        return began, self.session

    def _see_out(self, session: Session, began: State) -> None:
        """Wait for the end of a session, take its state back, and have the checkpoint told."""
        hold = self.hold
        try:
            session.conduct()
        except BaseException as error:
            if hold is not None and not isinstance(error, CheckpointError):
                with suppress(CheckpointError):  # what ended the run is what the caller has to know
                    hold.has_ended_with(began, self._taken_back(session))
            raise
        finally:
            self._taken_back(session)
        if hold is not None:
            hold.has_ended_with(began, self.at_rest)

    def _reported(self, session: Session) -> Results:
        """Give the results of a session that is over, and warn of what failed."""
        results = results_of(session.state, self.compiled.numbers)
        if not _FINAL_FAILURES.isdisjoint(map(type, session.state.table)):
            self._warn_of_failures(results)
        return results

    def _passing(self) -> State:
        """Give the state as it is now, for one look."""
        session = self.session
        return self.at_rest if session is None else session.passing

    def _warn_of_failures(self, results: Results) -> None:
        """Log each task that failed for good, once for each call of `run()` or `resume()`."""
        times = self.at_rest.run.times
        for failure in (*results.failures(detached=False), *results.failures(detached=True)):
            assert failure.error is not None, failure
            warn_of_failure(
                failure.name,
                failure.error,
                attempts=failure.attempts,
                run_id=None if times is None else times.id,
                detached=failure.detached,
            )

    def _taken_over(self, state: State, *, anew: bool) -> State:
        """Read the stored run, where there is one that was not read yet."""
        return state if self.hold is None else self.hold.take_over(state, anew=anew)

    def _taken_back(self, session: Session) -> State:
        """Take the state back, unless somebody who saw that the session is over has done so, and begun anew."""
        with self._starting:
            if self.session is session:
                self._take_back(session)
            return session.state

    def _take_back(self, session: Session) -> None:
        """Keep the state in which a session ended, and let go of its threads."""
        state = session.state
        self.at_rest = state if isinstance(state.phase, Closed) else close_as_it_stands(state)
        self.session = None

    def settled_state(self, call: str) -> State:
        """Give the state if the flow stands still, else say that it does not."""
        session = self.session
        if session is None:
            return self.at_rest
        if session.pid != os.getpid():
            message = (
                f"{call}: this flow was running when process {session.pid} forked this one, and runs on there; "
                f"make a new Flow in the child"
            )
            raise ForkedProcessError(message)
        if session.over or session.owner == threading.get_ident():
            # The thread that waited is gone, or it is this one: an interrupt tore it out of the last line of run().
            self._take_back(session)
            return self.at_rest
        message = f"{call}: the flow is running; wait for it, cancel() it, or make another Flow of the same tasks"
        raise FlowRunningError(message)

    def override(self, number: int, value: object) -> None:
        """Give a task a value from outside."""
        self._mend("override()", ResultProvided(number, value))

    def invalidate(self, numbers: tuple[int, ...]) -> None:
        """Have results made anew."""
        self._mend("invalidate()", ResultsInvalidated(numbers))

    def _mend(self, call: str, event: Event) -> None:
        self.settled_state(call)  # before the lock, as in conduct
        with self._starting:
            before = self.at_rest = self._taken_over(self.settled_state(call), anew=False)
            after = transition(evolve(before, table=before.table.copy()), event)
            if self.hold is not None:
                self.hold.is_mended(before, after)
                self.observers.go_on_from(before)
            self.at_rest = after
            self.observers.observe(event)

    def begin(self, inputs: Mapping[str, object], state: State) -> tuple[State, Event]:
        """Begin a new run; overrides made before the first one belong to it (D3)."""
        if not isinstance(state.phase, Idle):
            state = initial(state.graph, epoch=state.epoch + 1)
        state = self._with_inputs(state, self.inputs.to_begin(state, inputs))
        run_id = os.urandom(16).hex() if self.hold is None else self.hold.new_run_id()
        return state, RunRequested(time.monotonic(), time.time(), run_id)

    def go_on(self, inputs: Mapping[str, object], state: State, *, rerun_detached: bool) -> tuple[State, Event]:
        """Go on with the run; if there was none yet, begin it."""
        if isinstance(state.phase, Idle):
            return self.begin(inputs, state)
        if self.hold is not None:
            state = self.hold.before_resume(state)
        lacking = self.inputs.to_go_on(state, inputs)
        if lacking:
            assert self.hold is not None, "only a stored run can lack inputs"
            state = self.hold.with_inputs(state, lacking)
        return state, ResumeRequested(time.monotonic(), time.time(), rerun_detached)

    def _with_inputs(self, state: State, values: Mapping[int, object]) -> State:
        """Give the state of a run that is about to begin with its inputs, which are provided as overrides are."""
        if not values:
            return state
        state = evolve(state, table=state.table.copy())  # nobody holds a version that these supersede
        for task, value in values.items():
            event = ResultProvided(task, value)
            state = transition(state, event)
            self.observers.observe(event)
        return state


_FINAL_FAILURES: Final = frozenset({Failed, Rejected})


def _hired(given: Mapping[int, Given], bodies: Sequence[Body]) -> Executors | None:
    """Prepare the executors of one run, where there are any. Starts none."""
    if not given:
        return None
    from flowing.shell.remote import Executors  # noqa: PLC0415 - as above

    return Executors(given, bodies)
