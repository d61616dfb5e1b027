"""`async def` tasks, under `run()` and on the caller's loop: the same rules as for any other task."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from typing import TYPE_CHECKING

import pytest

from flowing import (
    AsyncTask,
    BlockingSleepError,
    Flow,
    FlowFailed,
    FlowRunningError,
    Results,
    StepState,
    TaskTimeoutError,
    UnsupportedFunctionError,
    WorkersExhausted,
    bind,
    current,
    task,
)
from flowing.core import AttemptTimedOut, PlaceAwaited
from flowing.shell import session as session_module
from tests.unit.shell.leaping import FAR_S, LeapingClock
from tests.unit.shell.waiting import until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

GUARD_S = 60


def run_on_a_loop(flow: Flow) -> Results:
    """Run the flow as `run()` does, for tests that hold in both worlds."""
    return asyncio.run(flow.run_async())


def resume_on_a_loop(flow: Flow) -> Results:
    return asyncio.run(flow.resume_async())


in_both_worlds = pytest.mark.parametrize("run", [Flow.run, run_on_a_loop], ids=["run", "run_async"])


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> object:
    """No thread of a run stays, whatever happened in it; one that was let go after its end is on its way out."""
    before = set(threading.enumerate())
    yield
    left = [each for each in threading.enumerate() if each not in before and each.name.startswith("flowing")]
    for each in left:
        each.join(GUARD_S)
    assert [each.name for each in left if each.is_alive()] == []


async def never() -> None:
    await asyncio.Event().wait()


@task
async def one() -> int:
    await asyncio.sleep(0)
    return 1


@task(depends_on=[one])
async def two(one: int) -> int:
    return one + 1


@task(depends_on=[two])
def three(two: int) -> int:
    return two + 1


@in_both_worlds
def test_values_go_from_async_tasks_to_plain_ones_and_back(run: Callable[[Flow], Results]) -> None:
    @task(depends_on=[three])
    async def four(three: int) -> int:
        return three + 1

    assert run(Flow(four))[four].value == 4
    assert isinstance(one, AsyncTask)


@in_both_worlds
def test_async_tasks_run_at_the_same_time(run: Callable[[Flow], Results]) -> None:
    """Each waits until all have begun."""
    begun: list[int] = []

    async def body(number: int) -> int:
        begun.append(number)
        await until(lambda: len(begun) == 100)
        return number

    tasks = [bind(body, number).with_options(name=str(number)) for number in range(100)]
    assert run(Flow(*tasks, max_workers=100)).ok


def test_under_run_async_they_run_on_the_callers_loop_and_plain_ones_do_not() -> None:
    @task
    async def where() -> tuple[asyncio.AbstractEventLoop, str]:
        me = asyncio.current_task()
        return asyncio.get_running_loop(), "" if me is None else me.get_name()

    @task
    def elsewhere() -> threading.Thread:
        return threading.current_thread()

    async def main() -> None:
        results = await Flow(where, elsewhere).run_async()
        assert results[where].value == (asyncio.get_running_loop(), "flowing where 1")
        assert results[elsewhere].value is not threading.current_thread()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(main())


def test_under_run_they_share_a_loop_in_a_thread_of_its_own_that_ends_with_the_run() -> None:
    closed: list[str] = []

    async def items() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append("generator")

    async def left_running() -> None:
        try:
            await never()
        finally:
            closed.append("task")

    kept: list[object] = []

    @task
    async def first() -> asyncio.AbstractEventLoop:
        kept.append(asyncio.create_task(left_running()))
        kept.append(numbers := items())
        assert await anext(numbers) == 1
        assert threading.current_thread().name == "flowing-loop"
        return asyncio.get_running_loop()

    @task(after=[first])
    async def second() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    results = Flow(second).run()
    assert results[first].value is results[second].value
    assert results[first].value.is_closed()
    assert sorted(closed) == ["generator", "task"]


def test_inside_a_running_loop_run_works_too_and_blocks_it() -> None:
    """[X5] As in Jupyter: the private loop is in another thread."""

    async def main() -> int:
        return Flow(two).run()[two].value

    assert asyncio.run(main()) == 2


def test_in_another_thread_it_works_too() -> None:
    """[X5] The caller's loop may be in any thread."""
    values: list[int] = []
    thread = threading.Thread(target=lambda: values.append(run_on_a_loop(Flow(two))[two].value))
    thread.start()
    thread.join(GUARD_S)
    assert values == [2]


def test_the_callers_loop_goes_on_while_plain_tasks_run() -> None:
    """The loop lets the tasks go on, after many turns; were it blocked, nobody would."""

    def ticks_during(awaited: bool) -> int:
        go_on, ticks = threading.Event(), 0

        def body() -> bool:
            return go_on.wait(GUARD_S if awaited else 0.01)

        flow = Flow(*(bind(body).with_options(name=str(number)) for number in range(5)))

        async def tick() -> None:
            nonlocal ticks
            while not go_on.is_set():
                await asyncio.sleep(0)
                ticks += 1
                if ticks == 1000:
                    go_on.set()

        async def main() -> int:
            ticking = asyncio.create_task(tick())
            results = await flow.run_async() if awaited else flow.run()
            counted = ticks
            go_on.set()
            await ticking
            assert all(each.value is awaited for each in results.values())
            return counted

        return asyncio.run(main())

    assert ticks_during(awaited=True) == 1000
    assert ticks_during(awaited=False) == 0  # the control: what a call of run() does to the loop


@in_both_worlds
def test_a_body_learns_what_any_body_learns(run: Callable[[Flow], Results]) -> None:
    seen: list[tuple[str, int, float | None, bool, str]] = []

    @task(retry=1, retry_backoff_base_ms=0, timeout_s=GUARD_S)
    async def body() -> None:
        await asyncio.sleep(0)
        now = current()
        seen.append((now.name, now.attempt, now.deadline, now.cancelled, now.idempotency_key))
        if now.attempt == 1:
            raise ValueError

    assert run(Flow(body)).ok
    (name, attempt, deadline, cancelled, key), again = seen
    assert (name, attempt, cancelled, len(key)) == ("body", 1, False, 32)
    assert deadline is not None
    assert (again[1], again[4]) == (2, key)


@in_both_worlds
def test_sleeping_in_a_way_that_blocks_the_loop_is_refused_with_the_way_out(run: Callable[[Flow], Results]) -> None:
    @task
    async def blocks() -> None:
        current().sleep(0)

    @task
    async def leaves_it() -> bool:
        await asyncio.to_thread(lambda: current().sleep(0))
        return True

    results = run(Flow(blocks, leaves_it, fail_fast=False))
    assert isinstance(results[blocks].error, BlockingSleepError)
    assert "'blocks'" in str(results[blocks].error)
    assert "await asyncio.sleep" in str(results[blocks].error)
    assert results[leaves_it].value


@in_both_worlds
def test_gates_and_conditions_may_be_async_for_any_task(run: Callable[[Flow], Results]) -> None:
    """D10: of async tasks and of plain ones."""
    asked: list[str] = []

    async def wanted(two: int) -> bool:
        await asyncio.sleep(0)
        asked.append("when")
        return two == 2

    async def valid(two: int) -> None:
        asked.append("validate")
        if two != 2:
            raise ValueError

    async def good(value: int) -> bool:
        asked.append(f"retry_until {value}")
        return value == 2

    @task(depends_on=[two], when=wanted, validate=valid, retry_until=good, retry=1, retry_backoff_base_ms=0)
    async def late(two: int) -> int:
        return current().attempt

    @task(depends_on=[two], when=wanted, validate=valid, retry_until=good, retry=1, retry_backoff_base_ms=0)
    def plain(two: int) -> int:
        return current().attempt

    results = run(Flow(late, plain, max_workers=1))
    assert (results[late].value, results[plain].value) == (2, 2)
    assert asked == ["when", "validate", "retry_until 1", "retry_until 2"] * 2

    results = run(flow := Flow(late, plain, max_workers=1))
    flow.override(two, 3)
    results = flow.resume()
    assert {results[late].state, results[plain].state} == {StepState.SKIPPED}


@in_both_worlds
def test_a_gate_that_raises_fails_its_task(run: Callable[[Flow], Results]) -> None:
    async def broken(*_: object) -> bool:
        raise ZeroDivisionError

    validated = task(lambda: 1, name="validated", validate=broken)
    refused = task(lambda: 1, name="refused", retry_until=broken, retry=3)
    results = run(Flow(validated, refused, fail_fast=False))
    assert [(each.attempts, type(each.error)) for each in results.values()] == [
        (0, ZeroDivisionError),
        (1, ZeroDivisionError),
    ]


@in_both_worlds
def test_a_timeout_cancels_the_coroutine_and_says_where_it_was(
    run: Callable[[Flow], Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8 and D20: and the next attempt starts."""
    clock = LeapingClock(monkeypatch)
    seen: list[BaseException] = []

    @task(timeout_s=FAR_S, retry=1, retry_backoff_base_ms=0)
    async def slow() -> int:
        if current().attempt == 2:
            return 2
        try:
            clock.leap(flow)
            await never()
        except BaseException as error:
            seen.append(error)
            raise
        return 1

    errors: list[TaskTimeoutError] = []
    flow = Flow(slow, max_workers=1, max_abandoned=0)
    flow.subscribe(
        lambda seen: errors.extend([e] if isinstance(e := getattr(seen.event, "error", 0), TaskTimeoutError) else [])
    )
    assert run(flow)[slow].value == 2
    assert [type(each) for each in seen] == [asyncio.CancelledError]


@in_both_worlds
def test_the_error_of_a_timeout_names_the_line_that_waits(
    run: Callable[[Flow], Results], monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = LeapingClock(monkeypatch)
    waits: list[str] = []

    @task(timeout_s=FAR_S)
    async def slow() -> None:
        waits.append("slow")
        await asyncio.wait_for(never(), GUARD_S)

    @task(timeout_s=FAR_S)
    async def blocking() -> None:
        waits.append("blocking")
        held.wait(GUARD_S)

    held = threading.Event()
    flow = Flow(slow)
    clock.leap_when(flow, lambda: waits)
    results = run(flow)
    assert isinstance(error := results[slow].error, TaskTimeoutError)
    assert "test_coroutines.py" in (error.stuck_at or "")
    assert "in never" in (error.stuck_at or "") or "in slow" in (error.stuck_at or "")
    flow = Flow(blocking)
    flow.subscribe(lambda seen: held.set() if isinstance(seen.event, AttemptTimedOut) else None)
    clock.leap_when(flow, lambda: waits[1:])
    results = run(flow)
    assert isinstance(error := results[blocking].error, TaskTimeoutError)
    assert "in blocking" in (error.stuck_at or "")


@in_both_worlds
def test_timed_out_coroutines_leave_their_places(run: Callable[[Flow], Results]) -> None:
    """Their threads come back, so they never exhaust the workers; as plain functions that hang would."""
    hung = [task(never, name=str(number), timeout_s=0.01) for number in range(10)]
    results = run(Flow(*hung, max_workers=1, max_abandoned=0, fail_fast=False, grace_s=GUARD_S))
    assert {each.state for each in results.values()} == {StepState.FAILED}


@in_both_worlds
def test_one_that_does_not_let_itself_be_cancelled_keeps_its_place(
    run: Callable[[Flow], Results], caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As a thread that hangs does (D8); and it is named."""
    for limit in ("_JOIN_S", "_LAST_S"):  # nobody waits for it, nor for the clerk, who names it
        monkeypatch.setattr(session_module, limit, 0.0)
    clock = LeapingClock(monkeypatch)
    let_go, begun = threading.Event(), threading.Event()

    async def stubborn() -> None:
        begun.set()
        while not let_go.is_set():
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0.005)

    hung = [task(stubborn, timeout_s=FAR_S), task(never, name="other")]
    flow = Flow(*hung, max_workers=1, max_abandoned=0, grace_s=FAR_S, fail_fast=False)
    waits = threading.Event()
    flow.subscribe(lambda seen: waits.set() if isinstance(seen.event, PlaceAwaited) else None)
    clock.leap_when(flow, begun.is_set, waits.is_set)
    conduct = flow.run_async if run is run_on_a_loop else None

    async def main() -> None:
        with pytest.raises(WorkersExhausted, match=r"stubborn at .*test_coroutines.py:\d+ in stubborn"):
            await conduct() if conduct is not None else flow.run()
        await until(lambda: "'stubborn' was cancelled, did not end, and is left behind" in caplog.text)
        let_go.set()
        await until(lambda: len(asyncio.all_tasks()) == 1)

    asyncio.run(main())
    assert flow.results["other"].state is StepState.CANCELLED
    for thread in threading.enumerate():
        if thread.name.startswith("flowing"):
            thread.join(GUARD_S)


@in_both_worlds
@pytest.mark.parametrize(
    "error",
    [SystemExit(3), GeneratorExit(), asyncio.CancelledError(), StopAsyncIteration(), BaseException("own")],
    ids=repr,
)
def test_whatever_a_coroutine_raises_is_its_failure(run: Callable[[Flow], Results], error: BaseException) -> None:
    """D12: and what is no Exception is not tried again."""

    @task(retry=1, retry_backoff_base_ms=0)
    async def body() -> None:
        raise error

    results = run(Flow(body))
    assert results[body].error is error
    assert results[body].attempts == (2 if isinstance(error, Exception) else 1)


@in_both_worlds
def test_an_interrupt_in_a_coroutine_cancels_the_run(run: Callable[[Flow], Results]) -> None:
    """D12."""

    @task
    async def body() -> None:
        raise KeyboardInterrupt

    other = task(never, name="other", after=[body])
    results = run(Flow(other))
    assert results.cancelled
    assert isinstance(results[body].error, KeyboardInterrupt)


@in_both_worlds
def test_a_traceback_begins_in_the_body(run: Callable[[Flow], Results]) -> None:
    """D13."""

    async def deeper() -> None:
        raise ValueError("deep")

    @task
    async def body() -> None:
        await deeper()

    results = run(Flow(body))
    with pytest.raises(FlowFailed):
        results.raise_on_failure()
    shown = results[body].traceback
    assert shown is not None
    assert "errands.py" not in shown
    assert "in body" in shown
    assert "in deeper" in shown


@in_both_worlds
def test_a_function_that_gives_a_coroutine_is_awaited_and_a_coroutine_in_a_coroutine_is_not(
    run: Callable[[Flow], Results],
) -> None:
    async def hidden() -> int:
        return 1

    async def twice() -> object:
        return hidden()

    results = run(Flow(task(lambda: hidden(), name="hides"), task(twice), fail_fast=False))  # noqa: PLW0108 - it hides it
    assert results["hides"].value == 1
    assert isinstance(results["twice"].error, UnsupportedFunctionError)
    assert "return await" in str(results["twice"].error)


@in_both_worlds
def test_context_variables_are_those_of_the_caller_and_never_shared(run: Callable[[Flow], Results]) -> None:
    """[R17] D19."""
    variable = contextvars.ContextVar("variable", default="unset")

    @task
    async def body() -> str:
        before = variable.get()
        variable.set("the body's")
        await asyncio.sleep(0)
        return before

    other = body.with_options(name="other", after=[body])
    variable.set("the caller's")
    results = run(Flow(other))
    assert {each.value for each in results.values()} == {"the caller's"}
    assert variable.get() == "the caller's"


@in_both_worlds
def test_detached_fail_fast_and_resume_are_as_ever(run: Callable[[Flow], Results]) -> None:
    """D3, D5, D6."""
    runs: list[str] = []
    broken = True

    @task
    async def good() -> str:
        runs.append("good")
        return "good"

    @task(depends_on=[good], detached=True)
    async def tell(good: str) -> None:
        runs.append("tell")
        raise ConnectionError

    @task(depends_on=[good])
    async def fails(good: str) -> str:
        runs.append("fails")
        if broken:
            raise ValueError
        return good

    last = task(never, name="last", after=[fails], timeout_s=0.01)
    flow = Flow(last)
    results = run(flow)
    assert (results[fails].state, results[last].state) == (StepState.FAILED, StepState.SKIPPED)
    assert [each.name for each in flow.detached_failures] == ["tell"]
    broken = False
    resume = Flow.resume if run is Flow.run else resume_on_a_loop
    results = resume(flow)
    assert results[fails].value == "good"
    assert isinstance(results[last].error, TaskTimeoutError)
    assert runs == ["good", "fails", "tell", "fails", "tell"]


@in_both_worlds
def test_results_are_stored_as_ever(run: Callable[[Flow], Results], tmp_path: Path) -> None:
    """D15: read, not run, the next time."""
    path = tmp_path / "run.db"
    with Flow(three, checkpoint=path) as flow:
        assert run(flow)[three].value == 3
    resume = Flow.resume if run is Flow.run else resume_on_a_loop
    with Flow(three, checkpoint=path) as again:
        assert [each.attempts for each in resume(again).values()] == [1, 1, 1]
        assert again.value(two) == 2


def test_errors_of_the_call_are_those_of_run() -> None:
    async def main() -> None:
        go_on = asyncio.Event()
        flow = Flow(task(go_on.wait, name="waits"))
        running = asyncio.create_task(flow.run_async())
        await until(lambda: flow.results["waits"].state is StepState.RUNNING)
        for call in (flow.run_async, flow.resume_async):
            with pytest.raises(FlowRunningError, match="is running"):
                await call()
        go_on.set()
        assert (await running).ok

    asyncio.run(main())


def test_a_flow_can_be_awaited_inside_a_task_of_another() -> None:
    @task
    async def outer() -> int:
        return (await Flow(two).run_async())[two].value

    @task(depends_on=[outer])
    async def inner_run(outer: int) -> int:
        return outer + Flow(two).run()[two].value

    assert run_on_a_loop(Flow(inner_run))[inner_run].value == 4
    assert Flow(inner_run).run()[inner_run].value == 4


def test_cancel_gives_coroutines_their_grace(monkeypatch: pytest.MonkeyPatch) -> None:
    """D9: what `flow.cancel()` finds running may finish; what does not is cancelled in the end."""
    flow: Flow
    clock = LeapingClock(monkeypatch)

    @task
    async def finishes() -> bool:
        await until(lambda: begun)
        flow.cancel()
        await until(lambda: current().cancelled)
        return True

    begun: list[bool] = []
    seen: list[str] = []

    async def hangs() -> None:
        begun.append(True)
        try:
            await never()
        finally:
            seen.append("cancelled")

    flow = Flow(finishes, task(hangs), grace_s=FAR_S)
    for run in (Flow.run, run_on_a_loop):
        clock.leap_when(flow, lambda: begun and flow.results[finishes].state is StepState.SUCCEEDED)
        results = run(flow)
        assert results.cancelled
        assert results[finishes].value is True
        assert results["hangs"].reason == "interrupted while running"
        assert seen == ["cancelled"]
        begun.clear()
        seen.clear()
