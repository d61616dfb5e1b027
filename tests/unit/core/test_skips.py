"""How a skip travels: what it reaches, what it names, and what it leaves alone."""

from __future__ import annotations

from flowing.core import Node, Past, SkipDue, Skipped, answer, decide
from tests.unit.core.states import (
    after,
    begin,
    failed,
    gate_closed,
    kinds,
    number,
    ordered,
    orders,
    provided,
    rest,
    resumed,
    row,
    started,
    succeeded,
)

FORK = (Node("a"), Node("b"), Node("c", ("a", "b")))


def test_a_skip_travels_one_event_a_task_and_names_the_root_cause() -> None:
    """[R1] However far down it goes."""
    state = failed(begin(Node("a"), Node("b", ("a",)), Node("c", ("b",)), fail_fast=False), "a")
    assert kinds(state) == {"a": "Failed", "b": "SkipDue", "c": "Blocked"}
    state = after(state, answer(decide(state)[0], 1.0))
    assert kinds(state) == {"a": "Failed", "b": "Skipped", "c": "SkipDue"}
    state = after(state, answer(decide(state)[0], 1.0))
    assert row(state, "c") == Skipped(number(state, "a"), gate=False, past=Past())


def test_a_task_is_skipped_once() -> None:
    """Whichever of its dependencies failed first, the one with the lowest number is named."""
    for first, second in ("ab", "ba"):
        state = failed(failed(begin(*FORK, fail_fast=False), first), second)
        assert len(orders(state)) == 1
        assert row(ordered(state), "c") == Skipped(number(state, "a"), gate=False, past=Past())


def test_a_failure_counts_before_a_gate() -> None:
    """Whichever of the two came first, and whichever has the lower number."""
    for closed, broken in ("ab", "ba"):
        open_run = begin(*FORK, fail_fast=False)
        for state in (failed(gate_closed(open_run, closed), broken), gate_closed(failed(open_run, broken), closed)):
            assert row(ordered(state), "c") == Skipped(number(state, broken), gate=False, past=Past())


def test_what_is_skipped_stays_as_it_is() -> None:
    """Also when a dependency with a lower number fails later."""
    state = ordered(failed(begin(*FORK, fail_fast=False), "b"))
    skipped = Skipped(number(state, "b"), gate=False, past=Past())
    assert row(state, "c") == skipped
    assert row(ordered(failed(state, "a")), "c") == skipped


def test_a_value_from_outside_is_not_skipped() -> None:
    """It needs none of what failed."""
    state = provided(rest(failed(begin(Node("a"), Node("b", ("a",)), Node("c", ("b",))), "a")), "b")
    state = ordered(failed(resumed(state), "a"))
    assert kinds(state) == {"a": "Failed", "b": "Provided", "c": "Ready"}


def test_a_success_does_not_revive_what_is_skipped() -> None:
    state = started(begin(*FORK, fail_fast=False), "a", "b")
    assert isinstance(row(succeeded(failed(state, "a"), "b"), "c"), SkipDue)
    assert isinstance(row(succeeded(ordered(failed(state, "a")), "b"), "c"), Skipped)
