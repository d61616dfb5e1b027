"""Rows of the table as records for a store."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from flowing._durable.saving import Writer
from flowing.checkpoint import EndNoted, FailureSaved, JsonCodec, OverrideSaved, ResultDropped, ResultSaved
from flowing.core import (
    CancelRequested,
    GraceElapsed,
    MainSettled,
    Node,
    Past,
    Provided,
    ResultProvided,
    ResultsInvalidated,
    RunFinished,
    TaskSkipped,
)
from flowing.core.state import value_of
from flowing.errors import SerializationError
from tests.unit.core.states import after, begin, failed, number, row, started, succeeded

if TYPE_CHECKING:
    from flowing.core import State

ANYTHING = JsonCodec().prepare("any", str)


def writer(state: State, *stored: str) -> Writer:
    return Writer(state.graph.names, {number(state, name): ANYTHING for name in stored})


def done(*nodes: Node) -> State:
    """Give the closed run in which all of these succeeded."""
    state = begin(*nodes)
    for node in nodes:
        state = succeeded(started(state, node.name), node.name)
    return after(state, CancelRequested(), GraceElapsed(), RunFinished())


CHAIN = (Node("a"), Node("b", ("a",)), Node("c", ("b",)))


def test_an_override_is_worded_with_all_that_it_invalidates() -> None:
    before = done(*CHAIN)
    after_it = after(before, ResultProvided(number(before, "a"), "given"))
    assert writer(before, "a", "b", "c").mended(before, after_it) == [
        OverrideSaved("a", b'"given"', ANYTHING.fingerprint, Past(1)),
        ResultDropped("b", Past(1, 1)),
        ResultDropped("c", Past(1, 1)),
    ]


def test_an_override_that_is_not_stored_still_drops_what_was_computed_from_the_old_value() -> None:
    before = done(*CHAIN)
    after_it = after(before, ResultProvided(number(before, "a"), object()))
    assert [each.task for each in writer(before, "b", "c").mended(before, after_it)] == ["b", "c"]


def test_a_value_that_the_codec_refuses_is_refused_before_anything_is_written() -> None:
    before = done(*CHAIN)
    with pytest.raises(SerializationError):
        writer(before, "a").mended(before, after(before, ResultProvided(number(before, "a"), 7)))


def test_a_detached_result_goes_stale() -> None:
    """It is written again as it was, with the mark."""
    state = begin(Node("a"), Node("aside", ("a",), detached=True))
    state = after(succeeded(started(state, "a"), "a"), MainSettled())
    before = after(succeeded(started(state, "aside"), "aside"), RunFinished())
    changed = after(before, ResultProvided(number(before, "a"), "given"))
    override, aside = writer(before, "a", "aside").mended(before, changed)
    assert isinstance(override, OverrideSaved)
    assert isinstance(aside, ResultSaved)
    assert (aside.task, aside.stale, aside.attempt) == ("aside", True, 1)
    assert aside.payload == ANYTHING.encode(value_of(row(before, "aside")))


def test_only_results_that_are_gone_are_dropped() -> None:
    before = done(*CHAIN)
    changed = after(before, ResultsInvalidated((number(before, "b"),)))
    assert writer(before).dropped(before, changed) == [
        ResultDropped("b", Past(1, 1)),
        ResultDropped("c", Past(1, 1)),
    ]
    assert writer(before).dropped(before, before) == []


def test_what_a_run_begins_with_is_what_was_given() -> None:
    state = after(done(Node("a"), Node("b")), ResultProvided(1, "given"))
    assert isinstance(row(state, "b"), Provided)
    assert writer(state, "a", "b").begun(state) == [OverrideSaved("b", b'"given"', ANYTHING.fingerprint, Past(1))]
    assert writer(state, "a").begun(state) == []


def test_ends_without_a_result_are_worded_but_for_marked_ones() -> None:
    before = begin(Node("a"), Node("b", ("a",)), Node("c"), Node("d"), fail_fast=False)
    state = failed(started(before, "a", "c", "d"), "a", retryable=False)
    state = after(state, TaskSkipped(number(state, "b"), 0, 0), CancelRequested(), GraceElapsed(), RunFinished())
    ends = writer(state).ends(before, state, marked={number(state, "d")})
    failure, *others = ends
    assert isinstance(failure, FailureSaved)
    assert (failure.task, failure.attempt, failure.error.summary) == ("a", 1, "ValueError: boom")
    assert sorted(others, key=lambda each: each.task) == [
        EndNoted("b", "SKIPPED", "task 'a' failed", 0),
        EndNoted("c", "CANCELLED", "interrupted while running", 1),
    ]
    assert writer(state).ends(state, state, marked=set()) == []
