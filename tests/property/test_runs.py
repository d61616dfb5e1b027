"""Runs of any graph, with any failures, in any order: what holds in all of them, each beside a bug that it catches."""

from __future__ import annotations

import functools
import itertools
from collections import Counter
from typing import TYPE_CHECKING, Final

import pytest
from attrs import evolve
from hypothesis import Phase as HypothesisPhase
from hypothesis import find, given, settings
from hypothesis import strategies as st

from flowing.core import (
    AttemptFailed,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    Because,
    Blocked,
    CancelRequested,
    Closed,
    Event,
    Failed,
    FailingFast,
    Failure,
    Invalidated,
    Past,
    Provided,
    Ready,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RunFinished,
    Running,
    RunRequested,
    Start,
    State,
    Succeeded,
    answer,
    check,
    decide,
    hand_over,
    has_result,
    initial,
    is_settled,
    transition,
    value_of,
)
from flowing.errors import InvalidTransition
from tests.property.oracle import outcomes
from tests.property.scripts import Script, scripts
from tests.property.world import Step, Watch, World, outcomes_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing.core import Decision, Phase, Status

# ── the claims: each looks at one event, between two states ──────────────────────────────────────


def starts_when_dependencies_succeeded(world: World, before: State, event: Event) -> None:
    """Only when all its dependencies SUCCEEDED does a task start."""
    if isinstance(event, AttemptStarted):
        assert all(has_result(before.table[needed]) for needed in before.graph.dependencies[event.task])


def starts_what_has_no_result(world: World, before: State, event: Event) -> None:
    """No resume runs a task again that SUCCEEDED, detached ones included, unless its result was taken back."""
    if isinstance(event, AttemptStarted):
        assert world.known[before.graph.names[event.task]].value is None


def attempts_are_bounded(world: World, before: State, event: Event) -> None:
    """No task is tried more than 1 + retry times in a run or a resume."""
    starts = Counter((each.epoch, each.task) for each in world.log if isinstance(each, AttemptStarted))
    for (_, task), count in starts.items():
        assert count <= 1 + world.script.tasks[before.graph.names[task]].retries


def attempts_count_on(world: World, before: State, event: Event) -> None:
    """No two attempts of a task have one number, over all resumes; where a gate says no, there was none (D10)."""
    ungated = {number for name, number in before.graph.numbers.items() if world.script.tasks[name].gate == "open"}
    starts = [(e.task, e.attempt) for e in world.log if isinstance(e, AttemptStarted) and e.task in ungated]
    assert len(starts) == len(set(starts))


def detached_failures_harm_nobody(world: World, before: State, event: Event) -> None:
    """[T10] The failure of a detached task trips nothing, and changes no task but itself and what hangs on it."""
    if isinstance(event, AttemptFailed | AttemptTimedOut) and event.task >= before.graph.main:
        assert world.state.phase == before.phase
        for task, (old, new) in enumerate(zip(before.table, world.state.table, strict=True)):
            assert old == new or task == event.task or event.task in before.graph.dependencies[task]


def late_reports_change_no_status(world: World, before: State, event: Event) -> None:
    """[T2] What comes from an attempt that is no longer the current one changes nothing but the counts."""
    if isinstance(event, AttemptSucceeded | AttemptFailed | AttemptTimedOut | AttemptStopped | BackoffElapsed):
        row = before.table[event.task]
        waits = isinstance(row, Running) or isinstance(event, BackoffElapsed)
        if not waits or row.attempt != event.attempt or before.epoch != event.epoch:
            assert list(world.state.table) == list(before.table)
            assert world.state.phase == before.phase


def settled_stays_settled(world: World, before: State, event: Event) -> None:
    """No settled status changes but through an override, an invalidation, a resume or a run."""
    if not isinstance(event, ResultProvided | ResultsInvalidated | ResumeRequested | RunRequested):
        for old, new in zip(before.table, world.state.table, strict=True):
            assert old == new or not is_settled(old)


def transition_is_pure(world: World, before: State, event: Event) -> None:
    """From the same state and event comes the same state, and the input stays as it was."""
    again = replayed(world.script, world.log[:-1], world.step)
    assert again == before
    assert world.step(again, event) == world.state == world.step(before, event)
    assert again == before


def state_is_sound(world: World, before: State, event: Event) -> None:
    """Everything that must be true of a state is, after every event."""
    check(world.state)


def log_folds_to_the_state(world: World, before: State, event: Event) -> None:
    """Folded over the first state, the log gives the last one."""
    if isinstance(event, RunFinished):
        assert replayed(world.script, world.log, world.step) == world.state


def decisions_commute(world: World, before: State, event: Event) -> None:
    """In any order, the decisions of one round give the same state."""
    due = decide(world.state)
    in_order = carried_out(world, due)
    assert carried_out(world, due[::-1]) == in_order
    assert carried_out(world, [*due[1:], *due[:1]]) == in_order


def one_step_equals_three(world: World, before: State, event: Event) -> None:
    """In one step or in three, a success and the start that follows give the same state."""
    if isinstance(event, AttemptSucceeded):
        state, started = world.step(before, event), None
        match decide(state, 1):
            case [Start() as start]:
                state, started = world.step(state, answer(start, 1.0)), start.task
            case _:
                pass
        assert hand_over(before, event, 1.0) == (state, started)


def a_run_that_is_not_over_waits_for_something(world: World, before: State, event: Event) -> None:
    """When nothing is due and no report is to come, the run is over, or waits for bodies that have no deadline."""
    if isinstance(event, CancelRequested) and not world.is_waiting() and not decide(before):
        running = [task for task, row in enumerate(before.table) if isinstance(row, Running)]
        assert running
        for task in running:
            assert world.script.does(before.graph.names[task], before.table[task].attempt) == "stuck"


def results_agree_with_their_inputs(world: World, before: State, event: Event) -> None:
    """[T10] No result stands that was made from a value which is no longer there (D4)."""
    table, graph = world.state.table, world.state.graph
    for task, row in enumerate(table):
        if isinstance(row, Succeeded) and not row.stale and row.value != "late":
            inputs = ",".join(str(value_of(table[needed])) for needed in graph.dependencies[task])
            assert row.value == f"{graph.names[task]}{row.attempt}({inputs})"


def results_equal_the_oracle(world: World, before: State, event: Event) -> None:
    """[R1] Every outcome is the one that plain recursion gives, whatever the order of things."""
    if not isinstance(event, RunFinished):
        return
    found = outcomes_in(world.state)
    expected = outcomes(world.script, world.known)
    tasks = world.script.tasks
    assert isinstance(world.state.phase, Closed)
    stopped_by = world.state.phase.failed_fast
    if stopped_by is None:
        assert found == expected
        return
    name = world.state.graph.names[stopped_by]
    assert world.script.limits.fail_fast
    assert not tasks[name].detached
    assert found[name] == expected[name]
    for name, task in tasks.items():
        row = world.state.table[world.state.graph.numbers[name]]
        below = {found[needed].state for needed in task.depends_on}
        if task.detached:
            continue
        if isinstance(row, Failed) and row.because is not None:
            assert row.because is Because.FAIL_FAST
            assert found[name].attempts < expected[name].attempts
        elif found[name].state == "SKIPPED":
            assert below & {"FAILED", "SKIPPED"} or found[name] == expected[name]
        elif found[name].state == "CANCELLED":
            assert below <= {"SUCCEEDED", "CANCELLED"}
        else:
            assert found[name] == expected[name]
    main = {name: found[name] for name, task in tasks.items() if not task.detached}
    assert found == outcomes(world.script, world.known, main)


# ── the bugs: each a transition that is wrong in one place ───────────────────────────────────────


def starts_too_early(state: State, event: Event) -> State:
    """Forget that a task may wait for more than one."""
    after = transition(state, event)
    if isinstance(event, AttemptSucceeded):
        for waiting in after.graph.dependents[event.task]:
            row = after.table[waiting]
            if isinstance(row, Blocked):
                after = with_row(after, waiting, Ready(row.past.attempts + 1, row.past))
    return after


def resumes_detached_tasks_anew(state: State, event: Event) -> State:
    """Forget that what SUCCEEDED stays, where it is detached."""
    if isinstance(event, ResumeRequested):
        for task in range(state.graph.main, state.graph.size):
            row = state.table[task]
            if isinstance(row, Succeeded):
                state = with_row(state, task, Invalidated(Past(row.attempt)))
    return transition(state, event)


def allows_one_retry_too_many(state: State, event: Event) -> State:
    generous = tuple(evolve(policy, retries=policy.retries + 1) for policy in state.graph.policies)
    graph = evolve(state.graph, policies=generous)
    after = transition(evolve(state, run=evolve(state.run, graph=graph)), event)
    return evolve(after, run=evolve(after.run, graph=state.graph))


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


def fails_fast_for_detached_tasks(state: State, event: Event) -> State:
    after = transition(state, event)
    if isinstance(event, AttemptFailed | AttemptTimedOut) and isinstance(after.table[event.task], Failed):
        return with_phase(after, FailingFast(event.task))
    return after


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


def changes_its_input(state: State, event: Event) -> State:
    if isinstance(event, AttemptSucceeded):
        object.__setattr__(state.run, "late", state.run.late + 1)
    return transition(state, event)


def forgets_to_count(state: State, event: Event) -> State:
    after = transition(state, event)
    return evolve(after, running=after.running + 1) if isinstance(event, AttemptTimedOut) else after


CALLS: Final = itertools.count()


def remembers_outside_the_state(state: State, event: Event) -> State:
    after = transition(state, event)
    return evolve(after, run=evolve(after.run, late=next(CALLS)))


def keeps_the_last_start(state: State, event: Event) -> State:
    """Depend on which of two starts comes last."""
    after = transition(state, event)
    return evolve(after, run=evolve(after.run, late=event.task)) if isinstance(event, AttemptStarted) else after


def sleeps_through_the_alarm(state: State, event: Event) -> State:
    return state if isinstance(event, BackoffElapsed) else transition(state, event)


def keeps_stale_results(state: State, event: Event) -> State:
    """Override without a thought for what was made from the old value."""
    if isinstance(event, ResultProvided):
        return with_row(state, event.task, Provided(event.value))
    return transition(state, event)


def never_retries(state: State, event: Event) -> State:
    return transition(state, evolve(event, retryable=False) if isinstance(event, AttemptFailed) else event)


# ── every claim holds, and catches its bug ───────────────────────────────────────────────────────

CLAIMS: Final[Mapping[Watch, Step]] = {
    starts_when_dependencies_succeeded: starts_too_early,
    starts_what_has_no_result: resumes_detached_tasks_anew,
    attempts_are_bounded: allows_one_retry_too_many,
    attempts_count_on: counts_from_one_again,
    detached_failures_harm_nobody: fails_fast_for_detached_tasks,
    late_reports_change_no_status: has_no_fence,
    settled_stays_settled: lets_the_deadline_win,
    transition_is_pure: changes_its_input,
    state_is_sound: forgets_to_count,
    log_folds_to_the_state: remembers_outside_the_state,
    decisions_commute: keeps_the_last_start,
    one_step_equals_three: starts_too_early,
    a_run_that_is_not_over_waits_for_something: sleeps_through_the_alarm,
    results_agree_with_their_inputs: keeps_stale_results,
    results_equal_the_oracle: never_retries,
}


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
@given(data=st.data())
def test_it_holds_in_every_run(claim: Watch, data: st.DataObject) -> None:
    """[R1] [T2] [T3] [T5] [T10] Whatever the graph, whatever fails, in whatever order."""
    script = data.draw(scripts(determined=claim is results_equal_the_oracle))
    World(script, claim).play()


class Caught(Exception):  # noqa: N818 - it is what the control hopes for
    """The claim failed. Apart from every other error that a bug may lead to."""


@pytest.mark.parametrize(("claim", "bug"), CLAIMS.items(), ids=lambda each: each.__name__)
def test_it_catches_its_bug(claim: Watch, bug: Step) -> None:
    """Control: the same claim, watching a run with a bug in it, fails."""

    def watch(world: World, before: State, event: Event) -> None:
        try:
            claim(world, before, event)
        except AssertionError as failure:
            raise Caught from failure

    def is_caught(script: Script) -> bool:
        try:
            World(script, watch, bug).play()
        except Caught:
            return True
        except (AssertionError, InvalidTransition):
            pass
        return False

    quick = settings(max_examples=2_000, phases=[HypothesisPhase.generate], derandomize=True, database=None)
    find(scripts(determined=claim is results_equal_the_oracle), is_caught, settings=quick)


# ── what they share ──────────────────────────────────────────────────────────────────────────────


def replayed(script: Script, log: Sequence[Event], step: Step) -> State:
    return functools.reduce(step, log, initial(script.graph()))


def carried_out(world: World, due: Sequence[Decision]) -> State:
    """Give the state after the decisions."""
    return functools.reduce(world.step, (answer(decision, 1.0) for decision in due), world.state)


def with_row(state: State, task: int, row: Status) -> State:
    return evolve(state, table=state.table.put(task, row))


def with_phase(state: State, phase: Phase) -> State:
    return evolve(state, run=evolve(state.run, phase=phase))
