"""Tasks with `persist=False`: nothing of theirs is stored, and they run again where their values are needed."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from flowing import CheckpointError, Flow, ResultUnavailable, StepState, Task, task
from flowing.checkpoint import MemoryStore
from tests.unit.durable.lives import Lives, note, states
from tests.unit.durable.stores import Watched

if TYPE_CHECKING:
    from collections.abc import Sequence

PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = StepState


def line(lives: Lives, *names: str, unstored: Sequence[str]) -> list[Task[int]]:
    """Declare tasks of which each needs the one before."""
    made: list[Task[int]] = []
    for name in names:
        made.append(lives.number(name, made[-1:], persist=name not in unstored))
    return made


def test_it_runs_again_where_a_task_without_a_result_needs_it(lives: Lives) -> None:
    """And so does what that needs in turn; nothing else."""
    lives.broken = {"d"}
    flow = lives.flow(line(lives, "a", "b", "c", "d", unstored="bc")[-1])
    flow.resume()
    lives.end(flow)
    assert lives.ran_since() == ["a", "b", "c", "d"]
    lives.broken = set()
    tasks = line(lives, "a", "b", "c", "d", unstored="bc")
    flow = lives.flow(tasks[-1])
    assert flow.resume()[tasks[-1]].value == 4
    assert lives.ran_since() == ["b", "c", "d"]


def test_it_counts_as_done_where_nobody_needs_it(lives: Lives) -> None:
    """Its value is nowhere, and it says why."""
    lives.broken = {"d"}
    flow = lives.flow(line(lives, "a", "b", "c", "d", unstored="b")[-1])
    flow.resume()
    lives.end(flow)
    lives.broken = set()
    lives.ran_since()
    tasks = line(lives, "a", "b", "c", "d", unstored="b")
    flow = lives.flow(tasks[-1])
    assert flow.resume().ok
    assert lives.ran_since() == ["d"]
    result = flow.results[tasks[1]]
    assert (result.state, result.started_at, result.duration_s) == (SUCCEEDED, None, None)
    with pytest.raises(
        ResultUnavailable, match=r"task 'b' has no value: it is SUCCEEDED \(.*persist=False.*invalidate"
    ) as caught:
        flow.value(tasks[1])
    assert "run() or resume()" not in str(caught.value), "they would start nothing"
    flow.invalidate(tasks[1])
    assert flow.resume()[tasks[1]].value == 2
    assert lives.ran_since() == ["b", "c", "d"]


def test_without_dependents_it_runs_again_until_the_run_is_finished(lives: Lives) -> None:
    """And never after that."""

    def flow_of() -> Flow:
        (a,) = line(lives, "a", unstored="")
        return lives.flow(lives.number("b", [a]), lives.number("last", [a], persist=False), fail_fast=False)

    lives.broken = {"b"}
    for expected in (["a", "b", "last"], ["b", "last"]):
        flow = flow_of()
        flow.resume()
        lives.end(flow)
        assert lives.ran_since() == expected
    lives.broken = set()
    for expected in (["b", "last"], [], []):
        flow = flow_of()
        assert flow.resume().ok
        lives.end(flow)
        assert lives.ran_since() == expected


def test_after_a_finished_run_only_what_an_override_concerns_runs_again(lives: Lives) -> None:
    """Also when the process died between the override and the resume."""

    def declared() -> list[Task[int]]:
        a, b = line(lives, "a", "b", unstored="")
        return [a, b, lives.number("of_a", [a], persist=False), lives.number("of_b", [b], persist=False)]

    flow = lives.flow(*declared())
    flow.resume()
    lives.end(flow)
    lives.ran_since()
    tasks = declared()
    flow = lives.flow(*tasks)
    flow.override(tasks[1], 50)
    lives.end(flow)
    flow = lives.flow(*declared())
    assert flow.resume()["of_b"].value == 51
    assert lives.ran_since() == ["of_b"]


def test_what_becomes_needed_later_runs_again_then(lives: Lives) -> None:
    """It counted as done; then the result that was computed from it was invalidated."""
    flow = lives.flow(line(lives, "a", "b", "c", unstored="a")[-1])
    flow.resume()
    lives.end(flow)
    lives.ran_since()
    tasks = line(lives, "a", "b", "c", unstored="a")
    flow = lives.flow(tasks[-1])
    flow.invalidate(tasks[1])
    assert states(flow) == {"a": SUCCEEDED, "b": PENDING, "c": PENDING}
    assert flow.resume()[tasks[-1]].value == 3
    assert lives.ran_since() == ["a", "b", "c"]


def test_what_is_not_needed_any_more_does_not_run(lives: Lives) -> None:
    lives.broken = {"b"}
    flow = lives.flow(line(lives, "a", "b", unstored="a")[-1])
    flow.resume()
    lives.end(flow)
    lives.ran_since()
    tasks = line(lives, "a", "b", unstored="a")
    flow = lives.flow(tasks[-1])
    flow.override(tasks[1], 9)
    assert flow.resume().ok
    assert lives.ran_since() == []


def test_in_the_process_that_made_it_the_value_is_kept(lives: Lives) -> None:
    """A resume there runs nothing twice."""
    lives.broken = {"b"}
    tasks = line(lives, "a", "b", unstored="a")
    flow = lives.flow(tasks[-1])
    flow.resume()
    lives.broken = set()
    assert flow.resume()[tasks[1]].value == 2
    assert flow.value(tasks[0]) == 1
    assert lives.ran == ["a", "b", "b"]


def test_an_uncommitted_result_beside_it_is_committed_and_not_made_again() -> None:
    """[P4] What is in memory counts, whatever else has to run again."""
    ran: list[str] = []
    watched = Watched(MemoryStore())

    def declared() -> tuple[Flow, Task[int]]:
        a = task(lambda: note(ran, "a", 1), name="a", persist=False)
        b = task(lambda a: note(ran, "b", a + 1), name="b", depends_on=[a])
        c = task(lambda a: note(ran, "c", a + 2), name="c", depends_on=[a])
        return Flow(b, c, checkpoint=watched, max_workers=1), b

    flow, _ = declared()
    assert flow.resume().ok
    flow.close()
    flow, b = declared()
    flow.override(b, 7)
    flow.invalidate(b)
    ran.clear()
    watched.fails = ["no", "before"]
    with pytest.raises(CheckpointError, match="the disk is full"):
        flow.resume()
    assert (ran, flow.value(b)) == (["a", "b"], 2)
    assert flow.resume().ok
    assert ran == ["a", "b"]


def test_its_key_changes_when_it_is_invalidated_and_not_when_the_process_dies(lives: Lives) -> None:
    (a,) = line(lives, "a", unstored="a")
    flow = lives.flow(a)
    flow.resume()
    flow.invalidate(a)
    lives.end(flow)
    lives.broken = {"a"}
    for _ in range(2):
        flow = lives.flow(*line(lives, "a", unstored="a"))
        flow.resume()
        lives.end(flow)
    assert lives.keys[0] != lives.keys[1] == lives.keys[2]


def test_it_may_return_what_can_not_be_stored(lives: Lives) -> None:
    """[G15] It is the way out of a type that no codec knows."""

    @task(persist=False)
    def lock() -> threading.Lock:
        return threading.Lock()

    @task(depends_on=[lock])
    def kind(lock: object) -> str:
        return type(lock).__name__

    assert lives.flow(kind).resume()[kind].value == "lock"


def test_a_task_that_is_new_and_not_stored_runs_in_a_finished_run(lives: Lives) -> None:
    flow = lives.flow(*line(lives, "a", unstored=""))
    flow.resume()
    lives.end(flow)
    lives.ran_since()
    for expected in (["b"], []):
        flow = lives.flow(*line(lives, "a", "b", unstored="b"))
        assert flow.resume().ok
        lives.end(flow)
        assert lives.ran_since() == expected
