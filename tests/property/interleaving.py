"""Two threads, of which one runs at a time, and which change places exactly where they are told. No tests.

A place is a bytecode, or a line, of functions that are to be watched; what else a thread runs is one step with them.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from tests.opcodes import traced

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from types import CodeType, FrameType

Step = Literal["opcode", "line"]
Trace: TypeAlias = "Callable[[FrameType, str, Any], Any]"  # as typeshed has it


class Interleaving:
    """Runs the first function up to a place, then the second up to one, then the first to its end, then the second."""

    def __init__(self, watched: Sequence[CodeType], step: Step, places: tuple[int, int | None]) -> None:
        self.passed = [0, 0]  # places that each thread has come by
        self._watched = frozenset(watched)
        self._step = step
        self._places = places
        self._turns = [threading.Semaphore(1), threading.Semaphore(0)]
        self._over = [False, False]
        self._errors: list[BaseException] = []
        self._numbers: dict[int, int] = {}

    def run(self, first: Callable[[], object], second: Callable[[], object]) -> tuple[bool, bool]:
        """Run both, and tell which of them were interrupted."""
        threads = [
            threading.Thread(target=self._go, args=(number, work), daemon=True)
            for number, work in enumerate((first, second))
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
            assert not thread.is_alive(), "a thread waits for the other one, who does not come"
        if self._errors:
            raise self._errors[0]
        first_stop, second_stop = self._places
        return self.passed[0] > first_stop, second_stop is not None and self.passed[1] > second_stop

    def give_way(self) -> None:
        """Let the other thread go on, because the calling one waits for it."""
        number = self._numbers[threading.get_ident()]
        assert not self._over[1 - number], "nobody is there to be waited for"
        self._turns[1 - number].release()
        self._turns[number].acquire()

    def _go(self, number: int, work: Callable[[], object]) -> None:
        self._numbers[threading.get_ident()] = number
        self._turns[number].acquire()
        try:
            traced(lambda frame, event, arg: self._trace(number, frame, event), work)
        except BaseException as error:  # noqa: BLE001 - shown by the test
            self._errors.append(error)
        finally:
            self._over[number] = True
            self._turns[1 - number].release()

    def _trace(self, number: int, frame: FrameType, event: str) -> Trace | None:
        if frame.f_code not in self._watched:
            return None
        frame.f_trace_opcodes = self._step == "opcode"

        def look(frame: FrameType, event: str, arg: object) -> Trace:
            if event == self._step:
                if self.passed[number] == self._places[number] and not self._over[1 - number]:
                    self.passed[number] += 1
                    self._turns[1 - number].release()
                    self._turns[number].acquire()
                else:
                    self.passed[number] += 1
            return look

        return look
