"""What of flowing's log reaches the terminal while a command runs a flow. Changes no logger for longer than that."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from flowing._cli.output import complain, in_one_line

if TYPE_CHECKING:
    from collections.abc import Generator


@contextmanager
def printed_log(*, quiet: bool) -> Generator[None]:
    """Print the warnings of flowing, unless the flow's module sees to its log itself."""
    logger = logging.getLogger("flowing")
    theirs = [
        each for each in (*logger.handlers, *logging.getLogger().handlers) if type(each) is not logging.NullHandler
    ]
    if theirs:
        yield
        return
    handler = _Log(quiet=quiet)
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)


class _Log(logging.Handler):
    """Prints warnings, but for those that the table says too."""

    def __init__(self, *, quiet: bool) -> None:
        super().__init__(logging.WARNING)
        self._quiet: Final = quiet

    @override
    def emit(self, record: logging.LogRecord) -> None:
        if self._quiet or getattr(record, "flowing_event", None) != "TaskFailed":
            complain([f"flowing: {in_one_line(record.getMessage())}"])
