"""Overrides and invalidations of a stored run: durable, one transaction each, and true to the keys of the effects."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from flowing import Flow, StepState, Task, current, task
from flowing.checkpoint import MemoryStore, OverrideSaved, ResultDropped, ResultSaved
from flowing.errors import SerializationError
from tests.unit.durable.lives import Lives, states
from tests.unit.durable.stores import Watched

if TYPE_CHECKING:
    from collections.abc import Sequence

PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = StepState


def test_an_override_is_in_the_checkpoint_before_it_counts(lives: Lives) -> None:
    """So it outlives the process that made it, as does what it made of the results that were computed from the old."""
    tasks = lives.line("a", "b", "c")
    flow = lives.flow(tasks[-1])
    flow.resume()
    flow.override(tasks[1], 50)
    lives.end(flow)
    lives.ran_since()

    tasks = lives.line("a", "b", "c")
    flow = lives.flow(tasks[-1])
    results = flow.resume()
    assert lives.ran_since() == ["c"]
    assert [results[each].value for each in tasks] == [1, 50, 51]
    assert results[tasks[1]].overridden
    lives.end(flow)
    flow = lives.flow(lives.line("a", "b", "c")[-1])
    assert flow.resume().ok
    assert lives.ran_since() == []


def test_an_override_and_what_it_invalidates_are_one_transaction() -> None:
    """[P23] All or nothing."""
    watched = Watched(MemoryStore())
    a, b, c = _line(("a", "b", "c"))
    flow = Flow(c, checkpoint=watched)
    flow.resume()
    watched.committed.clear()
    flow.override(a, 10)
    [changes] = watched.committed
    assert [type(each) for each in changes] == [OverrideSaved, ResultDropped, ResultDropped]
    assert [getattr(each, "task", None) for each in changes] == ["a", "b", "c"]
    flow.invalidate(b)
    assert [type(each) for each in watched.committed[1]] == [ResultDropped, ResultDropped]


def _line(names: Sequence[str]) -> list[Task[int]]:
    made: list[Task[int]] = []
    for name in names:
        made.append(task(lambda **values: 1 + sum(values.values()), name=name, depends_on=made[-1:]))
    return made


def test_the_first_call_of_a_life_may_be_an_override(lives: Lives) -> None:
    """It belongs to the run that is stored."""
    lives.broken = {"b"}
    flow = lives.flow(lives.line("a", "b", "c")[-1])
    flow.resume()
    lives.end(flow)
    tasks = lives.line("a", "b", "c")
    flow = lives.flow(tasks[-1])
    flow.override(tasks[1], 7)
    assert states(flow) == {"a": SUCCEEDED, "b": SUCCEEDED, "c": PENDING}
    assert flow.resume()[tasks[2]].value == 8
    assert lives.ran == ["a", "b", "c"]


def test_an_override_before_the_first_run_is_stored_with_it(lives: Lives) -> None:
    tasks = lives.line("a", "b")
    flow = lives.flow(tasks[-1])
    flow.override(tasks[0], 7)
    flow.run()
    lives.end(flow)
    tasks = lives.line("a", "b")
    assert lives.flow(tasks[-1]).resume()[tasks[1]].value == 8
    assert lives.ran == ["b"]


def test_a_value_that_can_not_be_stored_is_no_override(lives: Lives) -> None:
    """It is refused before anything changes, also before the first run."""
    tasks = lives.line("a", "b")
    flow = lives.flow(tasks[-1])
    for _ in range(2):
        with pytest.raises(SerializationError, match="the result of task 'a' can't be stored"):
            flow.override(tasks[0], lambda: 1)  # type: ignore[arg-type]
        assert flow.resume()[tasks[1]].value == 2
    assert lives.ran == ["a", "b"]


def test_an_invalidation_is_durable(lives: Lives) -> None:
    tasks = lives.line("a", "b", "c")
    flow = lives.flow(tasks[-1])
    flow.resume()
    flow.invalidate(tasks[1])
    lives.end(flow)
    lives.ran_since()
    flow = lives.flow(lives.line("a", "b", "c")[-1])
    assert flow.resume().ok
    assert lives.ran_since() == ["b", "c"]


# ── keys ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_key_is_the_same_for_all_attempts_resumes_and_lives_until_the_result_is_invalidated(lives: Lives) -> None:
    """And the next one is as stable."""
    lives.broken = {"a"}
    for _ in range(2):
        flow = lives.flow(*lives.line("a", retry=1, retry_backoff_base_ms=0))
        flow.resume()
        flow.resume()
        lives.end(flow)
    assert len(lives.keys) == 8
    lives.broken = set()
    (a,) = lives.line("a")
    flow = lives.flow(a)
    flow.resume()
    assert len(lives.keys) == 9
    assert len(set(lives.keys)) == 1

    flow.invalidate(a)
    lives.end(flow)
    lives.broken = {"a"}
    for _ in range(2):
        flow = lives.flow(*lives.line("a"))
        flow.resume()
        lives.end(flow)
    assert lives.keys[9] == lives.keys[10] != lives.keys[0]


def test_a_new_run_has_new_keys(lives: Lives) -> None:
    flow = lives.flow(*lives.line("a"))
    flow.run()
    flow.run()
    lives.end(flow)
    lives.flow(*lives.line("a")).run()
    assert len(set(lives.keys)) == 3


def test_an_override_changes_the_keys_of_what_is_computed_from_it(lives: Lives) -> None:
    a, b = lives.line("a", "b")
    flow = lives.flow(b)
    flow.resume()
    flow.override(a, 5)
    lives.end(flow)
    lives.flow(lives.line("a", "b")[-1]).resume()
    assert lives.ran == ["a", "b", "b"]
    assert len(set(lives.keys)) == 3


# ── detached tasks ───────────────────────────────────────────────────────────────────────────────


def with_aside(lives: Lives) -> tuple[Flow, Task[int], Task[int]]:
    main = lives.number("main")
    aside = lives.number("aside", [main], detached=True)
    return lives.flow(main), main, aside


def test_a_detached_task_that_succeeded_is_not_fired_again(lives: Lives) -> None:
    """One that failed is, when the run goes on."""
    lives.broken = {"aside"}
    flow, *_ = with_aside(lives)
    assert flow.resume().ok
    lives.end(flow)
    lives.broken = set()
    for expected in (["aside"], []):
        lives.ran_since()
        flow, *_ = with_aside(lives)
        flow.resume()
        assert lives.ran == expected
        assert flow.detached_failures == ()
        lives.end(flow)


def test_a_detached_task_whose_input_was_overridden_is_fired_again_only_if_asked(lives: Lives) -> None:
    """[P23] That its input changed is stored; and that it was asked for, before it is fired."""
    flow, main, _ = with_aside(lives)
    flow.resume()
    flow.override(main, 5)
    lives.end(flow)
    lives.ran_since()
    flow, *_ = with_aside(lives)
    flow.resume()
    assert lives.ran_since() == []
    lives.end(flow)

    lives.broken = {"aside"}
    flow, _, aside = with_aside(lives)
    flow.resume(rerun_detached=True)
    assert lives.ran_since() == ["aside"]
    lives.end(flow)
    lives.broken = set()
    flow, _, aside = with_aside(lives)
    assert flow.resume()[aside].value == 6
    assert lives.ran_since() == ["aside"]
    assert lives.keys[1] != lives.keys[2] == lives.keys[3]


def test_a_process_that_dies_while_a_detached_task_is_fired_again_fires_it_in_the_next(lives: Lives) -> None:
    """Though nobody asks for it there: the result that it had was dropped."""

    def declared(*, dies: bool) -> tuple[Flow, Task[int], Task[int]]:
        main = lives.number("main")

        @task(depends_on=[main], detached=True)
        def aside(main: int) -> int:
            lives.keys.append(current().idempotency_key)
            if dies:
                lives.medium.crash()
            return main

        return lives.flow(main), main, aside

    flow, main, _ = declared(dies=False)
    flow.resume()
    flow.override(main, 5)
    lives.end(flow)
    flow, *_ = declared(dies=True)
    with suppress(Exception):  # a dead process: whatever its flow says, nobody hears it
        flow.resume(rerun_detached=True)
    flow, _, aside = declared(dies=False)
    assert flow.resume()[aside].value == 5
    assert len(lives.keys) == 4
    assert lives.keys[2] == lives.keys[3] != lives.keys[1]


def test_a_result_is_stored_as_stale_with_the_value_it_had() -> None:
    store = MemoryStore()
    main = task(lambda: 1, name="main")
    task(lambda main: main, name="aside", depends_on=[main], detached=True)
    watched = Watched(store)
    flow = Flow(main, checkpoint=watched)
    flow.resume()
    watched.committed.clear()
    flow.override(main, 2)
    override, aside = watched.committed[0]
    assert isinstance(override, OverrideSaved)
    assert isinstance(aside, ResultSaved)
    assert (aside.task, aside.payload, aside.stale) == ("aside", b"1", True)
