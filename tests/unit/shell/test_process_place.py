"""`executor=flowing.processes(n)`: bodies in processes that are killed for real, and die alone."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any

import pytest

from flowing import (
    ConfigError,
    Depends,
    Flow,
    ProcessDied,
    RestoredError,
    StepState,
    TaskTimeoutError,
    UnsendableError,
    bind,
    processes,
    task,
)
from flowing.shell.process_place import _words_for
from tests.unit.faults.child import KILL_AFTER_S, run_child
from tests.unit.shell import bodies
from tests.unit.shell.leaping import FAR_S, LeapingClock, whereabouts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Literal

    from flowing import Task

pytestmark = pytest.mark.filterwarnings("ignore:This process.*fork:DeprecationWarning")
QUICK = processes(2, start_method="fork")  # no child has to import anything; nothing here holds a lock meanwhile


@pytest.fixture(autouse=True)
def _nothing_is_left_behind() -> Iterator[None]:
    """No process and no thread outlives its run."""
    yield
    assert multiprocessing.active_children() == []
    assert [each.name for each in threading.enumerate() if each.name.startswith("flowing")] == []


@pytest.mark.parametrize("start_method", ["fork", "forkserver", "spawn"])
def test_a_body_runs_in_another_process_and_learns_what_crosses(
    start_method: Literal["fork", "forkserver", "spawn"],
) -> None:
    """D21."""
    flow = Flow(bodies.learns, executor=processes(1, start_method=start_method))
    where, here, name, attempt, left_s, key, cancelled = flow.run()[bodies.learns].value
    assert where == here != os.getpid()  # the process is kept for the next call
    assert (name, attempt, cancelled) == ("learns", 1, False)
    assert 0 < left_s <= bodies.GUARD_S
    assert len(key) == 32


def test_the_idempotency_key_is_that_of_the_same_task_in_a_thread() -> None:
    keys: list[str] = []
    flow = Flow(bodies.learns, executor=QUICK)
    keys.append(flow.run()[bodies.learns].value[5])
    flow.invalidate(bodies.learns)
    keys.append(flow.resume()[bodies.learns].value[5])
    here = Flow(bodies.learns)
    keys.append(here.run()[bodies.learns].value[5])
    assert len(set(keys)) == 3
    assert flow.run()[bodies.learns].value[5] not in keys


def test_a_task_says_for_itself_where_it_runs() -> None:
    """Its own executor goes before the flow's; gates, and coroutines, run here."""
    asked: list[int] = []

    def here(value: int) -> bool:
        asked.append(os.getpid())
        return True

    async def late() -> int:
        return os.getpid()

    there = bodies.where.with_options(name="there", executor=QUICK, retry_until=here)
    stays = bodies.where.with_options(name="stays", executor=None)
    coroutine = task(late)
    results = Flow(there, stays, coroutine).run()
    assert results[there].value != os.getpid()
    assert asked == [results[stays].value] == [results[coroutine].value] == [os.getpid()]
    results = Flow(there, stays, coroutine, bodies.where, executor=QUICK).run()
    assert os.getpid() not in {results[there].value, results[bodies.where].value}
    assert results[stays].value == results[coroutine].value == os.getpid()


def test_arguments_of_every_kind_arrive() -> None:
    values = [
        bind(bodies.add, 1).with_options(name="default"),
        bind(bodies.add, Depends(bodies.where), 0, scale=2).with_options(name="keyword"),
        bind(bodies.add, 1, 2, 3, 4, scale=2).with_options(name="many"),
    ]
    results = Flow(*values, executor=QUICK).run()
    assert results["default"].value == 2
    assert results["keyword"].value == results[bodies.where].value * 2
    assert results["many"].value == 20


def test_a_timed_out_body_is_killed_and_the_next_attempt_gets_a_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """D8 and D21: though it ignores SIGTERM, and holds the only place."""
    clock = LeapingClock(monkeypatch)
    marker = tmp_path / "pid"
    step = bind(bodies.hangs_once, str(marker)).with_options(timeout_s=FAR_S, retry=1, retry_backoff_base_ms=0)
    flow = Flow(step, executor=processes(1, start_method="fork"), max_workers=1, max_abandoned=0)
    clock.leap_when(flow, lambda: marker.exists() and marker.read_text(encoding="utf-8"))
    pid = int(flow.run()[step].value)
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_time_out_says_in_which_process_the_body_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """D8 and D21."""
    clock = LeapingClock(monkeypatch)
    hung = bodies.hangs.with_options(timeout_s=FAR_S)
    flow = Flow(hung, executor=QUICK)
    clock.leap_when(flow, lambda: any((where or "").startswith("process ") for where in whereabouts(flow)))
    error = flow.run()[hung].error
    assert isinstance(error, TaskTimeoutError)
    assert error.stuck_at is not None
    assert error.stuck_at.startswith("process ")


def test_a_cancelled_body_is_killed_when_its_grace_is_over() -> None:
    """D9."""
    queued = bodies.hangs.with_options(name="queued")
    flow = Flow(bodies.hangs, queued, executor=processes(1, start_method="fork"), grace_s=0.05)

    def cancel() -> None:
        while flow.results[queued].state is not StepState.RUNNING:
            pass
        flow.cancel()

    threading.Thread(target=cancel).start()
    results = flow.run()
    assert {each.reason for each in results.values()} == {"interrupted while running"}


@pytest.mark.parametrize(
    ("how", "code", "words"),
    [
        ("exit", 3, "ended with exit code 3"),
        ("crash", -11, "was killed by SIGSEGV"),
        ("kill", -9, "was killed by SIGKILL"),
    ],
)
def test_a_body_that_takes_its_process_down_fails_alone(how: str, code: int, words: str) -> None:
    """D21: what runs beside it, and after it, is not touched."""
    step = bind(bodies.dies, how).with_options(name="dies")
    after = [bodies.where.with_options(name=str(number)) for number in range(4)]
    results = Flow(step, *after, executor=QUICK, fail_fast=False).run()
    error = results[step].error
    assert isinstance(error, ProcessDied)
    assert (error.task, error.exit_code) == ("dies", code)
    assert f"'dies' {words} while the body ran" in str(error)
    assert [results[each].state for each in after] == [StepState.SUCCEEDED] * 4


def test_one_whose_process_died_is_tried_again_as_its_task_says(tmp_path: Path) -> None:
    """Also after exit code 0, which no result came with."""
    step = bind(bodies.dies_once, str(tmp_path / "mark")).with_options(retry=1, retry_backoff_base_ms=0)
    assert Flow(step, executor=QUICK).run()[step].value == "alive"


def test_an_error_comes_back_as_itself_with_the_place_where_it_was_raised() -> None:
    result = Flow(bodies.raises, executor=QUICK).run()[bodies.raises]
    assert type(result.error) is ValueError
    assert str(result.error) == "bad"
    assert "in another process:" in (result.traceback or "")
    assert "bodies.py" in (result.traceback or "")


def test_an_error_that_can_not_be_unpickled_hurts_nobody() -> None:
    """It would break a pool of the standard library; here its words come."""
    results = Flow(bodies.raises_awkwardly, bodies.where, executor=QUICK, fail_fast=False).run()
    error = results[bodies.raises_awkwardly].error
    assert isinstance(error, RestoredError)
    assert (error.type_name, error.summary) == ("AwkwardError", "AwkwardError: 7: secret")
    assert results[bodies.where].state is StepState.SUCCEEDED


def test_an_interrupt_in_the_body_cancels_the_run() -> None:
    """D12: wherever the body is."""
    results = Flow(bodies.interrupted, executor=QUICK).run()
    assert results.cancelled
    assert isinstance(results[bodies.interrupted].error, KeyboardInterrupt)


@pytest.mark.parametrize("step", [bodies.gives_a_lock, bodies.gives_what_can_not_be_unpacked])
def test_a_result_that_can_not_be_sent_back_is_an_error_with_the_way_out(step: Task[Any]) -> None:
    result = Flow(step.with_options(retry=3), executor=QUICK).run()[step.name]
    assert isinstance(result.error, UnsendableError)
    assert f"task {step.name!r}" in str(result.error)
    assert "return plain data, or run the task here, with executor=None" in str(result.error)
    assert result.attempts == 1  # another attempt would not help


def test_what_can_not_be_sent_says_so_and_names_loky() -> None:
    """Before anything is sent; the part is named, and never shown."""
    captured = threading.Lock()

    def closure() -> object:
        return captured

    steps = {
        "its function, a function,": task(closure, name="closure"),
        "argument 1, a lock,": bind(id, captured).with_options(name="lock"),
        "argument 'right', a lock,": bind(bodies.add, 1, right=captured).with_options(name="keyword"),  # type: ignore[arg-type]  # on purpose
    }
    for part, step in steps.items():
        result = Flow(step.with_options(retry=3), executor=QUICK).run()[step.name]
        assert isinstance(result.error, UnsendableError)
        assert str(result.error).startswith(f"task {step.name!r} can't be sent to another process: {part} can't be")
        assert "loky.get_reusable_executor" in str(result.error)
        assert (result.error.task, result.attempts) == (step.name, 1)


def test_two_bodies_that_want_one_process_take_turns() -> None:
    tasks = [bodies.where.with_options(name=str(number)) for number in range(20)]
    results = Flow(*tasks, executor=processes(1, start_method="fork"), max_workers=20).run()
    assert len({each.value for each in results.values()}) == 1


def test_a_bad_number_or_method_is_refused() -> None:
    for workers in (0, -1, True, 1.5, "2"):
        with pytest.raises(ConfigError, match=r"workers=.*a whole number, 1 or more"):
            processes(workers)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ConfigError, match="start_method='thread'; it must be one of 'forkserver', 'spawn', 'fork'"):
        processes(1, start_method="thread")  # type: ignore[arg-type]  # on purpose


def test_what_is_no_executor_is_refused_by_name() -> None:
    async def late() -> None: ...

    with pytest.raises(ConfigError, match=r"task 'where' has executor=3; it must be an executor.*processes"):
        bodies.where.with_options(executor=3)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ConfigError, match=r"Flow has executor=3; it must be an executor"):
        Flow(bodies.where, executor=3)  # type: ignore[arg-type]  # on purpose
    with pytest.raises(ConfigError, match=r"'late' is an `async def`.*leave executor out"):
        task(late, executor=QUICK)
    with pytest.raises(ConfigError, match=r"'late' is an `async def`.*leave executor out"):
        task(late).with_options(executor=QUICK)
    assert task(late, executor=None).name == "late"


def test_ctrl_c_lets_bodies_in_processes_finish() -> None:
    """[X1] The terminal sends it to all of them."""
    done = run_child(
        """
        from flowing import processes
        def slow():
            os.kill(os.getppid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.1)
            return "done"
        flow = Flow(task(slow), executor=processes(1, start_method="fork"), grace_s=60)
        try:
            flow.run()
        except KeyboardInterrupt:
            say(flow.results["slow"].value)
        """
    )
    assert (done.stdout, done.stderr) == ("done\n", "")


def test_a_program_that_ends_leaves_no_process_behind(tmp_path: Path) -> None:
    """[X6] Though a body hangs, and ignores SIGTERM."""
    done = run_child(
        f"""
        from pathlib import Path
        from flowing import processes
        from tests.unit.shell.bodies import hangs_once
        marker = Path({str(tmp_path / "pid")!r})
        hangs = bind(hangs_once, str(marker))
        flow = Flow(hangs, executor=processes(1, start_method="fork"))
        threading.Thread(target=flow.run, daemon=True).start()
        while not (marker.exists() and (pid := marker.read_text(encoding="utf-8"))):
            time.sleep(0.001)
        say(pid)
        sys.exit(7)
        """
    )
    assert done.returncode == 7, done.stderr
    with pytest.raises(ProcessLookupError):
        os.kill(int(done.stdout), 0)


def is_there(pid: int) -> bool:
    """Tell whether there is such a process, and no zombie that only its new parent could bury."""
    found = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    state = found.stdout.strip()
    return state != "" and not state.startswith("Z")


def test_processes_of_a_program_that_is_killed_end_too() -> None:
    """Forked ones hold each other's pipes, so none would hear of it by that alone."""
    done = run_child(
        """
        import multiprocessing
        from flowing import processes
        from tests.unit.shell.bodies import where
        @task(after=[where, where.with_options(name="other")], executor=None)
        def ends():
            say(*[each.pid for each in multiprocessing.active_children()])
            os.kill(os.getpid(), signal.SIGKILL)
        Flow(ends, executor=processes(2, start_method="fork")).run()
        """
    )
    pids = [int(each) for each in done.stdout.split()]
    assert pids
    give_up_s = time.monotonic() + KILL_AFTER_S
    while any(is_there(pid) for pid in pids):
        assert time.monotonic() < give_up_s


UNGUARDED = """
import asyncio
import multiprocessing
import sys
from concurrent.futures import ProcessPoolExecutor
sys.path.insert(0, sys.argv[1])
from flowing import Flow, processes, task
from tests.unit.shell.bodies import where

@task
def charge():
    print("charged", flush=True)

train = where.with_options(name="train", after=[charge], executor={executor})
flow = Flow(train)
{call}
print("WHY", flow.results[train].error)
"""


def run_program(folder: Path, program: str) -> subprocess.CompletedProcess[str]:
    """Run it as a file, as its author would."""
    script = folder / "script.py"
    script.write_text(dedent(program), encoding="utf-8")
    command = [sys.executable, str(script), str(Path(__file__).parents[3])]
    around = {**os.environ, "PYTHONPATH": os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])}
    return subprocess.run(command, capture_output=True, text=True, timeout=KILL_AFTER_S, check=False, env=around)


@pytest.mark.parametrize(
    ("executor", "call"),
    [
        ("processes(1, start_method='forkserver')", "flow.run()"),
        ("processes(1, start_method='spawn')", "flow.resume()"),
        ("processes(1, start_method='spawn')", "asyncio.run(flow.run_async())"),
    ],
)
def test_a_program_without_a_guard_does_nothing_twice_and_hears_of_it(tmp_path: Path, executor: str, call: str) -> None:
    """A child that is not forked imports the main module, whose flow is refused before anything of it starts."""
    done = run_program(tmp_path, UNGUARDED.format(executor=executor, call=call))
    charged, why = done.stdout.splitlines()
    assert charged == "charged"
    assert why == (
        "WHY the process for task 'train' ended with exit code 1 before it began; a program that starts a flow needs "
        '`if __name__ == "__main__":` around that, for such a process imports its main module'
    )
    assert "WorkerStartError: " in done.stderr
    assert 'put what starts the flow under `if __name__ == "__main__":`' in done.stderr


def test_with_the_guard_it_runs(tmp_path: Path) -> None:
    """The control of what is above."""
    call = 'if __name__ == "__main__":\n    flow.run()'
    done = run_program(tmp_path, UNGUARDED.format(executor="processes(1, start_method='spawn')", call=call))
    assert done.stdout.splitlines().count("charged") == 1
    assert done.stdout.splitlines()[-1] == "WHY None"
    assert done.stderr == ""


def test_a_function_that_makes_a_pool_is_refused_there_too(tmp_path: Path) -> None:
    """What it makes nobody knows before it is called."""
    executor = "lambda: ProcessPoolExecutor(1, mp_context=multiprocessing.get_context('spawn'))"
    done = run_program(tmp_path, UNGUARDED.format(executor=executor, call="flow.run()"))
    assert done.stdout.splitlines().count("charged") == 1
    assert "run(): no process for task 'train' can be started from this one" in done.stderr


def test_a_server_of_forks_that_dies_is_a_program_without_a_guard(tmp_path: Path) -> None:
    """From 3.13.1 on it is the server itself that imports the main module; here it is given another one that raises."""
    (tmp_path / "boom.py").write_text("raise ValueError('boom')", encoding="utf-8")
    call = """
if __name__ == "__main__":
    multiprocessing.set_forkserver_preload(["boom"])
    flow.run()
"""
    done = run_program(tmp_path, UNGUARDED.format(executor="processes(1)", call=call))
    assert (
        "WHY the process for task 'train' was lost before it began; a program that starts a flow needs" in done.stdout
    )


def test_signals_have_names_or_numbers() -> None:
    assert _words_for(-signal.SIGTERM) == "was killed by SIGTERM"
    assert _words_for(-1000) == "was killed by signal 1000"
    assert _words_for(None) == "was lost"
