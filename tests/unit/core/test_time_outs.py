"""Deadlines, reports that come too late, and places in which abandoned threads sit (D8)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from attrs import evolve

from flowing.core import (
    NO_VALUE,
    AttemptEvent,
    AttemptFailed,
    AttemptStopped,
    AttemptSucceeded,
    Because,
    Closed,
    Failed,
    Failure,
    GraceElapsed,
    Node,
    Past,
    PlaceAwaited,
    PlacesExhausted,
    Policy,
    Running,
    State,
    answer,
    decide,
    value_of,
)
from tests.unit.core.states import (
    BOOM,
    LATE,
    after,
    begin,
    cancelled,
    failed,
    fence,
    kinds,
    number,
    ordered,
    ran,
    resumed,
    row,
    started,
    starting,
    stopped,
    succeeded,
    time_out,
    timed_out,
    woken,
)

if TYPE_CHECKING:
    from collections.abc import Callable


RETRY: Final = Policy(retries=1)
MOMENTS: Final[dict[str, Callable[[State], State]]] = {
    "before the delay is ordered": lambda state: state,
    "while it backs off": ordered,
    "when the retry is ready": lambda state: woken(ordered(state), "a"),
    "during the retry": lambda state: started(woken(ordered(state), "a"), "a"),
    "after the retry's success": lambda state: ran(woken(ordered(state), "a"), "a"),
    "after the retry's failure": lambda state: failed(woken(ordered(state), "a"), "a"),
    "after the retry's time-out": lambda state: timed_out(woken(ordered(state), "a"), "a"),
    "after the retry was cut off by a cancel": lambda state: ordered_once(cancelled(ordered(state))),
    "while the cancelled retry runs": lambda state: cancelled(started(woken(ordered(state), "a"), "a")),
    "after the retry stopped itself": lambda state: stopped(cancelled(started(woken(ordered(state), "a"), "a")), "a"),
}
REPORT: Final[dict[str, AttemptEvent]] = {
    "success": AttemptSucceeded(0, 1, 0, 50.0, "late"),
    "failure": AttemptFailed(task=0, attempt=1, epoch=0, at_s=50.0, error=BOOM, retryable=True),
    "stop": AttemptStopped(0, 1, 0, 50.0),
}


def test_a_time_out_is_kept_as_the_failure_that_it_is() -> None:
    """With its own error, at the deadline, and nothing that was refused."""
    state = timed_out(begin(Node("a")), "a", at_s=7.0)
    assert row(state, "a") == Failed(Failure(Running(1, Past(), 1.0), 7.0, LATE, NO_VALUE))


@pytest.mark.parametrize("report", REPORT.values(), ids=REPORT)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_late_report_only_gives_its_place_back(moment: Callable[[State], State], report: AttemptEvent) -> None:
    """[T2] Never does it overwrite what was decided at the deadline."""
    before = moment(timed_out(begin(Node("a", policy=RETRY), Node("b", ("a",)), fail_fast=False), "a"))
    state = after(before, report)
    abandoned = before.run.abandoned - {(0, 1)}
    assert state == evolve(before, run=evolve(before.run, late=1, abandoned=abandoned))


def test_each_of_several_abandoned_attempts_may_report() -> None:
    """[T2] In any order, also when the last one was the first."""
    state = begin(Node("a", policy=Policy(retries=2)), fail_fast=False)
    state = woken(ordered(timed_out(state, "a")), "a")
    state = woken(ordered(timed_out(state, "a")), "a")
    assert state.run.abandoned == {(0, 1), (0, 2)}
    for attempt in (1, 2):
        state = after(state, AttemptSucceeded(0, attempt, 0, 9.0, "late"))
    assert (state.run.abandoned, state.run.late) == (frozenset(), 2)
    assert row(state, "a").attempt == 3


def test_a_late_report_ends_the_wait_for_a_place() -> None:
    """[T5] And what was to end the run when none came finds nothing to do."""
    state = timed_out(begin(Node("a"), Node("b"), workers=1, abandoned=0, fail_fast=False), "a")
    state = after(state, PlaceAwaited(1), AttemptSucceeded(*fence(state, "a"), 5.0, "late"))
    assert not state.run.awaiting_place
    assert after(state, PlacesExhausted(1)) == state
    assert starting(state) == ["b"]


@pytest.mark.parametrize("detached", [False, True])
def test_when_no_place_comes_free_the_run_ends_and_can_be_resumed(detached: bool) -> None:
    """[T5] D8: all but what succeeded is left as it is; the places count anew."""
    nodes = [Node("a", detached=detached), Node("b", detached=detached)]
    state = begin(*nodes, workers=1, abandoned=0, fail_fast=False)
    state = ordered(timed_out(ordered_once(state) if detached else state, "a"))
    assert state.run.awaiting_place
    state = ordered(after(state, PlacesExhausted(1)))
    assert state.phase == Closed(Because.EXHAUSTED, None)
    assert kinds(state) == {"a": "Failed", "b": "Ready"}
    state = resumed(state)
    assert (state.run.abandoned, state.run.awaiting_place, state.free) == (frozenset(), False, 1)


def test_a_run_that_ends_for_want_of_a_place_remembers_what_failed_fast() -> None:
    """[T5] D8: detached tasks want places too, after a main graph that failed."""
    state = failed(begin(Node("a"), Node("b", detached=True), Node("c", detached=True), workers=1, abandoned=0), "a")
    state = ordered(timed_out(ordered(state), "b"))
    state = ordered(after(state, PlacesExhausted(1)))
    assert state.phase == Closed(Because.EXHAUSTED, number(state, "a"))


def ordered_once(state: State) -> State:
    return after(state, answer(decide(state)[0], 1.0))


def test_the_first_of_deadline_and_success_counts() -> None:
    """[T3] [T11] In the same tick, even in that of the start: who is applied first wins, and the other is late."""
    state = started(begin(Node("a", policy=RETRY)), "a", at_s=1.0)
    success = AttemptSucceeded(*fence(state, "a"), 1.0, "value")
    deadline = time_out(state, "a", at_s=1.0)
    won = after(state, success, deadline)
    assert won == after(state, success)
    assert value_of(row(won, "a")) == "value"
    lost = after(state, deadline, success)
    assert list(lost.table) == list(after(state, deadline).table)
    assert (lost.run.late, lost.run.abandoned) == (1, frozenset())


def test_a_report_from_before_the_resume_is_counted_and_nothing_else() -> None:
    """[T2] The epoch fences it, even where the attempt's number would fit."""
    state = ordered(after(cancelled(started(begin(Node("a")), "a")), GraceElapsed()))
    report = AttemptSucceeded(*fence(state, "a"), 9.0, "late")
    assert after(state, report) == evolve(state, run=evolve(state.run, late=1))
    state = resumed(state)
    assert after(state, report) == evolve(state, run=evolve(state.run, late=1))


@pytest.mark.parametrize(
    "end",
    [
        lambda state: failed(state, "c"),
        cancelled,
        lambda state: ordered(succeeded(cancelled(state), "c")),
    ],
)
def test_a_wait_for_a_place_ends_nothing_that_ends_already(end: Callable[[State], State]) -> None:
    """[T5] Its time passes in a run that fails fast, that is cancelled, and that is over."""
    state = started(begin(Node("a"), Node("b"), Node("c"), workers=2, abandoned=0), "c")
    state = end(after(state, PlaceAwaited(1)))
    assert after(state, PlacesExhausted(1)) is state
