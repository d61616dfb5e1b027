"""Scripts that changed between two lives, and results that can't be read any more."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from flowing import CheckpointError, Flow, FlowChangedError, Task, task
from flowing.checkpoint import JsonCodec, PickleCodec, SqliteStore
from flowing.errors import CheckpointCorrupt, ResultUnreadable
from tests.unit.durable.lives import note

if TYPE_CHECKING:
    from pathlib import Path

    from tests.unit.durable.lives import Lives


def stored(lives: Lives, **options: Any) -> None:  # noqa: ANN401 - options of tasks
    """Run a -> b -> c to its end, and die."""
    flow = lives.flow(lives.line("a", "b", "c", **options)[-1])
    flow.resume()
    lives.end(flow)
    lives.ran_since()
    lives.keys.clear()


def changed(lives: Lives, **options: Any) -> Flow:  # noqa: ANN401 - options of flows
    """Begin a life in which b has another version."""
    (a,) = lives.line("a")
    b = lives.number("b", [a], version="2")
    return lives.flow(lives.number("c", [b]), **options)


def test_a_task_that_succeeded_and_is_declared_differently_is_an_error(lives: Lives) -> None:
    """[P16] The message names the task, what changed, the run, and every way out."""
    stored(lives)
    flow = changed(lives)
    for call in (flow.resume, lambda: flow.invalidate(*flow.tasks)):
        with pytest.raises(FlowChangedError) as caught:
            call()
        said = str(caught.value)
        assert "task 'b' changed: its version was not given and is '2'" in said
        assert all(way in said for way in ("change it back", "run()", "on_change='rerun'", "on_change='keep'"))
        assert caught.value.task == "b"
    assert lives.ran == []


def test_run_is_a_way_out_of_a_change(lives: Lives) -> None:
    """It begins anew, and reads no result."""
    stored(lives)
    flow = changed(lives)
    assert flow.run().ok
    assert lives.ran_since() == ["a", "b", "c"]
    lives.end(flow)
    assert changed(lives).resume().ok
    assert lives.ran_since() == []


def test_rerun_runs_what_changed_and_what_was_computed_from_it(lives: Lives) -> None:
    """Under new keys, and once."""
    stored(lives)
    flow = changed(lives, on_change="rerun")
    assert flow.resume().ok
    assert lives.ran_since() == ["b", "c"]
    lives.end(flow)
    assert changed(lives).resume().ok
    assert lives.ran_since() == []


def test_a_process_that_dies_before_the_changed_task_has_run_again_leaves_that_to_the_next(lives: Lives) -> None:
    """The old result is gone as soon as the new declaration is stored."""
    stored(lives)
    lives.broken = {"b"}
    flow = changed(lives, on_change="rerun")
    flow.resume()
    lives.end(flow)
    assert lives.ran_since() == ["b"]
    lives.broken = set()
    flow = changed(lives)
    assert flow.resume().ok
    assert lives.ran_since() == ["b", "c"]
    assert lives.keys[0] == lives.keys[1]


def test_an_override_of_what_changed_is_a_way_out_too(lives: Lives) -> None:
    """It is written with what else became of the change."""
    stored(lives)
    flow = changed(lives, on_change="rerun")
    flow.override(flow.tasks[0], 10)
    lives.end(flow)
    assert changed(lives).resume()["c"].value == 12
    assert lives.ran_since() == ["b", "c"]


def test_keep_keeps_the_results(lives: Lives) -> None:
    stored(lives)
    assert changed(lives, on_change="keep").resume()["c"].value == 3
    assert lives.ran_since() == []


def test_other_dependencies_are_a_change_and_removed_tasks_are_reported(
    lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    stored(lives)

    def declared(**options: Any) -> Flow:  # noqa: ANN401 - options of flows
        (a,) = lives.line("a")
        return lives.flow(lives.number("c", [a]), lives.number("d", [a]), **options)

    with pytest.raises(FlowChangedError, match="it does not depend on 'b' any more and it depends on 'a' now"):
        declared().resume()
    flow = declared(on_change="rerun")
    assert flow.resume()["c"].value == 2
    assert sorted(lives.ran_since()) == ["c", "d"]
    assert "task 'b' of the stored run is not in the flow any more" in caplog.text


def test_a_task_that_has_no_result_may_change(lives: Lives) -> None:
    """The usual case: the step that failed is mended."""
    lives.broken = {"b"}
    stored(lives)
    lives.broken = set()
    assert changed(lives).resume().ok
    assert lives.ran_since() == ["b", "c"]


@pytest.mark.parametrize("words", ["one", "two"])
def test_another_body_is_worth_a_warning(lives: Lives, words: str, caplog: pytest.LogCaptureFixture) -> None:
    """And no more: a hash of a function can't see what that calls."""

    @task
    def speak() -> str:
        """Say it."""
        return "one"

    flow = lives.flow(speak)
    flow.resume()
    lives.end(flow)
    if words == "two":

        @task(name="speak")
        def speak_again() -> str:
            return "two"

    else:

        @task(name="speak")
        def speak_again() -> str:
            """Say it in the same way."""
            return "one"

    assert lives.flow(speak_again).resume()["speak"].value == "one"
    assert ("the code of task 'speak' changed since its result was stored" in caplog.text) is (words == "two")


# ── results that can't be read ───────────────────────────────────────────────────────────────────


@attrs.frozen
class Point:
    x: int
    y: int


@attrs.frozen
class Pixel:
    x: int
    y: int


def making(lives: Lives, kind: type[Point | Pixel]) -> Task[Any]:
    def point() -> Any:  # noqa: ANN401 - annotated below
        lives.says("point")
        return kind(1, 2)

    point.__annotations__["return"] = kind
    made: Task[Any] = task(point)
    return made


def test_a_type_that_changed_is_an_error_and_never_another_value(lives: Lives) -> None:
    """[P18] Named with both types."""
    flow = lives.flow(making(lives, Point))
    flow.resume()
    lives.end(flow)
    with pytest.raises(FlowChangedError, match=r"its type was .*\.Point and is .*\.Pixel"):
        lives.flow(making(lives, Pixel)).resume()
    with pytest.raises(ResultUnreadable, match=r"task 'point' was made for another type than .*Pixel"):
        lives.flow(making(lives, Pixel), on_change="keep").resume()
    results = lives.flow(making(lives, Pixel), on_change="keep", on_unreadable="recompute").resume()
    assert results["point"].value == Pixel(1, 2)
    assert lives.ran == ["point"] * 2


def test_that_a_result_is_made_anew_because_it_could_not_be_read_is_logged(
    lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    flow = lives.flow(making(lives, Point))
    flow.resume()
    lives.end(flow)
    lives.flow(making(lives, Pixel), on_change="keep", on_unreadable="recompute").resume()
    assert "the stored result of task 'point' was made for another type" in caplog.text
    assert "it is made anew" in caplog.text


def test_a_damaged_result_is_an_error_or_is_made_anew(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """[P8] What is whole stays."""
    path = tmp_path / "run.db"
    ran: list[str] = []

    def flow_of(**options: Any) -> Flow:  # noqa: ANN401 - options of flows
        a = task(lambda: note(ran, "a", 1), name="a")
        b = task(lambda a: note(ran, "b", a + 1), name="b", depends_on=[a])
        return Flow(b, checkpoint=path, **options)

    with flow_of() as flow:
        flow.resume()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE outcome SET content = x'37' WHERE task = 'a'")
    connection.close()
    with pytest.raises(CheckpointCorrupt, match=r"task 'a'.*on_unreadable='recompute'"), flow_of() as flow:
        flow.resume()
    with flow_of(on_unreadable="recompute") as flow:
        assert flow.resume()["b"].value == 2
    assert ran == ["a", "b", "a"]
    assert "the row of task 'a'" in caplog.text
    assert "it is made anew" in caplog.text
    with flow_of() as flow:
        assert flow.resume().ok


def test_another_codec_is_refused_and_run_begins_beside_it(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """[P17] Both codecs are named."""
    path = tmp_path / "run.db"
    one = task(lambda: 1, name="one")
    with Flow(one, checkpoint=SqliteStore(path, codec=PickleCodec(trusted=True))) as flow:
        flow.run()
    with Flow(one, checkpoint=SqliteStore(path, codec=JsonCodec())) as flow:
        with pytest.raises(CheckpointError, match="stored with the codec 'pickle', and the store has 'json'"):
            flow.resume()
        assert flow.run().ok
    assert "begins a new run beside one that can't be read" in caplog.text
