"""What workers write, and that a thread that comes too late writes nothing."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from flowing._bodies import Body, BoundCall
from flowing._durable.saving import Writer
from flowing._durable.scribe import Scribe
from flowing.checkpoint import AttemptMarked, Declaration, Definition, JsonCodec, MemoryStore, ResultSaved, RunBegun
from flowing.core.state import Times
from flowing.core.status import CommitDue, Past, Running
from flowing.errors import CheckpointError
from flowing.shell.attempt import Attempt, Course
from tests.unit.durable.stores import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Container

TIMES = Times("run", 100.0, 5000.0)


def scribe_of(store: Watched, *, marked: Container[int] = ()) -> Scribe:
    store.open()
    store.commit([RunBegun("run", 0.0, Declaration.of([Definition(name="a"), Definition(name="b")]))])
    writer = Writer(("a", "b"), {0: JsonCodec().prepare("a", int), 1: JsonCodec().prepare("b", int)})
    return Scribe(store, threading.Lock(), writer, TIMES, marked=marked)


def attempt(task: int, number: int = 2) -> Attempt:
    row = Running(number, Past(1, 1), 101.0)
    return Attempt(task, row, 0, Body("ab"[task], BoundCall(int)), (), Course("run", lambda: 0.0))


def due(value: int) -> CommitDue:
    return CommitDue(Running(2, Past(1, 1), 101.0), 103.0, value, str(value).encode())


def test_results_are_committed_together_with_their_times_and_counts() -> None:
    store = Watched(MemoryStore())
    scribe_of(store).save([(0, due(5)), (1, due(6))])
    fingerprint = JsonCodec().prepare("a", int).fingerprint
    assert store.committed[1:] == [
        (
            ResultSaved("a", b"5", fingerprint, 2, Past(1, 1), 5001.0, 2.0),
            ResultSaved("b", b"6", fingerprint, 2, Past(1, 1), 5001.0, 2.0),
        )
    ]


def test_only_a_task_that_may_run_once_is_marked_durably() -> None:
    """And noted as begun when it is."""
    store = Watched(MemoryStore())
    scribe = scribe_of(store, marked={1})
    scribe.begins(attempt(0), 0)
    assert (len(store.committed), scribe.begun) == (1, set())
    scribe.begins(attempt(1), 1)
    [(marked,)] = store.committed[1:]
    assert isinstance(marked, AttemptMarked)
    assert (marked.task, marked.attempt, marked.past, scribe.begun) == ("b", 2, Past(1, 1), {1})
    store.fails = ["before"]
    scribe = Scribe(store, threading.Lock(), Writer((), {}), TIMES, marked={1})
    with pytest.raises(CheckpointError):
        scribe.begins(attempt(1), 1)
    assert scribe.begun == set()


@pytest.mark.parametrize(
    "write", [lambda scribe: scribe.save([(0, due(5))]), lambda scribe: scribe.begins(attempt(1), 1)]
)
def test_after_its_session_nothing_is_written(write: Callable[[Scribe], None]) -> None:
    """[P23] A result of a run that was broken off would take the place of what came after it."""
    store = Watched(MemoryStore())
    scribe = scribe_of(store, marked={1})
    scribe.end()
    with pytest.raises(CheckpointError, match="came back too late"):
        write(scribe)
    assert len(store.committed) == 1


def test_marks_of_others_are_not_taken_away() -> None:
    """A thread of the last session has the number of one of this session."""
    medium = MemoryStore()
    store = Watched(medium)
    scribe = scribe_of(store)
    scribe.begins(attempt(0), 0)
    scribe.end()
    scribe.has_ended(0)
    medium.crash()
    another = medium.another()
    another.open()
    run = another.load()
    assert run is not None
    assert run.crashes == {"a": 1}
