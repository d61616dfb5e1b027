"""Compute the state after an event. Pure: no clock, no randomness, no user callable, nothing changed in place.

The legal (status, event) and (phase, event) pairs are two tables at the end of this file. An event about an attempt
is fenced by epoch and attempt number: what a late one may do is said in `_late`, and nowhere else. Every other pair
raises `InvalidTransition`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, assert_never

from attrs import evolve

from flowing._record import record
from flowing._text import one_line
from flowing.core.events import (
    AttemptEvent,
    AttemptFailed,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    BackoffStarted,
    CancelRequested,
    Event,
    GateClosed,
    GraceElapsed,
    InputRejected,
    MainSettled,
    PlaceAwaited,
    PlacesExhausted,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RetryAbandoned,
    RunFinished,
    RunRequested,
    TaskSkipped,
)
from flowing.core.state import (
    Active,
    Closed,
    Detaching,
    FailingFast,
    Idle,
    Open,
    Phase,
    State,
    Stopping,
    Times,
    has_result,
    is_settled,
)
from flowing.core.status import (
    FIRST,
    FRESH,
    NO_VALUE,
    BackingOff,
    Because,
    Blocked,
    Cancelled,
    Failed,
    Failure,
    Invalidated,
    Past,
    Provided,
    Ready,
    ReadyAgain,
    Rejected,
    RetryDue,
    Running,
    SkipDue,
    Skipped,
    Status,
    Succeeded,
)
from flowing.errors import InvalidTransition

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing.core.graph import Policy
    from flowing.core.table import Table


def transition(state: State, event: Event) -> State:
    """Give the state after `event`. O(out-degree + log n) for events about an attempt.

    Raises:
        InvalidTransition: the event cannot happen in this state. A bug in the shell that reported it.
    """
    by_row = _STATUS_RULES_OF.get(type(event))
    if by_row is None:
        return _transition_run(state, event)
    about: Any = event  # an event with rules for statuses is about an attempt; asking costs more than the look-up
    row = state.table[about.task]
    if about.attempt == row.attempt and about.epoch == state.run.epoch:
        rule = by_row.get(type(row))
        if rule is not None and type(state.run.phase) in rule.phases:
            return rule.step(state, row, about)
    return _late(state, row, about)


def _transition_run(state: State, event: Event) -> State:
    rule = _PHASE_RULES_OF[type(event)].get(type(state.phase))
    if rule is None:
        raise _refusal(state, event, type(state.phase).__name__)
    return rule.step(state, state.phase, event)


def _late(state: State, row: Status, event: AttemptEvent) -> State:
    """Take note of what an abandoned attempt or a stale timer reports: no status changes (D8, FAULTS T2).

    A report gives the place of its thread back. Anything that is neither is refused.
    """
    run = state.run
    superseded = event.epoch < run.epoch or (event.epoch == run.epoch and isinstance(run.phase, Closed))
    if isinstance(event, AttemptTimedOut | BackoffElapsed):
        made = row.attempt - 1 if isinstance(row, Ready | ReadyAgain) else row.attempt
        if superseded or (event.epoch == run.epoch and (event.attempt <= made or is_settled(row))):
            return state
    elif isinstance(event, AttemptSucceeded | AttemptFailed | AttemptStopped | GateClosed | InputRejected):
        if superseded:
            return _with_run(state, late=run.late + 1)
        place = (event.task, event.attempt)
        if event.epoch == run.epoch and place in run.abandoned:
            return _with_run(state, late=run.late + 1, abandoned=run.abandoned - {place}, awaiting_place=False)
    raise _refusal(state, event, f"{row!r}, epoch {state.epoch}, {type(state.phase).__name__}")


def _refusal(state: State, event: Event, where: str) -> InvalidTransition:
    task = (
        f" of task {one_line(state.graph.names[event.task])!r}"
        if isinstance(event, AttemptEvent | ResultProvided)
        else ""
    )
    return InvalidTransition(f"event {event!r}{task} cannot happen in: {where}; the shell that reported it has a bug")


# ── one attempt ──────────────────────────────────────────────────────────────────────────────────


def _start(state: State, row: Ready | ReadyAgain, event: AttemptStarted) -> State:
    task = event.task
    run = state.run
    if state.free <= 0 or (task < run.graph.main) is not (type(run.phase) is Open):
        raise _refusal(state, event, f"{state.phase!r}, {state.free} free places")
    table = state.table.put(task, Running(event.attempt, row.past, event.at_s))
    return State(run, table, state.running + 1, state.main_left)


def _succeed(state: State, row: Running, event: AttemptSucceeded) -> State:
    task, table, graph = event.task, state.table, state.run.graph
    indices, rows = [task], list[Status]((Succeeded(row, event.at_s, event.value),))
    for waiting in graph.dependents[task]:
        blocked = table[waiting]
        if type(blocked) is Blocked:  # not skipped meanwhile, and not provided from outside
            indices.append(waiting)
            rows.append(unblocked(blocked))
    left = state.main_left - 1 if task < graph.main else state.main_left
    return State(state.run, table.replace(indices, rows), state.running - 1, left)


# Shared, because most rows are fresh and wait for few: `_FRESH[unmet]`.
_FRESH: Final[tuple[Status, ...]] = (FIRST, *(Blocked(unmet) for unmet in range(1, 32)))


def unblocked(row: Blocked) -> Status:
    """Make the row of a task that waits for one dependency less."""
    unmet, past = row.unmet - 1, row.past
    if past is FRESH and unmet < len(_FRESH):
        return _FRESH[unmet]
    return Blocked(unmet, past) if unmet else Ready(past.attempts + 1, past)


def _fail(state: State, row: Running, event: AttemptFailed) -> State:
    return _after_failure(state, event, Failure(row, event.at_s, event.error, event.value))


def _time_out(state: State, row: Running, event: AttemptTimedOut) -> State:
    failure = Failure(row, event.at_s, event.error, NO_VALUE, timed_out=True)
    abandoned = state.run.abandoned | {(event.task, event.attempt)}
    return _after_failure(_with_run(state, abandoned=abandoned), event, failure)


def _after_failure(state: State, event: AttemptFailed | AttemptTimedOut, failure: Failure) -> State:
    """Try again where the policy allows it and the run goes on, else fail for good."""
    policy = state.graph.policies[event.task]
    tries = event.attempt - failure.run.past.attempts
    retries = event.retryable and tries <= policy.retries
    because = _stopped_by(state.phase)
    if not retries or because is not None:
        return _settle_badly(state, event.task, Failed(failure, because if retries else None))
    delay_s = backoff_s(policy, tries, event.jitter)
    row = RetryDue(failure, delay_s) if delay_s > 0 else ReadyAgain(failure)
    return _moved(state, state.table.put(event.task, row), running=-1)


def _stopped_by(phase: Phase) -> Because | None:
    """Say what keeps a failed attempt from being repeated."""
    match phase:
        case FailingFast():
            return Because.FAIL_FAST
        case Stopping(because=because):
            return because
        case _:
            return None


def backoff_s(policy: Policy, tries: int, jitter: float) -> float:
    """Give the delay after failure number `tries`: doubled each time, capped, and jittered if the policy asks (D7)."""
    delay_s = min(policy.backoff_base_s * 2.0 ** min(tries - 1, 1000), policy.backoff_max_s)
    return delay_s * jitter if policy.jitter else delay_s


def _stop(state: State, row: Running, event: AttemptStopped) -> State:
    table = state.table.put(event.task, Cancelled(row, event.at_s))
    return _moved(state, table, running=-1, main_left=-(event.task < state.run.graph.main))


def _close_gate(state: State, row: Running, event: GateClosed) -> State:
    _refuse_if_tried(state, row, event)
    return _settle_badly(state, event.task, Skipped(event.task, gate=True, past=row.past))


def _reject(state: State, row: Running, event: InputRejected) -> State:
    _refuse_if_tried(state, row, event)
    return _settle_badly(state, event.task, Rejected(event.error, row.past))


def _refuse_if_tried(state: State, row: Running, event: GateClosed | InputRejected) -> None:
    """Gates are asked before the first attempt only (D10)."""
    if row.attempt != row.past.attempts + 1:
        raise _refusal(state, event, f"{row!r}, which is not the first attempt")


def _settle_badly(state: State, task: int, row: Failed | Rejected | Skipped) -> State:
    """Settle a task without a result, have its dependents skipped, and trip fail_fast where that applies."""
    was_running = isinstance(state.table[task], Running)
    gate = isinstance(row, Skipped)
    indices, rows = _skips(state, task, cause=task, gate=gate)
    phase = state.phase
    is_main = task < state.graph.main
    if is_main and not gate and state.graph.limits.fail_fast and isinstance(phase, Open):
        phase = FailingFast(task)
    run = state.run if phase is state.phase else evolve(state.run, phase=phase)
    return State(
        run,
        state.table.replace([task, *indices], [row, *rows]),
        running=state.running - was_running,
        main_left=state.main_left - is_main,
    )


def _skips(state: State, task: int, *, cause: int, gate: bool) -> tuple[list[int], list[SkipDue]]:
    """Mark the dependents that still wait; of several causes a failure counts before a gate, then the lowest."""
    indices: list[int] = []
    rows: list[SkipDue] = []
    for dependent in state.graph.dependents[task]:
        row = state.table[dependent]
        if isinstance(row, Blocked) or (isinstance(row, SkipDue) and (gate, cause) < (row.gate, row.cause)):
            indices.append(dependent)
            rows.append(SkipDue(cause, gate, row.past))
    return indices, rows


def _wait(state: State, row: RetryDue, event: BackoffStarted) -> State:
    return _moved(state, state.table.put(event.task, BackingOff(row.failure, event.until_s)))


def _wake(state: State, row: BackingOff, event: BackoffElapsed) -> State:
    return _moved(state, state.table.put(event.task, ReadyAgain(row.failure)))


def _abandon_retry(state: State, row: BackingOff | ReadyAgain, event: RetryAbandoned) -> State:
    return _settle_badly(state, event.task, Failed(row.failure, _stopped_by(state.phase)))


def _skip(state: State, row: SkipDue, event: TaskSkipped) -> State:
    indices, rows = _skips(state, event.task, cause=row.cause, gate=row.gate)
    table = state.table.replace([event.task, *indices], [Skipped(row.cause, row.gate, row.past), *rows])
    return _moved(state, table, main_left=-(event.task < state.graph.main))


def _moved(state: State, table: Table, *, running: int = 0, main_left: int = 0) -> State:
    """Make the next state of a run whose rows changed, with what that adds to the counts."""
    return State(state.run, table, state.running + running, state.main_left + main_left)


def _with_run(state: State, **changes: Any) -> State:  # noqa: ANN401 - `evolve` checks these against the fields of Run
    """Make the next state of a run whose rows did not change."""
    return evolve(state, run=evolve(state.run, **changes))


# ── the run ──────────────────────────────────────────────────────────────────────────────────────


def _run(state: State, phase: Idle, event: RunRequested) -> State:
    if phase.touched:
        state = _pending_again(state, {n: _past_of(row) for n, row in enumerate(state.table) if not has_result(row)})
    return _with_run(state, phase=Open(), times=Times(event.run_id, event.at_s, event.wall_s))


def _resume(state: State, _phase: Closed, event: ResumeRequested) -> State:
    """Keep what has a result, make everything else pending. O(nodes + edges)."""
    assert state.run.times is not None
    again: dict[int, Past] = {}
    for task, row in enumerate(state.table):
        if not has_result(row):
            again[task] = _past_of(row)
        elif event.rerun_detached and task >= state.graph.main and _is_stale(state, task, row, again):
            again[task] = _invalidated(row).past
    return _with_run(
        _pending_again(state, again),
        phase=Open(),
        epoch=state.epoch + 1,
        abandoned=frozenset[tuple[int, int]](),
        awaiting_place=False,
        times=Times(state.run.times.id, event.at_s, event.wall_s),
    )


def _is_stale(state: State, task: int, row: Status, again: Mapping[int, Past]) -> bool:
    """Tell whether a detached result was made from inputs that have changed, or are being made again."""
    if not isinstance(row, Succeeded):
        return False
    return row.stale or not again.keys().isdisjoint(state.graph.dependencies[task])


def _past_of(row: Status) -> Past:
    """Say what a row keeps of its attempts when it becomes pending."""
    match row:
        case RetryDue() | BackingOff() | ReadyAgain() | Failed():
            invalidations = row.failure.run.past.invalidations
        case Cancelled():
            invalidations = row.run.past.invalidations
        case _:
            invalidations = row.past.invalidations
    made = row.attempt - 1 if isinstance(row, Ready | ReadyAgain) else row.attempt
    return Past(made, invalidations) if made or invalidations else FRESH


def _invalidated(row: Status) -> Invalidated:
    """Count the invalidation where there was something to invalidate, for the idempotency key (D2)."""
    past = _past_of(row)
    counts = past.attempts > 0 or isinstance(row, Provided)
    return Invalidated(evolve(past, invalidations=past.invalidations + 1) if counts else past)


def _pending_again(state: State, again: Mapping[int, Past]) -> State:
    """Make these tasks wait for their dependencies as they stand now."""
    rows: dict[int, Status] = {}
    for task, past in again.items():
        needed = state.graph.dependencies[task]
        unmet = sum(dependency in again or not has_result(state.table[dependency]) for dependency in needed)
        rows[task] = Blocked(unmet, past) if unmet else Ready(past.attempts + 1, past)
    return _replaced(state, rows)


def _replaced(state: State, rows: Mapping[int, Status]) -> State:
    """Put rows of any status in, and keep the counts true."""
    running = left = 0
    for task, row in rows.items():
        old = state.table[task]
        running += isinstance(row, Running) - isinstance(old, Running)
        if task < state.graph.main:
            left += is_settled(old) - is_settled(row)
    return _moved(state, state.table.replace(list(rows), list(rows.values())), running=running, main_left=left)


def _provide(state: State, phase: Idle | Closed, event: ResultProvided) -> State:
    provided = Provided(event.value, _past_of(state.table[event.task]))
    return _invalidate_below(state, phase, {event.task: provided})


def _invalidate(state: State, phase: Idle | Closed, event: ResultsInvalidated) -> State:
    return _invalidate_below(state, phase, {task: _invalidated(state.table[task]) for task in event.tasks})


def _invalidate_below(state: State, phase: Idle | Closed, changes: dict[int, Status]) -> State:
    """Make these changes, invalidate the computed descendants, and mark detached ones that ran as stale (D4).

    Stops at a descendant whose own result was provided. O(tasks reached and their edges).
    """
    waiting = list(changes)
    while waiting:
        for task in state.graph.dependents[waiting.pop()]:
            row = state.table[task]
            if task in changes or isinstance(row, Provided):
                continue
            if isinstance(row, Succeeded) and task >= state.graph.main:
                changes[task] = evolve(row, stale=True)
            else:
                changes[task] = _invalidated(row)
            waiting.append(task)
    state = _replaced(state, changes)
    return _with_run(state, phase=Idle(touched=True)) if isinstance(phase, Idle) else state


def _settle_main(state: State, phase: Open | FailingFast, _event: MainSettled) -> State:
    return _with_run(state, phase=Detaching(_failed_fast(phase)))


def _failed_fast(phase: Active) -> int | None:
    match phase:
        case Open():
            return None
        case FailingFast(cause=cause):
            return cause
        case Detaching(failed_fast=failed_fast) | Stopping(failed_fast=failed_fast):
            return failed_fast
        case _:
            assert_never(phase)


def _cancel(state: State, phase: Active, _event: CancelRequested) -> State:
    return _with_run(state, phase=Stopping(Because.CANCEL, _failed_fast(phase)))


def _end_grace(state: State, phase: Stopping, _event: GraceElapsed) -> State:
    return _with_run(state, phase=evolve(phase, grace_over=True))


def _await_place(state: State, _phase: Open | Detaching, event: PlaceAwaited) -> State:
    return _with_run(state, awaiting_place=True, waits=event.wait)


def _exhaust(state: State, phase: Open | Detaching, event: PlacesExhausted) -> State:
    if not state.run.awaiting_place or event.wait != state.run.waits:
        return state
    return _with_run(state, phase=Stopping(Because.EXHAUSTED, _failed_fast(phase)))


def _finish(state: State, phase: Detaching | Stopping, _event: RunFinished) -> State:
    because = phase.because if isinstance(phase, Stopping) else None
    return _with_run(state, phase=Closed(because, phase.failed_fast))


def _ignore(state: State, _phase: Phase, _event: Event) -> State:
    return state


# ── the legal pairs ──────────────────────────────────────────────────────────────────────────────

_On = TypeVar("_On")
_E = TypeVar("_E", bound=Event)

# The tables hold steps of many types side by side; `_rule` ties each step to its pair when the table is made.
_Step: TypeAlias = "Callable[[State, Any, Any], State]"

_ALIVE: Final = (Open, FailingFast, Detaching, Stopping)


@record
class Rule:
    """What one legal pair does: the step, what the status (or phase) can be after it, and the phases it is legal in."""

    on: type[object]
    event: type[object]
    step: _Step
    into: tuple[type[object], ...]
    phases: tuple[type[object], ...] = _ALIVE


def _rule(
    on: type[_On],
    event: type[_E],
    step: Callable[[State, _On, _E], State],
    *into: type[object],
    phases: tuple[type[object], ...] = _ALIVE,
) -> Rule:
    return Rule(on, event, step, into, phases)


STATUS_RULES: Final = (
    _rule(Ready, AttemptStarted, _start, Running, phases=(Open, Detaching)),
    _rule(ReadyAgain, AttemptStarted, _start, Running, phases=(Open, Detaching)),
    _rule(Running, AttemptSucceeded, _succeed, Succeeded),
    _rule(Running, AttemptFailed, _fail, ReadyAgain, RetryDue, Failed),
    _rule(Running, AttemptTimedOut, _time_out, ReadyAgain, RetryDue, Failed),
    _rule(Running, AttemptStopped, _stop, Cancelled, phases=(Stopping,)),
    _rule(Running, GateClosed, _close_gate, Skipped),
    _rule(Running, InputRejected, _reject, Rejected),
    _rule(RetryDue, BackoffStarted, _wait, BackingOff),
    _rule(BackingOff, BackoffElapsed, _wake, ReadyAgain),
    _rule(BackingOff, RetryAbandoned, _abandon_retry, Failed, phases=(FailingFast, Stopping)),
    _rule(ReadyAgain, RetryAbandoned, _abandon_retry, Failed, phases=(FailingFast, Stopping)),
    _rule(SkipDue, TaskSkipped, _skip, Skipped),
)

PHASE_RULES: Final = (
    _rule(Idle, RunRequested, _run, Open),
    _rule(Closed, ResumeRequested, _resume, Open),
    _rule(Open, MainSettled, _settle_main, Detaching),
    _rule(FailingFast, MainSettled, _settle_main, Detaching),
    _rule(Open, CancelRequested, _cancel, Stopping),
    _rule(FailingFast, CancelRequested, _cancel, Stopping),
    _rule(Detaching, CancelRequested, _cancel, Stopping),
    _rule(Stopping, CancelRequested, _ignore, Stopping),
    _rule(Closed, CancelRequested, _ignore, Closed),
    _rule(Stopping, GraceElapsed, _end_grace, Stopping),
    _rule(Closed, GraceElapsed, _ignore, Closed),
    _rule(Open, PlaceAwaited, _await_place, Open),
    _rule(Detaching, PlaceAwaited, _await_place, Detaching),
    _rule(Open, PlacesExhausted, _exhaust, Open, Stopping),
    _rule(Detaching, PlacesExhausted, _exhaust, Detaching, Stopping),
    _rule(FailingFast, PlacesExhausted, _ignore, FailingFast),
    _rule(Stopping, PlacesExhausted, _ignore, Stopping),
    _rule(Closed, PlacesExhausted, _ignore, Closed),
    _rule(Detaching, RunFinished, _finish, Closed),
    _rule(Stopping, RunFinished, _finish, Closed),
    _rule(Idle, ResultProvided, _provide, Idle),
    _rule(Closed, ResultProvided, _provide, Closed),
    _rule(Idle, ResultsInvalidated, _invalidate, Idle),
    _rule(Closed, ResultsInvalidated, _invalidate, Closed),
)


def _by_event(rules: Sequence[Rule]) -> Mapping[type[object], Mapping[type[object], Rule]]:
    by_event: dict[type[object], dict[type[object], Rule]] = {}
    for rule in rules:
        by_event.setdefault(rule.event, {})[rule.on] = rule
    return by_event


_STATUS_RULES_OF: Final = _by_event(STATUS_RULES)
_PHASE_RULES_OF: Final = _by_event(PHASE_RULES)
