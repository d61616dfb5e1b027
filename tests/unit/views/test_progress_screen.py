"""Progress on a terminal and on a pipe: what is shown, and that no run ever notices."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import threading
import unicodedata

import pytest
from rich.console import Console
from typing_extensions import override

import flowing
from flowing import ExtraMissing, Flow, StepState, Task, task
from flowing.views import progress_screen
from flowing.views.progress import Glance, Left, RunningTask
from flowing.views.progress_screen import LineScreen, TerminalScreen, screen_on

GUARD_S = 60
CONTROLS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal(io.StringIO):
    @override
    def isatty(self) -> bool:
        return True


def glance(elapsed_s: float, *, done: int = 1, running: int = 3, name: str = "t") -> Glance:
    counts = dict.fromkeys(StepState, 0) | {StepState.SUCCEEDED: done, StepState.RUNNING: running}
    shown = tuple(RunningTask(f"{name}{n}", n + 1, 1.0) for n in range(min(running, 10)))
    return Glance(elapsed_s=elapsed_s, counts=counts, waiting_to_retry=0, retries=2, running=shown, left=Left(2, 3.0))


def drawn(height: int, *glances: Glance) -> str:
    """Draw on a terminal of so many lines; give all that was written, without what moves the cursor."""
    file = Terminal()
    screen = TerminalScreen(Console(file=file, force_terminal=True, width=80, height=height, markup=False))
    for each in glances:
        screen.show(each)
    screen.finish(glances[-1], ["FAILED x: [bold]why[/bold]"])
    return CONTROLS.sub("", file.getvalue())


def test_a_pipe_gets_a_line_a_second_at_most_and_a_table() -> None:
    file = io.StringIO()
    screen = LineScreen(file)
    for tenth in range(35):
        screen.show(glance(tenth / 10, done=tenth))
    screen.show(glance(9.0, done=30))
    screen.finish(glance(10.0), [])
    lines = file.getvalue().splitlines()
    assert [line.split(":")[0] for line in lines[:3]] == ["1.0 s", "2.0 s", "3.0 s"]
    assert lines[3] == "STATE      TASKS", "the line that says nothing new was left out"
    assert all(character == "\n" or unicodedata.category(character) != "Cc" for character in file.getvalue())


def test_a_pipe_that_cannot_show_a_character_gets_its_number() -> None:
    file = io.TextIOWrapper(io.BytesIO(), encoding="ascii", newline="")
    LineScreen(file).finish(glance(1.0), ["FAILED é: x"])
    file.seek(0)
    assert r"FAILED \xe9: x" in file.read()


def test_a_terminal_shows_what_runs_and_what_is_left() -> None:
    text = drawn(24, glance(5.0))
    assert "1/4" in text
    assert "1 SUCCEEDED" in text
    assert "2 retries" in text
    assert "about 3.0 s left on the longest path (2 tasks)" in text
    assert re.search(r"t1 +1\.0 s +attempt 2", text)


def test_a_terminal_is_never_filled_beyond_its_height() -> None:
    """Only the first lines of those that run, and how many more there are."""
    text = drawn(10, glance(5.0, running=300))
    assert "t4" in text
    assert "t5" not in text
    assert "... and 295 more running" in text


def test_no_text_of_a_task_is_taken_for_markup_or_control() -> None:
    """[S8] It is noted once."""
    text = drawn(24, glance(5.0, name="[red]x[/red]:smile:\x1b[2J"))
    assert r"[red]x[/red]:smile:\x1b[2J0" in text
    assert "[bold]why[/bold]" in text


def test_it_leaves_nothing_of_what_it_drew() -> None:
    """The cursor is back, and the lines are erased before the table."""
    file = Terminal()
    screen = TerminalScreen(Console(file=file, force_terminal=True, width=80, height=24))
    screen.show(glance(1.0))
    assert file.getvalue().startswith("\x1b[?25l")
    screen.finish(glance(2.0), [])
    assert "\x1b[?25h" in file.getvalue()


@pytest.mark.parametrize(("file", "kind"), [(io.StringIO(), LineScreen), (Terminal(), TerminalScreen)])
def test_the_screen_is_chosen_by_what_the_file_is(
    file: io.StringIO, kind: type[object], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    assert type(screen_on(file)) is kind


def test_a_dumb_terminal_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    assert type(screen_on(Terminal())) is LineScreen


def test_a_flow_can_be_made_with_it(capsys: pytest.CaptureFixture[str]) -> None:
    bad: Task[int] = task(lambda: 1 // 0, name="bad")
    Flow(bad, progress=True).run()
    printed = capsys.readouterr()
    assert "FAILED bad: ZeroDivisionError" in printed.err
    assert printed.out == ""


def test_it_looks_while_tasks_run(monkeypatch: pytest.MonkeyPatch) -> None:
    """The task waits until it was seen running."""
    seen = threading.Event()

    class Watched:
        look_s = 0.001

        def show(self, glance: Glance) -> None:
            if glance.running:
                seen.set()

        def finish(self, glance: Glance, failures: object) -> None:
            assert glance.counts[StepState.SUCCEEDED] == 1

    monkeypatch.setattr(progress_screen, "screen_on", lambda file: Watched())
    waiting: Task[bool] = task(lambda: seen.wait(GUARD_S), name="waiting")
    flow = Flow(waiting)
    with flowing.progress(flow):
        assert flow.run()[waiting].value
    assert not [each for each in threading.enumerate() if each.name == "flowing-progress"]


def test_a_terminal_that_is_gone_ends_progress_and_not_the_run(caplog: pytest.LogCaptureFixture) -> None:
    """[R20] It is noted once."""

    class Gone(io.StringIO):
        @override
        def write(self, text: str) -> int:
            raise BrokenPipeError

    one: Task[int] = task(lambda: 1, name="one")
    flow = Flow(one)
    with flowing.progress(flow, file=Gone()):
        assert flow.run().ok
    assert [record.getMessage() for record in caplog.records] == ["progress can't be shown any more: BrokenPipeError"]


def test_without_a_thread_to_be_had_nothing_is_shown(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """[R21] And the next run is shown again."""
    start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name == "flowing-progress":
            raise RuntimeError("can't start new thread")
        start(thread)

    one: Task[int] = task(lambda: 1, name="one")
    flow, file = Flow(one), io.StringIO()
    with flowing.progress(flow, file=file):
        with monkeypatch.context() as patch:
            patch.setattr(threading.Thread, "start", refuse)
            assert flow.run().ok
        assert "one that watches the flow raised RuntimeError" in caplog.text
        assert file.getvalue() == ""
        assert flow.run().ok
    assert "STATE" in file.getvalue()


def test_without_standard_error_nothing_is_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R20] It is noted once."""
    monkeypatch.setattr(sys, "stderr", None)
    one: Task[int] = task(lambda: 1, name="one")
    assert Flow(one, progress=True).run().ok


def test_without_rich_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rich", None)
    one: Task[int] = task(lambda: 1, name="one")
    with pytest.raises(
        ExtraMissing, match=r"needs the package rich; install it with: pip install 'flowing-dag\[rich\]'"
    ):
        Flow(one, progress=True)
    with pytest.raises(ExtraMissing) as caught, flowing.progress(Flow(one)):
        pass
    assert caught.value.extra == "rich"


LOADED = """
import io, sys
from flowing.views.progress import Glance, StepState
from flowing.views.progress_screen import TerminalScreen, progress_on, screen_on

class Terminal(io.StringIO):
    def isatty(self):
        return True

file = Terminal()
progress_on(file)
before = set(sys.modules)
screen = screen_on(file)
assert isinstance(screen, TerminalScreen)
glance = Glance(elapsed_s=1.0, counts=dict.fromkeys(StepState, 1), waiting_to_retry=0, retries=0)
screen.show(glance)
screen.finish(glance, [])
assert "all            6" in file.getvalue(), "it was drawn"
print(set(sys.modules) - before, file=sys.__stdout__)
"""


def test_what_draws_is_loaded_before_the_run() -> None:
    """Loading it takes as long as drawing some dozen times."""
    environment = os.environ | {"TERM": "xterm"}
    done = subprocess.run([sys.executable, "-c", LOADED], capture_output=True, text=True, check=True, env=environment)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("options", ["", "progress=True"])
def test_rich_is_loaded_only_when_somebody_asks(options: str) -> None:
    script = (
        f"import sys; from flowing import *; Flow(task(lambda: 1, name='t'), {options}); print('rich' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(bool(options))
