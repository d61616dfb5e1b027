"""Faults of the process: interrupts, exits, forks, shutdown. Each program runs in a child, and must end by itself."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import threading

import pytest

from flowing import Flow, Task, task
from tests.unit.faults.child import KILL_AFTER_S, run_child, said

GUARD_S = 60

COUNTED = """
    lock, runs = threading.Lock(), {}

    def count(name):
        with lock:
            runs[name] = runs.get(name, 0) + 1

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)
"""


def test_ctrl_c_lets_what_runs_finish_and_raises() -> None:
    """[X1] Nothing starts any more, and `resume()` keeps what succeeded."""
    assert said(
        COUNTED
        + """
    @task
    def first():
        count("first")
        interrupt()
        while not current().cancelled:
            pass
        return "kept"
    @task(depends_on=[first])
    def second(first):
        count("second")
        return first
    flow = Flow(second)
    try:
        flow.run()
    except KeyboardInterrupt:
        say("interrupted", flow.results.cancelled, flow.results[second].state, flow.results[second].reason)
    say(flow.value(first), runs)
    say(flow.resume()[second].value, runs)
    """
    ) == [
        "interrupted True CANCELLED not started: cancelled",
        "kept {'first': 1}",
        "kept {'first': 1, 'second': 1}",
    ]


def test_a_second_ctrl_c_returns_at_once() -> None:
    """[X2] What had succeeded is kept; what ran is CANCELLED, and its late report changes nothing."""
    assert said(
        COUNTED
        + """
    go_on = threading.Event()
    @task
    def done():
        return "kept"
    @task(depends_on=[done])
    def stuck(done):
        count("stuck")
        if runs["stuck"] == 1:
            interrupt()
            while not current().cancelled:
                pass
            interrupt()
            go_on.wait(600)  # longer than anybody waits for this program
        return done
    flow = Flow(stuck, grace_s=600)
    try:
        flow.run()
    except KeyboardInterrupt:
        say("interrupted")
    say(flow.value(done), flow.results[stuck].state, flow.results[stuck].reason)
    go_on.set()
    say(flow.resume()[stuck].value, runs)
    """
    ) == ["interrupted", "kept CANCELLED interrupted while running", "kept {'stuck': 2}"]


def test_in_a_storm_of_interrupts_no_completion_is_lost() -> None:
    """[X3] Whatever had returned before the interrupt was seen counts, and is not run again."""
    lines = said(
        COUNTED
        + """
    size = 60
    def body(number):
        count(number)
        return number
    tasks = [bind(body, number).with_options(name=str(number)) for number in range(size)]
    joined = task(lambda **values: sum(values.values()), name="joined", depends_on=tasks)
    flow = Flow(joined, max_workers=4)
    lost = caught = 0
    def go_on():
        global lost
        if flow.results.ok:
            flow.run()
            return
        done = {n for n, each in flow.results.items() if each.state == "SUCCEEDED"}
        before = dict(runs)
        flow.resume()
        lost += sum(1 for n in done if n != "joined" and runs.get(int(n)) != before.get(int(n)))
    def strike(number, frame):
        while frame is not None:
            if frame.f_code is go_on.__code__:  # elsewhere it would hit what this program does between two calls
                raise KeyboardInterrupt
            frame = frame.f_back
    signal.signal(signal.SIGINT, strike)
    def storming():
        sent = 0
        while sent < 150 or caught <= 10:
            sent += 1
            interrupt()
            time.sleep(0.002)
    thread = threading.Thread(target=storming)
    thread.start()
    while thread.is_alive() or not flow.results.ok:
        try:
            go_on()
        except KeyboardInterrupt:
            caught += 1
    results = flow.resume()
    say(lost, results.ok, results[joined].value == sum(range(size)))
    """
    )
    assert lines == ["0 True True"]


def test_an_interrupt_of_the_caller_hits_no_worker() -> None:
    """[X3] A thousand tasks, one interrupt at any moment: each ran at most once in the end."""
    assert said(
        COUNTED
        + """
    import _thread
    def body(number):
        count(number)
        if number in (50, 300, 301, 999):
            _thread.interrupt_main()
    tasks = [bind(body, number).with_options(name=str(number)) for number in range(1000)]
    flow = Flow(*tasks, max_workers=4)
    for _ in range(50):
        try:
            flow.resume()
            if flow.results.ok:
                break
        except KeyboardInterrupt:
            pass
    say(flow.results.ok, set(runs.values()), len(runs))
    """
    ) == ["True {1} 1000"]


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_other_signals_do_what_they_always_do(name: str) -> None:
    """[X4] A library installs no handlers: the process dies of them."""
    done = run_child(
        f"""
        @task
        def body():
            say(signal.getsignal(signal.{name}) is signal.SIG_DFL)
            os.kill(os.getpid(), signal.{name})
            threading.Event().wait(60)
        Flow(body).run()
        """
    )
    assert (done.returncode, done.stdout) == (-signal.Signals[name], "True\n")


def _double() -> Task[int]:
    return task(lambda: 2, name="double")


def test_a_flow_runs_in_any_thread() -> None:
    """[X5] No signal, so no main thread is needed."""
    step = _double()
    values: list[int] = []
    thread = threading.Thread(target=lambda: values.append(Flow(step).run()[step].value))
    thread.start()
    thread.join(GUARD_S)
    assert values == [2]


def test_a_flow_runs_inside_a_running_event_loop() -> None:
    """[X5] As in Jupyter; it blocks the loop, but does not mind it."""
    step = _double()

    async def main() -> int:
        return Flow(step).run()[step].value

    assert asyncio.run(main()) == 2


def test_a_process_with_hung_threads_exits_with_its_own_exit_code() -> None:
    """[X6] Nobody waits for them: neither for abandoned attempts nor for those of a cancelled run."""
    done = run_child(
        """
        def hang():
            threading.Event().wait()
        tasks = [bind(hang).with_options(name=str(n), timeout_s=0.05) for n in range(10)]
        results = Flow(*tasks, max_workers=10, fail_fast=False).run()
        say(results)
        def cancels_and_hangs():
            flow.cancel()
            hang()
        endless = task(cancels_and_hangs, name="endless")
        flow = Flow(endless, grace_s=0.05)
        say(flow.run()[endless].reason)
        sys.exit(7)
        """
    )
    assert done.returncode == 7, done.stderr
    assert done.stdout.splitlines() == ["<results: 10 FAILED>", "interrupted while running"]
    assert done.stderr == ""


def test_a_process_can_exit_while_a_run_is_busy() -> None:
    """[X7] Daemon threads in the middle of a run, twenty times: no bad exit code, nothing on stderr."""
    done = run_child(
        """
        def spin():
            return sum(range(1000))
        started = threading.Event()
        first = task(started.set, name="first")
        tasks = [bind(spin).with_options(name=str(n), after=[first]) for n in range(2000)]
        flow = Flow(*tasks, max_workers=4)
        for _ in range(20):
            pid = os.fork()  # no thread is there yet
            if not pid:
                threading.Thread(target=flow.run, daemon=True).start()
                started.wait(60)
                sys.exit(3)
            say(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
        """
    )
    assert (done.returncode, done.stdout.split(), done.stderr) == (0, ["3"] * 20, "")


def test_at_shutdown_a_run_ends_with_an_error_or_works_but_never_hangs() -> None:
    """[X8] From atexit, and from `__del__` when modules are torn down."""
    done = run_child(
        """
        import atexit
        one = task(lambda: 1, name="one")
        flow = Flow(one)
        def late():
            try:
                say("atexit", flow.run()[one].value)
            except FlowingError as error:
                say("atexit", type(error).__name__, "interpreter shuts down" in str(error))
        atexit.register(late)
        class Dying:
            def __del__(self, FlowingError=FlowingError, say=say, one=one):
                try:
                    say("del", Flow(one).run()[one].value)
                except FlowingError as error:
                    say("del", type(error).__name__)
                except BaseException as error:
                    say("del", type(error).__name__)
        dying = Dying()
        dying.itself = dying
        """
    )
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.splitlines()) <= {
        "atexit 1",
        "atexit WorkerStartError True",
        "del 1",
        "del WorkerStartError",
    }
    assert "atexit" in done.stdout


def test_a_forked_child_has_no_live_run_and_its_parent_is_fine() -> None:
    """[X9] Every call that needs the run says so, and what to do."""
    assert said(
        """
        import warnings
        warnings.simplefilter("ignore")
        @task
        def forks():
            pid = os.fork()
            if pid:
                return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
            caught = 0
            for call in (flow.run, flow.resume, lambda: flow.override(forks, 1), lambda: flow.invalidate(forks)):
                try:
                    call()
                except ForkedProcessError as error:
                    caught += "make a new Flow in the child" in str(error)
            try:
                caught += Flow(task(lambda: 1, name="other")).run().ok
            finally:
                os._exit(40 + caught)
        @task(depends_on=[forks])
        def after(forks):
            return forks
        flow = Flow(after)
        say(flow.run()[after].value)
        """
    ) == ["45"]


def test_a_child_that_comes_back_out_of_a_body_does_not_go_on_with_the_run() -> None:
    """[X9] Else everything after it would run twice."""
    done = run_child(
        """
        import logging, warnings
        logging.basicConfig()
        warnings.simplefilter("ignore")
        @task
        def forks():
            pid = os.fork()
            return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) if pid else 0
        @task(depends_on=[forks])
        def after(forks):
            say("after")
            return forks
        say(Flow(after).run()[after].value)
        """
    )
    assert done.stdout.splitlines() == ["after", "1"]
    assert "task 'forks' came back in a forked child too" in done.stderr
    assert "os._exit()" in done.stderr


def test_an_error_thrown_into_a_body_from_outside_is_its_failure() -> None:
    """[X11] The worker lives on, or is replaced."""
    assert said(
        """
        import ctypes
        @task
        def body():
            me = threading.get_ident()
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(me), ctypes.py_object(ZeroDivisionError))
            while True:
                pass
        tasks = [task(lambda: 1, name=str(n)) for n in range(50)]
        results = Flow(body, *tasks, max_workers=2, fail_fast=False).run()
        say(type(results[body].error).__name__, results)
        """
    ) == ["ZeroDivisionError <results: 50 SUCCEEDED, 1 FAILED>"]


def test_an_error_thrown_into_flowing_itself_ends_the_run_and_never_hangs_it() -> None:
    """[X11] At any moment, into any of its threads: the run ends well, or with a typed error, and can be resumed."""
    lines = said(
        """
        import ctypes, logging, random
        logging.disable()
        threading.excepthook = lambda report: None
        throw = ctypes.pythonapi.PyThreadState_SetAsyncExc
        random.seed(1)
        sys.setswitchinterval(1e-5)
        go, hits, mine = threading.Event(), [0], {threading.get_ident()}
        thrown = threading.Semaphore(0)
        def throw_once_a_run():
            mine.add(threading.get_ident())
            while go.wait():
                go.clear()
                end = time.perf_counter() + random.random() * 0.01
                while time.perf_counter() < end:
                    pass
                others = sorted(set(sys._current_frames()) - mine)
                if others:
                    hits[0] += throw(ctypes.c_ulong(random.choice(others)), ctypes.py_object(ZeroDivisionError))
                thrown.release()
        threading.Thread(target=throw_once_a_run, daemon=True).start()
        tasks = [task(lambda: sum(range(200)), name=str(n), retry=2, retry_backoff_base_ms=1) for n in range(200)]
        endings = {}
        from flowing.shell import session
        patience_s, session._LOOK_S = session._LOOK_S, 0.2  # a thread that was hit before it began is looked for
        for _ in range(40):
            flow = Flow(*tasks, max_workers=4, fail_fast=False)
            go.set()
            try:
                flow.run()
                ending = "returned"
            except FlowingError as error:
                ending = type(error).__name__
            endings[ending] = endings.get(ending, 0) + 1
            thrown.acquire(timeout=60)  # none is left over for the next run
        session._LOOK_S = patience_s
        say(hits[0] > 0, set(endings) <= {"returned", "WorkerCrashed"}, *endings)
        say(flow.resume().ok)
        """
    )
    assert lines[0].startswith("True True ")
    assert lines[1] == "True"


def test_import_starts_nothing() -> None:
    """[X12] No thread, no handler, no open file."""
    done = subprocess.run(
        [sys.executable, "-c", IMPORT_PROGRAM], capture_output=True, text=True, timeout=KILL_AFTER_S, check=True
    )
    assert done.stdout.splitlines() == ["1 True True", "True True True"]


IMPORT_PROGRAM = """
import atexit, os, signal, sys, threading
import attrs, concurrent.futures, logging
hooks = {each: signal.getsignal(each) for each in signal.valid_signals()}
fds, callbacks = len(os.listdir("/dev/fd")), atexit._ncallbacks()
import flowing
print(threading.active_count(), len(os.listdir("/dev/fd")) == fds,
      hooks == {each: signal.getsignal(each) for each in signal.valid_signals()})
print(sys.excepthook is sys.__excepthook__, threading.excepthook is threading.__excepthook__,
      atexit._ncallbacks() == callbacks)
"""


def test_what_carries_a_flow_out_is_loaded_with_the_first_flow() -> None:
    """A program that only declares tasks does not wait for it; a console completes its names all the same."""
    done = subprocess.run(
        [sys.executable, "-c", LOAD_PROGRAM], capture_output=True, text=True, timeout=KILL_AFTER_S, check=True
    )
    assert done.stdout.splitlines() == ["True", "[]", "['flowing._runs', 'flowing.core']"]


LOAD_PROGRAM = """
import sys
import flowing
from flowing import Flow, task
print(set(flowing.__all__) <= set(dir(flowing)))
watched = {"flowing.core", "flowing._runs", "asyncio", "cattrs", "multiprocessing", "rich", "sqlite3"}
print(sorted(watched & set(sys.modules)))
Flow(task(int)).run()
print(sorted(watched & set(sys.modules)))
"""


@pytest.mark.parametrize("seed", range(3))
def test_threads_that_switch_at_every_step_change_nothing(seed: int) -> None:
    """A selection of everything at once, at `sys.setswitchinterval(1e-6)`."""
    assert said(
        f"""
        sys.setswitchinterval(1e-6)
        seed = {seed}
        """
        """
        def body(number, **values):
            if current().attempt == 1 and number % 7 == seed:
                raise ConnectionError
            if number % 50 == 49:
                raise ValueError
            return number
        for round in range(10):
            tasks = []
            for number in range(150):
                needed = tasks[-3:] if number % 3 else []
                tasks.append(bind(body, number).with_options(
                    name=str(number), after=needed, retry=2, retry_backoff_base_ms=1, retry_on=ConnectionError,
                    timeout_s=60, detached=False))
            flow = Flow(*tasks, max_workers=6, fail_fast=False)
            heard = []
            with flow.subscribe(heard.append) as subscription:
                results = flow.run()
                assert subscription.drain(60)
            failed = {each.name for each in results.failures(detached=False)}
            assert failed == {"49", "99", "149"} - {n for n, r in results.items() if r.state == "SKIPPED"}, failed
            for each in flow.tasks:
                if results[each].state == "FAILED":
                    flow.override(each, -1)
            while not flow.resume().ok:
                for each in flow.tasks:
                    if flow.results[each].state == "FAILED":
                        flow.override(each, -1)
            assert {r.state for r in flow.results.values()} == {StepState.SUCCEEDED}
            started = [each.task for each in heard if type(each.event).__name__ == "AttemptSucceeded"]
            assert len(started) == len(set(started))
        say("done")
        """
    ) == ["done"]
