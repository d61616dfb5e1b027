"""What is said at a Ctrl-C while a command runs a flow. What Ctrl-C does is for the flow, and stays as it is."""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Final

from flowing._cli.inside import grace_s, running
from flowing._cli.output import complain, quoted

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from types import FrameType

    from flowing.flow import Flow

_NAMES_SHOWN: Final = 3


@contextmanager
def told(flow: Flow) -> Generator[None]:
    """Say at the first Ctrl-C in this block what is waited for, and how not to; unless the module sees to Ctrl-C."""
    is_pythons = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not is_pythons or threading.current_thread() is not threading.main_thread():
        yield
        return

    def tell(number: int, frame: FrameType | None) -> None:
        signal.signal(signal.SIGINT, signal.default_int_handler)
        with suppress(RuntimeError):  # it came while this thread was writing to the terminal
            complain(_waiting(running(flow), grace_s(flow)))
        signal.default_int_handler(number, frame)

    signal.signal(signal.SIGINT, tell)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def _waiting(names: Sequence[str], seconds: float) -> list[str]:
    """Word it; nothing where nobody is waited for."""
    if not names:
        return []
    shown = ", ".join(map(quoted, names[:_NAMES_SHOWN]))
    more = f" and {len(names) - _NAMES_SHOWN} more" if len(names) > _NAMES_SHOWN else ""
    return [f"flowing: waiting up to {seconds:g} s for {shown}{more}; Ctrl-C again ends at once"]
