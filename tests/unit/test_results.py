"""Results: a read-only mapping over every task, by task or by name."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from flowing import Flow, Results, StepResult, StepState, Task, UnknownTaskError, current, task

if TYPE_CHECKING:
    from collections.abc import Container


@task
def number() -> int:
    return 1


@task(depends_on=[number])
def broken(number: int) -> int:
    message = f"{number} is wrong"
    raise ValueError(message)


@task(depends_on=[broken])
def never(broken: int) -> int:
    return broken


@pytest.fixture
def results() -> Results:
    return Flow(never).run()


def test_results_are_a_mapping_by_name_in_start_order(results: Results) -> None:
    assert list(results) == ["number", "broken", "never"]
    assert [each.name for each in results.values()] == ["number", "broken", "never"]
    assert len(results) == 3
    assert dict(results.items()).keys() == results.keys()


def test_a_row_is_found_by_task_and_by_name(results: Results) -> None:
    typed: StepResult[int] = results[number]
    named: StepResult[object] = results["number"]
    assert typed.value == named.value == 1


def test_a_task_or_name_is_in_the_results_or_not(results: Results) -> None:
    contains: Container[object] = results  # for mypy, a mapping by name holds nothing but names
    assert number in contains
    assert "never" in results
    assert number.with_options(retry=1) not in contains
    assert "other" not in results
    assert 1 not in contains


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("other", "'other': the flow has no task of that name; its tasks are number, broken, never"),
        ("\x1b[31m", r"'\x1b[31m': the flow has no task of that name; its tasks are"),
        (3, "a int: the flow has no task of that name"),
        (None, "a NoneType: the flow has no task of that name"),
    ],
)
def test_an_unknown_name_is_a_key_error_that_lists_the_names(results: Results, key: Any, message: str) -> None:  # noqa: ANN401 - wrong ones
    """[G16] The message is plain: a `KeyError` would show it quoted."""
    with pytest.raises(UnknownTaskError) as caught:
        results[key]
    assert isinstance(caught.value, KeyError)
    assert str(caught.value).startswith(message)


def test_of_many_names_the_first_ten_are_listed() -> None:
    many: list[Task[int]] = [task(lambda: 1, name=f"t{each}") for each in range(11)]
    with pytest.raises(UnknownTaskError, match=r"t9, …$"):
        Flow(*many).results["other"]


def test_get_gives_the_default_for_an_unknown_name(results: Results) -> None:
    assert results.get("other") is None


def test_results_are_a_snapshot() -> None:
    flow = Flow(never)
    before = flow.results
    flow.run()
    assert before[number].state is StepState.PENDING
    assert flow.results[number].state is StepState.SUCCEEDED


def test_the_repr_counts_and_shows_no_value(results: Results) -> None:
    assert repr(results) == "<results: 1 SUCCEEDED, 1 FAILED, 1 SKIPPED>"
    assert "1 is wrong" not in repr(results["broken"])
    assert "value" not in repr(results["number"])


def test_counts_name_every_state(results: Results) -> None:
    assert results.counts() == {
        StepState.PENDING: 0,
        StepState.RUNNING: 0,
        StepState.SUCCEEDED: 1,
        StepState.FAILED: 1,
        StepState.SKIPPED: 1,
        StepState.CANCELLED: 0,
    }


def test_a_row_says_when_and_how_long() -> None:
    @task
    def measured() -> float:
        begin = time.monotonic()
        current().sleep(0.01)
        return time.monotonic() - begin

    before = datetime.now(UTC)
    row = Flow(measured).run()[measured]
    assert row.duration_s is not None
    assert row.started_at is not None
    assert row.duration_s >= row.value
    # The two clocks are not read at one moment: on a busy machine they may be seconds apart, and no time zone.
    assert before - timedelta(minutes=1) <= row.started_at <= datetime.now(UTC) + timedelta(minutes=1)
    assert row.started_at.tzinfo is UTC


def test_a_failed_row_has_the_error_itself_and_its_traceback_as_text(results: Results) -> None:
    row = results[broken]
    assert isinstance(row.error, ValueError)
    assert row.traceback is not None
    lines = row.traceback.splitlines()
    assert lines[0] == "Traceback (most recent call last):"
    assert lines[-1] == "ValueError: 1 is wrong"
    assert [line for line in lines if "File " in line] == [
        f'  File "{__file__}", line {broken.__wrapped__.__code__.co_firstlineno + 3}, in broken'
    ]
    assert results[number].traceback is None
    assert (results[never].reason, results[never].root_cause, results[never].error) == (
        "task 'broken' failed",
        "broken",
        None,
    )


def test_rows_are_equal_to_themselves_alone(results: Results) -> None:
    """A comparison of values could do anything, and an array's result is no truth."""
    assert results[number] != results[number]


def test_a_result_pending_after_a_mend_says_so() -> None:
    flow = Flow(never)
    flow.run()
    flow.override(broken, 3)
    row = flow.results[never]
    assert (row.state, row.reason, row.root_cause) == (StepState.PENDING, None, None)
    assert flow.results[broken].overridden
    assert flow.results[broken].attempts == 1
