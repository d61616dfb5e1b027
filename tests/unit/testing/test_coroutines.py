"""Bodies that are `async def`, in a simulated run."""

from __future__ import annotations

import asyncio
import gc
import threading
import warnings
from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

import pytest

from flowing import Flow, StepState, TaskTimeoutError, UnsupportedFunctionError, current, task
from flowing.testing import Faults, SimulationFailed, crash_everywhere, explore, simulate, virtual_loop

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from flowing.testing import Simulation

LONG_S: Final = 1_000_000.0


def simulated(body: Callable[[], Coroutine[object, object, object]], **options: float) -> Simulation:
    return simulate(Flow(task(body, name="body", **options)), bodies="real")  # type: ignore[call-overload]  # any option


def test_a_coroutine_waits_on_virtual_time() -> None:
    """A wait of days would not end, were it real."""

    async def wait() -> float:
        before_s = current().now()
        await asyncio.sleep(LONG_S)
        assert asyncio.get_running_loop().time() == current().now()
        return current().now() - before_s

    run = simulated(wait)
    assert run.results["body"].value == LONG_S
    assert run.virtual_seconds == LONG_S


def test_a_coroutine_is_cancelled_at_its_deadline() -> None:
    """[T1] As in production: where it waits, and it may clean up."""
    seen: list[tuple[str, float, bool]] = []

    async def wait() -> None:
        try:
            await asyncio.sleep(LONG_S)
        except asyncio.CancelledError:
            seen.append(("cancelled", current().now(), current().cancelled))
            await asyncio.sleep(0.5)
            seen.append(("cleaned up", current().now(), True))
            raise

    run = simulated(wait, timeout_s=2.0)
    assert run.results["body"].state == StepState.FAILED
    assert isinstance(run.results["body"].error, TaskTimeoutError)
    assert seen == [("cancelled", 2.0, True), ("cleaned up", 2.5, True)]
    assert run.virtual_seconds == 2.0


def test_a_coroutine_that_is_quicker_than_its_deadline_succeeds() -> None:
    async def wait() -> str:
        await asyncio.sleep(1.5)
        return "done"

    run = simulated(wait, timeout_s=2.0)
    assert (run.results["body"].value, run.virtual_seconds) == ("done", 1.5)


def test_a_value_that_comes_after_the_deadline_is_too_late() -> None:
    async def stubborn() -> str:
        try:
            await asyncio.sleep(LONG_S)
        except asyncio.CancelledError:
            return "too late"
        return "never"

    assert isinstance(simulated(stubborn, timeout_s=2.0).results["body"].error, TaskTimeoutError)


def test_timed_out_coroutines_are_tried_again() -> None:
    async def slow_at_first() -> int:
        await asyncio.sleep(LONG_S if current().attempt == 1 else 1.0)
        return current().attempt

    run = simulated(slow_at_first, timeout_s=2.0, retry=1, retry_backoff_base_ms=4000)
    assert (run.results["body"].value, run.virtual_seconds) == (2, 2.0 + 4.0 + 1.0)


def test_all_coroutines_of_a_run_share_one_loop_and_no_two_runs_do() -> None:
    loops: list[asyncio.AbstractEventLoop] = []
    queue: asyncio.Queue[str] = asyncio.Queue()

    @task
    async def first() -> None:
        loops.append(asyncio.get_running_loop())
        await queue.put("hello")

    @task(after=[first])
    async def second() -> str:
        loops.append(asyncio.get_running_loop())
        return await queue.get()

    flow = Flow(second)
    assert simulate(flow, bodies="real").results["second"].value == "hello"
    simulate(flow, bodies="real")
    assert [loops.index(each) for each in loops] == [0, 0, 2, 2]
    assert all(each.is_closed() for each in loops)


def test_what_a_body_leaves_running_goes_on_and_is_cancelled_in_the_end() -> None:
    left: list[asyncio.Task[None]] = []
    beats: list[float] = []

    async def beat() -> None:
        while True:
            beats.append(current().now())
            await asyncio.sleep(1.0)

    @task
    async def first() -> None:
        left.append(asyncio.create_task(beat()))
        await asyncio.sleep(0.5)

    @task(after=[first])
    async def second() -> None:
        await asyncio.sleep(2.0)

    assert simulate(Flow(second), bodies="real").results.ok
    assert beats == [0.0, 1.0, 2.0]
    assert left[0].cancelled()


def test_bodies_of_both_kinds_overlap_on_virtual_time() -> None:
    """Each runs on a time of its own, as plain bodies do."""

    @task
    async def coroutine() -> None:
        await asyncio.sleep(3.0)

    @task
    def plain() -> None:
        current().sleep(3.0)

    assert simulate(Flow(coroutine, plain), bodies="real").virtual_seconds == 3.0


@pytest.mark.parametrize("when", ["body", "when", "retry_until"])
def test_a_coroutine_that_waits_for_nothing_hangs(when: str) -> None:
    """As a plain body that never returns."""

    async def hang(*_: object) -> bool:
        await asyncio.Event().wait()
        return True

    stuck = task(hang, name="stuck") if when == "body" else task(lambda: 1, name="stuck", **{when: hang})  # type: ignore[call-overload]  # one of two gates
    with pytest.raises(SimulationFailed, match="waits for ever for 'stuck', which never returns; give it a timeout_s"):
        simulate(Flow(stuck), bodies="real")


def test_a_hang_that_somebody_ends_is_none() -> None:
    ended: list[str] = []

    async def hang() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(current().name)

    for name, options, faults in (
        ("deadline", {"timeout_s": 1.0}, Faults()),
        ("cancel", {}, Faults().cancel(at_s=1.0)),
        ("cancel after", {}, Faults().cancel(after="other")),
    ):
        stuck = task(hang, name=name, **options)  # type: ignore[call-overload]  # any option
        run = simulate(Flow(stuck, task(lambda: 1, name="other")), bodies="real", faults=faults)
        assert run.results[name].state == (StepState.FAILED if options else StepState.CANCELLED)
    assert ended == ["deadline", "cancel", "cancel after"]


def test_a_coroutine_that_goes_round_in_circles_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_loop, "_JUMPS_MAX", 100)

    async def poll(times: int) -> None:
        while times:
            times -= 1
            await asyncio.sleep(1.0)

    assert simulated(lambda: poll(99)).results.ok
    with pytest.raises(SimulationFailed, match="waits for ever"):
        simulated(lambda: poll(-1))


def test_a_cancel_is_told_at_once_and_breaks_off_when_the_grace_is_over() -> None:
    """D9: a coroutine gets its grace, as in `flow.cancel()`."""
    seen: list[tuple[float, bool]] = []

    async def wait() -> None:
        try:
            for _ in range(20):
                await asyncio.sleep(1.0)
                seen.append((current().now(), current().cancelled))
        finally:
            seen.append((current().now(), current().cancelled))

    flow = Flow(task(wait, name="wait"), grace_s=3.0)
    run = simulate(flow, bodies="real", faults=Faults().cancel(at_s=1.5))
    assert run.results["wait"].state == StepState.CANCELLED
    assert seen == [(1.0, False), (2.0, True), (3.0, True), (4.0, True), (4.5, True)]
    assert run.virtual_seconds == 4.5
    seen.clear()
    run = simulate(flow, bodies="real", faults=Faults().cancel(at_s=1.5).cancel(at_s=2.5))
    assert seen == [(1.0, False), (2.0, True), (2.5, True)]


def test_a_coroutine_that_ends_within_the_grace_has_succeeded() -> None:
    async def wait() -> str:
        await asyncio.sleep(2.0)
        return "done"

    run = simulate(Flow(task(wait, name="wait")), bodies="real", faults=Faults().cancel(at_s=1.0))
    assert run.results["wait"].value == "done"
    assert run.results.cancelled


def test_faults_strike_coroutines_too() -> None:
    async def wait() -> str:
        await asyncio.sleep(1.0)
        return "done"

    flow = Flow(task(wait, name="wait", timeout_s=10.0, retry=1, retry_backoff_base_ms=0))
    assert simulate(flow, bodies="real", faults=Faults().fail("wait", attempts=(1,))).results["wait"].attempts == 2
    assert simulate(flow, bodies="real", faults=Faults().hang("wait", attempts=(1,))).virtual_seconds == 11.0
    assert simulate(flow, bodies="real", faults=Faults().late("wait", attempts=(1,))).virtual_seconds == 11.0
    assert simulate(flow, bodies="real", faults=Faults().take("wait", 5.0)).virtual_seconds == 6.0


@pytest.mark.parametrize("timeout_s", [None, 2.0])
def test_in_many_orders_with_any_fault_no_rule_is_broken(timeout_s: float | None) -> None:
    async def wait() -> str:
        await asyncio.sleep(3.0)
        return "done"

    first = task(wait, name="first", timeout_s=timeout_s, retry=1)
    flow = Flow(task(wait, name="last", after=[first]), task(wait, name="beside", timeout_s=timeout_s), grace_s=1.0)
    explore(flow, runs=200, bodies="real", faults=Faults().any())
    for seed in range(50):
        simulate(flow, bodies="real", seed=seed, faults=Faults().any(), any_time=True)


def test_a_crash_takes_the_loop_along() -> None:
    loops: list[asyncio.AbstractEventLoop] = []

    async def look() -> int:
        loops.append(asyncio.get_running_loop())
        await asyncio.sleep(1.0)
        return 1

    first = task(look, name="first")
    assert crash_everywhere(Flow(task(look, name="last", after=[first])), bodies="real").crashes > 3
    assert all(each.is_closed() for each in loops)
    assert len({id(each) for each in loops}) > 3


def test_no_loop_is_left_open_whatever_ends_the_simulation() -> None:
    async def interrupt() -> None:
        await asyncio.sleep(1.0)
        raise KeyboardInterrupt

    async def hang() -> None:
        await asyncio.Event().wait()

    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        with pytest.raises(KeyboardInterrupt):
            simulated(interrupt)
        with pytest.raises(SimulationFailed):
            simulated(hang)
        gc.collect()


def test_it_works_where_a_loop_is_running() -> None:
    """As in a test that is a coroutine itself; the loop that runs there is left alone."""

    async def wait() -> int:
        await asyncio.sleep(LONG_S)
        return 1

    async def main() -> Simulation:
        outer = asyncio.get_running_loop()
        run = simulated(wait)
        await asyncio.sleep(0)
        assert asyncio.get_running_loop() is outer
        return run

    before = threading.enumerate()
    assert asyncio.run(main()).virtual_seconds == LONG_S
    assert threading.enumerate() == before


def test_no_thread_is_started_elsewhere() -> None:
    async def look() -> threading.Thread:
        return threading.current_thread()

    assert simulated(look).results["body"].value is threading.current_thread()


def test_coroutines_run_in_a_copy_of_the_callers_context() -> None:
    """[R17] As in production."""
    colour: ContextVar[str] = ContextVar("colour", default="none")
    colour.set("red")

    async def paint() -> str:
        before = colour.get()
        colour.set("blue")
        return before

    assert simulated(paint).results["body"].value == "red"
    assert colour.get() == "red"


def test_what_production_refuses_is_refused() -> None:
    async def sleep() -> None:
        current().sleep(1.0)

    async def forget() -> object:
        return asyncio.sleep(1.0)

    assert type(simulated(sleep).results["body"].error).__name__ == "BlockingSleepError"
    assert isinstance(simulated(forget).results["body"].error, UnsupportedFunctionError)


def test_what_a_body_began_cannot_end_the_loop(caplog: pytest.LogCaptureFixture) -> None:
    """D12: as in production."""

    async def leave() -> None:
        raise SystemExit(3)

    async def begin() -> str:
        begun = asyncio.create_task(leave())
        await asyncio.sleep(1.0)
        return type(begun.exception()).__name__

    assert simulated(begin).results["body"].value == "SystemExit"
    assert "SystemExit: 3 hit the event loop of a run, which goes on" in caplog.text
