"""Scripts that changed between two lives, and results that can't be read any more."""

from __future__ import annotations

import json
import sqlite3
from typing import TYPE_CHECKING, Any

import attrs
import pytest
from typing_extensions import override

from flowing import CheckpointError, Depends, Flow, FlowChangedError, Task, bind, task
from flowing.checkpoint import Declaration, JsonCodec, PickleCodec, RunBegun, RunResumed, SqliteStore
from flowing.errors import CheckpointCorrupt, ResultUnreadable
from tests.unit.checkpoint.delegating import Delegating
from tests.unit.durable.lives import note
from tests.unit.durable.stores import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from flowing.checkpoint import Change
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


# ── what describes a result stays with it ────────────────────────────────────────────────────────


def speaking(lives: Lives, words: str, **options: Any) -> Task[str]:  # noqa: ANN401 - options of tasks
    """Declare a task whose code is another one for other words."""
    if words == "one":

        def speak() -> str:
            lives.says("speak")
            return "one"

    else:

        def speak() -> str:
            lives.says("speak")
            return "two"

    made: Task[str] = task(speak, name="speak", **options)
    return made


def spoken(lives: Lives, words: str, *, again: bool = False, **options: Any) -> str:  # noqa: ANN401 - options of flows
    """Resume in a life of its own a flow whose last task is broken, and give what the first one said."""
    speak = speaking(lives, words)
    last = lives.number("last", after=[speak])
    flow = lives.flow(last, **options)
    if again:
        flow.invalidate(speak)
    said = flow.resume()[speak].value
    lives.end(flow)
    return said


def test_other_code_is_warned_of_in_each_life_until_its_task_has_run_again(
    lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    """The code that made the result is compared, not that of the last life: so the old code is no change."""
    lives.broken = {"last"}

    def warned() -> bool:
        found = "the code of task 'speak' changed since its result was stored" in caplog.text
        caplog.clear()
        return found

    assert (spoken(lives, "one"), warned()) == ("one", False)
    for _ in range(3):
        assert (spoken(lives, "two"), warned()) == ("one", True)
    assert (spoken(lives, "one"), warned()) == ("one", False)
    assert (spoken(lives, "two", again=True), warned()) == ("two", True)
    assert (spoken(lives, "two"), warned()) == ("two", False)
    assert (spoken(lives, "one"), warned()) == ("two", True)


def test_a_value_that_was_given_has_no_code(lives: Lives, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing of it can have changed with that."""
    speak = speaking(lives, "one")
    flow = lives.flow(speak)
    flow.override(speak, "given")
    flow.resume()
    lives.end(flow)
    assert lives.flow(speaking(lives, "two")).resume()["speak"].value == "given"
    assert "changed" not in caplog.text


def test_what_is_kept_stays_the_result_of_the_declaration_that_made_it(lives: Lives) -> None:
    """To keep it once does not make it one of the new declaration; to give it to the task does."""
    stored(lives)
    for _ in range(2):
        flow = changed(lives, on_change="keep")
        assert flow.resume()["c"].value == 3
        lives.end(flow)
    with pytest.raises(FlowChangedError, match="its version was not given and is '2'"):
        changed(lives).resume()
    flow = lives.flow(lives.line("a", "b", "c")[-1])
    assert flow.resume().ok, "back to what made it"
    lives.end(flow)
    flow = changed(lives, on_change="keep")
    b = next(each for each in flow.tasks if each.name == "b")
    flow.override(b, flow.resume()["b"].value)
    lives.end(flow)
    assert changed(lives).resume()["c"].value == 3
    assert lives.ran_since() == ["c"]


def test_what_is_kept_while_the_run_goes_on_is_still_of_the_old_declaration(lives: Lives) -> None:
    """What runs in the meantime is of the new one."""
    lives.broken = {"c"}
    stored(lives)
    flow = changed(lives, on_change="keep")
    flow.resume()
    lives.end(flow)
    assert lives.ran_since() == ["c"]
    with pytest.raises(FlowChangedError, match="its version was not given and is '2'"):
        changed(lives).resume()
    lives.broken = set()
    flow = changed(lives, on_change="keep")
    assert flow.resume()["c"].value == 3
    lives.end(flow)
    assert lives.flow(lives.line("a", "b", "c")[-1]).resume().ok
    assert lives.ran_since() == ["c"]


def test_a_commit_of_which_nobody_knows_leaves_no_doubt_about_what_a_result_is_of(lives: Lives) -> None:
    """The store is asked what it has."""
    stored(lives)
    watched = Watched(lives.medium.connect())
    (a,) = lives.line("a")
    b = lives.number("b", [a], version="2")
    flow = lives.flow(lives.number("c", [b]), store=watched, on_change="keep")
    watched.fails = ["after"]
    with pytest.raises(CheckpointError):
        flow.override(b, 7)
    assert flow.resume()["c"].value == 8
    lives.end(flow)
    assert changed(lives).resume()["b"].value == 7


# ── where the values go, and what else is given ──────────────────────────────────────────────────


def less(x: int, y: int) -> int:
    return x - y


def scaled(x: int, by: float = 2.0, *, places: int = 1, **more: object) -> float:
    return round(x * by, places) + len(more)


def of_two(lives: Lives, combine: Callable[[Task[int], Task[int]], Task[Any]], **options: Any) -> Flow:  # noqa: ANN401 - options of flows
    """Begin a life in which a last task is made of two others."""
    a, b = lives.number("a"), lives.number("b", [lives.number("c")])
    return lives.flow(combine(a, b), **options)


def test_dependencies_that_change_places_are_a_change(lives: Lives) -> None:
    """[P16] Each parameter is said, and to run it again gives the right value."""
    flow = of_two(lives, lambda a, b: bind(less, x=Depends(a), y=Depends(b)))
    assert flow.resume()["less"].value == -1
    lives.end(flow)

    def swapped(a: Task[int], b: Task[int]) -> Task[int]:
        return bind(less, y=Depends(a), x=Depends(b))

    with pytest.raises(
        FlowChangedError, match=r"parameter '[xy]' took '[ab]' and takes '[ba]'.*'[xy]' took '[ab]' and takes '[ba]'"
    ):
        of_two(lives, swapped).resume()
    assert of_two(lives, swapped, on_change="rerun").resume()["less"].value == 1


def test_what_fills_the_same_parameters_is_no_change_however_it_is_written(
    lives: Lives, caplog: pytest.LogCaptureFixture
) -> None:
    """By place, by name, by default, and in any order."""

    def named(a: int, b: int) -> int:
        return a - b

    def last(a: Task[int], b: Task[int]) -> list[Task[int]]:
        def by_default(a: int = Depends(a), b: int = Depends(b)) -> int:
            return a - b

        return [
            task(named, name="last", depends_on=[a, b]),
            task(named, name="last", depends_on=[b, a]),
            bind(named, Depends(a), Depends(b)).with_options(name="last"),
            bind(named, b=Depends(b), a=Depends(a)).with_options(name="last"),
            task(by_default, name="last"),
        ]

    for way in range(5):
        flow = of_two(lives, lambda a, b: last(a, b)[way])  # noqa: B023 - called at once
        assert flow.resume()["last"].value == -1
        lives.end(flow)
    assert sorted(lives.ran) == ["a", "b", "c"]
    assert "changed" not in caplog.text


def test_the_order_of_what_two_stars_take_is_a_change(lives: Lives) -> None:
    """A body can tell it."""

    def first_of(**parts: int) -> str:
        return next(iter(parts))

    flow = of_two(lives, lambda a, b: task(first_of, depends_on=[a, b]))
    assert flow.resume()["first_of"].value == "a"
    lives.end(flow)
    with pytest.raises(FlowChangedError, match=r"its \*\*keywords come in another order"):
        of_two(lives, lambda a, b: task(first_of, depends_on=[b, a])).resume()


CONSTANTS = [
    ({"by": 2.0}, {"by": 3.0}, True),
    ({"by": 2.0}, {}, False),
    ({}, {"by": 2.5}, True),
    ({"places": 1}, {"places": 2}, True),
    ({"of": ["a", 1]}, {"of": ["a", 2]}, True),
    ({"of": {"a": 1, "b": 2}}, {"of": {"b": 2, "a": 1}}, False),
    ({"of": object()}, {"of": object()}, False),
    ({"of": object()}, {"of": 1}, True),
]


@pytest.mark.parametrize(("before", "after", "warned"), CONSTANTS, ids=range(len(CONSTANTS)))
def test_another_value_that_is_bound_is_worth_a_warning(
    lives: Lives,
    before: Any,  # noqa: ANN401 - arguments of any types
    after: Any,  # noqa: ANN401 - as above
    caplog: pytest.LogCaptureFixture,
    *,
    warned: bool,
) -> None:
    """In each life, as other code is; not of what nobody can tell from another without running its code."""
    flow = of_two(lives, lambda a, b: bind(scaled, Depends(b), **before).with_options(after=[a]))
    first = flow.resume()["scaled"].value
    lives.end(flow)
    for _ in range(2):
        caplog.clear()
        flow = of_two(lives, lambda a, b: bind(scaled, Depends(b), **after).with_options(after=[a]))
        assert flow.resume()["scaled"].value == first
        lives.end(flow)
        said = "a default or a bound value of task 'scaled' changed since its result was stored" in caplog.text
        assert said is warned


def test_another_default_is_worth_a_warning(lives: Lives, caplog: pytest.LogCaptureFixture) -> None:
    for by, warned in ((1, False), (2, True), (1, False)):

        def count(by: int = by) -> int:
            return by

        flow = lives.flow(task(count))
        assert flow.resume()["count"].value == 1
        lives.end(flow)
        assert ("a default or a bound value of task 'count' changed" in caplog.text) is warned
        caplog.clear()


class Before(Delegating):
    """Stores declarations as they were before parameters and constants were told."""

    @override
    def commit(self, changes: Sequence[Change], /) -> None:
        super().commit([self._older(each) for each in changes])

    def _older(self, change: Change) -> Change:
        if not isinstance(change, RunBegun | RunResumed):
            return change
        names, rest = change.declaration.content.split(b"\n")
        rows = json.dumps([row[:5] for row in json.loads(rest)]).encode()
        return attrs.evolve(change, declaration=Declaration(names + b"\n" + rows))


def test_a_run_that_was_stored_before_any_of_this_goes_on(lives: Lives, caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is said where nothing is known; what runs now is known."""
    lives.broken = {"last"}

    def declared(a: Task[int], b: Task[int], by: int) -> Task[int]:
        pair = bind(less, y=Depends(a), x=Depends(b))
        return lives.number("last", after=[bind(scaled, Depends(pair), by=by)])

    a, b = lives.number("a"), lives.number("b", [lives.number("c")])
    flow = Flow(declared(a, b, 2), checkpoint=Before(lives.medium.connect()))
    assert flow.resume()["scaled"].value == 2.0
    lives.end(flow)
    for by in (2, 3):
        flow = of_two(lives, lambda a, b: declared(a, b, by))  # noqa: B023 - called at once
        assert flow.resume()["scaled"].value == 2.0
        lives.end(flow)
    assert "changed" not in caplog.text
    lives.broken = set()
    flow = of_two(lives, lambda a, b: declared(a, b, 3))
    assert flow.resume().ok


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
