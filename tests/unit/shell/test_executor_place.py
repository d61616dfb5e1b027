"""Executors of other people's: what they carry out, and what becomes of a run when one breaks."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

import pytest
from typing_extensions import override

from flowing import (
    Depends,
    ExecutorBroken,
    Flow,
    RestoredError,
    StepState,
    TaskTimeoutError,
    UnsendableError,
    bind,
    current,
    task,
)
from tests.unit.shell import bodies
from tests.unit.shell.leaping import FAR_S, LeapingClock, whereabouts

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
GUARD_S = 60


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """No thread of flowing's outlives its run."""
    yield
    assert [each.name for each in threading.enumerate() if each.name.startswith("flowing")] == []


class Scripted(Executor):
    """Does with each call what the next line of its script says; the last line counts for all that follow."""

    def __init__(self, *script: str) -> None:
        self.script = list(script)
        self.submitted: list[Future[Any]] = []
        self.shutdowns = 0

    @override
    def submit(self, fn: Callable[..., Any], /, *args: object, **kwargs: object) -> Future[Any]:
        line = self.script.pop(0) if len(self.script) > 1 else self.script[0]
        future: Future[Any] = Future()
        self.submitted.append(future)
        match line:
            case "runs":
                future.set_result(fn(*args, **kwargs))
            case "breaks":
                future.set_exception(BrokenProcessPool("a worker is gone"))
            case "fails":
                future.set_exception(OSError("lost on the way"))
            case "refuses":
                raise RuntimeError("cannot schedule new futures after shutdown")
            case "cancels":
                future.cancel()
            case "is busy":
                future.set_running_or_notify_cancel()
            case _:
                pass  # the call stays in the queue
        return future

    @override
    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self.shutdowns += 1
        assert not wait


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_a_process_pool_of_the_standard_library_carries_out_bodies(
    start_method: Literal["fork", "forkserver", "spawn"],
) -> None:
    """D21: the pool is the user's, and works on after the run."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(start_method)) as pool:
        results = Flow(bodies.learns, bodies.raises_awkwardly, executor=pool, fail_fast=False).run()
        where, here, name, attempt, left_s, key, cancelled = results[bodies.learns].value
        assert where == here == pool.submit(os.getpid).result() != os.getpid()
        assert (name, attempt, cancelled, len(key)) == ("learns", 1, False, 32)
        assert 0 < left_s <= bodies.GUARD_S
        # It can't be unpickled. The pool would break of it, and with it all that it holds; here its words come.
        assert isinstance(results[bodies.raises_awkwardly].error, RestoredError)


def test_threads_of_a_pool_need_no_pickles_and_get_the_context() -> None:
    """A lock can't be pickled, and `current()` is the attempt itself."""
    lock = threading.Lock()
    names: list[str] = []

    def body() -> object:
        names.append(threading.current_thread().name)
        assert not current().cancelled
        return lock

    step = task(body)
    with ThreadPoolExecutor(1, thread_name_prefix="mine") as pool:
        assert Flow(step, executor=pool).run()[step].value is lock
    assert names == ["mine_0"]

    def fails() -> None:
        raise BrokenProcessPool("of the body's own")

    step = task(fails)
    result = Flow(step, executor=ThreadPoolExecutor).run()["fails"]  # a class makes one, too
    assert isinstance(result.error, BrokenProcessPool)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("breaks", "has broken (BrokenProcessPool: a worker is gone)"),
        ("refuses", "takes no work (RuntimeError: cannot schedule new futures after shutdown)"),
        ("cancels", "has cancelled the call"),
    ],
)
def test_one_that_breaks_fails_what_it_had_and_ends_the_run(line: str, words: str) -> None:
    """D21: nothing is tried again, what had succeeded is kept, and the way out is named."""
    executor = Scripted("runs", line)
    first = bodies.where.with_options(name="first")
    second = bodies.where.with_options(name="second", after=[first], retry=3)
    third = bodies.where.with_options(name="third", executor=None, after=[second])
    flow = Flow(third, executor=executor)
    with pytest.raises(ExecutorBroken) as caught:
        flow.run()
    assert f"the executor of task 'second', Scripted, {words}; the run was ended" in str(caught.value)
    assert "give the flow a function that makes an executor" in str(caught.value)
    assert (caught.value.task, caught.value.executor, caught.value.is_replaced) == ("second", "Scripted", False)
    results = flow.results
    assert [results[each].state for each in (first, second, third)] == [
        StepState.SUCCEEDED,
        StepState.FAILED,
        StepState.SKIPPED,
    ]
    assert results[second].error is caught.value
    assert (results[second].attempts, executor.shutdowns) == (1, 0)
    executor.script = ["runs"]
    assert flow.resume().ok
    assert flow.results[first].attempts == 1


def test_one_that_a_function_makes_is_made_anew_and_retries_go_on() -> None:
    """D21: once for each break, whoever met it."""
    made: list[Scripted] = []

    def make() -> Scripted:
        made.append(Scripted("breaks" if len(made) < 2 else "runs"))
        return made[-1]

    steps = [bodies.where.with_options(name=str(n), retry=2, retry_backoff_base_ms=0) for n in range(3)]
    flow = Flow(*steps, executor=make, max_workers=1)
    assert flow.run().ok
    assert [len(each.submitted) for each in made] == [1, 1, 3]
    assert [each.shutdowns for each in made] == [0, 0, 1]  # a broken one has nothing to shut down
    once = bodies.where.with_options(executor=partial(Scripted, "breaks"))
    error = Flow(once).run()[once].error
    assert isinstance(error, ExecutorBroken)
    assert error.is_replaced
    assert "a new one is made for the next attempt; give the task retry=" in str(error)


def test_one_that_can_not_be_made_ends_the_run() -> None:
    def make() -> Executor:
        raise OSError("no room")

    flow = Flow(bodies.where, executor=make)
    with pytest.raises(
        ExecutorBroken, match=r"'where', make, can't be made: OSError: no room; the run was ended"
    ) as caught:
        flow.run()
    assert isinstance(caught.value.__cause__, OSError)


def test_an_error_of_the_executors_own_is_a_failure_of_the_attempt() -> None:
    """As dask's `KilledWorker`: tried again as the task says."""
    step = bodies.where.with_options(retry=1, retry_backoff_base_ms=0)
    assert Flow(step, executor=Scripted("fails", "runs")).run().ok
    assert isinstance(Flow(bodies.where, executor=Scripted("fails")).run()[bodies.where].error, OSError)


def test_a_deadline_counts_from_the_moment_the_call_is_handed_in(monkeypatch: pytest.MonkeyPatch) -> None:
    """D21: one that still waits in the executor's queue is taken out of it, and says so."""
    clock = LeapingClock(monkeypatch)
    executor = Scripted("waits")
    step = bodies.where.with_options(timeout_s=FAR_S)
    flow = Flow(step, executor=executor, max_workers=1, max_abandoned=0)
    clock.leap_when(flow, lambda: executor.submitted)
    error = flow.run()[step].error
    assert isinstance(error, TaskTimeoutError)
    assert error.stuck_at == "the queue of Scripted"
    assert executor.submitted[0].cancelled()


def test_one_that_runs_can_not_be_cancelled_and_holds_its_place_until_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody but the executor can end it; the thread that waits for it leaves with the run."""
    clock = LeapingClock(monkeypatch)
    executor = Scripted("is busy")
    step = bodies.where.with_options(timeout_s=FAR_S)
    flow = Flow(step, executor=executor)
    clock.leap_when(flow, lambda: whereabouts(flow) == ["Scripted"])
    error = flow.run()[step].error
    assert isinstance(error, TaskTimeoutError)
    assert error.stuck_at == "Scripted"
    assert not executor.submitted[0].done()


def test_a_cancelled_run_does_not_wait_for_the_executor() -> None:
    """D9: not longer than its grace."""
    flow: Flow
    executor = Scripted("is busy")
    step = bodies.where.with_options(name="busy")

    @task
    def cancels() -> None:
        while flow.results[step].state is not StepState.RUNNING:
            pass
        flow.cancel()

    flow = Flow(step, cancels.with_options(executor=None), executor=executor, grace_s=0.02)
    assert flow.run()[step].reason == "interrupted while running"


def test_a_pool_that_a_function_made_is_ended_though_a_body_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the interpreter would wait for it at its exit."""
    clock = LeapingClock(monkeypatch)
    pools: list[ProcessPoolExecutor] = []

    def make() -> ProcessPoolExecutor:
        pools.append(ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork")))
        return pools[0]

    hung = bodies.hangs.with_options(timeout_s=FAR_S)
    flow = Flow(hung, executor=make)
    clock.leap_when(flow, lambda: whereabouts(flow) == ["ProcessPoolExecutor"])
    error = flow.run()[hung].error
    assert isinstance(error, TaskTimeoutError)
    deadline = time.monotonic() + GUARD_S
    while multiprocessing.active_children():  # the pool's own thread may be the one that reaps it
        assert time.monotonic() < deadline
        time.sleep(0.001)


def test_what_can_not_be_sent_says_so_without_asking_the_executor() -> None:
    executor = Scripted("runs")
    step = bind(id, threading.Lock()).with_options(name="locked")
    result = Flow(step, executor=executor).run()[step]
    assert isinstance(result.error, UnsendableError)
    assert "argument 1, a lock, can't be pickled" in str(result.error)
    assert executor.submitted == []


def test_results_are_stored_as_ever(tmp_path: Path) -> None:
    """Encoding, gates and commits stay in the process of the run."""
    path = tmp_path / "run.db"
    step = bind(bodies.add, Depends(bodies.where.with_options(name="left"))).with_options(name="sum")
    with Flow(step, checkpoint=path, executor=Scripted("runs")) as flow:
        value = flow.run()[step].value
    with Flow(step, checkpoint=path, executor=Scripted("refuses")) as again:
        assert again.resume()[step].value == value


def test_an_awaited_flow_may_have_executors_too() -> None:
    assert asyncio.run(Flow(bodies.where, executor=Scripted("runs")).run_async()).ok
