"""What a recording keeps of an event, and of what it goes on from."""

from __future__ import annotations

import weakref

import pytest

from flowing._events.facts import NOT_RECORDED, Forgotten, events_behind, without_values
from flowing.core import (
    NO_VALUE,
    AttemptFailed,
    AttemptReturned,
    AttemptSucceeded,
    Event,
    Idle,
    Limits,
    MainSettled,
    Node,
    ResultProvided,
    ResultsInvalidated,
    RunRestored,
    compile_graph,
    initial,
    transition,
)
from flowing.core.status import CommitDue, Invalidated, Past, Provided, Running, Succeeded

RUN = Running(1, Past(), 1.0)
SECRET = "canary-31c7"


@pytest.mark.parametrize(
    "event",
    [
        AttemptSucceeded(0, 1, 0, 2.0, SECRET),
        AttemptReturned(0, 1, 0, 2.0, SECRET, SECRET.encode()),
        AttemptFailed(task=0, attempt=1, epoch=0, at_s=2.0, error=ValueError(), retryable=True, value=SECRET),
        ResultProvided(0, SECRET),
        RunRestored("r", 0, 0.0, 0.0, ((0, Succeeded(RUN, 2.0, SECRET)),)),
        RunRestored("r", 0, 0.0, 0.0, ((0, Provided(SECRET)),)),
        RunRestored("r", 0, 0.0, 0.0, ((0, CommitDue(RUN, 2.0, SECRET, SECRET)),)),
    ],
)
def test_no_value_is_kept(event: Event) -> None:
    """[S11] Anywhere in the event."""
    kept = without_values(event)
    assert type(kept) is type(event)
    assert holds(event, SECRET), "control"
    assert not holds(kept, SECRET)
    assert holds(kept, NOT_RECORDED)


def holds(thing: object, value: object) -> bool:
    """Tell whether a value lies somewhere in a record."""
    if isinstance(thing, tuple):
        return any(holds(each, value) for each in thing)
    if hasattr(thing, "__attrs_attrs__"):
        return any(holds(getattr(thing, field.name), value) for field in thing.__attrs_attrs__)
    return thing is value or (isinstance(thing, bytes) and thing == str(value).encode())


@pytest.mark.parametrize(
    "event",
    [
        MainSettled(),
        AttemptFailed(task=0, attempt=1, epoch=0, at_s=2.0, error=ValueError(), retryable=True),
        RunRestored("r", 0, 0.0, 0.0, ((0, Succeeded(RUN, 2.0, NO_VALUE)), (1, Invalidated(Past(1, 1))))),
    ],
)
def test_where_there_is_no_value_it_stays_so(event: Event) -> None:
    assert without_values(event) == event


def test_a_value_is_let_go_of() -> None:
    class Big: ...

    big = Big()
    gone = weakref.ref(big)
    kept = without_values(AttemptSucceeded(0, 1, 0, 2.0, big))
    del big
    assert gone() is None
    assert type(kept) is AttemptSucceeded


GRAPH = compile_graph([Node("a"), Node("b", ("a",))], Limits())


def test_a_flow_that_is_as_new_has_nothing_behind_it() -> None:
    assert [*events_behind(initial(GRAPH, epoch=3))] == [Forgotten(3)]


def test_what_was_given_and_taken_before_the_first_run_is_behind_it() -> None:
    state = transition(transition(initial(GRAPH), ResultProvided(0, 1)), ResultsInvalidated((1,)))
    assert state.phase == Idle(touched=True)
    assert [*events_behind(state)] == [Forgotten(0), ResultProvided(0, 1), ResultsInvalidated((1,))]
