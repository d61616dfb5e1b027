"""Run one attempt: gates, body, `retry_until`; and say what happened as an event. No lock, no state.

Everything a user wrote is called here, so everything it can raise ends here.
"""

from __future__ import annotations

from types import CoroutineType
from typing import TYPE_CHECKING, TypeAlias, cast, final

from flowing._no_value import NO_VALUE
from flowing._text import one_line
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStopped,
    GateClosed,
    InputRejected,
    make_attempt_succeeded,
)
from flowing.errors import (
    AttemptCancelled,
    ExecutorBroken,
    RetryUntilError,
    UnsendableError,
    UnsupportedFunctionError,
)
from flowing.shell.attempt import CURRENT

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core.events import AttemptEvent
    from flowing.shell.attempt import Attempt
    from flowing.shell.seams import Await

_Coroutine: TypeAlias = "CoroutineType[object, object, object]"


def run_in_place(attempt: Attempt, coroutine: _Coroutine) -> object:
    """Run the coroutine of an attempt on an event loop of its own, in the calling thread."""
    from asyncio import Runner  # noqa: PLC0415 - takes as long to load as flowing itself

    attempt.elsewhere = _InPlace()
    try:
        with Runner() as runner:
            return runner.run(coroutine)
    finally:
        coroutine.close()  # one that never began: else Python complains that nobody awaited it
        attempt.elsewhere = None


@final
class _InPlace:
    """A coroutine that runs in the attempt's own thread, where nothing can interrupt it."""

    def interrupt(self) -> None:
        """Do nothing."""

    def stuck_at(self) -> None:
        """Know nothing."""


def perform(attempt: Attempt, wait_for: Await = run_in_place) -> AttemptEvent:
    """Run the attempt in the calling context, and report how it ended. Never raises.

    `wait_for` runs the coroutines of its body and its gates.
    """
    CURRENT.set(attempt)
    body = attempt.body
    if (body.when is not None or body.validate is not None) and attempt.is_first_try:
        closed = _ask_gates(attempt, wait_for)
        if closed is not None:
            return closed
    try:
        value = body.call(attempt.inputs)
        if type(value) is CoroutineType:
            value = wait_for(attempt, cast("_Coroutine", value))  # proof: what it takes and gives are objects
            if type(value) is CoroutineType:
                value.close()
                return _failure(attempt, _unawaited(attempt), retryable=False)
    except BaseException as error:  # noqa: BLE001 - D12: whatever a body raises is its result
        return failed(attempt, error)
    if body.retry_until is not None:
        refused = _ask_retry_until(attempt, value, wait_for)
        if refused is not None:
            return refused
    if body.keep is not None:
        return _kept(attempt, body.keep, value)
    return make_attempt_succeeded(attempt.task, attempt.row.attempt, attempt.epoch, attempt.course.clock(), value)


def _kept(attempt: Attempt, keep: Callable[[object], object], value: object) -> AttemptReturned | AttemptFailed:
    """Make ready what the store keeps of the value; a value that it cannot keep is a failure of the task (D16)."""
    try:
        kept = keep(value)
    except BaseException as error:  # noqa: BLE001 - D12: hooks may be the user's
        return _failure(attempt, error, retryable=False, value=value)
    return AttemptReturned(attempt.task, attempt.number, attempt.epoch, attempt.course.clock(), value, kept)


def _unawaited(attempt: Attempt) -> UnsupportedFunctionError:
    return UnsupportedFunctionError(
        f"task {one_line(attempt.body.name)!r} is an `async def` that returned a coroutine, which nobody awaits; "
        f"write `return await ...`"
    )


def _ask_gates(attempt: Attempt, wait_for: Await) -> GateClosed | InputRejected | AttemptStopped | None:
    """Ask `when`, then `validate`; None lets the body run (D10)."""
    body = attempt.body
    try:
        if body.when is not None and not _awaited(attempt, body.when(attempt.inputs), wait_for):
            return GateClosed(attempt.task, attempt.number, attempt.epoch, attempt.course.clock())
        if body.validate is not None:
            _awaited(attempt, body.validate(attempt.inputs), wait_for)
    except BaseException as error:  # noqa: BLE001 - D12: as for a body
        if _has_broken_off(attempt, error):
            return _stopped(attempt)
        return InputRejected(attempt.task, attempt.number, attempt.epoch, attempt.course.clock(), error)
    return None


def _awaited(attempt: Attempt, answer: object, wait_for: Await) -> object:
    """Give the answer of a gate, also of one that is an `async def`."""
    if type(answer) is CoroutineType:
        return wait_for(attempt, cast("_Coroutine", answer))  # proof: as in `perform`
    return answer


def _ask_retry_until(attempt: Attempt, value: object, wait_for: Await) -> AttemptFailed | AttemptStopped | None:
    """Ask `retry_until`; None accepts the value."""
    assert attempt.body.retry_until is not None
    try:
        if _awaited(attempt, attempt.body.retry_until(value), wait_for):
            return None
    except BaseException as error:  # noqa: BLE001 - D12: as for a body
        return _stopped(attempt) if _has_broken_off(attempt, error) else _failure(attempt, error, retryable=False)
    refusal = RetryUntilError(attempt.body.name, attempts=attempt.number)
    return _failure(attempt, refusal, retryable=True, value=value)


def failed(attempt: Attempt, error: BaseException) -> AttemptFailed | AttemptStopped:
    """Report what the body raised."""
    if _has_broken_off(attempt, error):
        return _stopped(attempt)
    return _failure(attempt, error, retryable=_may_help(error) and is_retried(type(error), attempt.body.retry_on))


def _may_help(error: BaseException) -> bool:
    """Tell whether another attempt may end otherwise: not where the body can't be run at all."""
    if type(error) is ExecutorBroken:
        return error.is_replaced
    return type(error) is not UnsendableError


def _has_broken_off(attempt: Attempt, error: BaseException) -> bool:
    """Tell whether the attempt ended because nobody waits for it any more."""
    return attempt.cancelled and issubclass(type(error), AttemptCancelled)  # `isinstance` may ask the error (FAULTS R7)


def _stopped(attempt: Attempt) -> AttemptStopped:
    return AttemptStopped(attempt.task, attempt.number, attempt.epoch, attempt.course.clock())


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
