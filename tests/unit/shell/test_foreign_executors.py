"""loky, dask and uvloop, where they are installed: `nox --session executors` does."""

from __future__ import annotations

import asyncio
import os
import threading
from importlib import import_module
from typing import TYPE_CHECKING, Any

import pytest

from flowing import Depends, ExecutorBroken, Flow, RestoredError, TaskTimeoutError, UnsendableError, bind, current, task
from tests.unit.faults.child import run_child
from tests.unit.shell import bodies
from tests.unit.shell.leaping import FAR_S, LeapingClock, whereabouts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from concurrent.futures import Executor
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore")  # what these packages do is theirs


def needed(module: str) -> Any:  # noqa: ANN401 - some package
    """Import a package; `nox --session executors` installs all of them, and then each has to be there."""
    return import_module(module) if os.environ.get("FLOWING_EXECUTORS") else pytest.importorskip(module)


@pytest.fixture(scope="module")
def dask() -> Iterator[Executor]:
    """Give an executor of a cluster with two processes."""
    distributed = needed("distributed")
    with (
        distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client.get_executor()


@pytest.fixture
def loky() -> Executor:
    """Give the pool that all of a process share."""
    executor: Executor = needed("loky").get_reusable_executor(max_workers=2)
    return executor


@pytest.fixture(params=["loky", "dask"])
def foreign(request: pytest.FixtureRequest) -> Executor:
    """Give each of them."""
    executor: Executor = request.getfixturevalue(request.param)
    return executor


def test_a_body_runs_there_and_learns_what_crosses(foreign: Executor) -> None:
    results = Flow(bodies.learns, executor=foreign).run()
    where, _, name, attempt, left_s, key, cancelled = results[bodies.learns].value
    assert where != os.getpid()
    assert (name, attempt, cancelled, len(key)) == ("learns", 1, False, 32)
    assert 0 < left_s <= bodies.GUARD_S


def test_closures_and_lambdas_are_sent_by_value(foreign: Executor) -> None:
    """With cloudpickle, which comes with both."""
    factor = 3

    @task
    def closure() -> int:
        return factor * len(current().name)

    step = bind(lambda number: number + factor, 1).with_options(name="lambda")
    results = Flow(closure, step, executor=foreign).run()
    assert (results[closure].value, results[step].value) == (21, 4)


def test_what_even_cloudpickle_can_not_send_is_an_error(foreign: Executor) -> None:
    step = bind(id, threading.Lock()).with_options(name="locked")
    result = Flow(step, executor=foreign).run()[step]
    assert isinstance(result.error, UnsendableError)
    assert "put the function into a module" in str(result.error)


def test_errors_come_back(foreign: Executor) -> None:
    results = Flow(bodies.raises, bodies.raises_awkwardly, executor=foreign, fail_fast=False).run()
    assert type(results[bodies.raises].error) is ValueError
    assert isinstance(results[bodies.raises_awkwardly].error, RestoredError)


def test_a_deadline_holds(foreign: Executor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = LeapingClock(monkeypatch)
    over = tmp_path / "over"

    def waits() -> None:
        while not over.exists():
            threading.Event().wait(0.01)

    step = task(waits, timeout_s=FAR_S)
    flow = Flow(step, executor=foreign)
    clock.leap_when(flow, lambda: whereabouts(flow))
    try:
        assert isinstance(flow.run()[step].error, TaskTimeoutError)
    finally:
        over.touch()  # else the process would be busy for the tests that follow


def test_many_tasks_in_a_graph(foreign: Executor) -> None:
    def total(*numbers: int) -> int:
        return sum(numbers)

    squares = [bind(lambda n: n * n, n).with_options(name=f"square_{n}") for n in range(50)]
    step = bind(total, *(Depends(each) for each in squares)).with_options(name="total")
    assert Flow(step, executor=foreign, max_workers=8).run()[step].value == sum(n * n for n in range(50))


def test_a_crash_in_loky_breaks_it_and_a_function_that_makes_one_goes_on(loky: Executor) -> None:
    make = needed("loky").get_reusable_executor
    step = bind(bodies.dies, "exit").with_options(name="dies")
    with pytest.raises(ExecutorBroken, match="'dies'"):
        Flow(step, executor=loky).run()
    flow = Flow(step, bodies.where, executor=make, fail_fast=False, max_workers=1)
    results = flow.run()
    assert isinstance(results[step].error, ExecutorBroken)
    assert results[bodies.where].value != os.getpid()


def test_a_program_sends_what_is_in_main() -> None:
    """By value: nobody else can import it."""
    needed("loky")
    done = run_child(
        """
        import loky
        class Word(Exception):
            pass
        @task
        def fails():
            raise Word("from main")
        @task
        def doubles(number=2):
            return helper(number)
        def helper(number):
            return number * 2
        results = Flow(fails, doubles, executor=loky.get_reusable_executor(max_workers=1), fail_fast=False).run()
        say(results[doubles].value, type(results[fails].error) is Word, results[fails].error)
        loky.get_reusable_executor().shutdown()
        """
    )
    assert done.stdout == "4 True from main\n", done.stderr


def test_flows_run_on_uvloop() -> None:
    """[X5] The caller's loop may be any."""
    uvloop = needed("uvloop")

    @task
    async def first() -> str:
        await asyncio.sleep(0)
        return type(asyncio.get_running_loop()).__module__

    @task(timeout_s=0.02)
    async def hangs() -> None:
        await asyncio.Event().wait()

    async def main(flow: Flow) -> None:
        running = asyncio.create_task(flow.run_async())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(running, 0.05)

    flow = Flow(first, hangs, fail_fast=False)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        results = runner.run(flow.run_async())
        assert results[first].value.startswith("uvloop")
        assert isinstance(results[hangs].error, TaskTimeoutError)
        runner.run(main(flow := Flow(hangs.with_options(timeout_s=None))))
        assert flow.results.cancelled
