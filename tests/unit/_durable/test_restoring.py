"""What stored records come back as, row by row. The rules for whole flows are tested in `tests/unit/durable`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from attrs import evolve

from flowing import Flow, task
from flowing._durable.declaring import declared
from flowing._durable.restoring import Now, Reader, Restored, has_value, with_inputs, with_unstored
from flowing._no_value import NO_VALUE
from flowing.checkpoint import (
    AttemptMarked,
    EndNoted,
    FailureSaved,
    JsonCodec,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    Saved,
    SavedRun,
    StoredError,
)
from flowing.core import (
    Blocked,
    CancelRequested,
    CommitDue,
    Committing,
    GraceElapsed,
    Node,
    Past,
    Provided,
    Ready,
    RunFinished,
    Running,
    Succeeded,
    check,
)
from flowing.errors import AttemptUncertain, CrashLoop
from tests.unit.core.states import after, begin, row, started, succeeded

if TYPE_CHECKING:
    from collections.abc import Mapping

    from flowing._compile import Compiled
    from flowing.core import State, Status

NOW = Now(at_s=100.0, wall_s=5000.0)


def compiled() -> Compiled:
    """Compile first -> second, of which the values are ints."""

    def first() -> int:
        return 1

    one = task(first)
    return Flow(task(lambda first: first, name="second", depends_on=[one]))._compiled


def restored(*saved: Saved, crashes: Mapping[str, int] | None = None, finished: bool = False) -> Restored:
    flow = compiled()
    known = declared(flow, JsonCodec())
    reader = Reader(
        graph=flow.graph,
        declared=known,
        path="run.db",
        on_change="error",
        on_unreadable="error",
        max_crashes=3,
    )
    run = SavedRun(
        run_id="run 7",
        began_s=1.0,
        epoch=4,
        finished=finished,
        codec="json",
        declaration=known.declaration,
        saved={each.task: each for each in saved},
        crashes=crashes or {},
    )
    found = reader.restored(run, NOW)
    check(found.state)
    return found


INT = JsonCodec().prepare("first", int).fingerprint
ERROR = StoredError("ValueError", "ValueError: x", "")


@pytest.mark.parametrize(
    ("saved", "expected"),
    [
        (
            ResultSaved("first", b"7", INT, 3, Past(2, 1), 4990.0, 2.0),
            Succeeded(Running(3, Past(2, 1), 90.0), 92.0, 7),
        ),
        (
            ResultSaved("first", b"7", INT, 1, began_s=4990.0, stale=True),
            Succeeded(Running(1, Past(), 90.0), 90.0, 7, stale=True),
        ),
        (OverrideSaved("first", b"7", INT, Past(2, 1)), Provided(7, Past(2, 1))),
        (FailureSaved("first", ERROR, 3, Past(1, 1)), Ready(4, Past(3, 1))),
        (FailureSaved("first", ERROR, 0, Past(2, 1)), Ready(3, Past(2, 1))),
        (EndNoted("first", "SKIPPED", "", 0, Past(2, 0)), Ready(3, Past(2, 0))),
        (EndNoted("first", "CANCELLED", "", 2), Ready(3, Past(2, 0))),
        (AttemptMarked("first", 2, Past(1, 1)), Ready(3, Past(2, 1))),
        (ResultDropped("first", Past(2, 3)), Ready(3, Past(2, 3))),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_record_comes_back_as_a_row(saved: Saved, expected: Status) -> None:
    """With its times on this process's clock, and its counts."""
    state = restored(saved).state
    assert row(state, "first") == expected
    assert row(state, "second") == (Ready(1) if isinstance(expected, Succeeded | Provided) else Blocked(1))
    assert (state.epoch, state.run.times and state.run.times.id) == (4, "run 7")


def test_a_task_of_which_nothing_is_stored_has_not_begun() -> None:
    assert [*restored().state.table] == [Ready(1), Blocked(1)]


def test_an_input_that_is_given_later_invalidates_nothing() -> None:
    state = restored(FailureSaved("second", ERROR, 3, Past(1, 1))).state
    given = with_inputs(state, {0: 7})
    check(given)
    assert [*given.table] == [Provided(7, Past()), Ready(4, Past(3, 1))]
    assert (given.run, given.epoch, row(state, "first")) == (state.run, state.epoch, Ready(1))


@pytest.mark.parametrize(
    ("saved", "crashes", "refused"),
    [
        (AttemptMarked("first", 2), 0, AttemptUncertain),
        (AttemptMarked("first", 2), 5, AttemptUncertain),
        (None, 3, CrashLoop),
        (ResultDropped("first", Past(1)), 3, CrashLoop),
        (None, 2, None),
        (ResultSaved("first", b"7", INT, 1), 3, None),
        (OverrideSaved("first", b"7", INT), 3, None),
        (FailureSaved("first", ERROR, 3), 0, None),
    ],
)
def test_who_must_not_run_is_told_why(saved: Saved | None, crashes: int, refused: type[Exception] | None) -> None:
    found = restored(*([] if saved is None else [saved]), crashes={"first": crashes} if crashes else {})
    assert {task: type(error) for task, error in found.refused.items()} == ({0: refused} if refused else {})


def test_a_run_is_finished_if_it_says_so_and_every_task_has_a_result() -> None:
    """The flow may have tasks that it had not."""
    first = ResultSaved("first", b"7", INT, 1)
    anything = declared(compiled(), JsonCodec()).codecs[1].fingerprint
    second = ResultSaved("second", b"7", anything, 1)
    assert restored(first, second, finished=True).finished
    assert not restored(first, second).finished
    assert not restored(first, finished=True).finished
    assert not restored(first, ResultDropped("second", Past(1)), finished=True).finished


# ── tasks whose results are not stored ───────────────────────────────────────────────────────────


def closed(*names: str) -> State:
    """Give the closed run of a -> b -> c in which these have succeeded."""
    state = begin(Node("a"), Node("b", ("a",)), Node("c", ("b",)))
    for name in names:
        state = succeeded(started(state, name), name)
    return after(state, CancelRequested(), GraceElapsed(), RunFinished())


def test_nothing_changes_where_every_value_is_here() -> None:
    """Not even the state."""
    state = closed("a", "b")
    assert with_unstored(state, {0, 1}) is state


def test_what_is_only_in_memory_stays_as_it_is() -> None:
    """A result that lacks its commit counts as one: what it was computed from is not needed."""
    state = closed("a", "b")
    lost = Succeeded(Running(1, Past(0, 2), 0.0), 0.0, NO_VALUE)
    assert not has_value(lost)
    due = CommitDue(Running(2, Past(1), 1.0), 2.0, "value", b"kept")
    rows: list[Status] = [lost, Committing(due), row(state, "c")]
    state = evolve(state, table=state.table.replace(range(3), rows))
    assert with_unstored(state, {0}) is state
    found = with_unstored(state, {0, 2}, ran={2})
    assert row(found, "a") == lost
    assert row(found, "b") == due
    assert isinstance(row(found, "c"), Succeeded)
    needed = with_unstored(evolve(state, table=state.table.put(1, Blocked(1, Past(1)))), {0})
    assert row(needed, "a") == Ready(2, Past(1, 2))
