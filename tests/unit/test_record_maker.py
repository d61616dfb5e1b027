"""Makers of records: what they make is what the class makes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import attrs
import pytest
from attrs import field
from attrs.exceptions import FrozenInstanceError

from flowing._record import maker, record
from flowing.core import AttemptSucceeded, Blocked, Past, Run, Running, State, Succeeded
from flowing.core.events import make_attempt_succeeded
from flowing.core.graph import Limits, Node, compile_graph
from flowing.core.state import Open, initial, make_state
from flowing.core.status import FRESH, make_blocked, make_running, make_succeeded

if TYPE_CHECKING:
    from collections.abc import Callable

RUNNING: Final = Running(1, FRESH, 2.0)
STATE: Final = initial(compile_graph([Node("a")], Limits()))


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (make_blocked(2), Blocked(2)),
        (make_attempt_succeeded(0, 1, 2, 3.0, "value"), AttemptSucceeded(0, 1, 2, 3.0, "value")),
        (make_blocked(2, Past(1)), Blocked(2, Past(1))),
        (make_blocked(unmet=2, past=Past(1)), Blocked(unmet=2, past=Past(1))),
        (make_running(1, FRESH, 2.0), RUNNING),
        (make_succeeded(RUNNING, 3.0, "value"), Succeeded(RUNNING, 3.0, "value")),
        (make_succeeded(RUNNING, 3.0, "value", stale=True), Succeeded(RUNNING, 3.0, "value", stale=True)),
        (
            make_state(Run(STATE.graph, Open(), 1), STATE.table, 2, 3),
            State(Run(STATE.graph, Open(), 1), STATE.table, 2, 3),
        ),
    ],
)
def test_it_makes_what_the_class_makes(made: object, expected: object) -> None:
    assert type(made) is type(expected)
    assert made == expected
    assert repr(made) == repr(expected)


def test_what_it_makes_is_frozen() -> None:
    blocked = make_blocked(2)
    with pytest.raises(FrozenInstanceError):
        blocked.unmet = 3  # type: ignore[misc]
    assert attrs.evolve(blocked, unmet=3) == Blocked(3)
    assert hash(blocked) == hash(Blocked(2))


@record
class Pair:
    first: int
    second: int = field(kw_only=True)


@record
class Converted:
    first: int
    second: int = field(converter=int)


@record
class Listing:
    first: int
    second: list[int] = field(factory=list)


@pytest.mark.parametrize("made", [Pair, Converted, Listing])
def test_a_record_that_does_more_than_to_keep_its_fields_is_refused(made: Callable[..., object]) -> None:
    with pytest.raises(AssertionError):
        maker(made)
