"""`flowing run`: what is run, what is printed, and the exit status."""

from __future__ import annotations

import io
import logging
import re
import subprocess
import sys
from textwrap import dedent
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from flowing.checkpoint.sqlite.holder import Holder
from flowing.checkpoint.sqlite.look import read_runs
from tests.unit._cli import program

if TYPE_CHECKING:
    from pathlib import Path

PROGRAM = """
    import os
    import sys
    from pathlib import Path
    from threading import Thread
    from flowing import Flow, param, task

    city = param("city", str, default="Oslo")


    @task(depends_on=[city])
    def fetch(city: str) -> str:
        with open("ran", "a") as ran:
            ran.write("fetch ")
        return city


    @task(depends_on=[fetch])
    def check(fetch: str) -> int:
        if not os.path.exists("mended"):
            raise ValueError(f"bad {fetch}\\x1b[31m")
        return len(fetch)


    @task(depends_on=[fetch], detached=True)
    def tell(fetch: str) -> None:
        raise OSError("nobody listens")


    @task
    def lone() -> int:
        return 1


    @task
    def unstorable() -> Thread:
        return Thread()


    flow = Flow(check)
    fine = Flow(lone)
    kept = Flow(lone, checkpoint="kept.db")
    odd = Flow(unstorable)
    one_at_a_time = Flow(fetch)
    given = Flow(city)
"""
TABLE = r"""STATE      TASK             DURATION  ATTEMPTS  WHY
SUCCEEDED  city                    -         0  input
SUCCEEDED  fetch              TIME         1
FAILED     check              TIME         1  ValueError: bad Paris\x1b[31m
FAILED     tell (detached)    TIME         1  OSError: nobody listens
4 tasks: 2 SUCCEEDED, 2 FAILED, 1 of the failures detached
"""


@pytest.fixture(autouse=True)
def _program(folder: Path) -> None:
    (folder / "program.py").write_text(dedent(PROGRAM), encoding="utf-8")


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    """Run without pytest's own handlers of log records, as in a process of its own."""
    root = logging.getLogger()
    handlers, root.handlers = root.handlers, []
    try:
        return program.run(capsys, "run", *arguments)
    finally:
        root.handlers = handlers


def test_a_table_says_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    """[S8] Exit status 1, and nothing hostile gets through."""
    status, output, errors = run(capsys, "program:flow", "--set", "city=Paris")
    assert (status, errors) == (1, "")
    assert re.sub(r" +[\d.]+ ms", "  TIME", output) == re.sub(" +TIME", "  TIME", TABLE)


def test_a_run_that_went_well_ends_with_0(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """A detached failure changes nothing (D6)."""
    (folder / "mended").touch()
    assert run(capsys, "program:fine")[0] == 0
    assert run(capsys, "program:flow")[0] == 0


def test_quiet_prints_failures_only(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(capsys, "program:fine", "--quiet") == (0, "", "")
    status, output, errors = run(capsys, "program:flow", "--quiet")
    assert (status, output) == (1, "")
    assert errors == (
        "flowing: task 'check' failed: ValueError: bad Oslo\\x1b[31m\n"
        "flowing: detached task 'tell' failed: OSError: nobody listens\n"
    )


def test_the_tracebacks_are_shown_when_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    _, _, errors = run(capsys, "program:flow", "--debug")
    assert errors.count("Traceback (most recent call last):\n") == 2
    assert "in check\n" in errors


def test_a_run_is_kept_and_gone_on_with(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P1] The flow needs to know nothing of it."""
    assert run(capsys, "program:flow", "--checkpoint", "run.db", "--set", "city=Paris")[0] == 1
    (folder / "mended").touch()
    status, output, _ = run(capsys, "program:flow", "--checkpoint", "run.db", "--resume")
    assert (status, "FAILED     tell" in output) == (0, True)
    assert (folder / "ran").read_text("utf-8") == "fetch "
    assert [each.finished for each in read_runs(folder / "run.db")] == [False]
    _, _, warning = run(capsys, "program:flow", "--checkpoint", "run.db")
    assert "resume() would have gone on with it" in warning
    assert (folder / "ran").read_text("utf-8") == "fetch fetch "
    assert len(read_runs(folder / "run.db")) == 2


def test_a_flow_keeps_its_own_checkpoint(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    assert run(capsys, "program:kept", "--resume")[0] == 0
    assert len(read_runs(folder / "kept.db")) == 1
    assert run(capsys, "program:kept", "--resume")[0] == 0
    assert len(read_runs(folder / "kept.db")) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["program:odd", "--checkpoint", "run.db"], "task 'unstorable'"),
        (["program:flow", "--set", "town=x"], "--set 'town': the flow has no such parameter"),
        (["program:fine", "--checkpoint", ":memory:"], ":memory:"),
        (["mistaken:flow"], "task 'needy' needs a value for 'x'"),
        (["nothing:flow"], "there is no module 'nothing'"),
        (["program:fine", "--checkpoint", "program.py"], "program.py"),
    ],
)
def test_what_can_not_begin_is_one_line(capsys: pytest.CaptureFixture[str], arguments: list[str], line: str) -> None:
    """Exit status 2 where it was refused, 1 where the checkpoint failed."""
    status, _, errors = run(capsys, *arguments)
    assert status == (1 if arguments[-1] == "program.py" else 2)
    assert line in errors
    assert errors.count("\n") == 1


def test_a_checkpoint_that_somebody_holds_is_refused(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """[P12] With who it is."""
    assert run(capsys, "program:kept")[0] == 0
    holder = Holder.take(str(folder / "kept.db"))
    try:
        status, _, errors = run(capsys, "program:kept")
    finally:
        holder.release()
    assert (status, errors.count("\n")) == (2, 1)
    assert "is held by another flow of this very process" in errors


def test_other_inputs_than_those_of_the_run_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """[P16] In one line, though the message has more."""
    run(capsys, "program:flow", "--checkpoint", "run.db")
    status, _, errors = run(capsys, "program:flow", "--checkpoint", "run.db", "--resume", "--set", "city=Rome")
    assert (status, errors.count("\n")) == (2, 1)
    assert "other inputs" in errors


WAITING = """
    import os, signal
    from flowing import Flow, current, task

    def interrupt():
        os.kill(os.getpid(), signal.SIGINT)

    @task
    def first() -> int:
        return 1

    @task(depends_on=[first])
    def second(first: int) -> int:
        if not os.path.exists("again"):
            open("again", "w").close()
            interrupt()
            current().sleep(600)
        return first

    @task(depends_on=[first])
    def deaf(first: int) -> int:
        interrupt()
        while not current().cancelled:
            pass
        interrupt()
        while True:
            pass

    flow = Flow(second, checkpoint="run.db")
    forgetful = Flow(deaf, grace_s=600)
"""


def interrupted(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the program in a process where Ctrl-C means what it means in a terminal, wherever the tests are run."""
    (folder / "waiting.py").write_text(dedent(WAITING), encoding="utf-8")
    interrupts = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); import runpy; "
    words = f"sys.argv = {['flowing', 'run', *arguments]!r}; runpy.run_module('flowing', run_name='__main__')"
    return subprocess.run(
        [sys.executable, "-c", interrupts + words], cwd=folder, capture_output=True, text=True, check=False
    )


def test_ctrl_c_keeps_what_was_made_and_ends_with_130(folder: Path) -> None:
    """[X1] As a person does it, who is told what is waited for, and what to type; the next one goes on."""
    ended = interrupted(folder, "waiting:flow", "--resume")
    assert (ended.returncode, ended.stderr) == (
        130,
        (
            "flowing: waiting up to 10 s for 'second'; Ctrl-C again ends at once\n"
            "flowing: interrupted; --resume goes on with it\n"
        ),
    )
    assert "SUCCEEDED  first" in ended.stdout
    again = interrupted(folder, "waiting:flow", "--resume")
    assert (again.returncode, again.stdout.count("SUCCEEDED  ")) == (0, 2)


def test_a_second_ctrl_c_ends_at_once(folder: Path) -> None:
    """[X1] Though ten minutes of grace are left, and the body hears nothing."""
    ended = interrupted(folder, "waiting:forgetful")
    assert (ended.returncode, ended.stderr) == (
        130,
        (
            "flowing: waiting up to 600 s for 'deaf'; Ctrl-C again ends at once\n"
            "flowing: interrupted; --checkpoint would have kept what it made\n"
        ),
    )
    assert "interrupted while running" in ended.stdout


# ── going on ─────────────────────────────────────────────────────────────────────────────────────


def test_there_is_nothing_to_go_on_with_without_a_checkpoint(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """And so nothing is run."""
    status, output, errors = run(capsys, "program:one_at_a_time", "--resume")
    assert (status, output, errors.count("\n")) == (2, "", 1)
    assert errors.startswith("flowing: --resume has nothing to go on with: the flow has no checkpoint")
    assert not (folder / "ran").exists()


def test_of_a_finished_run_it_is_said_that_nothing_was_run(capsys: pytest.CaptureFixture[str]) -> None:
    """And of one that goes on, or begins, it is not."""
    line = "nothing was run: this run was finished before; without --resume another one begins\n"
    assert line not in run(capsys, "program:kept", "--resume")[1]
    assert run(capsys, "program:kept", "--resume")[1].endswith(line)
    assert run(capsys, "program:kept", "--resume", "--quiet") == (0, "", "")
    assert line not in run(capsys, "program:kept")[1]
    assert line not in run(capsys, "program:given")[1], "an input alone is nothing to run, and was not run before"


def test_a_result_that_is_wrong_is_made_anew(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """With what was computed from it, and nothing else."""
    (folder / "mended").touch()
    resume = ("program:one_at_a_time", "--checkpoint", "run.db", "--resume")
    for arguments in (resume, resume, (*resume, "--invalidate", "fetch")):
        assert run(capsys, *arguments)[0] == 0
    assert (folder / "ran").read_text("utf-8") == "fetch fetch "
    assert len(read_runs(folder / "run.db")) == 1


def test_a_run_may_begin_with_a_task_to_be_made_anew(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """As `--resume` may be said on the first day."""
    assert run(capsys, "program:kept", "--resume", "--invalidate", "lone")[0] == 0
    assert len(read_runs(folder / "kept.db")) == 1


@pytest.mark.parametrize(
    ("arguments", "line"),
    [
        (["--invalidate", "lone"], "--invalidate is of a run that is gone on with; say --resume, too"),
        (["--resume", "--invalidate", "lone\n"], "--invalidate 'lone\\\\n': the flow has no task of that name"),
    ],
)
def test_what_can_not_be_made_anew_is_one_line(
    capsys: pytest.CaptureFixture[str], arguments: list[str], line: str
) -> None:
    assert run(capsys, "program:kept", *arguments) == (2, "", f"flowing: {line}\n")


def test_an_input_can_not_be_made_anew(capsys: pytest.CaptureFixture[str]) -> None:
    """Nothing makes it: it is given."""
    status, _, errors = run(
        capsys, "program:one_at_a_time", "--checkpoint", "run.db", "--resume", "--invalidate", "city"
    )
    assert (status, errors.count("\n")) == (2, 1)
    assert "'city'" in errors


# ── what is said beside the table ────────────────────────────────────────────────────────────────


def test_a_reason_that_the_table_cuts_stands_below_it(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """The way out is at the end of a message."""
    (folder / "long.py").write_text(
        "from flowing import Flow, task\n\n"
        "@task\ndef wordy():\n    raise ValueError('x' * 200 + '; the way out')\n\nflow = Flow(wordy)\n",
        encoding="utf-8",
    )
    _, output, _ = run(capsys, "long.py:flow")
    assert output.endswith(f"1 task: 0 SUCCEEDED, 1 FAILED\n\ntask 'wordy': ValueError: {'x' * 200}; the way out\n")
    assert run(capsys, "long.py:flow", "--quiet")[1] == ""


def test_of_a_time_out_the_table_says_what_matters(capsys: pytest.CaptureFixture[str], folder: Path) -> None:
    """Its whole message is longer, and is not said again."""
    (folder / "late.py").write_text(
        "from flowing import Flow, current, task\n\n"
        "@task(timeout_s=0.001)\ndef late():\n    current().sleep(600)\n\nflow = Flow(late)\n",
        encoding="utf-8",
    )
    _, output, _ = run(capsys, "late.py:flow")
    assert "TaskTimeoutError: not done in 0.001 s" in output
    assert output.endswith("1 task: 0 SUCCEEDED, 1 FAILED\n")


class Terminal(io.StringIO):
    """A screen that somebody looks at."""

    @override
    def isatty(self) -> bool:
        return True


def test_on_a_terminal_the_progress_is_shown(
    capsys: pytest.CaptureFixture[str], folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And a table only of a flow that has no more tasks than a screen has lines."""
    pytest.importorskip("rich")
    (folder / "program.py").write_text(
        "from flowing import Flow, task\n"
        "steps = [task(lambda: 1, name=f'step_{n}') for n in range(50)]\n"
        "few, many = Flow(*steps[:3]), Flow(*steps)\n",
        encoding="utf-8",
    )
    for target, table in (("program:few", True), ("program:many", False)):
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        status, output, _ = run(capsys, target)
        assert (status, bool(output)) == (0, table)
        assert "SUCCEEDED" in terminal.getvalue()
        monkeypatch.setattr(sys, "stderr", terminal := Terminal())
        assert run(capsys, target, "--quiet")[:2] == (0, "")
        assert terminal.getvalue() == ""
