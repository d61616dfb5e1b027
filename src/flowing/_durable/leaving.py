"""Letting go of a store that nobody closed: when its flow is gone, and at the exit of the process. Knows no run."""

from __future__ import annotations

import atexit
import os
import weakref
from functools import partial
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Sequence

    from flowing._durable.scribe import Scribe
    from flowing.checkpoint import Store

LEAVE_S: Final = 1.0  # at most, for a commit that is on its way at the exit


class Leaves(Protocol):
    """One that can be told of the exit."""

    def leave(self) -> None:
        """Let go, whatever goes on."""
        ...


def closed_in_the_end(hold: Leaves, store: Store, turn: threading.Lock, busy: Sequence[Scribe]) -> Callable[[], None]:
    """Have the store closed when nobody refers to the hold any more, and the hold told of the exit; give the way back.

    `turn` is held while somebody writes, and `busy` has who writes for a session that goes on.
    """
    at_exit = partial(_leave, weakref.ref(hold))
    atexit.register(at_exit)
    finalizer = weakref.finalize(hold, _let_go, store, turn, busy, at_exit, os.getpid())
    finalizer.atexit = False

    def undo() -> None:
        finalizer.detach()
        atexit.unregister(at_exit)

    return undo


def _leave(hold: weakref.ref[Leaves]) -> None:
    held = hold()
    if held is not None:
        held.leave()


def _let_go(store: Store, turn: threading.Lock, busy: Sequence[Scribe], at_exit: Callable[[], None], pid: int) -> None:
    """Close the store, unless a thread that was left behind is writing still."""
    atexit.unregister(at_exit)
    for scribe in busy:
        scribe.end()
    if os.getpid() == pid and turn.acquire(blocking=False):
        try:
            store.close()
        finally:
            turn.release()
