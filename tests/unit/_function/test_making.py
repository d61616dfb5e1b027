"""A flow as a function: what a call gives and raises, and that calls share nothing."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import pytest

from flowing import (
    ConfigError,
    Flow,
    FlowChangedError,
    FlowingError,
    InputError,
    InputTypeError,
    MemoryStore,
    MissingInputError,
    ResultUnavailable,
    SerializationError,
    StepState,
    Task,
    TaskFailed,
    UnknownInputError,
    current,
    param,
    task,
    to_json,
)

if TYPE_CHECKING:
    from pathlib import Path

GUARD_S = 60

city = param("city", str)
days = param("days", int, default=2)


@task(depends_on=[city])
def fetch(city: str) -> str:
    if city == "nowhere":
        raise ValueError("no such city")
    return city.upper()


@task(depends_on=[fetch, days])
def report(fetch: str, days: int) -> list[str]:
    """Report the weather."""
    return [fetch] * days


def as_called(flow: Flow, **given: object) -> tuple[Any, Any]:
    """Give the plain function, and the other one as a plain function."""
    options: dict[str, Any] = {**given}
    async_function = flow.as_async_function(**options)
    return flow.as_function(**options), lambda *args, **kwargs: asyncio.run(async_function(*args, **kwargs))


@pytest.fixture(params=["sync", "async"])
def index(request: pytest.FixtureRequest) -> int:
    return ["sync", "async"].index(request.param)


def test_a_call_gives_the_value_of_the_last_task(index: int) -> None:
    call = as_called(Flow(report))[index]
    assert call("Paris", 1) == ["PARIS"]
    assert call(city="Oslo") == call("Oslo", days=2) == ["OSLO", "OSLO"]


def test_a_call_raises_one_error_that_names_the_task(index: int) -> None:
    with pytest.raises(TaskFailed, match=r"task 'fetch' failed after 1 attempt.*no such city") as caught:
        as_called(Flow(report))[index]("nowhere")
    assert caught.value.task == "fetch"
    assert isinstance(caught.value.__cause__, ValueError)


def test_other_failures_are_in_its_notes() -> None:
    @task(depends_on=[city])
    def other(city: str) -> str:
        raise KeyError(city)

    @task(depends_on=[fetch, other])
    def both(fetch: str, other: str) -> str:
        return fetch + other

    with pytest.raises(TaskFailed) as caught:
        Flow(both, fail_fast=False).as_function()("nowhere")
    (note,) = caught.value.__notes__
    assert {caught.value.task, note.split("'")[1]} == {"fetch", "other"}


def test_a_task_that_was_skipped_has_no_value_to_give() -> None:
    @task(depends_on=[fetch], when=lambda fetch: False)
    def never(fetch: str) -> str:
        return fetch

    with pytest.raises(ResultUnavailable, match="task 'never' has no value: it is SKIPPED"):
        Flow(never).as_function()("Paris")


def test_a_detached_task_that_fails_changes_nothing() -> None:
    own = param("own", str)

    @task(depends_on=[own])
    def main(own: str) -> str:
        return own

    @task(depends_on=[main], detached=True)
    def tell(main: str) -> None:
        raise ValueError

    flow = Flow(main)
    assert flow.as_function()("x") == "x"


@pytest.mark.parametrize(
    ("args", "kwargs", "kind", "message"),
    [
        ((), {}, MissingInputError, "'city'"),
        ((3,), {}, InputTypeError, "'city' takes str, but was given an int"),
        (("a",), {"town": "b"}, UnknownInputError, "'town'"),
        (("a", 1, 2), {}, InputError, r"report\(\) takes 2 arguments, but was given 3"),
        (("a",), {"city": "b"}, InputError, "two values for 'city'"),
    ],
)
def test_wrong_arguments_are_refused_as_python_would(
    index: int, args: tuple[object, ...], kwargs: dict[str, object], kind: type[InputError], message: str
) -> None:
    with pytest.raises(kind, match=message) as caught:
        as_called(Flow(report))[index](*args, **kwargs)
    assert isinstance(caught.value, TypeError)


def test_result_makes_what_the_caller_sees(index: int) -> None:
    assert as_called(Flow(report), result=to_json)[index]("Paris") == '["PARIS", "PARIS"]'


def test_on_error_gives_a_value_instead(index: int) -> None:
    seen: list[FlowingError] = []

    def tell(error: FlowingError) -> str:
        seen.append(error)
        return f"sorry: {error}"

    call = as_called(Flow(report), on_error=tell)[index]
    assert "no such city" in call("nowhere")
    assert "'city' takes str" in call(3)
    assert [type(each) for each in seen] == [TaskFailed, InputTypeError]


def test_on_error_raises_the_error_of_somebody_else(index: int) -> None:
    class RetryError(Exception):
        pass

    def retry(error: FlowingError) -> object:
        raise RetryError(str(error)) from error

    with pytest.raises(RetryError, match="no such city") as caught:
        as_called(Flow(report), on_error=retry)[index]("nowhere")
    assert isinstance(caught.value.__cause__, TaskFailed)


def test_on_error_hears_of_a_value_that_can_not_be_told(index: int) -> None:
    made = task(object, name="made")
    call = as_called(Flow(made), result=to_json, on_error=type)[index]
    assert call() is SerializationError


# ── which task, which flow ───────────────────────────────────────────────────────────────────────


def test_a_flow_that_ends_in_several_tasks_needs_to_be_told_which() -> None:
    flow = Flow(report, task(lambda: 1, name="one"))
    with pytest.raises(ConfigError, match=r"ends in 2 tasks \('report', 'one'\).*returns=task"):
        flow.as_function()
    assert flow.as_function(returns=report)("a", 1) == ["A"]
    assert flow.as_function(returns=fetch)("a") == "A"


def test_parameters_and_detached_tasks_are_no_ends() -> None:
    spare = param("spare", int, default=1)
    tell = task(lambda fetch: fetch, name="tell", depends_on=[fetch], detached=True)
    assert Flow(report, fetch, spare, tell).as_function()("a", 1) == ["A"]


def test_a_flow_of_parameters_alone_gives_nothing() -> None:
    with pytest.raises(ConfigError, match=r"ends in 0 tasks \(nothing but parameters\)"):
        Flow(city).as_function()


@pytest.mark.parametrize("returns", [report, "report", 3])
def test_returns_must_be_a_task_of_the_flow(returns: Task[object]) -> None:
    with pytest.raises(ConfigError, match=r"returns= is .*, which the flow does not have"):
        Flow(fetch).as_function(returns=returns)


@pytest.mark.parametrize("option", ["result", "on_error", "checkpoint"])
def test_an_option_that_is_no_function_is_refused(option: str) -> None:
    options: dict[str, Any] = {option: "no function"}
    with pytest.raises(ConfigError, match=f"{option}= of a flow's function must be a function"):
        Flow(report).as_function(**options)


# ── calls share nothing ──────────────────────────────────────────────────────────────────────────


def meeting(parties: int) -> Flow:
    """Give a flow that ends only when so many calls of it are in the same task."""
    barrier = threading.Barrier(parties)

    @task(depends_on=[city])
    def meet(city: str) -> str:
        barrier.wait(GUARD_S)
        return city

    return Flow(meet)


def test_calls_overlap_in_threads() -> None:
    function = meeting(4).as_function()
    got: dict[str, str] = {}
    threads = [threading.Thread(target=lambda name=name: got.update({name: function(name)})) for name in "abcd"]
    for each in threads:
        each.start()
    for each in threads:
        each.join(GUARD_S)
    assert got == {name: name for name in "abcd"}


def test_calls_overlap_in_one_event_loop() -> None:
    function = meeting(4).as_async_function()

    async def gathered() -> list[str]:
        return [*await asyncio.gather(*(function(name) for name in "abcd"))]

    assert asyncio.run(gathered()) == list("abcd")


def test_a_cancel_of_the_caller_cancels_the_call(tmp_path: Path) -> None:
    entered = threading.Event()
    keys: list[bool] = []

    @task(depends_on=[city])
    def wait(city: str) -> None:
        entered.set()
        try:
            current().sleep(GUARD_S)
        finally:
            keys.append(current().cancelled)

    function = Flow(wait).as_async_function(checkpoint=lambda: tmp_path / "run.db")

    async def begin_and_cancel() -> None:
        call = asyncio.create_task(function("a"))
        await asyncio.to_thread(entered.wait, GUARD_S)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call

    asyncio.run(begin_and_cancel())
    assert keys == [True]
    with Flow(wait, checkpoint=tmp_path / "run.db") as flow:  # it was let go of
        assert not flow.results.ok


def test_the_flow_itself_is_left_as_it_was() -> None:
    flow = Flow(report)
    flow.run(city="kept")
    flow.as_function()("other")
    assert flow.value(city) == "kept"
    untouched = Flow(report)
    untouched.as_function()("other")
    assert untouched.results[report].state is StepState.PENDING


def test_a_call_has_the_options_of_the_flow() -> None:
    names: list[str] = []

    @task(depends_on=[city])
    def left(city: str) -> None:
        raise ValueError

    @task(depends_on=[city], after=[])
    def right(city: str) -> str:
        names.append(city)
        return city

    join = task(lambda left, right: None, name="join", depends_on=[left, right])
    with pytest.raises(TaskFailed):
        Flow(join, fail_fast=False, max_workers=1).as_function()("a")
    assert names == ["a"]


# ── with a checkpoint ────────────────────────────────────────────────────────────────────────────


def test_a_flow_with_a_checkpoint_needs_one_for_each_call() -> None:
    with pytest.raises(ConfigError, match="only one call at a time could hold; give each call a store of its own"):
        Flow(report, checkpoint=MemoryStore()).as_function()


def test_each_call_resumes_in_the_store_that_it_is_given(index: int, tmp_path: Path) -> None:
    tries: list[str] = []

    @task(depends_on=[fetch])
    def flaky(fetch: str) -> str:
        tries.append(fetch)
        if len(tries) == 1:
            raise OSError
        return fetch

    flow = Flow(flaky, checkpoint=MemoryStore())
    call = as_called(flow, checkpoint=lambda: tmp_path / "run.db")[index]
    with pytest.raises(TaskFailed):
        call("a")
    assert call("a") == call("a") == "A"
    assert tries == ["A", "A"]
    with pytest.raises(FlowChangedError, match="'city'"):
        call("b")


def test_a_store_is_let_go_of_when_the_call_fails(index: int, tmp_path: Path) -> None:
    call = as_called(Flow(report), checkpoint=lambda: tmp_path / "run.db")[index]
    with pytest.raises(TaskFailed):
        call("nowhere")
    with Flow(report, checkpoint=tmp_path / "run.db") as flow:
        assert not flow.resume().ok
