"""Progress on a terminal, with rich, and on everything else in plain lines. A thread looks; no task ever waits for it.

It looks four times a second at a run on a terminal, else once, and less often where a look is dear: at most one part in
fifty of the time goes into it.
"""

from __future__ import annotations

import sys
import threading
import time
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, ClassVar, Final, Protocol, TextIO, final

from flowing._text import describe_error, one_line
from flowing.errors import ExtraMissing
from flowing.results import StepState
from flowing.shell.log import warn
from flowing.views.progress import Glance, Watch
from flowing.views.progress_words import (
    NAME_MAX,
    duration,
    failures_of,
    final_table,
    in_one_line,
    left_in_words,
    retries_in_words,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, Group
    from rich.live import Live

    from flowing._bodies import Body
    from flowing.shell.observers import Attendant, Occasion

SHARE: Final = 50  # a look that takes 10 ms is followed by 500 ms without one
_JOIN_S: Final = 5.0  # for a terminal that takes no more text
_LINES_BESIDE: Final = 5  # of the screen, beside the tasks that run


def progress_on(file: TextIO | None) -> Attendant:
    """Make one that shows the progress of runs that it attends: on `file`, or on what is standard error then.

    Of runs that overlap, it shows the first.

    Raises:
        ExtraMissing: rich is not installed.
    """
    if find_spec("rich") is None:
        raise ExtraMissing("progress", extra="rich", package="rich")
    for module in ("rich.live", "rich.progress_bar", "rich.table"):
        import_module(module)  # now, so that no run waits for it
    turn = threading.Lock()
    return lambda occasion: _Showing(occasion, file, turn)


class Screen(Protocol):
    """Where progress is shown, every `look_s` or less often."""

    look_s: ClassVar[float]

    def show(self, glance: Glance) -> None:
        """Show how far the run is."""
        ...

    def finish(self, glance: Glance, failures: Sequence[str]) -> None:
        """Show what became of it, and leave the screen as it was."""
        ...


@final
class _Showing:
    """Shows one run."""

    def __init__(self, occasion: Occasion, file: TextIO | None, turn: threading.Lock) -> None:
        self._turn = turn
        self._look = occasion.look
        self._watch = Watch(occasion.look().graph, time.monotonic())
        self._screen = screen_on(file)
        self._over = threading.Event()
        self._thread: threading.Thread | None = None
        if self._screen is not None and turn.acquire(blocking=False):
            self._thread = threading.Thread(
                target=self._work, args=(self._screen,), name="flowing-progress", daemon=True
            )
            try:
                self._thread.start()
            except RuntimeError:  # no thread to be had
                turn.release()
                raise

    def equip(self, bodies: Sequence[Body]) -> Sequence[Body]:
        """Leave them as they are."""
        return bodies

    def ends(self) -> None:
        """Have the last look shown."""
        self._over.set()
        if self._thread is not None:
            self._thread.join(_JOIN_S)

    def _work(self, screen: Screen) -> None:
        try:
            self._show(screen)
        except Exception as error:  # noqa: BLE001 - R20: a terminal that is gone can't hurt the run
            warn("progress can't be shown any more: %s", describe_error(error))
        finally:
            self._turn.release()

    def _show(self, screen: Screen) -> None:
        pause_s = screen.look_s
        while not self._over.wait(pause_s):
            begin_s = time.monotonic()
            screen.show(self._watch.glance(self._look(), begin_s))
            pause_s = max(screen.look_s, SHARE * (time.monotonic() - begin_s))
        state = self._look()
        glance = self._watch.glance(state, time.monotonic())
        screen.finish(glance, failures_of(state) if glance.counts[StepState.FAILED] else ())


def screen_on(file: TextIO | None) -> Screen | None:
    """Choose how to show progress there; None where there is nothing to show it on."""
    from rich.console import Console  # noqa: PLC0415 - an extra

    file = file or sys.stderr
    if file is None:  # pyright: ignore[reportUnnecessaryComparison] - so it is in a process without a standard error
        return None
    console = Console(file=file, markup=False, highlight=False, emoji=False)
    if console.is_terminal and not console.is_dumb_terminal:
        return TerminalScreen(console)
    return LineScreen(file)


@final
class LineScreen:
    """A pipe or a file: a line a second at most, and a table in the end. No control codes."""

    look_s: ClassVar[float] = 1.0

    def __init__(self, file: TextIO) -> None:
        self._file = file
        self._said: tuple[float, str] = (0.0, "")

    def show(self, glance: Glance) -> None:
        """Write a line, if the last one is old enough and said something else."""
        at_s, before = self._said
        line = in_one_line(glance)
        if glance.elapsed_s - at_s >= self.look_s and line != before:
            self._said = (glance.elapsed_s, line)
            self._write(f"{duration(glance.elapsed_s)}: {line}\n")

    def finish(self, glance: Glance, failures: Sequence[str]) -> None:
        """Write the table."""
        self._write(final_table(glance, failures) + "\n")

    def _write(self, text: str) -> None:
        encoding = getattr(self._file, "encoding", None) or "utf-8"
        self._file.write(text.encode(encoding, "backslashreplace").decode(encoding))
        self._file.flush()


@final
class TerminalScreen:
    """A terminal: drawn over and over in the same place, never higher than the screen, and gone in the end."""

    look_s: ClassVar[float] = 0.25

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live: Live | None = None

    def show(self, glance: Glance) -> None:
        """Draw it over what was there."""
        from rich.live import Live  # noqa: PLC0415 - an extra

        if self._live is None:
            self._live = Live(console=self._console, auto_refresh=False, transient=True, vertical_overflow="crop")
            self._live.start()
        self._live.update(_drawn(glance, rows_max=self._console.height - _LINES_BESIDE), refresh=True)

    def finish(self, glance: Glance, failures: Sequence[str]) -> None:
        """Leave a table behind."""
        if self._live is not None:
            self._live.stop()
        self._console.print(final_table(glance, failures), soft_wrap=True)


def _drawn(glance: Glance, *, rows_max: int) -> Group:
    """Draw a run: a bar, the counts, what is left, and the tasks that run longest. No text is taken for markup."""
    from rich.console import Group  # noqa: PLC0415 - an extra
    from rich.progress_bar import ProgressBar  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    head = Table.grid(padding=(0, 1), expand=True)
    head.add_column(no_wrap=True)
    head.add_column(ratio=1)
    head.add_row(f"{glance.done}/{glance.total}", ProgressBar(total=max(1, glance.total), completed=glance.done))
    counts = Text(no_wrap=True, overflow="ellipsis")
    for state, count in glance.counts.items():
        if count:
            counts.append(f"{count} {state}", style=_STYLES[state]).append("  ")
    if glance.retries or glance.waiting_to_retry:
        counts.append(f"{retries_in_words(glance.retries)}, {glance.waiting_to_retry} waiting  ")
    counts.append(duration(glance.elapsed_s))
    left = Text("" if glance.left is None else left_in_words(glance.left), no_wrap=True, overflow="ellipsis")
    running = Table.grid(padding=(0, 2))
    running.add_column(no_wrap=True, overflow="ellipsis")
    running.add_column(justify="right", no_wrap=True)
    running.add_column(no_wrap=True)
    for each in glance.running[: max(0, rows_max)]:
        again = f"attempt {each.attempt}" if each.attempt > 1 else ""
        running.add_row(Text(one_line(each.name, length_max=NAME_MAX)), duration(each.elapsed_s), again)
    more = glance.counts[StepState.RUNNING] - min(len(glance.running), max(0, rows_max))
    return Group(head, counts, left, running, Text(f"... and {more} more running" if more > 0 else ""))


_STYLES: Final = {
    StepState.PENDING: "dim",
    StepState.RUNNING: "cyan",
    StepState.SUCCEEDED: "green",
    StepState.FAILED: "bold red",
    StepState.SKIPPED: "yellow",
    StepState.CANCELLED: "magenta",
}
