"""Work in a thread of its own: what it gives, what it raises, and what an interrupt does to it."""

from __future__ import annotations

import _thread
import signal
import threading
from contextvars import ContextVar
from typing import TYPE_CHECKING, TypeVar

import pytest

from flowing._durable.aside import Aside

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")
GUARD_S = 60


def aside(work: Callable[[], T]) -> T:
    return Aside(threading.Lock()).do(work)


def test_it_gives_what_the_work_gives() -> None:
    assert aside(lambda: 5) == 5
    assert aside(threading.get_ident) != threading.get_ident()


@pytest.mark.parametrize("kind", [ValueError, SystemExit, KeyboardInterrupt])
def test_it_raises_what_the_work_raises(kind: type[BaseException]) -> None:
    error = kind("why")

    def work() -> None:
        raise error

    with pytest.raises(kind) as caught:
        aside(work)
    assert caught.value is error


def test_the_work_sees_the_callers_context() -> None:
    variable = ContextVar("variable", default=0)
    variable.set(1)
    assert aside(variable.get) == 1


def test_an_interrupt_raises_at_once_and_the_work_goes_on_to_its_end() -> None:
    """[X3] Nothing is torn apart."""
    go_on, caller = threading.Event(), threading.get_ident()
    done: list[str] = []
    hands = Aside(threading.Lock())

    def work() -> None:
        signal.pthread_kill(caller, signal.SIGINT)
        assert go_on.wait(GUARD_S)
        done.append("given up")

    with pytest.raises(KeyboardInterrupt):
        hands.do(work)
    assert done == []
    go_on.set()
    hands.do(lambda: done.append("later"))
    assert done == ["given up", "later"]


def test_what_was_given_up_before_it_began_is_done_first() -> None:
    """[X3] Never after what came later, whichever thread does it."""
    hands = Aside(threading.Lock())
    done: list[int] = []
    hands._waiting.append(lambda: done.append(1))  # an interrupt came before it had a thread
    hands.do(lambda: done.append(2))
    assert done == [1, 2]


def test_pieces_take_turns_with_whoever_holds_the_turn() -> None:
    turn = threading.Lock()
    held = Aside(turn).do(turn.locked)
    assert held
    assert not turn.locked()


def test_where_there_is_no_thread_the_caller_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """[R21] As when the interpreter shuts down."""

    def refuse(*_: object) -> None:
        message = "can't start new thread"
        raise RuntimeError(message)

    monkeypatch.setattr(_thread, "start_new_thread", refuse)
    assert aside(threading.get_ident) == threading.get_ident()
