"""Statuses: each knows its attempt, and none shows a user's value."""

from __future__ import annotations

import pytest
from typing_extensions import override

from flowing.core import (
    NO_VALUE,
    BackingOff,
    Because,
    Blocked,
    Cancelled,
    CommitDue,
    Committing,
    Failed,
    Failure,
    Invalidated,
    Past,
    Provided,
    Ready,
    ReadyAgain,
    Rejected,
    RetryDue,
    Running,
    SkipDue,
    Skipped,
    Status,
    Succeeded,
)

PAST = Past(attempts=3, invalidations=1)
RUN = Running(5, PAST, 0.0)


class HostileError(Exception):
    """Cannot be shown."""

    @override
    def __repr__(self) -> str:
        raise AssertionError("asked for its repr")

    __str__ = __repr__


FAILURE = Failure(RUN, 1.0, HostileError(), HostileError())


@pytest.mark.parametrize(
    ("row", "attempt"),
    [
        (Blocked(1, PAST), 3),
        (Ready(4, PAST), 4),
        (RUN, 5),
        (RetryDue(FAILURE, 1.0), 5),
        (BackingOff(FAILURE, 2.0), 5),
        (ReadyAgain(FAILURE), 6),
        (CommitDue(RUN, 1.0, HostileError(), HostileError()), 5),
        (Committing(CommitDue(RUN, 1.0, HostileError(), HostileError())), 5),
        (Succeeded(RUN, 1.0, HostileError()), 5),
        (Provided(HostileError(), PAST), 3),
        (Failed(FAILURE, Because.CANCEL), 5),
        (Rejected(HostileError(), PAST), 3),
        (SkipDue(0, gate=False, past=PAST), 3),
        (Skipped(0, gate=False, past=PAST), 3),
        (Cancelled(RUN, 1.0), 5),
        (Invalidated(PAST), 3),
    ],
)
def test_a_row_knows_its_attempt_and_shows_no_value(row: Status, attempt: int) -> None:
    """The last one made, or the next one where it is ready; a repr never asks a user's object for its own."""
    assert row.attempt == attempt
    assert repr(row).startswith(type(row).__name__)
    assert hasattr(row, "__slots__")


def test_what_went_before_is_kept_through_an_attempt() -> None:
    assert Succeeded(RUN, 1.0, "value").past is PAST
    assert CommitDue(RUN, 1.0, "value", b"value").past is PAST
    assert Committing(CommitDue(RUN, 1.0, "value", b"value")).past is PAST
    assert ReadyAgain(FAILURE).past is PAST


def test_no_value_is_apart_from_none() -> None:
    assert NO_VALUE is not None
    assert Failure(RUN, 1.0, HostileError()).value is NO_VALUE
