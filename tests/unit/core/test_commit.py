"""Values that count once they are committed (D15), and runs of an earlier process."""

from __future__ import annotations

from typing import Final

import pytest

from flowing.core import (
    AttemptReturned,
    AttemptTimedOut,
    Blocked,
    CancelRequested,
    Closed,
    Commit,
    CommitStarted,
    Finish,
    GraceElapsed,
    Invalidated,
    Limits,
    MainSettled,
    Node,
    Past,
    Policy,
    Provided,
    Ready,
    ResultProvided,
    ResultsCommitted,
    ResumeRequested,
    RunFinished,
    Running,
    RunRestored,
    SettleMain,
    Start,
    State,
    Succeeded,
    Times,
    answer,
    compile_graph,
    decide,
    initial,
)
from flowing.errors import InvalidTransition
from tests.unit.core.states import LATE, after, begin, failed, fence, kinds, number, row, started, succeeded

FORK: Final = (Node("a"), Node("b"), Node("c", ("a", "b")))


def returned(state: State, *names: str) -> State:
    for name in names:
        event = AttemptReturned(*fence(state, name), 2.0, f"value of {name}", f"kept of {name}")
        state = after(state, event)
    return state


def committing(state: State) -> State:
    return after(state, CommitStarted(state.run.commits + 1))


def committed(state: State) -> State:
    return after(state, ResultsCommitted(state.run.commits))


def test_a_value_that_is_not_committed_starts_no_dependent() -> None:
    """And its worker's place is free at once."""
    state = returned(started(begin(Node("a"), Node("b", ("a",)), workers=1), "a"), "a")
    assert (kinds(state), state.free) == ({"a": "CommitDue", "b": "Blocked"}, 1)
    assert list(decide(state)) == [Commit(1)]
    state = committing(state)
    assert (kinds(state), state.free) == ({"a": "Committing", "b": "Blocked"}, 1)
    assert list(decide(state)) == []
    state = committed(state)
    assert row(state, "a") == Succeeded(Running(1, Past(), 1.0), 2.0, "value of a")
    assert list(decide(state)) == [Start(number(state, "b"), 1, 0)]


def test_one_commit_takes_all_that_is_due_and_counts_each_dependency() -> None:
    state = committed(committing(returned(started(begin(*FORK), "a", "b"), "a", "b")))
    assert kinds(state) == {"a": "Succeeded", "b": "Succeeded", "c": "Ready"}


def test_what_returns_during_a_commit_waits_for_the_next() -> None:
    state = started(begin(*FORK), "a", "b")
    state = returned(committing(returned(state, "a")), "b")
    assert list(decide(state)) == []
    state = committed(state)
    assert row(state, "c") == Blocked(1)
    assert list(decide(state)) == [Commit(2)]
    assert isinstance(row(committed(committing(state)), "c"), Ready)


def test_starts_are_due_beside_a_commit() -> None:
    """No worker waits for a commit while other work is ready."""
    state = returned(started(begin(Node("a"), Node("b"), Node("c", ("a",)), workers=1), "a"), "a")
    assert list(decide(state)) == [Commit(1), Start(number(state, "b"), 1, 0)]
    assert list(decide(state, 1)) == [Commit(1)]


@pytest.mark.parametrize("names", [("a",), ("a", "b")])
def test_the_main_graph_settles_when_its_results_are_durable(names: tuple[str, ...]) -> None:
    state = started(begin(*(Node(name) for name in names)), *names)
    state = returned(state, *names)
    assert SettleMain() not in decide(state)
    assert SettleMain() not in decide(committing(state))
    assert list(decide(committed(committing(state)))) == [SettleMain()]


def test_a_run_that_fails_fast_commits_what_still_succeeds() -> None:
    state = failed(started(begin(*FORK), "a", "b"), "a", retryable=False)
    state = after(state, answer(decide(state, 1)[0], 3.0))
    assert kinds(state)["c"] == "Skipped"
    state = returned(state, "b")
    assert list(decide(state)) == [Commit(1)]
    state = committing(state)
    assert list(decide(state)) == []
    assert list(decide(committed(state))) == [SettleMain()]


def test_detached_results_are_committed_before_the_run_finishes() -> None:
    state = begin(Node("a"), Node("aside", ("a",), detached=True))
    state = after(succeeded(started(state, "a"), "a"), MainSettled())
    state = returned(started(state, "aside"), "aside")
    assert list(decide(state)) == [Commit(1)]
    assert list(decide(committing(state))) == []
    assert list(decide(committed(committing(state)))) == [Finish()]


def test_a_cancelled_run_waits_for_its_commits_unless_its_grace_is_over() -> None:
    """[X1] [X2] D9."""
    state = after(returned(started(begin(*FORK), "a"), "a"), CancelRequested())
    assert list(decide(state)) == [Commit(1)]
    assert list(decide(committing(state))) == []
    assert list(decide(committed(committing(state)))) == [Finish()]
    assert list(decide(after(state, GraceElapsed()))) == [Finish()]
    assert list(decide(after(committing(state), GraceElapsed()))) == [Finish()]


def test_what_was_not_committed_is_committed_by_the_resume_and_not_run_again() -> None:
    """[P4] The value is still in memory, be its commit lost on the way or never begun."""
    state = started(begin(*FORK), "a", "b")
    state = returned(committing(returned(state, "a")), "b")
    state = after(state, CancelRequested(), GraceElapsed(), RunFinished())
    assert kinds(state) == {"a": "Committing", "b": "CommitDue", "c": "Blocked"}
    assert after(state, ResultsCommitted(1)) is state
    state = after(state, ResumeRequested(3.0, 4.0))
    assert list(decide(state)) == [Commit(2)]
    state = after(state, ResultsCommitted(1))
    assert kinds(state) == {"a": "CommitDue", "b": "CommitDue", "c": "Blocked"}
    state = committed(committing(state))
    assert kinds(state) == {"a": "Succeeded", "b": "Succeeded", "c": "Ready"}


def test_what_was_made_from_a_result_that_is_made_anew_is_not_committed() -> None:
    """D4: it is as out of date as if it had been committed in time. Its commit is late, and changes nothing.

    Found by the simulator in a million runs, as `the_state_is_sound`: its row waited for a commit, and for a task.
    """
    nodes = (Node("a"), Node("b", ("a",), detached=True), Node("c", ("b",), detached=True))
    state = after(succeeded(started(begin(*nodes), "a"), "a"), MainSettled())
    state = after(started(committed(committing(returned(started(state, "b"), "b"))), "c"), CancelRequested())
    state = after(failed(state, "c"), RunFinished(), ResultProvided(number(state, "a"), "mended"))
    state = after(state, ResumeRequested(3.0, 4.0), MainSettled())
    state = committing(returned(started(state, "c"), "c"))
    state = after(state, CancelRequested(), GraceElapsed(), RunFinished())
    kept = after(state, ResumeRequested(5.0, 6.0))
    assert kinds(kept) == {"a": "Provided", "b": "Succeeded", "c": "CommitDue"}
    again = after(state, ResumeRequested(5.0, 6.0, rerun_detached=True))
    assert kinds(again) == {"a": "Provided", "b": "Ready", "c": "Blocked"}
    assert row(again, "c") == Blocked(1, Past(2, invalidations=2))
    assert after(again, ResultsCommitted(2)) is again


def test_a_commit_that_was_answered_is_not_answered_again() -> None:
    state = committed(committing(returned(started(begin(*FORK), "a", "b"), "a")))
    assert after(state, ResultsCommitted(1)) is state
    state = committing(returned(state, "b"))
    assert after(state, ResultsCommitted(1)) is state


def test_no_commit_begins_beside_another_or_out_of_turn() -> None:
    state = returned(started(begin(*FORK), "a", "b"), "a")
    with pytest.raises(InvalidTransition, match=r"CommitStarted\(commit=2\) .*Open\(\), 0 commits so far"):
        after(state, CommitStarted(2))
    state = returned(committing(state), "b")
    with pytest.raises(InvalidTransition, match="1 commits so far"):
        after(state, CommitStarted(2))


def test_a_deadline_means_nothing_to_a_body_that_has_returned() -> None:
    state = returned(started(begin(Node("a", policy=Policy(retries=1))), "a"), "a")
    task, attempt, epoch = fence(state, "a")
    late = AttemptTimedOut(task=task, attempt=attempt, epoch=epoch, at_s=3.0, error=LATE, retryable=True)
    assert after(state, late) is state
    state = committing(state)
    assert after(state, late) is state


# ── runs of an earlier process ───────────────────────────────────────────────────────────────────


def restored(*rows: tuple[str, Succeeded | Provided | Invalidated]) -> State:
    graph = compile_graph([*FORK, Node("d", ("c",))], Limits())
    numbers = graph.numbers
    held = tuple((numbers[name], each) for name, each in rows)
    return after(initial(graph), RunRestored("run 7", 4, -5.0, 1_000.0, held))


def test_a_restored_run_goes_on_with_its_results() -> None:
    """Under its own id, with its own times until then, and in the next epoch."""
    made = Succeeded(Running(3, Past(2), 1.0), 2.0, "value")
    state = restored(("a", made), ("b", Provided("given")))
    assert (state.phase, state.run.times) == (Closed(None, None), Times("run 7", -5.0, 1_000.0))
    state = after(state, ResumeRequested(3.0, 4.0))
    assert kinds(state) == {"a": "Succeeded", "b": "Provided", "c": "Ready", "d": "Blocked"}
    assert (state.epoch, state.run.times and state.run.times.id, state.main_left) == (5, "run 7", 2)
    assert row(state, "a") == made


def test_what_is_restored_without_a_result_remembers_its_attempts() -> None:
    state = restored(("a", Invalidated(Past(2, 1))))
    assert row(state, "a") == Ready(3, Past(2, 1))
    assert row(state, "b") == Ready(1)
    assert row(state, "c") == Blocked(2)


def test_a_restored_result_can_be_overridden() -> None:
    """And what was computed from it is invalidated, as in the process that made it."""
    made = Succeeded(Running(1, Past(), 1.0), 2.0, "value")
    state = restored(("a", made), ("b", made), ("c", made), ("d", Provided("given")))
    state = after(state, ResultProvided(number(state, "a"), "other"))
    assert kinds(state) == {"a": "Provided", "b": "Succeeded", "c": "Invalidated", "d": "Provided"}


def test_only_a_flow_that_has_not_begun_takes_over_a_run() -> None:
    with pytest.raises(InvalidTransition, match="Open"):
        after(begin(Node("a")), RunRestored("run", 1, 0.0, 0.0, ()))
