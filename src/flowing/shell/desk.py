"""The desk: one lock and the state of a run. Every event is handed in here, and every decision carried out.

No scheduling decisions, and nothing of the user's is called here. Who comes with an event takes the next assignment in
the same visit. The lock is never waited for: who finds it taken leaves the event in the inbox, and whoever holds the
lock serves the inbox before and after letting go. (A lock that is waited for hands the GIL over at every task as soon
as two threads compete for it: measured 13-33 us a task, against 10-18 for the loop written by hand.)
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Final

from attrs import evolve

from flowing.core.decide import answer, decide
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    AwaitPlace,
    BackoffElapsed,
    CancelRequested,
    Commit,
    Delay,
    Finish,
    GateClosed,
    GraceElapsed,
    InputRejected,
    PlacesExhausted,
    Start,
)
from flowing.core.handover import hand_over
from flowing.core.state import values_of
from flowing.core.status import Committing, Running
from flowing.core.table import NONE_READY
from flowing.core.transition import transition
from flowing.errors import WorkerStartError
from flowing.shell.attempt import Attempt, Course
from flowing.shell.seams import Saving

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing._bodies import Body
    from flowing.core.events import Decision, Event, Report
    from flowing.core.state import State
    from flowing.shell.seams import Observer, Worker, World

_HIRE_AGAIN_AFTER_S: Final = 0.1  # how long the system is left alone when it refused a thread
_BREAK_DOWN_S: Final = 1.0  # how long to wait for a lock that may never be free again


class Desk:
    """The lock, the state, and who waits for work."""

    def __init__(
        self,
        state: State,
        bodies: Sequence[Body],
        world: World,
        *,
        grace_s: float,
        observer: Observer,
    ) -> None:
        self.state: State = evolve(state, table=state.table.copy())  # nobody holds a version that we supersede
        self.closed: bool = False  # the run is over, for whatever reason; never false again
        self.broken: BaseException | None = None
        self.live: dict[int, Attempt] = {}
        self.abandoned: dict[tuple[int, int], Attempt] = {}
        self._bodies = bodies
        self._workers = state.graph.limits.workers
        self._world = world
        self._clock = world.clock
        self._grace_s = grace_s
        self._observer = observer
        self._lock = world.lock()
        self._inbox: deque[tuple[Worker | None, Event | RuntimeError | None]] = deque()
        self._asleep: list[Worker] = []
        self._spent: dict[int, AttemptFailed | AttemptTimedOut] = {}  # so that no error or value dies under the lock
        self._coming = False  # one worker was woken or hired and has not arrived: then no other one is
        self._hire_after_s = 0.0
        assert state.run.times is not None, "the run has begun"
        self._course = Course(state.run.times.id, world.clock, world.bell)

    def visit(self, worker: Worker, event: Event | None) -> bool:
        """Hand an event in, and leave `worker.assignment` set where there is work; False sends it to sleep.

        A worker that was sent to sleep is woken exactly once, and then visits again without an event.
        """
        inbox, lock = self._inbox, self._lock
        me: Worker | None = worker
        if (type(event) is AttemptSucceeded or type(event) is AttemptReturned) and lock.acquire(False):  # noqa: FBT003 - a keyword costs as much as the call
            try:
                if inbox or self.closed:
                    inbox.append((worker, event))
                    self._serve(me)
                elif not self._hand_over(worker, event):
                    self._go_on(worker)
            finally:
                lock.release()
            me = None  # it has its assignment, or it is asleep and must be woken like any other
        else:
            inbox.append((worker, event))
        while inbox and lock.acquire(False):  # noqa: FBT003
            try:
                self._serve(me)
            finally:
                lock.release()
            me = None
        return worker.assignment is not None

    def report(self, event: Event | None) -> None:
        """Hand in an event that no worker brings; None only asks to carry out what is due."""
        self.leave(event)
        self.serve()

    def leave(self, event: Event | None) -> None:
        """Leave an event for whoever comes next, who takes it in before anything else. One step, without the lock."""
        self._inbox.append((None, event))

    def serve(self) -> None:
        """Take in what was left, unless somebody does."""
        while self._inbox and self._lock.acquire(blocking=False):
            try:
                self._serve(None)
            finally:
                self._lock.release()

    def refuse(self, refusal: RuntimeError) -> None:
        """Take note that a worker who was hired does not come (FAULTS R21)."""
        self._inbox.append((None, refusal))
        self.serve()

    def break_down(self, error: BaseException) -> None:
        """End the run because flowing's own code was hit. Keeps the state as it is; the first error counts."""
        held = self._lock.acquire(timeout=_BREAK_DOWN_S)  # what hit us may have left the lock held (FAULTS X11)
        try:
            self._break(error)
        finally:
            if held:
                self._lock.release()
        self.serve()  # who came meanwhile has left an event and sleeps; now it may leave

    def _serve(self, me: Worker | None) -> None:
        """Take in all that was left in the inbox, and carry out what is due."""
        inbox = self._inbox
        is_here = False
        while inbox:
            worker, event = inbox.popleft()
            if event is None:
                self._coming = False
            elif self.closed:
                pass
            elif isinstance(event, RuntimeError):
                self._go_without(event)
            else:
                self._take_in(event)
            if worker is me:
                is_here = True
            elif worker is not None:
                self._asleep.append(worker)
        self._go_on(me if is_here else None)

    def _go_on(self, free: Worker | None) -> None:
        """Carry out what is due; who is free and gets nothing falls asleep."""
        if not self._carry_out(free) and free is not None:
            self._asleep.append(free)
        if self.closed and self._asleep:
            self._wake_everybody()

    def _hand_over(self, me: Worker, event: AttemptSucceeded | AttemptReturned) -> bool:
        """Take in a value and start the next task at once; True if there was one. What most visits are."""
        before = self.state
        at_s = self._clock()  # the report may be older: who brings it may have been kept from the lock for long
        self.state, begun = hand_over(before, event, at_s)
        if self.abandoned:
            self._let_go(event)
        else:
            del self.live[event.task]
        listening = self._observer.listening
        if listening:
            self._tell(before, event)
        if begun is None:
            return False
        task, row = begun
        me.assignment = attempt = self._begin(task, row)
        if listening:
            self._observer.observe(AttemptStarted(task, row.attempt, attempt.epoch, at_s))
        if not self._coming and self.state.running < self._workers and self.state.table.look()[1] != NONE_READY:
            self._carry_out(None)
        return True

    def _take_in(self, event: Event) -> None:
        """Apply one event from outside, and do what follows from it outside the state."""
        before = self.state
        self._apply(event)
        match event:
            case (
                AttemptSucceeded()
                | AttemptReturned()
                | AttemptFailed()
                | AttemptStopped()
                | GateClosed()
                | InputRejected()
            ):
                self._let_go(event)
            case AttemptTimedOut() if self.state is not before:
                self._spent[event.task] = event
                attempt = self.abandoned[event.task, event.attempt] = self.live.pop(event.task)
                attempt.cancel()
            case CancelRequested() if not self.closed:
                for attempt in self.live.values():
                    attempt.cancel()
                self._world.timers.report_at(self._clock() + self._grace_s, GraceElapsed())
            case _:
                pass

    def _let_go(self, report: Report) -> None:
        """Forget the attempt that reported."""
        if type(report) is AttemptFailed:
            self._spent[report.task] = report
        attempt = self.live.get(report.task)
        if attempt is not None and attempt.row.attempt == report.attempt:
            del self.live[report.task]
        else:
            self.abandoned.pop((report.task, report.attempt), None)

    def _apply(self, event: Event) -> None:
        before = self.state
        self.state = transition(before, event)
        if self._observer.listening:
            self._tell(before, event)

    def _tell(self, before: State, event: Event) -> None:
        """Tell the observer of an event that was not late: what came too late did not happen."""
        if self.state is not before and self.state.run.late == before.run.late:
            self._observer.observe(event)

    def _carry_out(self, me: Worker | None) -> bool:
        """Carry out what is due; True if `me` got an assignment."""
        got = False
        while not self.closed and not (got and self._coming) and (decisions := decide(self.state, 1)):
            decision = decisions[0]
            if not isinstance(decision, Start | Commit):
                self._answer(decision)
            elif me is not None and not got:
                self._apply(answer(decision, self._clock()))
                me.assignment = self._assign(decision)
                got = True
            else:
                self._call_somebody()
                break
        return got

    def _answer(self, decision: Decision) -> None:
        """Carry out a decision that needs no worker."""
        now_s = self._clock()
        self._apply(answer(decision, now_s))
        match decision:
            case Delay(task, attempt, epoch, delay_s):
                self._world.timers.report_at(now_s + delay_s, BackoffElapsed(task, attempt, epoch))
            case AwaitPlace(wait):
                self._world.timers.report_at(now_s + self._grace_s, PlacesExhausted(wait))
            case Finish():
                self._close()
            case _:
                pass

    def _assign(self, decision: Start | Commit) -> Attempt | Saving:
        """Gather what a worker needs for a decision that was carried out."""
        table = self.state.table
        if isinstance(decision, Commit):
            rows = ((task, table[task]) for task in self.state.run.committing)
            return Saving(
                decision.commit, tuple([(task, row.due) for task, row in rows if isinstance(row, Committing)])
            )
        row = table[decision.task]
        assert isinstance(row, Running)
        return self._begin(decision.task, row)

    def _begin(self, task: int, row: Running) -> Attempt:
        """Gather what an attempt needs that the state says has started."""
        body = self._bodies[task]
        inputs = values_of(self.state.table, body.inputs) if body.inputs else ()
        attempt = self.live[task] = Attempt(task, row, self.state.run.epoch, body, inputs, self._course)
        if self._spent:
            attempt.spent = self._spent.pop(task, None)
        if body.timeout_s is not None:
            self._world.timers.watch(attempt)
        return attempt

    def _call_somebody(self) -> None:
        """Get one more worker to the desk. It calls the next one, if there is still more to start when it arrives."""
        if self._coming:
            return
        if self._asleep:
            self._coming = True
            self._asleep.pop().wake()
        elif self._nobody_works() or self._clock() >= self._hire_after_s:
            self._hire()

    def _hire(self) -> None:
        self._coming = True
        self._world.pool.hire(self)

    def _go_without(self, refusal: RuntimeError) -> None:
        """Leave the system alone for a while; without any worker the run is over."""
        self._coming = False
        self._hire_after_s = self._clock() + _HIRE_AGAIN_AFTER_S
        if self._nobody_works() and not self._asleep:
            message = (
                f"the system refused to start a thread ({refusal}), and none is running; "
                f"lower max_workers, or raise the limit on threads; resume() keeps what succeeded"
            )
            self._break(WorkerStartError(message))

    def _nobody_works(self) -> bool:
        """Tell whether nobody is there who will visit again by himself."""
        return not self.live and not self.state.run.committing

    def _break(self, error: BaseException) -> None:
        if not self.closed:
            self.broken = error
            self._close()

    def _close(self) -> None:
        self.closed = True
        self._world.timers.stop()
        self._wake_everybody()
        self._world.on_closed()

    def _wake_everybody(self) -> None:
        for worker in self._asleep:
            worker.wake()
        self._asleep.clear()
