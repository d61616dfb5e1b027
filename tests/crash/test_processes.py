"""Checkpoints and processes: two of them, forked ones, interrupted ones, and every way to die."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from flowing import CheckpointLocked, Flow, task
from tests.unit.faults.child import KILL_AFTER_S, PRELUDE, run_child, said

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT: Final = """
    notes = os.open({folder!r} + "/notes", os.O_WRONLY | os.O_APPEND | os.O_CREAT)

    def note(word):
        os.write(notes, (word + "\\n").encode())

    @task
    def first() -> int:
        note("first")
        return 1

    @task(depends_on=[first])
    def second(first: int) -> int:
        note("second")
        dies()
        return first + 1

    @task(depends_on=[second])
    def third(second: int) -> int:
        note("third")
        return second + 1

    flow = Flow(third, checkpoint={folder!r} + "/run.db", max_crashes={max_crashes})
"""


def script(folder: Path, dies: str, then: str, *, max_crashes: int = 100) -> str:
    """Word a script that does something in its second task."""
    return (
        "\n    def dies():\n        "
        + dies
        + SCRIPT.format(folder=str(folder), max_crashes=max_crashes)
        + "\n    "
        + then
    )


RESUME: Final = "say(flow.resume().ok, flow.value(third))"


def notes(folder: Path) -> list[str]:
    return (folder / "notes").read_text().split()


# ── ways to die ──────────────────────────────────────────────────────────────────────────────────

DEATHS: Final = {
    "SIGKILL": "os.kill(os.getpid(), signal.SIGKILL)",
    "SIGTERM": "os.kill(os.getpid(), signal.SIGTERM); threading.Event().wait(60)",
    "SIGHUP": "os.kill(os.getpid(), signal.SIGHUP); threading.Event().wait(60)",
    "_exit": "os._exit(3)",
    "abort": "os.abort()",
    "segmentation fault": "import ctypes; ctypes.string_at(0)",
}


@pytest.mark.parametrize("death", DEATHS)
def test_after_any_death_the_run_goes_on(death: str, tmp_path: Path) -> None:
    """[P1] [P13] [X4] [X10] Nothing that was committed is made again, and nobody has to wait for the lock."""
    died = run_child(script(tmp_path, DEATHS[death], RESUME))
    assert died.returncode != 0
    assert notes(tmp_path) == ["first", "second"]
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]
    assert notes(tmp_path) == ["first", "second", "second", "third"]


def test_a_process_that_leaves_while_its_run_goes_on_has_lost_nothing_of_it(tmp_path: Path) -> None:
    """[X7] [P19] From the main thread, with its own exit code, and nothing on stderr; many times."""
    leaves = """
    go_on = threading.Event()
    def dies():
        go_on.set()
        threading.Event().wait(60)
    """
    run = "threading.Thread(target=flow.resume, daemon=True).start(); go_on.wait(60); sys.exit(5)"
    for _ in range(5):
        done = run_child(leaves + SCRIPT.format(folder=str(tmp_path), max_crashes=100) + "    " + run)
        assert (done.returncode, done.stdout, done.stderr) == (5, "", "")
    assert notes(tmp_path) == ["first"] + ["second"] * 5
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]


def test_a_process_can_leave_in_the_middle_of_commits(tmp_path: Path) -> None:
    """[X7] Its exit code is its own and nobody complains, whatever its threads do to the checkpoint at that moment."""
    program = f"""
    from functools import partial
    def body(number: int, **before: int) -> int:
        return number
    lasts = []
    for line in range(4):
        needs = []
        for number in range(150):
            step = task(partial(body, number), name=f"{{line}}_{{number}}", depends_on=needs)
            needs = [step]
        lasts.append(step)
    flow = Flow(*lasts, checkpoint={str(tmp_path)!r} + "/run.db", max_workers=4)
    seen, enough = [], threading.Event()
    def listen(observation):
        seen.append(1)
        if len(seen) > WANTED:
            enough.set()
    flow.subscribe(listen)
    thread = threading.Thread(target=flow.resume, daemon=True)
    thread.start()
    """
    for wanted in (10, 200, 200, 200, 200, 200, 200):
        leaving = program.replace("WANTED", str(wanted)) + "\n    enough.wait(60)\n    sys.exit(5)\n"
        done = run_child(leaving)
        assert (done.returncode, done.stdout, done.stderr) == (5, "", "")
    ended = program.replace("WANTED", "0") + "\n    thread.join()\n    say(flow.results.ok)\n"
    assert said(ended) == ["True"]
    assert sorted(each.name for each in tmp_path.iterdir()) == ["run.db", "run.db.lock"]


def test_a_task_that_aborts_the_process_each_time_fails_in_the_end(tmp_path: Path) -> None:
    """[P20] Really: three processes die of it, the fourth says so, and the fifth tries again."""
    for _ in range(3):
        assert run_child(script(tmp_path, "os.abort()", RESUME, max_crashes=3)).returncode == -signal.SIGABRT
    tell = "flow.resume(); say(type(flow.results[second].error).__name__, flow.results[second].error.crashes)"
    assert said(script(tmp_path, "os.abort()", tell, max_crashes=3)) == ["CrashLoop 3"]
    assert notes(tmp_path) == ["first", "second", "second", "second"]
    assert said(script(tmp_path, "pass", RESUME, max_crashes=3)) == ["True 3"]


# ── two processes ────────────────────────────────────────────────────────────────────────────────


def test_a_second_process_is_refused_until_the_first_is_gone(tmp_path: Path) -> None:
    """[P12] [P13] [P14] It is told who holds the checkpoint; when that is killed, it is free at once."""
    holds = script(tmp_path, 'say("holds"); threading.Event().wait(60)', "flow.resume()")
    lines = PRELUDE + "\n".join(line[4:] for line in holds.splitlines())
    with subprocess.Popen([sys.executable, "-c", lines], stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "holds\n"
        second = Flow(task(lambda: 1, name="one"), checkpoint=tmp_path / "run.db")
        for call in (second.resume, second.run, lambda: second.override(second.tasks[0], 2)):
            with pytest.raises(CheckpointLocked, match=f"is held by process {holder.pid} on .* since .*; wait") as who:
                call()
            assert who.value.pid == holder.pid
        holder.kill()
        holder.wait(KILL_AFTER_S)
        with second:
            assert second.run().ok


def test_who_is_refused_has_asked_once_and_waited_for_nothing(tmp_path: Path) -> None:
    """[P12] In under a second, counted in system calls instead of seconds."""
    pytest.importorskip("tests.crash.tracing")
    program = f"""
    from tests.crash.tracing import run_traced
    from flowing.checkpoint import SqliteStore
    holder = Flow(task(lambda: 1, name="one"), checkpoint={str(tmp_path)!r} + "/run.db")
    holder.resume()
    def second():
        try:
            Flow(task(lambda: 1, name="one"), checkpoint={str(tmp_path)!r} + "/run.db").resume()
        except CheckpointLocked:
            os.write(1, b"refused\\n")
    calls = []
    run_traced(second, lambda call: calls.append(call.kind) or "go")
    say(calls.count(73), calls.count(230) + calls.count(35) + calls.count(23) + calls.count(7))
    """
    if sys.platform != "linux":
        pytest.skip("counts the calls of Linux")
    assert said(program) == ["refused", "1 0"]


# ── forks ────────────────────────────────────────────────────────────────────────────────────────


def test_a_child_that_a_task_forks_can_not_use_the_checkpoint_and_harms_nobody(tmp_path: Path) -> None:
    """[P15] [X9] Whatever it calls; the parent goes on, and still holds the checkpoint."""
    forks = """
    def dies():
        child = os.fork()
        if not child:
            for call in (flow.run, flow.resume, flow.close, lambda: flow.override(first, 5)):
                try:
                    call()
                except ForkedProcessError:
                    os.write(1, b"refused\\n")
            os._exit(0)
        os.waitpid(child, 0)
    """
    program = forks + SCRIPT.format(folder=str(tmp_path), max_crashes=100) + "    " + RESUME
    assert said(program) == ["refused"] * 4 + ["True 3"]
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]
    assert notes(tmp_path) == ["first", "second", "third"]


def test_a_child_of_a_process_whose_flow_stands_still_can_not_use_it_either(tmp_path: Path) -> None:
    """[P15] It may let go of it, which takes nothing from the parent; another flow is refused there as anywhere."""
    then = """
    flow.resume()
    child = os.fork()
    if not child:
        for call in (flow.run, flow.resume, lambda: flow.override(first, 5), lambda: flow.invalidate(first)):
            try:
                call()
            except ForkedProcessError as error:
                assert str(os.getppid()) in str(error) and "make a Flow" in str(error), error
                os.write(1, b"refused\\n")
        flow.close()
        try:
            Flow(third, checkpoint=path).resume()
        except CheckpointLocked:
            os.write(1, b"locked\\n")
        os._exit(0)
    os.waitpid(child, 0)
    flow.override(first, 5)
    say(flow.resume()[third].value)
    """
    program = script(tmp_path, "pass", f"path = {str(tmp_path / 'run.db')!r}") + then
    assert said(program) == ["refused"] * 4 + ["locked", "7"]


def test_a_child_that_outlives_the_holder_does_not_keep_the_lock(tmp_path: Path) -> None:
    """[P13] Neither a forked one nor one of another program."""
    forks = """
    import subprocess
    def dies():
        ready, tell = os.pipe()
        if not os.fork():
            os.write(tell, b"1")
            os.close(1), os.close(2)
            threading.Event().wait(5)
            os._exit(0)
        os.read(ready, 1)
        subprocess.Popen([sys.executable, "-c", "import time; time.sleep(5)"], stdout=subprocess.DEVNULL, stderr=-3)
        os.kill(os.getpid(), signal.SIGKILL)
    """
    program = forks + SCRIPT.format(folder=str(tmp_path), max_crashes=100) + "    " + RESUME
    assert run_child(program).returncode == -signal.SIGKILL
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]


# ── interrupts ───────────────────────────────────────────────────────────────────────────────────


def test_ctrl_c_commits_what_still_succeeds(tmp_path: Path) -> None:
    """[X1] Another process goes on from there."""
    interrupts = "os.kill(os.getpid(), signal.SIGINT)\n        while not current().cancelled: pass"
    then = "try: flow.resume()\n    except KeyboardInterrupt: say('interrupted', flow.value(second))"
    assert said(script(tmp_path, interrupts, then)) == ["interrupted 2"]
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]
    assert notes(tmp_path) == ["first", "second", "third"]


def test_a_second_ctrl_c_loses_nothing_that_was_committed(tmp_path: Path) -> None:
    """[X2] What it did not wait for is made again."""
    interrupts = """os.kill(os.getpid(), signal.SIGINT)
        while not current().cancelled: pass
        os.kill(os.getpid(), signal.SIGINT)
        threading.Event().wait(60)"""
    then = "try: flow.resume()\n    except KeyboardInterrupt: say('interrupted', flow.value(first))"
    assert said(script(tmp_path, interrupts, then)) == ["interrupted 1"]
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]
    assert notes(tmp_path) == ["first", "second", "second", "third"]


def storm(folder: Path, call: str, *, interrupts: int = 400, pause_s: float = 0.0005) -> list[str]:
    """Interrupt a process at every moment that calls this, mends a result and closes its flow, over and over."""
    program = f"""
    notes, storm, stop = [], [0], threading.Event()
    def storming():
        while storm[0] < {interrupts} or not mended:  # pauses grow until a whole round fits in, on any machine
            storm[0] += 1
            os.kill(os.getpid(), signal.SIGINT)
            stop.wait({pause_s} * (storm[0] % 7) * (1 + storm[0] // {interrupts}))
        stop.set()
    def body(number: int) -> int:
        notes.append(number)
        return number
    tasks = [bind(body, number).with_options(name=str(number)) for number in range(12)]
    joined = task(lambda **values: sum(values.values()), name="joined", depends_on=tasks)
    def committed():
        from flowing.checkpoint.sqlite.look import read_tasks
        try:
            return {{name for name, each in read_tasks(path).saved.items() if hasattr(each, "payload")}}
        except CheckpointError:
            return set()
    path = {str(folder)!r} + "/run.db"
    flow = Flow(joined, checkpoint=path, max_workers=3)
    mended = 0
    thread = threading.Thread(target=storming, daemon=True)
    lost = 0
    def storm_on():
        global lost, mended
        if not storm[0]:
            thread.start()
        while not stop.is_set():
            done, before = committed(), len(notes)
            try:
                flow.{call}()
                flow.override(tasks[mended % 12], 1000 + mended)
                mended += 1
                flow.close()
            finally:
                lost += sum(str(each) in done for each in notes[before:])
    def calm(call):
        while not stop.is_set():
            try:
                call()
            except KeyboardInterrupt:
                pass
    calm(lambda: calm(lambda: calm(lambda: calm(storm_on))))
    thread.join()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    results = flow.resume()
    values = [results[each].value for each in tasks]
    say(results.ok, results[joined].value == sum(values))
    say(lost, mended > 0)
    flow.close()
    again = Flow(joined, checkpoint=path)
    before = len(notes)
    say(again.resume()[joined].value == sum(values), len(notes) == before)
    """
    return said(program)


def test_in_a_storm_of_interrupts_no_completion_is_lost_and_no_mend_is_half_done(tmp_path: Path) -> None:
    """[X3] While the checkpoint is opened, read, written and mended, and between any two lines."""
    assert storm(tmp_path, "resume") == ["True True", "0 True", "True True"]


def test_what_is_run_again_in_a_storm_is_found_out(tmp_path: Path) -> None:
    """Control: whoever does not resume runs again what was committed."""
    lost, mended = storm(tmp_path, "run", interrupts=50, pause_s=0.01)[1].split()
    assert (int(lost) > 0, mended) == (True, "True")


# ── memory ───────────────────────────────────────────────────────────────────────────────────────


def test_a_lack_of_memory_is_a_failure_of_one_task_and_the_checkpoint_stays_open(tmp_path: Path) -> None:
    """[R6] What others made is committed, and the run goes on."""
    starves = """
    def dies():
        import resource
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + (64 << 20), resource.RLIM_INFINITY))
        try:
            hoard = [bytearray(1 << 20) for _ in range(1000)]
        finally:
            hoard = None
            resource.setrlimit(resource.RLIMIT_AS, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    """
    then = "flow.resume(); say(type(flow.results[second].error).__name__, flow.value(first))"
    if sys.platform != "linux":
        pytest.skip("limits memory as Linux does")
    program = starves + SCRIPT.format(folder=str(tmp_path), max_crashes=100) + "    " + then
    assert said(program) == ["MemoryError 1"]
    assert said(script(tmp_path, "pass", RESUME)) == ["True 3"]
    assert notes(tmp_path) == ["first", "second", "second", "third"]
