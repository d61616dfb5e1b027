"""Run one attempt: gates, body, `retry_until`; and say what happened as an event. No lock, no state.

Everything a user wrote is called here, so everything it can raise ends here.
"""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING

from flowing._text import one_line
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStopped,
    AttemptSucceeded,
    GateClosed,
    InputRejected,
)
from flowing.core.status import NO_VALUE
from flowing.errors import AttemptCancelled, RetryUntilError, UnsupportedFunctionError
from flowing.shell.attempt import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core.events import AttemptEvent
    from flowing.shell.attempt import Attempt


def perform(attempt: Attempt) -> AttemptEvent:
    """Run the attempt in the calling context, and report how it ended. Never raises."""
    CURRENT.set(attempt)
    body = attempt.body
    if (body.when is not None or body.validate is not None) and attempt.is_first_try:
        closed = _ask_gates(attempt)
        if closed is not None:
            return closed
    try:
        value = body.call(attempt.inputs)
    except BaseException as error:  # noqa: BLE001 - D12: whatever a body raises is its result
        return failed(attempt, error)
    if type(value) is CoroutineType:
        value.close()
        return _failure(attempt, _unawaited(attempt), retryable=False)
    if body.retry_until is not None:
        refused = _ask_retry_until(attempt, value)
        if refused is not None:
            return refused
    if body.keep is not None:
        return _kept(attempt, body.keep, value)
    return AttemptSucceeded(attempt.task, attempt.row.attempt, attempt.epoch, attempt.course.clock(), value)


def _kept(attempt: Attempt, keep: Callable[[object], object], value: object) -> AttemptReturned | AttemptFailed:
    """Make ready what the store keeps of the value; a value that it cannot keep is a failure of the task (D16)."""
    try:
        kept = keep(value)
    except BaseException as error:  # noqa: BLE001 - D12: hooks may be the user's
        return _failure(attempt, error, retryable=False, value=value)
    return AttemptReturned(attempt.task, attempt.number, attempt.epoch, attempt.course.clock(), value, kept)


def _unawaited(attempt: Attempt) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"task {one_line(attempt.body.name)!r} returned a coroutine, which nobody awaits; async def tasks are not "
        f"supported yet: return asyncio.run(...) of it"
    )


def _ask_gates(attempt: Attempt) -> GateClosed | InputRejected | None:
    """Ask `when`, then `validate`; None lets the body run (D10)."""
    body = attempt.body
    try:
        if body.when is not None and not body.when(attempt.inputs):
            return GateClosed(attempt.task, attempt.number, attempt.epoch, attempt.course.clock())
        if body.validate is not None:
            body.validate(attempt.inputs)
    except BaseException as error:  # noqa: BLE001 - D12: as for a body
        return InputRejected(attempt.task, attempt.number, attempt.epoch, attempt.course.clock(), error)
    return None


def _ask_retry_until(attempt: Attempt, value: object) -> AttemptFailed | None:
    """Ask `retry_until`; None accepts the value."""
    assert attempt.body.retry_until is not None
    try:
        if attempt.body.retry_until(value):
            return None
    except BaseException as error:  # noqa: BLE001 - D12: as for a body
        return _failure(attempt, error, retryable=False)
    refusal = RetryUntilError(attempt.body.name, attempts=attempt.number)
    return _failure(attempt, refusal, retryable=True, value=value)


def failed(attempt: Attempt, error: BaseException) -> AttemptFailed | AttemptStopped:
    """Report what the body raised."""
    if issubclass(type(error), AttemptCancelled) and attempt.cancelled:  # `isinstance` may ask the error (FAULTS R7)
        return AttemptStopped(attempt.task, attempt.number, attempt.epoch, attempt.course.clock())
    return _failure(attempt, error, retryable=is_retried(type(error), attempt.body.retry_on))


def is_retried(kind: type[BaseException], retry_on: tuple[type[BaseException], ...]) -> bool:
    """Tell whether an `except retry_on` clause would catch such an error. Asks no metaclass (FAULTS R23)."""
    return any(type.__subclasscheck__(each, kind) for each in retry_on)


def _failure(attempt: Attempt, error: BaseException, *, retryable: bool, value: object = NO_VALUE) -> AttemptFailed:
    return AttemptFailed(
        task=attempt.task,
        attempt=attempt.number,
        epoch=attempt.epoch,
        at_s=attempt.course.clock(),
        error=error,
        retryable=retryable,
        jitter=jitter(attempt),
        value=value,
    )


def jitter(attempt: Attempt) -> float:
    """Draw the factor for a jittered delay; nothing is drawn where none is used."""
    if not attempt.body.jitter:
        return 0.0
    import random  # noqa: PLC0415 - loads hashlib, and few tasks ask

    return random.random()  # noqa: S311 - spreads load, guards nothing
