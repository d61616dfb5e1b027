"""Work that is watched instruction by instruction, in the thread that does it. No tests."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

    from _typeshed import TraceFunction

R = TypeVar("R")


def instructions(act: Callable[[], object]) -> int:
    """Count the bytecode instructions that it takes."""
    count = 0

    def trace(frame: FrameType, event: str, argument: object) -> TraceFunction | None:
        nonlocal count
        frame.f_trace_opcodes = True
        frame.f_trace_lines = False
        count += event == "opcode"
        return trace

    traced(trace, act)
    return count


def traced(trace: TraceFunction, work: Callable[[], R]) -> R:
    """Do the work under a trace function, from the first instruction on of each frame that asks for them.

    CPython 3.12 sends "opcode" events only if `f_trace_opcodes` was set in any frame before `sys.settrace()`: without
    that, whoever is the first in a process to ask for them gets none.
    """
    sys._getframe().f_trace_opcodes = True
    before = sys.gettrace()
    sys.settrace(trace)
    try:
        return work()
    finally:
        sys.settrace(before)
