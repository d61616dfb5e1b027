"""Correct uses, each with the type that a checker must give it. Checked, never run.

No checker may complain of any line, but mypy without the plugin, of two.
"""

from __future__ import annotations

import functools
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Concatenate, NamedTuple, ParamSpec, Protocol, TypedDict, TypeVar, assert_type

import flowing
from flowing import Depends, Flow, Param, Results, StepResult, StepState, Task, bind, param, task
from flowing.task import AsyncTask, SyncTask

P = ParamSpec("P")
R = TypeVar("R")
T = TypeVar("T")


# ── declaring, with what a function needs by name ────────────────────────────────────────────────


@task
def fetch_data() -> dict[str, list[int]]:
    """Fetch it."""
    return {"items": [1, 2, 3]}


@task(depends_on=[fetch_data], retry=3, retry_backoff_base_ms=200, timeout_s=1.5)
def process(fetch_data: dict[str, list[int]]) -> int:
    return sum(fetch_data["items"])


@task(depends_on=[fetch_data, process], after=[process], detached=True, name="tell")
def notify(process: int, *, fetch_data: dict[str, list[int]], loud: bool = False) -> None: ...


@task(depends_on=(process, fetch_data))
def from_tuple(fetch_data: Mapping[str, Sequence[float]], process: float) -> str:  # wider types, in another order
    return f"{process} of {len(fetch_data)}"


@task(retry=2, retry_on=(OSError, ValueError), jitter=True, retry_max_backoff_ms=0.5)
def with_default(limit: int = 3) -> str:
    return "x" * limit


@task()
def with_empty_call() -> float:
    return 0.5


@task(depends_on=[process])
def everything(**values: object) -> list[str]:
    return list(values)


@task
def variadic(*numbers: int, **texts: str) -> int:
    return len(numbers) + len(texts)


@task(after=[notify])
def ordered_only() -> bool:
    return True


@flowing.task(depends_on=[process], timeout_s=None, retry_on=TimeoutError, name=None, when=None, retry_until=None)
def qualified(process: int) -> int | None:
    return process or None


assert_type(fetch_data, SyncTask[[], dict[str, list[int]]])
assert_type(process(fetch_data={}), int)
assert_type(process({}), int)
assert_type(notify(1, fetch_data={}, loud=True), None)
assert_type(from_tuple({"a": [1]}, 2), str)
assert_type(with_default(), str)
assert_type(with_default(limit=2), str)
assert_type(with_empty_call(), float)
assert_type(everything(process=1, more="text"), list[str])
assert_type(variadic(1, 2, three="3"), int)
assert_type(ordered_only(), bool)
assert_type(qualified(1), int | None)
assert_type(process.name, str)
assert_type(process.where, str)
assert_type(process.__name__, str)
assert_type(process.__doc__, str | None)
assert_type(process.dependencies, tuple[Task[object], ...])


# ── Depends ──────────────────────────────────────────────────────────────────────────────────────


@task
def typed(number: int = Depends(process), *, text: str = Depends(with_default)) -> bytes:
    return (text * number).encode()


@task(depends_on=[fetch_data])
def both_ways(fetch_data: dict[str, list[int]], number: int = Depends(process), limit: int = 5) -> float:
    return number / limit + len(fetch_data)


@task(depends_on=[fetch_data, process])
def taken_under_another_name(fetch_data: object, number: int = Depends(process)) -> int:
    return number


@task
def wider(number: float = Depends(process), value: object = Depends(typed), other: int | str = Depends(process)) -> str:
    return f"{number}{value!r}{other}"


@task
def positional_only(number: int = Depends(process), /) -> int:
    return number


assert_type(Depends(process), int)
assert_type(Depends(fetch_data)["items"], list[int])
assert_type(typed(), bytes)
assert_type(typed(1, text="a"), bytes)
assert_type(both_ways({}), float)
assert_type(taken_under_another_name({}), int)
assert_type(wider(), str)
assert_type(positional_only(3), int)


# ── async ────────────────────────────────────────────────────────────────────────────────────────


@task
async def fetch_async() -> int:
    return 1


@task(depends_on=[fetch_async], timeout_s=2)
async def process_async(fetch_async: int) -> str:
    return str(fetch_async)


@task
async def typed_async(text: str = Depends(process_async), number: int = Depends(process)) -> list[str]:
    return [text] * number


@task
def sync_after_async(number: int = Depends(fetch_async)) -> int:
    return number


@task
def returns_awaitable() -> Awaitable[int]:  # only a coroutine is awaited for the task's value
    return fetch_async()


async def awaiting() -> None:
    assert_type(await fetch_async(), int)
    assert_type(await process_async(1), str)
    assert_type(await typed_async("a", 2), list[str])
    assert_type(await process_async(fetch_async=1), str)


coroutine_1: Coroutine[Any, Any, int] = fetch_async()
coroutine_2: Coroutine[Any, Any, str] = process_async(1)
assert_type(Depends(fetch_async), int)
assert_type(returns_awaitable, SyncTask[[], Awaitable[int]])


# ── a call on a function ─────────────────────────────────────────────────────────────────────────


@dataclass
class Report:
    title: str = "report"

    @staticmethod
    @task
    def made() -> int:
        return 1

    def length(self, factor: int = 1) -> int:
        return len(self.title) * factor

    @classmethod
    def empty(cls) -> Report:
        return cls("")

    def __call__(self) -> bytes:
        return self.title.encode()


class Point(NamedTuple):
    x: int
    y: int = 0


class Row(TypedDict):
    id: int
    text: str


def join(left: int, right: str = "", *, limit: int = 10) -> str:
    return right * min(left, limit)


async def join_async(left: int) -> bytes:
    return bytes(left)


report = Report()
lambda_task = task(lambda: 1.5, name="half", retry=1)
class_task = task(Report)
instance_task = task(report, name="instance")
method_task = task(report.length)
classmethod_task = task(Report.empty, retry=1)
partial_task = task(functools.partial(join, 1), name="partial")
builtin_task = task(Path.cwd, name="cwd")
left = process.with_options(name="left")
right = with_default.with_options(name="right")
called = task(join, name="called", depends_on=[left, right], retry=2)
called_root = task(fetch_data.__wrapped__, name="again")
called_async = task(join_async, name="called_async", depends_on=[left])
decorator = task(depends_on=[left], retry=1)
decorated_later = decorator(join)

half: float = lambda_task()
assert_type(class_task("title"), Report)
assert_type(instance_task(), bytes)
assert_type(method_task(factor=2), int)
assert_type(classmethod_task(), Report)
assert_type(partial_task(), str)
assert_type(builtin_task(), Path)
assert_type(called(1, "a", limit=3), str)
assert_type(decorated_later(1, "a", limit=3), str)
assert_type(Report.made(), int)
coroutine_3: Coroutine[Any, Any, bytes] = called_async(1)


# ── bind ─────────────────────────────────────────────────────────────────────────────────────────


def first(items: Sequence[T]) -> T:
    return items[0]


def pair(left: T, right: R) -> tuple[T, R]:
    return left, right


def total(*numbers: int, **more: int) -> int:
    return sum(numbers) + sum(more.values())


def from_row(row: Row, points: list[Point]) -> tuple[Row, Point]:
    return row, points[0]


def with_depends(number: int = Depends(process), *, text: str) -> str:
    return text * number


bound = bind(join, Depends(process), right=Depends(with_default), limit=5)
bound_plain = bind(join, 3, "text")
bound_async = bind(join_async, Depends(fetch_async))
bound_many = bind(total, Depends(process), 2, 3, more=Depends(fetch_async))
bound_class = bind(Point, Depends(process), y=2)
bound_method = bind(report.length, Depends(process))
bound_left_out = bind(with_depends, text=Depends(bound))
bound_generic = bind(first, [1, 2])
bound_named = bind(join, Depends(process)).with_options(name="join_again", retry=3)
bound_row = bind(from_row, {"id": 1, "text": "a"}, [Point(1)])

assert_type(bound, SyncTask[[], str])
assert_type(bound(), str)
assert_type(bound_plain, SyncTask[[], str])
assert_type(bound_async, AsyncTask[[], bytes])
assert_type(bound_many, SyncTask[[], int])
assert_type(bound_class, SyncTask[[], Point])
assert_type(bound_method, SyncTask[[], int])
assert_type(bound_left_out, SyncTask[[], str])
assert_type(bound_named, SyncTask[[], str])
assert_type(bound_row, SyncTask[[], tuple[Row, Point]])
assert_type(Depends(bound_row)[1].x, int)


# ── with_options ─────────────────────────────────────────────────────────────────────────────────


def big_enough(number: float) -> bool:
    return number > 1


renamed = process.with_options(name="renamed", retry=0, timeout_s=None)
reordered = process.with_options(after=[notify], detached=True, retry_on=(OSError,), jitter=False)
ungated = process.with_options(when=None, validate=None, retry_until=None)

assert_type(process.with_options(retry=1)({"items": []}), int)
assert_type(renamed(fetch_data={}), int)
assert_type(fetch_data.with_options(retry=1), SyncTask[[], dict[str, list[int]]])
assert_type(fetch_async.with_options(retry=1), AsyncTask[[], int])
assert_type(Depends(reordered), int)
assert_type(Depends(ungated.with_options(retry_until=big_enough)), int)


# ── gates ────────────────────────────────────────────────────────────────────────────────────────


@task(retry=3, retry_until=big_enough)
def guess() -> int:
    return 1


def worth_it(guess: int) -> bool:
    return guess > 0


@task(depends_on=[guess], retry_until=lambda result: result > 1, when=worth_it, validate=lambda: None)
def refined(guess: int) -> int:
    return guess


def big_enough_process(*, process: int, limit: int = 1) -> bool:
    return process > limit


@task(depends_on=[guess, process], when=big_enough_process, validate=lambda: None)
def gate_takes_another(guess: int) -> int:
    return guess


@task(retry_until=big_enough)
async def guess_async() -> int:
    return 1


@task(retry_until=bool)
def until_true() -> list[int]:
    return [1]


async def big_enough_later(result: int) -> bool:
    return result > 1


@task(retry_until=big_enough_later)
async def until_later() -> int:
    return 1


@task(depends_on=[guess], retry_until=big_enough_later)
def until_later_too(guess: int) -> int:
    return guess


with_until_later = refined.with_options(retry_until=big_enough_later)
in_a_pool = task(join, name="pool", depends_on=[left, right], executor=ThreadPoolExecutor)
in_this_pool = in_a_pool.with_options(executor=ThreadPoolExecutor(2)).with_options(executor=None)
with_until = refined.with_options(retry_until=big_enough)
until_anything = task(lambda: 1, name="until", retry_until=lambda result: result > 0)
until_called = task(join_async, name="until_called", depends_on=[left], retry_until=lambda made: len(made) > 1)

assert_type(guess(), int)
assert_type(refined(1), int)
assert_type(gate_takes_another(1), int)
assert_type(until_true(), list[int])
assert_type(with_until(1), int)
assert_type(with_until_later(1), int)
assert_type(until_later_too(1), int)
assert_type(Depends(until_later), int)
assert_type(Depends(in_this_pool), str)
coroutine_4: Coroutine[Any, Any, int] = guess_async()


# ── Any, unions, other people's decorators ───────────────────────────────────────────────────────


@task
def anything() -> Any:  # noqa: ANN401 - what this line is about
    return 1


@task(depends_on=[anything])
def from_anything(anything: int) -> int:
    return anything


@task
def from_anything_too(text: str = Depends(anything)) -> str:
    return text


def logged(function: Callable[P, R]) -> Callable[P, R]:
    return function


def with_session(function: Callable[Concatenate[int, P], R]) -> Callable[P, R]:
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> R:
        return function(1, *args, **kwargs)

    return wrapper


@task
@logged
def under_a_decorator(limit: int = 3) -> str:
    return "x" * limit


@task(depends_on=[process])
@with_session
def with_one_less(session: int, process: int) -> int:
    return session + process


@task
def maybe() -> int | None:
    return None


@task
def from_maybe(number: int | None = Depends(maybe), text: str | int | None = Depends(maybe)) -> bool:
    return number == text


class Make(Protocol):
    def __call__(self, size: int = 1) -> list[int]: ...


def from_protocol(make: Make) -> Task[list[int]]:
    made = task(make, name="made")
    assert_type(made(size=2), list[int])
    return made


def wrap(function: Callable[[], R], name: str) -> Task[R]:
    return task(function, name=name)


assert_type(under_a_decorator(limit=4), str)
assert_type(with_one_less(process=1), int)
assert_type(from_maybe(), bool)
assert_type(Depends(maybe), int | None)
assert_type(Depends(wrap(report.length, "wrapped")), int)


# ── tasks as values ──────────────────────────────────────────────────────────────────────────────


def square(number: int) -> int:
    return number * number


in_a_loop: list[Task[int]] = [task(lambda: 1, name=f"step {number}") for number in range(3)]
bound_in_a_loop = [bind(square, number).with_options(name=f"square {number}") for number in range(3)]
chain: Task[int] = process
for position in range(3):
    chain = bind(square, Depends(chain)).with_options(name=f"chain {position}")
mixed: list[Task[object]] = [process, fetch_data, *in_a_loop]
by_name: dict[str, Task[object]] = {each.name: each for each in mixed}
unlike = [process, fetch_data, typed, fetch_async]  # a list of objects, for mypy without the plugin
numbered = {1: process, 2: guess}


# also: mypy[list-item] plugin[]
@task(depends_on=mixed, after=[*bound_in_a_loop, *unlike])
def of_a_list(**values: object) -> int:
    return len(values)


def annotated(step: Task[float], call: SyncTask[[int], str], later: AsyncTask[[], int]) -> None:
    any_task: Task[object] = step
    function: Callable[[int], str] = call
    optional: Task[float | None] = step
    assert_type(call(1), str)
    assert_type(function(1), str)
    assert_type(call.with_options(retry=1), SyncTask[[int], str])
    annotated(process, call, later)
    take_any(any_task)
    take_any(optional)


def take_any(step: Task[object]) -> None:
    take_any(step.with_options(name="other"))


def value_of(flow: Flow, step: Task[T]) -> T:
    return flow.value(step)


assert_type(bound_in_a_loop, list[SyncTask[[], int]])
assert_type(Depends(chain), int)
assert_type(list(map(square, [1])), list[int])


# ── in a flow ────────────────────────────────────────────────────────────────────────────────────

flow = Flow(process, notify, fetch_async, bound, max_workers=5, fail_fast=True)
Flow(*mixed, *in_a_loop, max_abandoned=None, grace_s=1.5, keep_frames=True, discover_detached=False)
# also: mypy[arg-type] plugin[]
Flow(*unlike)
Flow(*by_name.values(), stall_warning_s=None, executor=ThreadPoolExecutor)


async def run_it_async() -> None:
    assert_type(await flow.run_async(), Results)
    assert_type(await flow.resume_async(rerun_detached=True), Results)


assert_type(flow.run(), Results)
assert_type(flow.resume(rerun_detached=True), Results)
assert_type(flow.value(process), int)
assert_type(flow.value(task_def=fetch_data), dict[str, list[int]])
assert_type(flow.value(fetch_async), int)
assert_type(flow.value(process_async), str)
assert_type(flow.value(typed), bytes)
assert_type(flow.value(bound), str)
assert_type(flow.value(maybe), int | None)
assert_type(flow.value(in_a_loop[0]), int)
assert_type(flow.value(by_name["process"]), object)
assert_type(value_of(flow, fetch_data), dict[str, list[int]])
assert_type(flow.summary(), str)
assert_type(flow.tasks, tuple[Task[object], ...])
assert_type(flow.detached_failures, tuple[StepResult[object], ...])
nothing_made: None = flow.value(notify)

flow.override(process, 3)
flow.override(fetch_data, {"items": []})
flow.override(fetch_async, 3)
flow.override(bound, "text")
flow.override(notify, None)
flow.override(anything, object())
flow.override(with_empty_call, 1)
flow.override(maybe, None)
flow.override(bound_row, ({"id": 1, "text": ""}, Point(1)))
flow.override(renamed, flow.value(process))
flow.override(by_name["process"], "whatever")
flow.invalidate(process, fetch_data)
flow.cancel()


# ── results ──────────────────────────────────────────────────────────────────────────────────────

results = flow.results

assert_type(results[process], StepResult[int])
assert_type(results[process].value, int)
assert_type(results[fetch_async].value, int)
assert_type(results["process"].value, object)
assert_type(results[process].value_or(None), int | None)
assert_type(results[process].value_or(flow.summary()), int | str)
assert_type(results[process].state, StepState)
assert_type(results[process].error, BaseException | None)
assert_type(results[process].attempts, int)
assert_type(results[process].duration_s, float | None)
assert_type(results.ok, bool)
assert_type(results.counts()[StepState.FAILED], int)
assert_type([name for name, _ in results.items()], list[str])
assert_type([each.state for each in results.values()], list[StepState])
assert_type("process" in results, bool)
wider_result: StepResult[float | None] = results[process]


# ── parameters, and flows as functions ───────────────────────────────────────────────────────────

city = param("city", str, description="Where it is", persist=False)
days = param("days", int, default=3)
listed = param("listed", list[int])
either = param("either", int | None, default=None)

assert_type(city, Param[str])
assert_type(listed, Param[list[int]])
assert_type(Depends(days), int)
assert_type(days.required, bool)


@task(depends_on=[city, days, either])
def weather(city: str, days: int, either: int | None) -> str:
    return city * days


@task
def place(where: str = Depends(city), *, numbers: Sequence[float] = Depends(listed)) -> str:
    return where


weather_flow = Flow(weather, city, place)
assert_type(weather_flow.run(city="Paris", listed=[1]), Results)
assert_type(weather_flow.resume(rerun_detached=True, city="Paris"), Results)
assert_type(weather_flow.value(city), str)
assert_type(weather_flow.inputs["city"], Param[object])
weather_flow.override(days, 1)
weather_flow.override(either, None)

plain_function = weather_flow.as_function("weather", result=flowing.to_json, on_error=str)
async_function = weather_flow.as_async_function(returns=weather, checkpoint=Path)
assert_type(plain_function, Callable[..., Any])
assert_type(async_function, Callable[..., Coroutine[Any, Any, Any]])


@weather_flow.typed
def forecast(city: str, days: int = 3) -> str:
    raise NotImplementedError


@weather_flow.typed(returns=weather, on_error=repr)
async def forecast_async(city: str, days: int = 3) -> str:
    raise NotImplementedError


assert_type(forecast("Paris", days=1), str)


async def forecast_it() -> None:
    assert_type(await forecast_async("Paris"), str)
