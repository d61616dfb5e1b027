"""Write to the log. A handler that raises hurts nobody (FAULTS R20), and without handlers nothing is printed."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from flowing._text import describe_error, one_line

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOG: Final = logging.getLogger("flowing")
_LOG.addHandler(logging.NullHandler())  # what logging asks of a library: else it prints warnings by itself


def warn(message: str, *details: object, extra: Mapping[str, object] | None = None) -> None:
    """Log a warning; whatever the handlers of the process raise ends here, for there is nobody to complain to."""
    with suppress(BaseException):
        _LOG.warning(message, *details, extra=extra)


def inform(message: str, *details: object) -> None:
    """Log what is worth knowing; as `warn`."""
    with suppress(BaseException):
        _LOG.info(message, *details)


def debug(message: str, *details: object, extra: Mapping[str, object]) -> None:
    """Log what happened; as `warn`."""
    with suppress(BaseException):
        _LOG.debug(message, *details, extra=extra)


def is_debugging() -> bool:
    """Tell whether anybody wants to see what `debug` writes."""
    with suppress(BaseException):  # the process may have made the logger a class of its own
        return _LOG.isEnabledFor(logging.DEBUG)
    return False


def warn_of_failure(task: str, error: BaseException, *, attempts: int, run_id: str | None, detached: bool) -> None:
    """Log that a task failed for good."""
    warn(
        "%stask %s failed: %s",
        "detached " if detached else "",
        repr(one_line(task)),
        describe_error(error),
        extra=facts(event="TaskFailed", task=task, attempt=attempts, run_id=run_id, state="FAILED"),
    )


def facts(
    *,
    event: str,
    task: str | None = None,
    attempt: int | None = None,
    run_id: str | None = None,
    state: str | None = None,
) -> Mapping[str, object]:
    """Give what a record says beside its message: five attributes, whose names no record has of its own."""
    return {
        "flowing_event": event,
        "flowing_task": None if task is None else one_line(task),
        "flowing_attempt": attempt,
        "flowing_run_id": run_id,
        "flowing_state": state,
    }
