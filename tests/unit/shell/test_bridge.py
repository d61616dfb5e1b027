"""What becomes of a flow, and of its coroutines, when whoever awaits it is cancelled, or its loop is gone."""

from __future__ import annotations

import asyncio
import gc
import threading
from typing import TYPE_CHECKING

import pytest

from flowing import CheckpointLocked, Flow, StepState, WorkerCrashed, WorkerStartError, current, task
from flowing.shell import session as session_module
from flowing.shell.coroutines import Coroutines
from tests.unit.faults.child import run_child, said
from tests.unit.shell.waiting import until

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from flowing import Results

GUARD_S = 60


class Stage:
    """A flow with a coroutine and a plain function that wait, and what they saw."""

    def __init__(self, **options: float) -> None:
        self.go_on = threading.Event()
        self.begun: list[str] = []
        self.ended: list[str] = []
        self.finish = False
        self.late = task(self._late, name="late")
        self.plain = task(self._plain, name="plain")
        self.last = task(lambda: "last", name="last", after=[self.late, self.plain])
        self.flow = Flow(self.last, **options)  # type: ignore[arg-type]  # grace_s

    async def _late(self) -> str:
        self.begun.append("late")
        try:
            await until(lambda: self.finish)
        except asyncio.CancelledError:
            self.ended.append("late cancelled")
            raise
        return "late"

    def _plain(self) -> str:
        self.begun.append("plain")
        assert self.finish or self.go_on.wait(GUARD_S)
        self.ended.append("plain")
        return "plain"

    async def running(self) -> asyncio.Task[Results]:
        """Start the flow, and wait until both run."""
        running = asyncio.create_task(self.flow.run_async())
        await until(lambda: len(self.begun) >= 2)
        return running

    def assert_it_goes_on(self) -> None:
        """Resume, and see that what had succeeded is not run again."""
        assert not [each for each in threading.enumerate() if each.name.startswith("flowing")]
        self.finish = True
        before = len(self.begun)
        results = asyncio.run(self.flow.resume_async())
        assert results.ok
        assert len(self.begun) - before == 1


def test_a_cancel_ends_coroutines_at_once_and_lets_plain_functions_finish() -> None:
    """D9, and asyncio's convention; the flow can be resumed, and nothing is left behind."""
    stage = Stage()

    async def main() -> None:
        running = await stage.running()
        running.cancel()
        await until(lambda: stage.ended)
        assert stage.ended == ["late cancelled"]
        assert not running.done()
        stage.go_on.set()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert asyncio.all_tasks() == {asyncio.current_task()}

    asyncio.run(main())
    results = stage.flow.results
    assert results.cancelled
    assert [results[each].state for each in (stage.late, stage.plain, stage.last)] == [
        StepState.CANCELLED,
        StepState.SUCCEEDED,
        StepState.CANCELLED,
    ]
    stage.assert_it_goes_on()


def test_a_second_cancel_ends_the_run_at_once() -> None:
    stage = Stage(grace_s=GUARD_S)

    async def main() -> None:
        running = await stage.running()
        running.cancel()
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running

    asyncio.run(main())
    assert stage.flow.results[stage.plain].reason == "interrupted while running"
    stage.go_on.set()


async def _with_wait_for(flow: Flow) -> None:
    await asyncio.wait_for(flow.run_async(), 0.02)


async def _with_timeout(flow: Flow) -> None:
    async with asyncio.timeout(0.02):
        await flow.run_async()


async def _with_a_group(flow: Flow) -> None:
    async with asyncio.timeout(0.02), asyncio.TaskGroup() as group:
        group.create_task(flow.run_async())


@pytest.mark.parametrize("patience", [_with_wait_for, _with_timeout, _with_a_group])
def test_asyncios_own_ways_to_limit_a_wait_work(patience: Callable[[Flow], Awaitable[None]]) -> None:
    hung = task(asyncio.Event().wait, name="hung")
    flow = Flow(hung)

    async def main() -> None:
        with pytest.raises(TimeoutError):
            await patience(flow)
        assert flow.results[hung].state is StepState.CANCELLED

    asyncio.run(main())


def test_the_end_of_asyncio_run_is_a_cancel() -> None:
    """A flow that nobody awaits any more does not outlive the loop."""
    stage = Stage(grace_s=0.01)

    async def main() -> asyncio.Task[Results]:
        return await stage.running()

    running = asyncio.run(main())
    assert running.cancelled()
    assert stage.ended == ["late cancelled"]
    stage.go_on.set()


def test_a_cancel_before_the_run_has_begun_is_not_lost() -> None:
    """While a checkpoint is read, for example, which may take long."""
    flow = Flow(task(asyncio.Event().wait, name="hung"))

    async def main() -> None:
        for turns in range(20):
            running = asyncio.create_task(flow.run_async())
            for _ in range(turns):
                await asyncio.sleep(0)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running

    asyncio.run(main())
    assert not [each for each in threading.enumerate() if each.name.startswith("flowing")]


def test_what_ended_the_run_is_the_cause_of_the_cancel(tmp_path: Path) -> None:
    """A cancelled task raises CancelledError, and yet the error is not lost."""
    path = tmp_path / "run.db"
    one = task(lambda: 1, name="one", persist=False)

    async def main() -> None:
        running = asyncio.create_task(Flow(one, checkpoint=path).run_async())
        await asyncio.sleep(0)
        running.cancel()
        with pytest.raises(asyncio.CancelledError) as caught:
            await running
        assert isinstance(caught.value.__cause__, CheckpointLocked)

    with Flow(one, checkpoint=path) as holder:
        holder.run()
        with pytest.raises(CheckpointLocked):
            asyncio.run(Flow(one, checkpoint=path).run_async())
        asyncio.run(main())


def test_one_that_is_closed_while_it_waits_cancels_the_flow() -> None:
    """Its loop has thrown it away, so nobody would ever hear of the end."""
    stage = Stage()

    async def main() -> None:
        awaited = stage.flow.run_async()
        awaited.send(None)
        await until(lambda: len(stage.begun) == 2)
        awaited.close()
        stage.go_on.set()
        await until(lambda: stage.flow._runs.session is None)

    asyncio.run(main())
    assert stage.flow.results.cancelled


def abandoned(stage: Stage, loop: asyncio.AbstractEventLoop) -> asyncio.Task[Results]:
    """Start the flow on the loop, and stop the loop when only the coroutine still runs."""

    async def begin() -> asyncio.Task[Results]:
        running = await stage.running()
        stage.go_on.set()
        await until(lambda: stage.flow.results[stage.plain].state is StepState.SUCCEEDED)
        return running

    return loop.run_until_complete(begin())


def look_twice(flow: Flow) -> None:
    """Have the run look after its loop, unless it has done so itself, as it does every few seconds."""
    session = flow._runs.session
    if session is not None:
        for _ in range(2):
            session._look_after_threads(frozenset())


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize("ending", ["was closed", "was stopped"])
def test_a_run_whose_loop_is_gone_ends_and_says_so(
    ending: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Never a hang: its threads would wait for coroutines that nothing runs any more."""
    monkeypatch.setattr(session_module, "_LAST_S", 0.0)  # they can't end, so nothing is there to wait for
    stage = Stage()
    loop = asyncio.new_event_loop()
    running = abandoned(stage, loop)
    if ending == "was closed":
        loop.close()
    look_twice(stage.flow)
    for thread in threading.enumerate():
        if thread.name.startswith("flowing"):
            thread.join(GUARD_S)
    assert stage.flow.results[stage.late].state is StepState.CANCELLED
    if ending == "was closed":
        assert "ended with WorkerCrashed: the event loop of the run was closed" in caplog.text
        running._log_destroy_pending = False  # type: ignore[attr-defined]  # asyncio complains on stderr
    else:
        with pytest.raises(WorkerCrashed, match=r"was stopped.*resume\(\) keeps"):
            loop.run_until_complete(running)
        loop.close()
    del running
    gc.collect()
    stage.assert_it_goes_on()


def test_a_loop_that_is_driven_in_short_steps_is_no_lost_one() -> None:
    """As in programs that have a main loop of their own: at rest whenever one looks, and yet it goes on."""
    loop = asyncio.new_event_loop()
    coroutines = Coroutines(loop)
    for _ in range(3):
        assert coroutines.fault() is None
        loop.run_until_complete(asyncio.sleep(0))
    assert coroutines.fault() is None
    assert coroutines.fault() == "was stopped"
    loop.close()
    assert coroutines.fault() == "was closed"
    assert Coroutines().fault() is None


def test_a_task_that_closes_with_its_loop_is_a_failure_with_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    """The loop is closed between two tasks, and the task is faster than the look after the loop."""
    monkeypatch.setattr(session_module, "_LOOK_S", GUARD_S)
    closed = threading.Event()
    first = task(lambda: closed.wait(GUARD_S), name="first")
    last = task(asyncio.Event().wait, name="last", after=[first])
    flow = Flow(last)
    loop = asyncio.new_event_loop()

    async def start() -> asyncio.Task[Results]:
        running = asyncio.create_task(flow.run_async())
        await until(lambda: flow.results[first].state is StepState.RUNNING)
        return running

    running = loop.run_until_complete(start())
    loop.close()
    closed.set()
    for thread in threading.enumerate():
        if thread.name.startswith("flowing"):
            thread.join(GUARD_S)
    assert isinstance(flow.results[last].error, WorkerCrashed)
    assert "task 'last' was to run is closed" in str(flow.results[last].error)
    running._log_destroy_pending = False  # type: ignore[attr-defined]  # as above
    running.get_coro().close()


def test_a_thread_that_cannot_be_had_is_an_error_with_the_way_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] For the run on the caller's loop, and for the private loop."""

    def refuse(thread: threading.Thread) -> None:
        if thread.name in {"flowing-run", "flowing-loop"}:
            raise RuntimeError("can't start new thread")
        start(thread)

    start = threading.Thread.start
    late = task(asyncio.Event().wait, name="late")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", refuse)
        with pytest.raises(WorkerStartError, match="raise their limit"):
            asyncio.run(Flow(late).run_async())
        error = Flow(late).run()[late].error
    assert isinstance(error, WorkerStartError)
    assert "raise the limit" in str(error)


def test_a_child_that_comes_back_out_of_a_coroutine_ends_there() -> None:
    """[X9] On the private loop, and on the caller's: else everything after it would run twice."""
    program = """
        import asyncio, warnings
        warnings.simplefilter("ignore")
        @task
        async def forks():
            pid = os.fork()
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pid else 0
        @task(depends_on=[forks])
        def after(forks):
            say("after")
            return forks
        say(Flow(after).run()[after].value)
        say(asyncio.run(Flow(after).run_async())[after].value)
        """
    assert said(program) == ["after", "1", "after", "1"]


def test_a_process_exits_at_once_while_coroutines_run() -> None:
    """[X6] Nobody waits for them, and the exit code is the program's own."""
    done = run_child(
        """
        import asyncio
        started = threading.Event()
        async def hangs():
            started.set()
            await asyncio.Event().wait()
        flow = Flow(task(hangs))
        threading.Thread(target=flow.run, daemon=True).start()
        started.wait(60)
        sys.exit(7)
        """
    )
    assert (done.returncode, done.stderr) == (7, "")


def test_ctrl_c_ends_an_awaited_flow_as_asyncio_does_and_a_waiting_run_as_ever() -> None:
    """[X1] KeyboardInterrupt comes out of both; coroutines get their grace where the caller waits in run()."""
    program = """
        import asyncio
        from flowing.shell import bridge, session
        bridge._JOIN_S = session._JOIN_S = session._LAST_S = 60  # what is on its way out is gone in the end
        ended = []
        async def hangs():
            os.kill(os.getpid(), signal.SIGINT)
            try:
                await asyncio.Event().wait()
            finally:
                ended.append(1)
        for call in (lambda flow: asyncio.run(flow.run_async()), Flow.run):
            flow = Flow(task(hangs, name="hangs"), grace_s=0.05)
            try:
                call(flow)
            except KeyboardInterrupt:
                say(flow.results.cancelled, flow.results["hangs"].state.name, len(ended))
        say([each.name for each in threading.enumerate()])
        """
    assert said(program) == ["True CANCELLED 1", "True CANCELLED 2", "['MainThread']"]


def test_a_program_without_coroutines_loads_no_asyncio() -> None:
    """[X12] It takes as long to load as flowing itself."""
    program = """
        assert Flow(task(lambda: current().sleep(0), name="one")).run().ok
        say("asyncio" in sys.modules)
        async def late(): pass
        assert Flow(task(late)).run().ok
        say("asyncio" in sys.modules)
        """
    assert said(program) == ["False", "True"]


def test_the_current_attempt_of_a_copy_outlives_its_loop() -> None:
    """Asked from a thread that a body left behind."""
    asked: list[object] = []

    @task
    async def body() -> None:
        asked.append(current())

    Flow(body).run()
    assert getattr(asked[0], "name", None) == "body"
