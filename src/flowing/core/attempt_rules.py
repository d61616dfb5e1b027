"""What an event about one attempt does to the state: one function a legal pair. The pairs are in `transition`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from attrs import evolve

from flowing.core.state import FailingFast, Open, Phase, State, Stopping, make_state
from flowing.core.status import (
    BackingOff,
    Because,
    Blocked,
    Cancelled,
    CommitDue,
    Failed,
    Failure,
    Ready,
    ReadyAgain,
    Rejected,
    RetryDue,
    Running,
    SkipDue,
    Skipped,
    Status,
    make_running,
    make_succeeded,
)
from flowing.core.steps import moved, refusal, unblocked, with_run

if TYPE_CHECKING:
    from flowing.core.events import (
        AttemptFailed,
        AttemptReturned,
        AttemptStarted,
        AttemptStopped,
        AttemptSucceeded,
        AttemptTimedOut,
        BackoffElapsed,
        BackoffStarted,
        GateClosed,
        InputRejected,
        RetryAbandoned,
        TaskSkipped,
    )
    from flowing.core.graph import Policy


def start(state: State, row: Ready | ReadyAgain, event: AttemptStarted) -> State:
    """Begin the attempt in a free place."""
    task = event.task
    run = state.run
    if state.free <= 0 or (task < run.graph.main) is not (type(run.phase) is Open):
        raise refusal(state, event, f"{state.phase!r}, {state.free} free places")
    table = state.table.put(task, make_running(event.attempt, row.past, event.at_s))
    return make_state(run, table, state.running + 1, state.main_left)


def succeed(state: State, row: Running, event: AttemptSucceeded) -> State:
    """Keep the value, and count one dependency less for each dependent."""
    task, table, graph = event.task, state.table, state.run.graph
    indices = [task]
    rows: list[Status] = [make_succeeded(row, event.at_s, event.value)]
    for waiting in graph.dependents[task]:
        blocked = table[waiting]
        if type(blocked) is Blocked:  # not skipped meanwhile, and not provided from outside
            indices.append(waiting)
            rows.append(unblocked(blocked))
    left = state.main_left - 1 if task < graph.main else state.main_left
    return make_state(state.run, table.replace(indices, rows), state.running - 1, left)


def keep(state: State, row: Running, event: AttemptReturned) -> State:
    """Note the value, which is to be committed before it counts."""
    due = CommitDue(row, event.at_s, event.value, event.kept)
    return moved(state, state.table.put(event.task, due), running=-1)


def fail(state: State, row: Running, event: AttemptFailed) -> State:
    """Note what the body raised."""
    return _after_failure(state, event, Failure(row, event.at_s, event.error, event.value))


def time_out(state: State, row: Running, event: AttemptTimedOut) -> State:
    """Abandon the thread, which keeps its place until it reports."""
    failure = Failure(row, event.at_s, event.error)
    abandoned = state.run.abandoned | {(event.task, event.attempt)}
    return _after_failure(with_run(state, abandoned=abandoned), event, failure)


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
    return moved(state, state.table.put(event.task, row), running=-1)


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


def stop(state: State, row: Running, event: AttemptStopped) -> State:
    """Note that the body ended itself."""
    table = state.table.put(event.task, Cancelled(row, event.at_s))
    return moved(state, table, running=-1, main_left=-(event.task < state.run.graph.main))


def close_gate(state: State, row: Running, event: GateClosed) -> State:
    """Skip the task and what hangs on it."""
    _refuse_if_tried(state, row, event)
    return _settle_badly(state, event.task, Skipped(event.task, gate=True, past=row.past))


def reject(state: State, row: Running, event: InputRejected) -> State:
    """Fail the task without an attempt."""
    _refuse_if_tried(state, row, event)
    return _settle_badly(state, event.task, Rejected(event.error, row.past))


def _refuse_if_tried(state: State, row: Running, event: GateClosed | InputRejected) -> None:
    """Gates are asked before the first attempt only (D10)."""
    if row.attempt != row.past.attempts + 1:
        raise refusal(state, event, f"{row!r}, which is not the first attempt")


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


def wait(state: State, row: RetryDue, event: BackoffStarted) -> State:
    """Note that the delay is timed."""
    return moved(state, state.table.put(event.task, BackingOff(row.failure, event.until_s)))


def wake(state: State, row: BackingOff, event: BackoffElapsed) -> State:
    """Let the task be tried again."""
    return moved(state, state.table.put(event.task, ReadyAgain(row.failure)))


def abandon_retry(state: State, row: BackingOff | ReadyAgain, event: RetryAbandoned) -> State:
    """Fail with the last error, because the run stops."""
    return _settle_badly(state, event.task, Failed(row.failure, _stopped_by(state.phase)))


def skip(state: State, row: SkipDue, event: TaskSkipped) -> State:
    """Settle the task, and pass the skip on."""
    indices, rows = _skips(state, event.task, cause=row.cause, gate=row.gate)
    table = state.table.replace([event.task, *indices], [Skipped(row.cause, row.gate, row.past), *rows])
    return moved(state, table, main_left=-(event.task < state.graph.main))
