"""States: what can be read off them, and a check that every broken one fails."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest
from attrs import evolve

from flowing.core import (
    BackingOff,
    Blocked,
    Cancelled,
    Closed,
    CommitDue,
    Committing,
    Failed,
    Failure,
    Idle,
    Invalidated,
    Limits,
    Node,
    Past,
    Policy,
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
    check,
    compile_graph,
    has_result,
    initial,
    is_settled,
    value_of,
)
from flowing.core.state import values_of
from flowing.core.status import NO_LANE
from tests.unit.core.states import BOOM, WALL_S, begin, graph_state, ran, rest, resumed, row, started, timed_out

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core import Phase, State
    from flowing.core.status import Lane

PAST: Final = Past()
RUN: Final = Running(1, PAST, 0.0)
FAILURE: Final = Failure(RUN, 1.0, BOOM)
DUE: Final = CommitDue(RUN, 1.0, "made", b"made")
ROWS: Final[dict[Status, str]] = {
    Blocked(1): "",
    Ready(1): "",
    RUN: "",
    RetryDue(FAILURE, 1.0): "",
    BackingOff(FAILURE, 1.0): "",
    ReadyAgain(FAILURE): "",
    SkipDue(0, gate=False, past=PAST): "",
    DUE: "",
    Committing(DUE): "",
    Invalidated(PAST): "",
    Succeeded(RUN, 1.0, "made"): "settled, has a result",
    Provided("given"): "settled, has a result",
    Failed(FAILURE): "settled",
    Rejected(BOOM): "settled",
    Skipped(0, gate=False, past=PAST): "settled",
    Cancelled(RUN, 1.0): "settled",
}


def test_at_first_roots_are_ready_and_others_wait_for_their_dependencies() -> None:
    state = graph_state([Node("a"), Node("b"), Node("c", ("a", "b")), Node("d", ("a", "c"), detached=True)])
    assert {name: row(state, name) for name in "abcd"} == {
        "a": Ready(1),
        "b": Ready(1),
        "c": Blocked(2),
        "d": Blocked(2),
    }
    assert state.phase == Idle()
    assert (state.running, state.main_left, state.epoch) == (0, 3, 0)
    check(state)


def test_a_run_can_begin_at_any_epoch() -> None:
    assert initial(compile_graph([], Limits()), epoch=7).epoch == 7


def test_the_times_of_a_run_are_those_of_its_last_resume() -> None:
    """Its id names it over all of them."""
    state = begin(Node("a"))
    assert state.run.times is not None
    assert (state.run.times.id, state.run.times.at_s, state.run.times.wall_s) == ("run 1", 0.0, WALL_S)
    state = resumed(rest(state))
    assert state.run.times is not None
    assert (state.run.times.id, state.run.times.at_s, state.run.times.wall_s) == ("run 1", 100.0, WALL_S + 100)


def test_abandoned_threads_are_replaced_up_to_the_limit_and_then_take_a_place() -> None:
    """[T5] D8."""
    state = begin(*(Node(name) for name in "abcde"), workers=3, abandoned=2, fail_fast=False)
    assert state.free == 3
    state = started(state, "a", "b")
    assert state.free == 1
    for name, free in zip("abc", (2, 3, 2), strict=True):
        state = timed_out(state, name)
        assert state.free == free


@pytest.mark.parametrize(("each", "says"), ROWS.items(), ids=lambda each: type(each).__name__)
def test_a_row_is_settled_or_has_a_result_by_its_type(each: Status, says: str) -> None:
    assert is_settled(each) is ("settled" in says)
    assert has_result(each) is ("result" in says)


def test_only_a_result_has_a_value() -> None:
    assert value_of(Succeeded(RUN, 1.0, "made")) == "made"
    assert value_of(Provided("given")) == "given"
    with pytest.raises(AssertionError):
        value_of(Failed(FAILURE))


def test_the_values_of_some_rows_come_in_the_order_in_which_they_were_asked_for() -> None:
    state = ran(begin(Node("a"), Node("b"), Node("c")), "a", "c")
    state = with_row(state, "b", Provided("given"))
    assert values_of(state.table, [2, 0, 1]) == ["c", "a", "given"]
    assert values_of(state.table, []) == []


# ── the check ────────────────────────────────────────────────────────────────────────────────────


def sound() -> State:
    """Give an open run of a (which may be tried twice), of b and c which need it, and of d."""
    nodes = [Node("a", policy=Policy(retries=1)), Node("b", ("a",)), Node("c", ("a",), detached=True), Node("d")]
    return begin(*nodes, workers=2, abandoned=1, fail_fast=False)


def with_row(state: State, name: str, each: Status) -> State:
    return evolve(state, table=state.table.put(state.graph.numbers[name], each))


def with_run(state: State, **changes: Any) -> State:  # noqa: ANN401 - whatever `Run` has
    return evolve(state, run=evolve(state.run, **changes))


def with_a(each: Status) -> Callable[[], State]:
    return lambda: with_row(sound(), "a", each)


def with_skip(each: Status, cause: Status) -> State:
    return with_row(with_row(evolve(sound(), main_left=1), "a", cause), "b", each)


BROKEN: Final[dict[str, Callable[[], State]]] = {
    "a row too many": lambda: evolve(sound(), table=graph_state([Node(name) for name in "abcde"]).table),
    "counts one that does not run": lambda: evolve(sound(), running=1),
    "does not count one that runs": lambda: evolve(started(sound(), "a"), running=0),
    "counts a settled row as left": lambda: with_row(sound(), "d", Provided("value")),
    "counts too few as left": lambda: evolve(sound(), main_left=2),
    "blocked by nothing": lambda: with_row(sound(), "d", Blocked(0)),
    "blocked by more than it needs": lambda: with_row(sound(), "b", Blocked(2)),
    "blocked by what is there": lambda: with_row(ran(sound(), "a"), "b", Blocked(1)),
    "ready too early": lambda: with_row(sound(), "b", Ready(1)),
    "ready again too early": lambda: with_row(sound(), "b", ReadyAgain(FAILURE)),
    "backing off before it can start": lambda: with_row(sound(), "b", BackingOff(FAILURE, 1.0)),
    "ready without a retry left": with_a(Ready(3)),
    "ready for attempt zero": with_a(Ready(0)),
    "running without a retry left": lambda: with_row(started(sound(), "a"), "a", Running(3, PAST, 0.0)),
    "ready again without a retry left": with_a(ReadyAgain(Failure(Running(2, PAST, 0.0), 1.0, BOOM))),
    "waiting for a retry that is not left": with_a(RetryDue(Failure(Running(2, PAST, 0.0), 1.0, BOOM), 1.0)),
    "failed once too often": lambda: evolve(
        with_row(sound(), "a", Failed(Failure(Running(3, PAST, 0.0), 1.0, BOOM))), main_left=2
    ),
    "failed without an attempt": lambda: evolve(
        with_row(sound(), "a", Failed(Failure(Running(0, PAST, 0.0), 1.0, BOOM))), main_left=2
    ),
    "skipped because of a success": lambda: with_skip(Skipped(0, gate=False, past=PAST), Succeeded(RUN, 1.0, "value")),
    "skipped by a gate that did not close": lambda: with_skip(Skipped(0, gate=True, past=PAST), Failed(FAILURE)),
    "to be skipped because of a skip": lambda: evolve(
        with_skip(SkipDue(0, gate=False, past=PAST), Skipped(0, gate=True, past=PAST)), main_left=2
    ),
    "invalidated in the middle of a run": with_a(Invalidated(PAST)),
    "a commit of nothing": lambda: with_run(sound(), committing=(0,)),
    "a value in no commit": with_a(Committing(DUE)),
    "more threads than there are places": lambda: with_run(
        started(sound(), "a", "d"), abandoned=frozenset((0, n) for n in range(2))
    ),
}


@pytest.mark.parametrize("broken", BROKEN.values(), ids=BROKEN)
def test_the_check_fails_for_a_broken_state(broken: Callable[[], State]) -> None:
    state = broken()
    with pytest.raises(AssertionError):
        check(state)


@pytest.mark.parametrize("each", [Ready(1), ReadyAgain(FAILURE), RetryDue(FAILURE, 1.0), BackingOff(FAILURE, 1.0), DUE])
def test_the_check_fails_for_a_table_that_does_not_find_its_rows(each: Status) -> None:
    """In one lane after the other: a row that is not in it, and one that should not be."""
    moves: tuple[tuple[int, Lane, Lane], ...] = ((0, each.lane, NO_LANE), (1, NO_LANE, each.lane))
    for number, old, new in moves:
        state = with_row(sound(), "a", each)
        check(state)
        state.table._place[0].move(number, old, new)
        with pytest.raises(AssertionError):
            check(state)


@pytest.mark.parametrize(
    "state",
    [
        sound(),
        started(sound(), "a", "d"),
        with_skip(Skipped(0, gate=False, past=PAST), Failed(FAILURE)),
        with_skip(Skipped(0, gate=True, past=PAST), Skipped(0, gate=True, past=PAST)),
        with_row(sound(), "a", RetryDue(Failure(Running(3, Past(2), 0.0), 1.0, BOOM), 1.0)),
        with_run(with_row(sound(), "a", Invalidated(PAST)), phase=Closed(None, None)),
        with_run(sound(), phase=Closed(None, None), committing=(0,)),
        with_run(
            evolve(with_skip(Skipped(0, gate=False, past=PAST), Invalidated(PAST)), main_left=2),
            phase=Closed(None, None),
        ),
        with_run(started(sound(), "a", "d"), abandoned=2, phase=Idle()),
        rest(sound()),
    ],
)
def test_the_check_passes_for_sound_states(state: State) -> None:
    """Control: it is not the way in which the broken ones were made that fails."""
    check(state)


@pytest.mark.parametrize("phase", [Idle(), Closed(None, None)])
def test_a_result_may_go_when_nothing_runs(phase: Phase) -> None:
    check(with_run(with_row(sound(), "a", Invalidated(PAST)), phase=phase))
