"""Correct uses, each with the type a checker must give it. Checked, never run; no checker may complain of any line."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from flowing.task import AsyncTask, Depends, SyncTask, Task, bind, task

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from flowing import Flow


# ── declaring ────────────────────────────────────────────────────────────────────────────────────


@task
def fetch_data() -> dict[str, list[int]]:
    return {"items": [1, 2, 3]}


@task(depends_on=[fetch_data], retry=3, retry_backoff_base_ms=200, timeout_s=1.5)
def process(fetch_data: dict[str, list[int]]) -> int:
    return sum(fetch_data["items"])


@task(depends_on=[fetch_data, process], after=[process], detached=True, name="tell")
def notify(process: int, *, fetch_data: dict[str, list[int]], loud: bool = False) -> None: ...


@task(retry=2, retry_on=(OSError, ValueError), jitter=True, retry_max_backoff_ms=0.5)
def with_default(limit: int = 3) -> str:
    return "x" * limit


@task
def typed(number: int = Depends(process), *, text: str = Depends(with_default)) -> bytes:
    return (text * number).encode()


@task(depends_on=[process])
def everything(**values: object) -> list[str]:
    return list(values)


@task
async def fetch_async() -> int:
    return 1


@task(depends_on=[fetch_async], timeout_s=2)
async def process_async(fetch_async: int) -> str:
    return str(fetch_async)


@task
def anything() -> Any:  # noqa: ANN401 - what this line is about
    return 1


@task(depends_on=[anything])
def from_anything(anything: int) -> int:
    return anything


class Report:
    def __init__(self, title: str = "report") -> None: ...


def join(left: int, right: str = "", *, limit: int = 10) -> str:
    return right * min(left, limit)


async def join_async(left: int) -> bytes:
    return bytes(left)


lambda_task = task(lambda: 1.5, name="half", retry=1)
class_task = task(Report)
called = task(join, name="called", depends_on=[process, with_default], retry=2)
called_root = task(fetch_data.__wrapped__, name="again")
bound = bind(join, Depends(process), right=Depends(with_default), limit=5)
bound_async = bind(join_async, Depends(fetch_async))
renamed = process.with_options(name="renamed", retry=0, timeout_s=None)
in_a_loop: list[Task[int]] = [task(lambda: 1, name=f"step {number}") for number in range(3)]
mixed: list[Task[object]] = [process, fetch_data, *in_a_loop]

assert_type(fetch_data, SyncTask[[], dict[str, list[int]]])
assert_type(bound, SyncTask[[], str])
assert_type(bound_async, AsyncTask[[], bytes])
assert_type(process(fetch_data={}), int)
assert_type(process.with_options(retry=1)({"items": []}), int)
assert_type(notify(1, fetch_data={}, loud=True), None)
assert_type(typed(), bytes)
assert_type(called(1, "a", limit=3), str)
assert_type(class_task("title"), Report)
coroutine_1: Coroutine[Any, Any, int] = fetch_async()
coroutine_2: Coroutine[Any, Any, str] = process_async(1)
assert_type(Depends(process), int)
assert_type(Depends(fetch_async), int)


# ── gates ────────────────────────────────────────────────────────────────────────────────────────


def big_enough(number: float) -> bool:
    return number > 1


@task(retry=3, retry_until=big_enough)
def guess() -> int:
    return 1


def worth_it(guess: int) -> bool:
    return guess > 0


@task(depends_on=[guess], retry_until=lambda result: result > 1, when=worth_it, validate=lambda: None)
def refined(guess: int) -> int:
    return guess


@task(retry_until=big_enough)
async def guess_async() -> int:
    return 1


with_until = refined.with_options(retry_until=big_enough)
until_anything = task(lambda: 1, name="until", retry_until=lambda result: result > 0)

assert_type(guess(), int)
assert_type(refined(1), int)
coroutine_3: Coroutine[Any, Any, int] = guess_async()


# ── in a flow ────────────────────────────────────────────────────────────────────────────────────


def use(flow: Flow) -> None:
    assert_type(flow.value(process), int)
    assert_type(flow.value(task_def=fetch_data), dict[str, list[int]])
    assert_type(flow.value(fetch_async), int)
    assert_type(flow.value(typed), bytes)
    assert_type(flow.value(bound), str)
    assert_type(flow.value(notify), None)
    flow.override(process, 3)
    flow.override(fetch_data, {"items": []})
    flow.override(fetch_async, 3)
    flow.override(bound, "text")
    flow.override(notify, None)
    flow.override(anything, object())


def annotated(step: Task[float], call: SyncTask[[int], str], later: AsyncTask[[], int]) -> None:
    wider: Task[object] = step
    assert_type(call(1), str)
    assert_type(call.with_options(retry=1), SyncTask[[int], str])
    annotated(process, call, later)
    use_any(wider)


def use_any(step: Task[object]) -> None:
    use_any(step.with_options(name="other"))
