"""One step for what takes three: always the same state and the same task as the single steps."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest

from flowing.core import (
    AttemptSucceeded,
    Node,
    Policy,
    Start,
    answer,
    check,
    decide,
    hand_over,
    transition,
)
from flowing.errors import InvalidTransition
from tests.unit.core.states import (
    begin,
    cancelled,
    failed,
    fence,
    invalidated,
    ordered,
    ran,
    rest,
    resumed,
    started,
    timed_out,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from flowing.core import State

AT_ONCE: Final = Policy(retries=1, backoff_base_s=0.0)

# Where "a" succeeds, and who starts then.
CASES: Final[dict[str, tuple[Callable[[], State], str | None]]] = {
    "nothing is left": (lambda: started(begin(Node("a")), "a"), None),
    "its dependent": (lambda: started(begin(Node("a"), Node("b", ("a",))), "a"), "b"),
    "the lowest of its dependents": (
        lambda: started(begin(Node("a"), *(Node(name, ("a",)) for name in "bcd")), "a"),
        "b",
    ),
    "its dependent waits for another": (
        lambda: started(begin(Node("a"), Node("z"), Node("b", ("a", "z"))), "a", "z"),
        None,
    ),
    "what was ready has the lower number": (
        lambda: started(begin(Node("a"), Node("z"), Node("y"), Node("b", ("a",)), workers=1), "a"),
        "z",
    ),
    "its dependent has the lower number": (
        lambda: started(begin(Node("a"), Node("z"), Node("b", ("a",)), Node("c", ("b",)), workers=1), "a"),
        "b",
    ),
    "what was ready, and no dependent": (lambda: started(begin(Node("a"), Node("z"), workers=1), "a"), "z"),
    "only a detached task is ready": (lambda: started(begin(Node("a"), Node("b", detached=True)), "a"), None),
    "its dependent is detached": (lambda: started(begin(Node("a"), Node("b", ("a",), detached=True)), "a"), None),
    "a dependent was skipped": (
        lambda: ordered(
            failed(started(begin(Node("a"), Node("z"), Node("b", ("a", "z")), fail_fast=False), "a", "z"), "z")
        ),
        None,
    ),
    "a skip is due": (
        lambda: failed(
            started(begin(Node("a"), Node("z"), Node("b", ("z",)), Node("c"), fail_fast=False), "a", "z"), "z"
        ),
        None,
    ),
    "a delay is due": (
        lambda: failed(started(begin(Node("a"), Node("z", policy=Policy(retries=1)), Node("c")), "a", "z"), "z"),
        None,
    ),
    "a retry is ready": (
        lambda: failed(started(begin(Node("z", policy=AT_ONCE), Node("a"), Node("b", ("a",))), "z", "a"), "z"),
        "z",
    ),
    "the run fails fast": (lambda: failed(started(begin(Node("a"), Node("z"), Node("b")), "a", "z"), "z"), None),
    "the run is cancelled": (lambda: cancelled(started(begin(Node("a"), Node("b")), "a")), None),
    "it is detached": (
        lambda: started(rest_of_main(begin(Node("a", detached=True), Node("b", ("a",), detached=True))), "a"),
        "b",
    ),
    "abandoned threads have every other place": (
        lambda: timed_out(
            timed_out(
                started(begin(*(Node(name) for name in "azyb"), workers=3, abandoned=0, fail_fast=False), "a"), "z"
            ),
            "y",
        ),
        "b",
    ),
    "another attempt of an earlier run": (
        lambda: started(resumed(invalidated(rest(begin(Node("a"), Node("b", ("a",)))), "a")), "a"),
        "b",
    ),
}


def rest_of_main(state: State) -> State:
    return transition(state, answer(decide(state)[0], 1.0))


@pytest.mark.parametrize(("make", "name"), CASES.values(), ids=CASES)
def test_it_equals_the_single_steps(make: Callable[[], State], name: str | None) -> None:
    before = make()
    event = AttemptSucceeded(*fence(before, "a"), 2.0, "value")
    state, task = hand_over(before, event, 3.0)
    check(state)
    after = transition(before, event)
    match decide(after, 1):
        case [Start() as start]:
            assert (state, task) == (transition(after, answer(start, 3.0)), start.task)
        case _:
            assert (state, task) == (after, None)
    assert (None if task is None else before.graph.names[task]) == name


@pytest.mark.parametrize("change", [{"attempt": 1}, {"epoch": 0}])
def test_a_late_report_starts_what_is_due_and_changes_nothing_else(change: dict[str, int]) -> None:
    """[T2] As with `transition`."""
    state = timed_out(begin(Node("a", policy=AT_ONCE), Node("b")), "a")
    fenced = dict(zip(("task", "attempt", "epoch"), (0, 1, 0), strict=True)) | change
    late, task = hand_over(started(state, "a"), AttemptSucceeded(**fenced, at_s=9.0, value="late"), 3.0)
    assert late.run.late == 1
    assert task is not None
    assert late.graph.names[task] == "b"


def test_it_refuses_what_transition_refuses() -> None:
    state = ran(begin(Node("a")), "a")
    with pytest.raises(InvalidTransition, match="'a'"):
        hand_over(state, AttemptSucceeded(0, 1, 0, 2.0, "again"), 3.0)
