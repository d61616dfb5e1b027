"""What outlives a run that it began in, as the log names it."""

from __future__ import annotations

import logging
import multiprocessing
import threading
from typing import TYPE_CHECKING

from flowing import Flow, task
from flowing.shell.leftovers import others, tell_of_leftovers

if TYPE_CHECKING:
    import pytest

GUARD_S = 60


def test_what_outlives_a_run_is_named(caplog: pytest.LogCaptureFixture) -> None:
    """[R16] Once, in the run that it began in; daemons, and what has ended by then, are not."""
    leave = threading.Event()

    @task
    def leaves_threads() -> int:
        threading.Thread(target=leave.wait, args=(GUARD_S,), name="left \x1b behind", daemon=False).start()
        threading.Thread(target=leave.wait, args=(GUARD_S,), name="a daemon").start()  # as the worker is
        ended = threading.Thread(target=int, name="ended")
        ended.start()
        ended.join()
        return 1

    try:
        with caplog.at_level(logging.INFO, logger="flowing"):
            flow = Flow(leaves_threads)
            assert flow.run().ok
            (said,) = caplog.messages
            assert "'left \\\\x1b behind'" in said
            assert "end them in its body" in said
            caplog.clear()
            Flow(task(lambda: 1, name="other")).run()
            assert caplog.messages == []
    finally:
        leave.set()


def test_child_processes_are_named_too(caplog: pytest.LogCaptureFixture) -> None:
    """[R16] Those of `multiprocessing`, which waits for them before the process exits."""
    before = others()
    child = multiprocessing.get_context("spawn").Process(target=input, name="a child")
    child.start()
    try:
        with caplog.at_level(logging.INFO, logger="flowing"):
            tell_of_leftovers(before)
        (said,) = caplog.messages
        assert "'a child'" in said
    finally:
        child.kill()
        child.join(GUARD_S)


def test_of_many_some_are_named(caplog: pytest.LogCaptureFixture) -> None:
    leave = threading.Event()
    before = others()
    threads = [threading.Thread(target=leave.wait, args=(GUARD_S,), name=f"t{number:02}") for number in range(12)]
    for thread in threads:
        thread.start()
    try:
        with caplog.at_level(logging.INFO, logger="flowing"):
            tell_of_leftovers(before)
        (said,) = caplog.messages
        assert "'t09', and 2 more; " in said
        assert "t10" not in said
    finally:
        leave.set()
        for thread in threads:
            thread.join(GUARD_S)
