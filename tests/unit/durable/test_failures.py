"""Stores that fail, and values that can't be stored: what is in memory stays, and resume goes on from there."""

from __future__ import annotations

import sys
import threading
import types
from collections.abc import Iterator  # noqa: TC003 - the flow evaluates the annotation
from typing import TYPE_CHECKING, Any, Literal

import pytest
from typing_extensions import override

from flowing import CheckpointError, ConfigError, Flow, SerializationError, StepState, Task, task
from flowing.checkpoint import JsonCodec, MemoryStore, ResultSaved
from tests.unit.durable.lives import Lives, states
from tests.unit.durable.stores import Watched

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from flowing.checkpoint import Change

PENDING, RUNNING, SUCCEEDED, FAILED, SKIPPED, CANCELLED = StepState
When = Literal["before", "after"]


def line(ran: list[str], *names: str) -> list[Task[int]]:
    made: list[Task[int]] = []
    for name in names:

        def body(name: str = name, **values: int) -> int:
            ran.append(name)
            return 1 + sum(values.values())

        made.append(task(body, name=name, depends_on=made[-1:]))
    return made


# ── commits that fail ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_result_whose_commit_failed_is_readable_and_is_committed_by_the_resume(when: When) -> None:
    """[P4] [P6] No dependent started, no body runs twice, be it lost before it took effect or after."""
    ran: list[str] = []
    watched = Watched(MemoryStore())
    a, b = line(ran, "a", "b")
    flow = Flow(b, checkpoint=watched)
    watched.fails = ["no", when]
    with pytest.raises(CheckpointError, match="the disk is full; make room") as caught:
        flow.run()
    assert (caught.value.task, caught.value.path) == ("a", "run.db")
    result = flow.results[a]
    assert (result.state, result.value) == (CANCELLED, 1)
    assert result.reason == "its result was not saved; resume() saves it"
    assert (states(flow)["b"], ran) == (CANCELLED, ["a"])
    assert flow.resume()[b].value == 2
    assert ran == ["a", "b"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_in_another_process_what_was_not_committed_is_made_again(when: When) -> None:
    """And what was, though nobody was told so, is not."""
    ran: list[str] = []
    medium = MemoryStore()
    watched = Watched(medium)
    watched.fails = ["no", when]
    flow = Flow(line(ran, "a", "b")[-1], checkpoint=watched)
    with pytest.raises(CheckpointError):
        flow.run()
    medium.crash()
    assert Flow(line(ran, "a", "b")[-1], checkpoint=medium.another()).resume().ok
    assert ran == (["a", "a", "b"] if when == "before" else ["a", "b"])


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("first", [Flow.run, Flow.resume])
def test_a_run_whose_beginning_could_not_be_stored_has_not_begun(when: When, first: Callable[[Flow], object]) -> None:
    """No body runs; the next call begins it, or goes on with what began after all."""
    ran: list[str] = []
    watched = Watched(MemoryStore())
    flow = Flow(line(ran, "a", "b")[-1], checkpoint=watched)
    watched.fails = [when]
    with pytest.raises(CheckpointError):
        first(flow)
    assert ran == []
    assert flow.resume().ok
    assert ran == ["a", "b"]


@pytest.mark.parametrize("when", ["before", "after"])
def test_a_second_run_whose_beginning_could_not_be_stored(when: When) -> None:
    """The run before goes on, unless the new one began after all: never a mixture of the two."""
    ran: list[str] = []
    medium = MemoryStore()
    watched = Watched(medium)
    flow = Flow(line(ran, "a", "b")[-1], checkpoint=watched)
    flow.run()
    watched.fails = [when]
    with pytest.raises(CheckpointError):
        flow.run()
    assert flow.resume().ok
    assert ran == (["a", "b"] if when == "before" else ["a", "b"] * 2)
    medium.crash()
    assert Flow(line(ran, "a", "b")[-1], checkpoint=medium.another()).resume().ok
    assert ran == (["a", "b"] if when == "before" else ["a", "b"] * 2)


@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("call", ["override", "invalidate"])
def test_a_mend_that_failed_took_effect_everywhere_or_nowhere(when: When, call: str) -> None:
    """[P23] What the flow goes on with is what is stored."""
    ran: list[str] = []
    medium = MemoryStore()
    watched = Watched(medium)
    a, b = line(ran, "a", "b")
    flow = Flow(b, checkpoint=watched)
    flow.run()
    ran.clear()
    watched.fails = [when]
    with pytest.raises(CheckpointError):
        flow.override(a, 10) if call == "override" else flow.invalidate(a)
    results = flow.resume()
    expected = {"before": [], "after": ["b"] if call == "override" else ["a", "b"]}[when]
    assert ran == expected
    assert results[b].value == (11 if (when, call) == ("after", "override") else 2)
    medium.crash()
    again = Flow(line(ran, "a", "b")[-1], checkpoint=medium.another()).resume()
    assert ({name: each.value for name, each in again.items()}, ran) == (
        {name: each.value for name, each in results.items()},
        expected,
    )


def test_a_mend_that_failed_costs_no_uncommitted_result() -> None:
    """[P4] Two failures after each other lose no more than one."""
    ran: list[str] = []
    watched = Watched(MemoryStore())
    a, b = line(ran, "a", "b")
    flow = Flow(b, checkpoint=watched)
    watched.fails = ["no", "before", "before"]
    with pytest.raises(CheckpointError):
        flow.run()
    with pytest.raises(CheckpointError):
        flow.override(b, 5)
    assert flow.value(a) == 1
    assert flow.resume().ok
    assert ran == ["a", "b"]


def test_an_end_that_could_not_be_stored_loses_no_result() -> None:
    ran: list[str] = []
    medium = MemoryStore()
    watched = Watched(medium)
    a, b = line(ran, "a", "b")
    watched.fails = ["no", "no", "no", "before"]
    flow = Flow(b, checkpoint=watched)
    with pytest.raises(CheckpointError):
        flow.run()
    assert (flow.value(a), flow.value(b)) == (1, 2)
    assert flow.resume().ok
    medium.crash()
    assert Flow(line(ran, "a", "b")[-1], checkpoint=medium.another()).resume().ok
    assert ran == ["a", "b"]


def test_no_dependent_starts_before_the_commit() -> None:
    """D15: each task sees the results that it was given in the store."""
    watched = Watched(MemoryStore())
    seen: list[set[str]] = []

    def note() -> int:
        done = {each.task for changes in watched.committed for each in changes if isinstance(each, ResultSaved)}
        seen.append(done)
        return 1

    made: list[Task[int]] = []
    for name in "abcd":
        made.append(task(lambda **_: note(), name=name, depends_on=made[-2:]))
    assert Flow(made[-1], checkpoint=watched).run().ok
    assert seen == [set(), {"a"}, {"a", "b"}, {"a", "b", "c"}]


def test_results_that_wait_are_committed_together() -> None:
    """One transaction for all that returned during the one before; nobody waits for it while there is other work."""
    ran = threading.Barrier(3, timeout=60)

    class Slow(Watched):
        @override
        def commit(self, changes: Sequence[Change], /) -> None:
            if any(isinstance(each, ResultSaved) for each in changes) and len(self.committed) == 1:
                ran.wait()
            super().commit(changes)

    watched = Slow(MemoryStore())
    first = task(lambda: 1, name="first")
    others = [task(lambda: ran.wait() and None, name=f"other_{number}") for number in range(2)]
    assert Flow(first, *others, checkpoint=watched, max_workers=3).run().ok
    batches = [sum(isinstance(each, ResultSaved) for each in changes) for changes in watched.committed]
    assert sum(batches) == 3
    assert batches[0] == 0
    assert len([each for each in batches if each]) < 4


# ── values ───────────────────────────────────────────────────────────────────────────────────────


def itself() -> object:
    return itself


def cyclic() -> list[Any]:
    made: list[Any] = []
    made.append(made)
    return made


def deep() -> list[Any]:
    made: list[Any] = []
    for _ in range(100_000):
        made = [made]
    return made


UNFIT: dict[str, tuple[Callable[[], object], str]] = {
    "a function": (itself, "type function"),
    "a lock": (threading.Lock, "lock"),
    "a generator": (lambda: (number for number in range(3)), "generator"),
    "a module": (lambda: sys, "module"),
    "a class": (lambda: types.SimpleNamespace(a=1), "SimpleNamespace"),
    "inside": (lambda: {"rows": [1, {2}]}, r"set.*\['rows'\]\[1\]"),
    "a tuple": (lambda: [1, (2, 3)], r"tuple.*\[1\]"),
    "a circle": (cyclic, "nested"),
    "very deep": (deep, "nested"),
    "another type": (lambda: {1: 2}, "key"),
}


@pytest.mark.parametrize("name", UNFIT)
def test_a_value_that_can_not_be_stored_fails_its_task_and_stays_on_the_result(name: str, lives: Lives) -> None:
    """[R10] [R11] [R12] [R14] Named with the task, the type and the way to it, and not tried again."""
    make, named = UNFIT[name]

    @task(retry=3, retry_backoff_base_ms=0)
    def unfit() -> Any:  # noqa: ANN401 - anything
        lives.says("unfit")
        return make()

    unfit.wired.function.__annotations__.pop("return", None)
    flow = lives.flow(unfit)
    result = flow.resume()[unfit]
    assert (result.state, result.attempts) == (FAILED, 1)
    with pytest.raises(SerializationError, match=f"the result of task 'unfit' can't be stored: .*{named}"):
        flow.results.raise_on_failure() if result.error is None else _raise(result.error)
    assert type(result.value) is type(make())
    assert "persist=False" in str(result.error)
    flow.override(unfit, 1)
    assert flow.resume().ok
    assert lives.ran == ["unfit"]


def _raise(error: BaseException) -> None:
    raise error


def test_the_error_of_a_body_is_never_masked_by_the_store(lives: Lives) -> None:
    """[R9] [R10] It is kept as it is; in the checkpoint as text."""

    class OddError(Exception):
        def __init__(self, one: object, two: object) -> None:
            super().__init__(one, two)

        @override
        def __reduce__(self) -> str:
            raise TypeError

    @task
    def raises() -> int:
        raise OddError(1, 2)

    flow = lives.flow(raises)
    assert type(flow.resume()[raises].error) is OddError


def test_a_limit_on_the_size_of_values_can_be_set() -> None:
    """[R12] The message says how large it was, as far as anybody looked, and gives a way out that would help."""
    big = task(lambda: "x" * 1000, name="big")
    many = task(lambda: list(range(1000)), name="many")
    flow = Flow(big, many, checkpoint=MemoryStore(codec=JsonCodec(size_max_bytes=500)), fail_fast=False)
    results = flow.run()
    assert isinstance(results[big].error, SerializationError)
    said = [str(results[each].error) for each in (big, many)]
    assert "at least 1000 bytes, and the codec has size_max_bytes=500; return less" in said[0]
    assert "3891 bytes, and the codec has size_max_bytes=500; return less" in said[1]
    assert all("annotate" not in each for each in said)
    assert results[big].value == "x" * 1000


def test_a_resume_sees_the_value_that_was_committed(lives: Lives) -> None:
    """[R13] Not what a dependent made of it in its process."""

    def declared(*, broken: bool) -> Task[list[int]]:
        @task
        def numbers() -> list[int]:
            return [1]

        @task(depends_on=[numbers])
        def add(numbers: list[int]) -> list[int]:
            numbers.append(2)
            assert not broken
            return numbers

        return add

    flow = lives.flow(declared(broken=True))
    flow.resume()
    assert flow.results["numbers"].value == [1, 2]
    lives.end(flow)
    assert lives.flow(declared(broken=False)).resume()["add"].value == [1, 2]


# ── types, when the flow is built ────────────────────────────────────────────────────────────────


class Unknown:
    pass


def one_of_it() -> Unknown:
    return Unknown()


def module() -> types.ModuleType:
    return types


def lazy() -> Iterator[int]:
    return iter(())


def lost() -> Missing:  # type: ignore[name-defined]  # noqa: F821 - that is the point
    return 1


@pytest.mark.parametrize(
    ("function", "named"),
    [
        (one_of_it, r"task 'step' returns .*\.Unknown"),
        (lazy, r"task 'step' returns collections\.abc\.Iterator"),
        (module, "task 'step' returns module"),
        (lost, 'its return annotation "Missing" can\'t be evaluated'),
    ],
)
def test_a_type_that_can_not_be_stored_is_refused_when_the_flow_is_built(
    function: Callable[[], object], named: str, tmp_path: Path
) -> None:
    """[G15] With the task, the type and the ways out; without a checkpoint nobody minds."""
    step = task(function, name="step")
    Flow(step)
    with pytest.raises(SerializationError, match=named) as caught:
        Flow(step, checkpoint=tmp_path / "run.db")
    assert caught.value.task == "step"
    assert "'step'" in str(caught.value)
    assert "persist=False" in str(caught.value)
    assert list(tmp_path.iterdir()) == []
    Flow(step.with_options(persist=False), checkpoint=tmp_path / "run.db")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"checkpoint": 5}, "checkpoint"),
        ({"checkpoint": ""}, "names no file"),
        ({"checkpoint": ":memory:"}, "MemoryStore"),
        ({"on_change": "ask"}, "'error' or 'rerun' or 'keep'"),
        ({"on_unreadable": None}, "'error' or 'recompute'"),
        ({"max_crashes": 0}, "1 or more"),
    ],
)
def test_an_option_with_a_value_that_it_can_not_take_is_refused(options: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        Flow(task(lambda: 1, name="one"), **options)
