"""Work that no interrupt may tear apart: in threads of its own, one piece after the other. Knows no store."""

from __future__ import annotations

import _thread
import threading
from collections import deque
from contextvars import copy_context
from typing import TYPE_CHECKING, Final, TypeVar, final

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

_LOOK_S: Final = 1.0  # an interrupt that comes just before the caller falls asleep is not seen before it wakes


@final
class Aside:
    """Does pieces of work in the order in which they came, holding `turn`."""

    __slots__ = ("_turn", "_waiting")

    def __init__(self, turn: threading.Lock) -> None:
        self._turn: Final = turn
        self._waiting: Final[deque[Callable[[], None]]] = deque()

    def do(self, work: Callable[[], T]) -> T:
        """Do work and give what it gives, or raise what it raises.

        An interrupt raises at once in the caller. What it gave up is done all the same, before anything that comes
        later, and what that gives is lost. Where the system has no thread to give, the caller does the work.
        """
        made: list[T] = []
        raised: list[BaseException] = []
        bell = threading.Lock()
        bell.acquire()

        def piece() -> None:
            try:
                made.append(work())
            except BaseException as error:  # noqa: BLE001 - it is the caller's
                raised.append(error)
            bell.release()

        context = copy_context()
        self._waiting.append(lambda: context.run(piece))
        try:
            _thread.start_new_thread(self._serve, ())
        except RuntimeError:
            self._serve()
        while not bell.acquire(timeout=_LOOK_S):
            pass
        if raised:
            raise raised.pop()
        return made.pop()

    def _serve(self) -> None:
        with self._turn:
            while self._waiting:
                self._waiting.popleft()()
