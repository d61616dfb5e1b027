"""Bugs: rules that are wrong in one place, put in by replacing a function. The control of the simulator; no tests.

`BUGS_OF_RULES` stand for `transition`, `BUGS_OF_DECISIONS` for `decide`; each of `BUGS_IN_PLACES` takes pytest's
`MonkeyPatch` and replaces what it has to. A docstring says what is forgotten where the name does not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeAlias, cast

from attrs import evolve

from flowing.core import (
    AttemptFailed,
    AttemptReturned,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackingOff,
    BackoffElapsed,
    BackoffStarted,
    Blocked,
    CancelRequested,
    Closed,
    Commit,
    CommitStarted,
    Committing,
    Decision,
    Detaching,
    Event,
    Failed,
    FailingFast,
    Failure,
    Finish,
    GateClosed,
    GraceElapsed,
    InputRejected,
    Invalidated,
    Open,
    Past,
    PlacesExhausted,
    Provided,
    Ready,
    ReadyAgain,
    ResultProvided,
    ResultsCommitted,
    ResultsInvalidated,
    ResumeRequested,
    Running,
    RunRestored,
    SettleMain,
    Skipped,
    Start,
    State,
    Status,
    Stopping,
    Succeeded,
    TaskSkipped,
    decide,
    hand_over,
    has_result,
    is_settled,
    transition,
)
from flowing.core.attempt_rules import backoff_s
from flowing.core.handover import _in_single_steps as in_single_steps
from flowing.core.state import values_of
from flowing.shell.attempt import Attempt
from flowing.shell.desk import Desk
from flowing.shell.seams import Saving
from flowing.testing.cancels import SimulatedCancels
from flowing.testing.world import SimulatedWorld

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pytest

    from flowing.core import Graph, Phase
    from flowing.shell.seams import Worker

Rules: TypeAlias = "Callable[[State, Event], State]"
Orders: TypeAlias = "Callable[[State, int], Sequence[Decision]]"
InPlace: TypeAlias = "Callable[[pytest.MonkeyPatch], None]"
Bug: TypeAlias = "Rules | Orders | InPlace"

# ── rules: starting, and what a success does ─────────────────────────────────────────────────────


def starts_too_early(state: State, event: Event) -> State:
    """Forget that a task may wait for more than one."""
    after = transition(state, event)
    if isinstance(event, AttemptSucceeded):
        for waiting in after.graph.dependents[event.task]:
            row = after.table[waiting]
            if isinstance(row, Blocked):
                after = with_row(after, waiting, Ready(row.past.attempts + 1, row.past))
    return after


def forgets_who_waits(state: State, event: Event) -> State:
    """Take a success without telling the dependents."""
    after = transition(state, event)
    return before_below(state, after, event.task) if isinstance(event, AttemptSucceeded) else after


def loses_the_value(state: State, event: Event) -> State:
    return transition(state, evolve(event, value="lost") if isinstance(event, AttemptSucceeded) else event)


def keeps_the_first_value(state: State, event: Event) -> State:
    """Give a task the value that its first dependency made."""
    if isinstance(event, AttemptSucceeded) and (needed := state.graph.dependencies[event.task]):
        row = state.table[needed[0]]
        return transition(state, evolve(event, value=row.value if isinstance(row, Succeeded) else event.value))
    return transition(state, event)


def counts_a_detached_success_as_main(state: State, event: Event) -> State:
    after = transition(state, event)
    return evolve(after, main_left=after.main_left - 1) if isinstance(event, AttemptSucceeded) else after


def forgets_to_count_time_outs(state: State, event: Event) -> State:
    after = transition(state, event)
    return evolve(after, running=after.running + 1) if isinstance(event, AttemptTimedOut) else after


# ── rules: failing and trying again ──────────────────────────────────────────────────────────────


def never_retries(state: State, event: Event) -> State:
    return transition(state, evolve(event, retryable=False) if isinstance(event, AttemptFailed) else event)


def never_retries_time_outs(state: State, event: Event) -> State:
    return transition(state, evolve(event, retryable=False) if isinstance(event, AttemptTimedOut) else event)


def retries_what_no_retry_on_names(state: State, event: Event) -> State:
    return transition(state, evolve(event, retryable=True) if isinstance(event, AttemptFailed) else event)


def allows_one_retry_too_many(state: State, event: Event) -> State:
    return with_policies(state, event, 1)


def allows_one_retry_too_few(state: State, event: Event) -> State:
    return with_policies(state, event, -1)


def does_not_wait_to_try_again(state: State, event: Event) -> State:
    after = transition(state, event)
    if isinstance(event, BackoffStarted):
        row = after.table[event.task]
        return with_row(after, event.task, ReadyAgain(row.failure)) if isinstance(row, BackingOff) else after
    return after


def sleeps_through_the_alarm(state: State, event: Event) -> State:
    return state if isinstance(event, BackoffElapsed) else transition(state, event)


def retries_in_a_run_that_fails_fast(state: State, event: Event) -> State:
    if isinstance(event, AttemptFailed | AttemptTimedOut) and isinstance(state.phase, FailingFast):
        after = transition(with_phase(state, Open()), event)
        return with_phase(after, state.phase) if isinstance(after.phase, Open) else after
    return transition(state, event)


# ── rules: skipping ──────────────────────────────────────────────────────────────────────────────


def skips_nobody(state: State, event: Event) -> State:
    """Fail a task, and leave its dependents waiting."""
    after = transition(state, event)
    if isinstance(event, AttemptFailed | AttemptTimedOut | InputRejected):
        return before_below(state, after, event.task)
    return after


def passes_no_skip_on(state: State, event: Event) -> State:
    after = transition(state, event)
    return before_below(state, after, event.task) if isinstance(event, TaskSkipped) else after


def takes_a_closed_gate_for_a_failure(state: State, event: Event) -> State:
    after = transition(state, event)
    if isinstance(event, GateClosed):
        row = after.table[event.task]
        return with_row(after, event.task, evolve(row, gate=False)) if isinstance(row, Skipped) else after
    return after


def takes_a_failure_for_a_closed_gate(state: State, event: Event) -> State:
    if isinstance(event, InputRejected):
        return transition(state, GateClosed(event.task, event.attempt, event.epoch, event.at_s))
    return transition(state, event)


# ── rules: the fence ─────────────────────────────────────────────────────────────────────────────


def has_no_fence(state: State, event: Event) -> State:
    """Take every success for one of the current attempt."""
    if isinstance(event, AttemptSucceeded) and isinstance(row := state.table[event.task], Running):
        event = evolve(event, attempt=row.attempt, epoch=state.epoch)
    return transition(state, event)


def lets_the_deadline_win(state: State, event: Event) -> State:
    """Let a time-out that comes second overwrite a success."""
    row = state.table[event.task] if isinstance(event, AttemptTimedOut) else None
    if isinstance(event, AttemptTimedOut) and isinstance(row, Succeeded):
        return with_row(state, event.task, Failed(Failure(row.run, event.at_s, event.error)))
    return transition(state, event)


def lets_a_late_success_win(state: State, event: Event) -> State:
    """Keep what an abandoned attempt returns, if the task has failed meanwhile."""
    row = state.table[event.task] if isinstance(event, AttemptSucceeded) else None
    if isinstance(event, AttemptSucceeded) and isinstance(row, Failed):
        return with_row(transition(state, event), event.task, Succeeded(row.failure.run, event.at_s, event.value))
    return transition(state, event)


def forgets_that_a_thread_came_back(state: State, event: Event) -> State:
    after = transition(state, event)
    if after.run.abandoned < state.run.abandoned:
        return evolve(after, run=evolve(after.run, abandoned=state.run.abandoned))
    return after


def forgets_that_a_thread_was_abandoned(state: State, event: Event) -> State:
    after = transition(state, event)
    return evolve(after, run=evolve(after.run, abandoned=frozenset())) if isinstance(event, AttemptTimedOut) else after


# ── rules: fail_fast, cancel, detached tasks ─────────────────────────────────────────────────────


def fails_fast_for_detached_tasks(state: State, event: Event) -> State:
    after = transition(state, event)
    if isinstance(event, AttemptFailed | AttemptTimedOut) and isinstance(after.table[event.task], Failed):
        return with_phase(after, FailingFast(event.task))
    return after


def fails_fast_for_a_closed_gate(state: State, event: Event) -> State:
    after = transition(state, event)
    if isinstance(event, GateClosed) and isinstance(after.phase, Open) and event.task < after.graph.main:
        return with_phase(after, FailingFast(event.task))
    return after


def never_fails_fast(state: State, event: Event) -> State:
    after = transition(state, event)
    return with_phase(after, Open()) if isinstance(after.phase, FailingFast) else after


def always_fails_fast(state: State, event: Event) -> State:
    limits = state.graph.limits
    after = transition(with_graph(state, evolve(state.graph, limits=evolve(limits, fail_fast=True))), event)
    return with_graph(after, state.graph)


def cancels_nothing(state: State, event: Event) -> State:
    return state if isinstance(event, CancelRequested) else transition(state, event)


def exhausts_nothing(state: State, event: Event) -> State:
    return state if isinstance(event, PlacesExhausted) else transition(state, event)


def takes_a_stopped_body_for_a_success(state: State, event: Event) -> State:
    if isinstance(event, AttemptStopped) and isinstance(state.table[event.task], Running):
        return transition(state, AttemptSucceeded(event.task, event.attempt, event.epoch, event.at_s, None))
    return transition(state, event)


# ── rules: commits ───────────────────────────────────────────────────────────────────────────────


def counts_before_it_is_committed(state: State, event: Event) -> State:
    if isinstance(event, AttemptReturned):
        return transition(state, AttemptSucceeded(event.task, event.attempt, event.epoch, event.at_s, event.value))
    return transition(state, event)


def counts_when_the_commit_begins(state: State, event: Event) -> State:
    after = transition(state, event)
    return transition(after, ResultsCommitted(event.commit)) if isinstance(event, CommitStarted) else after


def tells_nobody_of_the_commit(state: State, event: Event) -> State:
    after = transition(state, event)
    for task in state.run.committing if isinstance(event, ResultsCommitted) else ():
        after = before_below(state, after, task)
    return after


def forgets_the_second_result_of_a_commit(state: State, event: Event) -> State:
    after = transition(state, event)
    for task in state.run.committing[1:] if isinstance(event, ResultsCommitted) else ():
        after = with_row(after, task, state.table[task])
    return after


# ── rules: between runs ──────────────────────────────────────────────────────────────────────────


def resumes_what_succeeded(state: State, event: Event) -> State:
    return transition(forgotten(state, 0, state.graph.main) if isinstance(event, ResumeRequested) else state, event)


def resumes_detached_tasks_anew(state: State, event: Event) -> State:
    graph = state.graph
    return transition(forgotten(state, graph.main, graph.size) if isinstance(event, ResumeRequested) else state, event)


def resumes_what_only_lacks_a_commit(state: State, event: Event) -> State:
    if isinstance(event, ResumeRequested):
        for task, row in enumerate(list(state.table)):
            if isinstance(row, Committing):
                state = with_row(state, task, Invalidated(Past(row.attempt)))
    return transition(state, event)


def counts_from_one_again(state: State, event: Event) -> State:
    """Forget the attempts that were made before a resume."""
    after = transition(state, event)
    if isinstance(event, ResumeRequested):
        for task, row in enumerate(list(after.table)):
            if isinstance(row, Ready):
                after = with_row(after, task, Ready(1))
            elif isinstance(row, Blocked):
                after = with_row(after, task, Blocked(row.unmet))
    return after


def resumes_a_stopped_run_as_stopped(state: State, event: Event) -> State:
    after = transition(state, event)
    was_stopped = isinstance(state.phase, Closed) and state.phase.because is not None
    if isinstance(event, ResumeRequested) and isinstance(state.phase, Closed) and was_stopped:
        assert state.phase.because is not None
        return with_phase(after, Stopping(state.phase.because, None))
    return after


def keeps_stale_results(state: State, event: Event) -> State:
    """Override without a thought for what was made from the old value."""
    if isinstance(event, ResultProvided):
        after = transition(state, event)
        for task, row in enumerate(list(state.table)):
            if task != event.task and isinstance(row, Succeeded):
                after = with_row(after, task, row)
        return after
    return transition(state, event)


def invalidates_one_level(state: State, event: Event) -> State:
    after = transition(state, event)
    if isinstance(event, ResultsInvalidated):
        reached = {*event.tasks} | {below for task in event.tasks for below in state.graph.dependents[task]}
        for task, row in enumerate(list(state.table)):
            if task not in reached and has_result(row):
                after = with_row(after, task, row)
    return after


def invalidates_overrides(state: State, event: Event) -> State:
    """Go on below a task that was overridden itself."""
    if isinstance(event, ResultsInvalidated | ResultProvided):
        for task, row in enumerate(list(state.table)):
            if isinstance(row, Provided):
                state = with_row(state, task, Succeeded(Running(1, row.past, 0.0), 0.0, row.value))
    return transition(state, event)


def never_reruns_what_is_stale(state: State, event: Event) -> State:
    return transition(state, evolve(event, rerun_detached=False) if isinstance(event, ResumeRequested) else event)


def restores_no_overrides(state: State, event: Event) -> State:
    if isinstance(event, RunRestored):
        event = evolve(event, rows=tuple(each for each in event.rows if not isinstance(each[1], Provided)))
    return transition(state, event)


# ── decisions ────────────────────────────────────────────────────────────────────────────────────


def starts_one_too_many(state: State, at_most: int) -> Sequence[Decision]:
    limits = evolve(state.graph.limits, workers=state.graph.limits.workers + 1)
    return decide(with_graph(state, evolve(state.graph, limits=limits)), at_most)


def starts_one_too_few(state: State, at_most: int) -> Sequence[Decision]:
    limits = evolve(state.graph.limits, workers=max(1, state.graph.limits.workers - 1))
    return decide(with_graph(state, evolve(state.graph, limits=limits)), at_most)


def replaces_no_abandoned_thread(state: State, at_most: int) -> Sequence[Decision]:
    return decide(with_graph(state, evolve(state.graph, limits=evolve(state.graph.limits, abandoned=0))), at_most)


def starts_the_last_first(state: State, at_most: int) -> Sequence[Decision]:
    due = decide(state)
    return due[::-1][:at_most] if due and isinstance(due[0], Start) else due[:at_most]


def starts_in_a_run_that_fails_fast(state: State, at_most: int) -> Sequence[Decision]:
    return (
        started_or(with_phase(state, Open()), state, at_most)
        if isinstance(state.phase, FailingFast)
        else decide(state, at_most)
    )


def starts_in_a_cancelled_run(state: State, at_most: int) -> Sequence[Decision]:
    return (
        started_or(with_phase(state, Open()), state, at_most)
        if isinstance(state.phase, Stopping)
        else decide(state, at_most)
    )


def starts_detached_tasks_at_once(state: State, at_most: int) -> Sequence[Decision]:
    return (
        started_or(with_phase(state, Detaching(None)), state, at_most)
        if isinstance(state.phase, Open)
        else decide(state, at_most)
    )


def settles_main_too_early(state: State, at_most: int) -> Sequence[Decision]:
    due = decide(state, at_most)
    return due or ([SettleMain()] if isinstance(state.phase, Open) and not state.running else due)


def never_starts_detached_tasks(state: State, at_most: int) -> Sequence[Decision]:
    return [Finish()] if isinstance(state.phase, Detaching) and not state.running else decide(state, at_most)


def finishes_while_bodies_run(state: State, at_most: int) -> Sequence[Decision]:
    """Grant no grace."""
    due = decide(state, at_most)
    return due or ([Finish()] if isinstance(state.phase, Stopping | Detaching) else due)


def waits_beyond_the_grace(state: State, at_most: int) -> Sequence[Decision]:
    phase = state.phase
    return decide(with_phase(state, evolve(phase, grace_over=False)) if isinstance(phase, Stopping) else state, at_most)


def finishes_before_the_commit(state: State, at_most: int) -> Sequence[Decision]:
    due = decide(state, at_most)
    is_last = isinstance(state.phase, Detaching) and not state.running
    return [Finish()] if is_last and due and isinstance(due[0], Commit) else due


def never_commits(state: State, at_most: int) -> Sequence[Decision]:
    return [each for each in decide(state, at_most + 1) if not isinstance(each, Commit)][:at_most]


def never_gives_up_in_a_run_that_stops(state: State, at_most: int) -> Sequence[Decision]:
    due = decide(state, at_most)
    is_over = isinstance(state.phase, Stopping) and not state.running
    return [Finish()] if is_over and due and not isinstance(due[0], Finish) else due


# ── in other places ──────────────────────────────────────────────────────────────────────────────


def doubles_the_first_delay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "flowing.core.attempt_rules.backoff_s", lambda policy, tries, jitter: policy.backoff_base_s * 2**tries
    )


def caps_no_delay(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "flowing.core.attempt_rules.backoff_s", lambda policy, tries, jitter: policy.backoff_base_s * 2 ** (tries - 1)
    )


def lengthens_by_jitter(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(
        "flowing.core.attempt_rules.backoff_s", lambda policy, tries, jitter: backoff_s(policy, tries, 1 + jitter)
    )


def hands_over_past_those_that_wait_again(patch: pytest.MonkeyPatch) -> None:
    """Let the quick way look at fresh tasks alone."""
    patch.setattr("flowing.core.handover.NOT_ONLY_READY", None)


def starts_when_the_report_was_made(patch: pytest.MonkeyPatch) -> None:
    """Date the start of the next attempt back to the end of the one before."""
    patch.setattr("flowing.shell.desk.hand_over", lambda state, event, at_s: hand_over(state, event, event.at_s))


def gives_the_inputs_in_another_order(patch: pytest.MonkeyPatch) -> None:
    patch.setattr("flowing.shell.desk.values_of", lambda table, tasks: values_of(table, tasks)[::-1])


def tells_no_body_that_it_is_cancelled(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Attempt, "cancel", lambda self: None)


def wakes_nobody_at_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Desk, "_wake_everybody", lambda self: self._asleep.clear())


def wakes_everybody_twice_at_the_end(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Desk, "_wake_everybody", lambda self: [worker.wake() for worker in self._asleep * 2])


def tells_the_caller_nothing(patch: pytest.MonkeyPatch) -> None:
    def close(desk: Desk) -> None:
        desk.closed = True
        desk._world.timers.stop()
        desk._wake_everybody()

    patch.setattr(Desk, "_close", close)


def tells_the_caller_twice(patch: pytest.MonkeyPatch) -> None:
    before = Desk._close
    patch.setattr(Desk, "_close", lambda desk: (before(desk), desk._world.on_closed()))


def calls_a_worker_for_each_visit(patch: pytest.MonkeyPatch) -> None:
    """Forget that one is on its way."""

    def call_somebody(desk: Desk) -> None:
        desk._asleep.pop().wake() if desk._asleep else desk._hire()

    patch.setattr(Desk, "_call_somebody", call_somebody)


def calls_nobody_while_somebody_works(patch: pytest.MonkeyPatch) -> None:
    before = Desk._call_somebody
    patch.setattr(Desk, "_call_somebody", lambda desk: None if desk.live else before(desk))


def hires_and_never_wakes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Desk, "_call_somebody", lambda desk: None if desk._coming else desk._hire())


def does_not_notice_who_arrives(patch: pytest.MonkeyPatch) -> None:
    before = Desk._serve

    def serve(desk: Desk, me: Worker | None) -> None:
        coming = desk._coming
        before(desk, me)
        desk._coming |= coming

    patch.setattr(Desk, "_serve", serve)


def drops_what_finds_the_lock_taken(patch: pytest.MonkeyPatch) -> None:
    before = Desk.visit

    def visit(desk: Desk, worker: Worker, event: Event | None) -> bool:
        is_free = desk._lock.acquire(blocking=False)
        if is_free:
            desk._lock.release()
        return is_free and before(desk, worker, event)

    patch.setattr(Desk, "visit", visit)


def looks_into_the_inbox_once(patch: pytest.MonkeyPatch) -> None:
    """Let go of the lock without a look at who came meanwhile."""

    def visit(desk: Desk, worker: Worker, event: Event | None) -> bool:
        desk._inbox.append((worker, event))
        if desk._lock.acquire(blocking=False):
            try:
                desk._serve(worker)
            finally:
                desk._lock.release()
        return worker.assignment is not None

    patch.setattr(Desk, "visit", visit)


def hands_over_past_what_was_left(patch: pytest.MonkeyPatch) -> None:
    """Go the quick way without a look into the inbox, where a cancel may be."""
    before = Desk.visit

    def visit(desk: Desk, worker: Worker, event: Event | None) -> bool:
        left = list(desk._inbox)
        desk._inbox.clear()
        is_given = before(desk, worker, event)
        desk._inbox.extend(left)
        return is_given

    patch.setattr(Desk, "visit", visit)


def leaves_a_cancel_to_the_clerk(patch: pytest.MonkeyPatch) -> None:
    """Cancel by ringing for the clerk, who is not there yet."""

    def serve(cancels: SimulatedCancels) -> None:
        world = cancels._world
        world.desk.report(CancelRequested())
        if world.cancels.count > 1:
            world.desk.report(GraceElapsed())

    patch.setattr(Desk, "leave", lambda desk, event: None if type(event) is CancelRequested else report(desk, event))
    patch.setattr(Desk, "report", report)
    patch.setattr(SimulatedCancels, "serve", serve)


def takes_whoever_comes_for_the_one_who_serves(patch: pytest.MonkeyPatch) -> None:
    """Give the assignment to who holds the lock, be he asleep by now."""
    before = Desk._serve

    def serve(desk: Desk, me: Worker | None) -> None:
        before(desk, me or (desk._inbox[0][0] if desk._inbox else None))

    patch.setattr(Desk, "_serve", serve)


def breaks_down_and_leaves_who_waits(patch: pytest.MonkeyPatch) -> None:
    """Forget who left an event while the run was being ended."""

    def break_down(desk: Desk, error: BaseException) -> None:
        desk._lock.acquire(timeout=1.0)
        desk._break(error)
        desk._lock.release()

    patch.setattr(Desk, "break_down", break_down)


def gives_up_though_others_work(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Desk, "_nobody_works", lambda desk: True)


def never_gives_up_on_threads(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Desk, "_nobody_works", lambda desk: False)


def sets_no_timer_for_delays(patch: pytest.MonkeyPatch) -> None:
    forgets_timers_for(BackoffElapsed, patch)


def sets_no_timer_for_the_grace(patch: pytest.MonkeyPatch) -> None:
    forgets_timers_for(GraceElapsed, patch)


def sets_no_timer_for_places(patch: pytest.MonkeyPatch) -> None:
    forgets_timers_for(PlacesExhausted, patch)


def watches_no_deadline(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(SimulatedWorld, "watch", lambda world, attempt: None)


def lets_deadlines_be_early(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Attempt, "deadline_s", property(lambda attempt: attempt.row.started_s + 0.5))


def stores_nothing(patch: pytest.MonkeyPatch) -> None:
    """Report a commit that was not made."""
    patch.setattr(Desk, "_assign", lambda desk, decision, before=Desk._assign: without_results(before(desk, decision)))


# ── what they share ──────────────────────────────────────────────────────────────────────────────


def with_row(state: State, task: int, row: Status) -> State:
    """Replace a row, and keep the counts true."""
    old, is_main = state.table[task], task < state.graph.main
    return evolve(
        state,
        table=state.table.put(task, row),
        running=state.running + isinstance(row, Running) - isinstance(old, Running),
        main_left=state.main_left + is_main * (is_settled(old) - is_settled(row)),
    )


def before_below(before: State, after: State, task: int) -> State:
    """Give the dependents of a task the rows that they had before."""
    for waiting in before.graph.dependents[task]:
        after = with_row(after, waiting, before.table[waiting])
    return after


def with_phase(state: State, phase: Phase) -> State:
    return evolve(state, run=evolve(state.run, phase=phase))


def with_graph(state: State, graph: Graph) -> State:
    return evolve(state, run=evolve(state.run, graph=graph))


def with_policies(state: State, event: Event, more: int) -> State:
    """Apply the event where every task has so many retries more."""
    policies = tuple(evolve(policy, retries=max(0, policy.retries + more)) for policy in state.graph.policies)
    return with_graph(transition(with_graph(state, evolve(state.graph, policies=policies)), event), state.graph)


def forgotten(state: State, first: int, stop: int) -> State:
    """Take back the results of some tasks."""
    for task in range(first, stop):
        row = state.table[task]
        if isinstance(row, Succeeded):
            state = with_row(state, task, Invalidated(Past(row.attempt)))
    return state


def started_or(otherwise: State, state: State, at_most: int) -> Sequence[Decision]:
    """Give what would start in the other state, or what is due in this one."""
    starts = [each for each in decide(otherwise, at_most) if isinstance(each, Start)]
    return starts or decide(state, at_most)


def forgets_timers_for(kind: type[Event], patch: pytest.MonkeyPatch) -> None:
    before = SimulatedWorld.report_at

    def report_at(world: SimulatedWorld, due_s: float, event: Event) -> None:
        if type(event) is not kind:
            before(world, due_s, event)

    patch.setattr(SimulatedWorld, "report_at", report_at)


def report(desk: Desk, event: Event | None) -> None:
    """Do what `Desk.report` does, in one."""
    desk._inbox.append((None, event))
    desk.serve()


def without_results(assignment: Attempt | Saving) -> Attempt | Saving:
    return evolve(assignment, results=()) if isinstance(assignment, Saving) else assignment


BUGS_OF_RULES: Final[tuple[Rules, ...]] = (
    starts_too_early,
    forgets_who_waits,
    loses_the_value,
    keeps_the_first_value,
    counts_a_detached_success_as_main,
    forgets_to_count_time_outs,
    never_retries,
    never_retries_time_outs,
    retries_what_no_retry_on_names,
    allows_one_retry_too_many,
    allows_one_retry_too_few,
    does_not_wait_to_try_again,
    sleeps_through_the_alarm,
    retries_in_a_run_that_fails_fast,
    skips_nobody,
    passes_no_skip_on,
    takes_a_closed_gate_for_a_failure,
    takes_a_failure_for_a_closed_gate,
    has_no_fence,
    lets_the_deadline_win,
    lets_a_late_success_win,
    forgets_that_a_thread_came_back,
    forgets_that_a_thread_was_abandoned,
    fails_fast_for_detached_tasks,
    fails_fast_for_a_closed_gate,
    never_fails_fast,
    always_fails_fast,
    cancels_nothing,
    exhausts_nothing,
    takes_a_stopped_body_for_a_success,
    counts_before_it_is_committed,
    counts_when_the_commit_begins,
    tells_nobody_of_the_commit,
    forgets_the_second_result_of_a_commit,
    resumes_what_succeeded,
    resumes_detached_tasks_anew,
    resumes_what_only_lacks_a_commit,
    counts_from_one_again,
    resumes_a_stopped_run_as_stopped,
    keeps_stale_results,
    invalidates_one_level,
    invalidates_overrides,
    never_reruns_what_is_stale,
    restores_no_overrides,
)
BUGS_OF_DECISIONS: Final[tuple[Orders, ...]] = (
    starts_one_too_many,
    starts_one_too_few,
    replaces_no_abandoned_thread,
    starts_the_last_first,
    starts_in_a_run_that_fails_fast,
    starts_in_a_cancelled_run,
    starts_detached_tasks_at_once,
    settles_main_too_early,
    never_starts_detached_tasks,
    finishes_while_bodies_run,
    waits_beyond_the_grace,
    finishes_before_the_commit,
    never_commits,
    never_gives_up_in_a_run_that_stops,
)
BUGS_IN_PLACES: Final[tuple[InPlace, ...]] = (
    doubles_the_first_delay,
    caps_no_delay,
    lengthens_by_jitter,
    hands_over_past_those_that_wait_again,
    starts_when_the_report_was_made,
    gives_the_inputs_in_another_order,
    tells_no_body_that_it_is_cancelled,
    wakes_nobody_at_the_end,
    wakes_everybody_twice_at_the_end,
    tells_the_caller_nothing,
    tells_the_caller_twice,
    calls_a_worker_for_each_visit,
    calls_nobody_while_somebody_works,
    hires_and_never_wakes,
    does_not_notice_who_arrives,
    drops_what_finds_the_lock_taken,
    looks_into_the_inbox_once,
    hands_over_past_what_was_left,
    leaves_a_cancel_to_the_clerk,
    takes_whoever_comes_for_the_one_who_serves,
    breaks_down_and_leaves_who_waits,
    gives_up_though_others_work,
    never_gives_up_on_threads,
    sets_no_timer_for_delays,
    sets_no_timer_for_the_grace,
    sets_no_timer_for_places,
    watches_no_deadline,
    lets_deadlines_be_early,
    stores_nothing,
)


def put_in(bug: Bug, patch: pytest.MonkeyPatch) -> None:
    """Replace what the bug stands for, wherever the shell and the simulator have it."""
    if bug in BUGS_OF_RULES:
        put_in_rules(bug, patch)
        patch.setattr("flowing.testing.standing.transition", bug)
    elif bug in BUGS_OF_DECISIONS:
        for module in ("core.handover", "shell.desk", "shell.session"):
            patch.setattr(f"flowing.{module}.decide", bug)
        patch.setattr("flowing.shell.desk.hand_over", in_single_steps)
    else:
        cast("InPlace", bug)(patch)  # it is one of those that are left


def put_in_rules(rules: Rules, patch: pytest.MonkeyPatch) -> None:
    """Replace `transition` wherever a run goes through it, and the quick way by the single steps."""
    for module in ("core.handover", "shell.desk", "shell.session", "testing.play"):
        patch.setattr(f"flowing.{module}.transition", rules)
    patch.setattr("flowing.shell.desk.hand_over", in_single_steps)
