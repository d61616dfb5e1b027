"""A picture of a stored run: what the file says of each task, and nothing that it does not say."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from flowing import Flow, task
from flowing.checkpoint import (
    AttemptMarked,
    Declaration,
    Definition,
    EndNoted,
    FailureSaved,
    OverrideSaved,
    ResultDropped,
    ResultSaved,
    SavedRun,
    StoredError,
)
from flowing.checkpoint.sqlite.look import read_tasks
from flowing.core.status import Past
from flowing.results import StepState
from flowing.views.html import html
from flowing.views.picture_of_store import picture_of_saved
from flowing.views.svg import svg

if TYPE_CHECKING:
    from pathlib import Path

    from flowing.checkpoint import Saved

CANARY = "hunter2-is-the-secret"


def saved_run(*rows: tuple[Definition, Saved | None], crashes: dict[str, int] | None = None) -> SavedRun:
    return SavedRun(
        run_id="r1",
        began_s=0,
        epoch=0,
        finished=False,
        codec="json",
        declaration=Declaration.of([definition for definition, _ in rows]),
        saved={definition.name: saved for definition, saved in rows if saved is not None},
        crashes=crashes or {},
    )


def test_each_record_is_a_state() -> None:
    error = StoredError("OSError", "OSError: disk <full>", "Traceback\n  line\x1b[0m")
    shown = picture_of_saved(
        saved_run(
            (Definition(name="a", shown_type="list[int]"), ResultSaved("a", b"[1,2]", 1, 2, Past(), 50.0, 2.5)),
            (Definition(name="b", dependencies=("a",)), OverrideSaved("b", b"1", 1)),
            (Definition(name="c", dependencies=("a",)), FailureSaved("c", error, 3, Past(), 52.5, 1.0)),
            (Definition(name="d", dependencies=("c",)), EndNoted("d", "SKIPPED", "task 'c' failed")),
            (Definition(name="e"), AttemptMarked("e", 2, Past(), 51.0)),
            (Definition(name="f"), ResultDropped("f", Past(4))),
            (Definition(name="g"), None),
            crashes={"g": 2},
        )
    )
    a, b, c, d, e, f, g = shown.tasks
    assert (a.state, a.attempts, a.started_s, a.duration_s) == (StepState.SUCCEEDED, 2, 50.0, 2.5)
    assert a.value == "list[int], 5 bytes stored"
    assert (b.state, b.overridden, b.dependencies) == (StepState.SUCCEEDED, True, (0,))
    assert (c.state, c.why, c.traceback) == (StepState.FAILED, "OSError: disk <full>", "Traceback\n  line\\x1b[0m")
    assert (d.state, d.why, d.dependencies) == (StepState.SKIPPED, "task 'c' failed", (2,))
    assert (e.state, e.why) == (StepState.PENDING, "attempt 2 began, and nobody knows how it ended")
    assert (f.state, f.attempts) == (StepState.PENDING, 4)
    assert (g.state, g.why) == (StepState.PENDING, "the process died 2 times while it was running")
    assert shown.run_id == "r1"
    assert "PENDING" in shown.notes[0]


def test_tasks_that_a_resume_added_stand_behind_what_they_need() -> None:
    """They are stored last, also where an earlier task needs them now."""
    shown = picture_of_saved(
        saved_run(
            (Definition(name="last", dependencies=("first", "new")), None),
            (Definition(name="first"), None),
            (Definition(name="new", dependencies=("first", "gone", "first")), None),
        )
    )
    assert [each.name for each in shown.tasks] == ["first", "new", "last"]
    assert [each.dependencies for each in shown.tasks] == [(), (0,), (0, 1)]


@pytest.mark.parametrize("time_s", [math.nan, math.inf, -1.0, 1e300])
def test_a_file_can_say_anything(time_s: float) -> None:
    """[S1] A circle, and times that are none: something is drawn, and nothing is raised."""
    shown = picture_of_saved(
        saved_run(
            (Definition(name="<a>", dependencies=("b",)), ResultSaved("<a>", b"1", 1, 1, Past(), time_s, time_s)),
            (Definition(name="b", dependencies=("<a>", "b")), ResultSaved("b", b"1", 1, 1, Past(), 1.0, time_s)),
        )
    )
    assert "&lt;a&gt;" in html(shown)
    assert svg(shown)


def test_a_file_is_drawn_without_its_values(tmp_path: Path) -> None:
    """[S11] Types and sizes are."""

    @task
    def load() -> list[str]:
        return [CANARY]

    @task(depends_on=[load])
    def store(load: list[str]) -> int:
        raise ValueError

    path = tmp_path / "run.db"
    with Flow(store, checkpoint=path) as flow:
        flow.run()
        shown = picture_of_saved(read_tasks(path), title="run.db")
    assert [(each.name, each.state.value) for each in shown.tasks] == [("load", "SUCCEEDED"), ("store", "FAILED")]
    assert shown.tasks[1].dependencies == (0,)
    page = html(shown)
    assert CANARY.encode() in path.read_bytes()  # the control: it is in the file
    assert CANARY not in page
    assert "ValueError" in page
    assert page.count("<title>run.db · flowing</title>") == 1


def test_a_run_without_tasks_is_drawn() -> None:
    assert "no tasks" in html(picture_of_saved(saved_run()))
