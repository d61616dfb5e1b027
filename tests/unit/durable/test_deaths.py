"""Tasks that were running when the process died: `max_crashes`, `at_most_once`, and what is known of their attempts."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from flowing import AttemptUncertain, CheckpointError, CrashLoop, Flow, StepState, Task, task
from flowing.checkpoint import MemoryStore
from tests.unit.durable.stores import Watched

if TYPE_CHECKING:
    from tests.unit.durable.lives import Lives

PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = StepState
GUARD_S = 60


def deadly(lives: Lives, *, dies: bool, **options: Any) -> Task[str]:  # noqa: ANN401 - options of tasks
    """Declare a task that takes the process down, after one that does not."""

    @task
    def before() -> int:
        lives.says("before")
        return 1

    @task(depends_on=[before], **options)
    def deadly(before: int) -> str:
        lives.says("deadly")
        if dies:
            lives.medium.crash()
        return "survived"

    made: Task[str] = deadly
    return made


def die(lives: Lives, **options: Any) -> None:  # noqa: ANN401 - options of tasks
    """Run in a process that dies while the task is running: whatever its flow says, nobody hears it."""
    with suppress(Exception):
        lives.flow(deadly(lives, dies=True, **options)).resume()


# ── crash loops ──────────────────────────────────────────────────────────────────────────────────


def test_a_task_that_takes_the_process_down_each_time_fails_instead(lives: Lives) -> None:
    """[P20] Once; the next resume tries again, in this process or another one."""
    for _ in range(3):
        die(lives)
    assert lives.ran_since() == ["before", "deadly", "deadly", "deadly"]
    step = deadly(lives, dies=False)
    flow = lives.flow(step)
    result = flow.resume()[step]
    assert lives.ran_since() == []
    assert (result.state, type(result.error)) == (FAILED, CrashLoop)
    assert result.reason == "not started: the process died each time while it was running"
    assert isinstance(result.error, CrashLoop)
    assert (result.error.task, result.error.crashes) == ("deadly", 3)
    assert "task 'deadly' was running each of the 3 times that the process died" in str(result.error)
    assert "override()" in str(result.error)
    assert flow.resume()[step].value == "survived"


def test_after_a_crash_loop_another_process_tries_again_too(lives: Lives) -> None:
    for _ in range(2):
        die(lives)
    step = deadly(lives, dies=False)
    flow = lives.flow(step, max_crashes=2)
    assert isinstance(flow.resume()[step].error, CrashLoop)
    lives.end(flow)
    step = deadly(lives, dies=False)
    assert lives.flow(step, max_crashes=2).resume()[step].value == "survived"


def test_a_crash_loop_can_be_overridden(lives: Lives) -> None:
    for _ in range(3):
        die(lives)
    step = deadly(lives, dies=True)
    flow = lives.flow(step)
    flow.override(step, "given")
    assert flow.resume()[step].value == "given"
    assert lives.ran_since() == ["before", "deadly", "deadly", "deadly"]


def test_deaths_between_which_the_task_ended_are_no_loop(lives: Lives) -> None:
    """Whatever is stored of a task sets its count to nothing."""
    for _ in range(3):
        die(lives)
        die(lives)
        lives.broken = {"deadly"}
        flow = lives.flow(deadly(lives, dies=False))
        flow.resume()
        lives.end(flow)
        lives.broken = set()
    step = deadly(lives, dies=False)
    assert lives.flow(step).resume()[step].value == "survived"


def test_a_death_while_other_tasks_run_counts_for_those(lives: Lives) -> None:
    """Control: what was not running is not counted."""
    for _ in range(5):
        flow = lives.flow(deadly(lives, dies=False))
        flow.resume()
        lives.end(flow)
    step = deadly(lives, dies=False)
    assert lives.flow(step, max_crashes=1).resume().ok


# ── at most once ─────────────────────────────────────────────────────────────────────────────────


def test_a_task_that_may_run_once_waits_for_a_person_when_the_process_died_in_it(lives: Lives) -> None:
    """Resume after resume, process after process; the message says what to do."""
    die(lives, at_most_once=True)
    assert lives.ran_since() == ["before", "deadly"]
    for _ in range(3):
        step = deadly(lives, dies=False, at_most_once=True)
        flow = lives.flow(step)
        for _ in range(2):
            result = flow.resume()[step]
            assert (result.state, type(result.error)) == (FAILED, AttemptUncertain)
            assert result.reason == "not started: nobody knows whether its last attempt took effect"
            said = str(result.error)
            assert "attempt 1 of task 'deadly' was running when the process died" in said
            assert "override()" in said
            assert "invalidate()" in said
        lives.end(flow)
    assert lives.ran_since() == []


def test_an_override_decides(lives: Lives) -> None:
    die(lives, at_most_once=True)
    step = deadly(lives, dies=False, at_most_once=True)
    flow = lives.flow(step)
    flow.resume()
    flow.override(step, "it had")
    for _ in range(2):
        assert flow.resume()["deadly"].value == "it had"
        lives.end(flow)
        flow = lives.flow(deadly(lives, dies=False, at_most_once=True))
    assert lives.ran_since() == ["before", "deadly"]


def test_an_invalidation_decides_too(lives: Lives) -> None:
    """It runs again, under another key, also in the next process."""
    die(lives, at_most_once=True)
    step = deadly(lives, dies=False, at_most_once=True)
    flow = lives.flow(step)
    flow.resume()
    flow.invalidate(step)
    lives.end(flow)
    step = deadly(lives, dies=False, at_most_once=True)
    flow = lives.flow(step)
    result = flow.resume()[step]
    assert (result.value, result.attempts) == ("survived", 2)
    assert lives.ran_since() == ["before", "deadly", "deadly"]
    assert lives.keys[1] != lives.keys[2]


def test_what_failed_by_itself_is_certain(lives: Lives) -> None:
    """Control: it ended, so a resume tries it again."""
    lives.broken = {"deadly"}
    flow = lives.flow(deadly(lives, dies=False, at_most_once=True))
    flow.resume()
    lives.end(flow)
    lives.broken = set()
    step = deadly(lives, dies=False, at_most_once=True)
    assert lives.flow(step).resume()[step].value == "survived"
    assert lives.ran == ["before", "deadly", "deadly"]


def test_a_skip_does_not_make_it_certain(lives: Lives) -> None:
    """In a later life a task before it fails: what is stored about the attempt stays."""

    def flow_of(*, dies: bool) -> Flow:
        source = lives.number("source", persist=False)

        @task(depends_on=[source], at_most_once=True)
        def once(source: int) -> int:
            lives.says("once")
            if dies:
                lives.medium.crash()
            return source

        return lives.flow(once)

    with suppress(Exception):
        flow_of(dies=True).resume()
    lives.broken = {"source"}
    flow = flow_of(dies=False)
    assert flow.resume()["once"].state is SKIPPED
    lives.end(flow)
    lives.broken = set()
    flow = flow_of(dies=False)
    assert isinstance(flow.resume()["once"].error, AttemptUncertain)
    assert lives.ran == ["source", "once", "source", "source"]


def test_an_attempt_that_the_run_did_not_wait_for_is_not_begun_again(lives: Lives) -> None:
    """In the same process as in the next; a mend of another task changes nothing about it."""
    go_on = threading.Event()

    def declared() -> tuple[Flow, Task[int]]:
        @task(at_most_once=True)
        def once() -> None:
            lives.says("once")
            flow.cancel()
            go_on.wait(GUARD_S)

        other = lives.number("other")
        return lives.flow(once, other, grace_s=0), other

    flow, other = declared()
    assert flow.resume().cancelled
    assert flow.results["once"].state is CANCELLED
    flow.override(other, 3)
    for _ in range(2):
        assert isinstance(flow.resume()["once"].error, AttemptUncertain)
    lives.end(flow)
    go_on.set()
    flow, _ = declared()
    assert isinstance(flow.resume()["once"].error, AttemptUncertain)
    assert lives.ran.count("once") == 1


def test_an_attempt_whose_marker_could_not_be_stored_was_never_begun() -> None:
    """[P4] A resume may begin it."""
    ran: list[str] = []
    once = task(lambda: ran.append("once"), name="once", at_most_once=True)
    watched = Watched(MemoryStore())
    watched.fails = ["no", "before"]
    flow = Flow(once, checkpoint=watched)
    with pytest.raises(CheckpointError):
        flow.resume()
    assert ran == []
    assert flow.resume().ok
    assert ran == ["once"]


def test_the_marker_is_stored_before_the_body_begins() -> None:
    """Control: without the option there is none."""
    watched = Watched(MemoryStore())
    kinds: list[list[str]] = []

    def body() -> None:
        kinds.append([type(each).__name__ for changes in watched.committed for each in changes])

    Flow(task(body, name="often"), checkpoint=watched).run()
    watched.close()
    Flow(task(body, name="once", at_most_once=True), checkpoint=watched).run()
    assert "AttemptMarked" not in kinds[0]
    assert kinds[1][-1] == "AttemptMarked"
