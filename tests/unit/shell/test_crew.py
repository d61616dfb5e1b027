"""The worker threads: hired one by one, and looked after."""

from __future__ import annotations

import contextvars
import threading
import time

import pytest

from flowing.core import Node
from flowing.shell.crew import Crew
from flowing.shell.desk import Desk
from tests.unit.shell.worlds import Scripted

GUARD_S = 60


def crew() -> Crew:
    return Crew(contextvars.copy_context(), keep_frames=False)


def test_hired_threads_are_daemons_with_names_and_leave_when_the_run_is_over() -> None:
    world = Scripted()
    desk = world.desk([Node("a"), Node("b", ("a",))])
    hands = crew()
    hands.hire(desk)
    (thread,) = hands._threads
    assert (thread.daemon, thread.name) == (True, "flowing-0")
    hands.join(desk, until_s=time.monotonic() + GUARD_S)
    assert desk.closed
    assert not thread.is_alive()


def test_a_refused_thread_is_not_on_the_list(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] Else it would be looked for."""

    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    hands = crew()
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="can't start"):
        hands.hire(Scripted().desk([Node("a")]))
    assert hands.missing() == frozenset()


def test_a_thread_that_has_not_begun_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    """[X11] If it stays so, it was killed."""
    hands = crew()
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)
    hands.hire(Scripted().desk([Node("a")]))
    assert len(hands.missing()) == 1


def test_an_error_in_flowings_own_code_breaks_the_run_down(monkeypatch: pytest.MonkeyPatch) -> None:
    """[X11] It is reported by the thread that it hit."""
    world = Scripted()
    desk = world.desk([Node("a")])

    def fail(*_: object) -> bool:
        raise ZeroDivisionError

    monkeypatch.setattr(Desk, "visit", fail)
    hands = crew()
    hands.hire(desk)
    hands.join(desk, until_s=time.monotonic() + GUARD_S)
    assert isinstance(desk.broken, ZeroDivisionError)
