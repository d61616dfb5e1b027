"""Events and decisions: facts and orders, which compare by value and never show a user's object."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import pytest

from flowing.core import (
    AttemptEvent,
    AttemptFailed,
    AttemptReturned,
    AttemptSucceeded,
    AttemptTimedOut,
    Decision,
    Event,
    InputRejected,
    Provided,
    ResultProvided,
    RunEvent,
    RunRestored,
    answer,
)
from tests.unit.core.test_status import HostileError

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    "make",
    [
        lambda: AttemptSucceeded(0, 1, 0, 1.0, HostileError()),
        lambda: AttemptReturned(0, 1, 0, 1.0, HostileError(), HostileError()),
        lambda: RunRestored("run", 1, 0.0, 0.0, ((0, Provided(HostileError())),)),
        lambda: AttemptFailed(
            task=0, attempt=1, epoch=0, at_s=1.0, error=HostileError(), retryable=True, value=HostileError()
        ),
        lambda: AttemptTimedOut(task=0, attempt=1, epoch=0, at_s=1.0, error=HostileError(), retryable=True),
        lambda: InputRejected(0, 1, 0, 1.0, HostileError()),
        lambda: ResultProvided(0, HostileError()),
    ],
)
def test_an_event_shows_no_value(make: Callable[[], Event]) -> None:
    """So a refusal can quote any event."""
    event = make()
    assert repr(event).startswith(type(event).__name__)


def test_an_event_is_about_an_attempt_or_about_the_run() -> None:
    assert set(get_args(AttemptEvent)) | set(get_args(RunEvent)) == set(get_args(Event))
    assert not set(get_args(AttemptEvent)) & set(get_args(RunEvent))


def test_events_are_frozen_and_equal_by_value() -> None:
    event = AttemptSucceeded(0, 1, 0, 1.0, "value")
    assert event == AttemptSucceeded(0, 1, 0, 1.0, "value")
    assert event != AttemptSucceeded(0, 2, 0, 1.0, "value")
    with pytest.raises(AttributeError):
        event.task = 1  # type: ignore[misc]  # what must not work


def test_every_decision_is_answered_by_an_event_of_its_own() -> None:
    """A decision says all that its answer needs, but the time."""
    fields = {"task": 1, "attempt": 2, "epoch": 3, "delay_s": 4.0, "wait": 5, "commit": 6}
    answers = []
    for kind in get_args(Decision):
        decision = kind(**{name: value for name, value in fields.items() if name in kind.__match_args__})
        answers.append(answer(decision, 10.0))
    assert len({type(event) for event in answers}) == len(get_args(Decision))
    assert {type(event) for event in answers} <= set(get_args(Event))
