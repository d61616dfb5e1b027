"""One step for what takes three: always the same state and the same task as the single steps."""

from __future__ import annotations

import inspect
import sys
from typing import TYPE_CHECKING, Final

import pytest

from flowing.core import (
    AttemptReturned,
    AttemptSucceeded,
    CommitStarted,
    Node,
    Policy,
    Rule,
    Running,
    Start,
    answer,
    check,
    decide,
    hand_over,
    transition,
)
from flowing.errors import InvalidTransition
from tests.unit.core.states import (
    after,
    begin,
    cancelled,
    failed,
    fence,
    invalidated,
    ordered,
    provided,
    ran,
    rest,
    resumed,
    started,
    timed_out,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

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
    "the first of two dependents": (
        lambda: started(begin(Node("a"), Node("b", ("a",)), Node("c", ("a",))), "a"),
        "b",
    ),
    "its dependents wait for another": (
        lambda: started(begin(Node("a"), Node("z"), *(Node(name, ("a", "z")) for name in "bc"), Node("y")), "a", "z"),
        "y",
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
    "what was ready is the very first": (
        lambda: started(begin(Node("z"), Node("y", ("z",)), Node("a"), Node("b", ("a",))), "a"),
        "z",
    ),
    "what was ready is the very first, and no dependent": (lambda: started(begin(Node("z"), Node("a")), "a"), "z"),
    "what was ready, and no dependent": (lambda: started(begin(Node("a"), Node("z"), workers=1), "a"), "z"),
    "a commit is due": (
        lambda: after(
            started(begin(Node("a"), Node("z"), Node("y")), "a", "z"), AttemptReturned(1, 1, 0, 2.0, "value", b"value")
        ),
        None,
    ),
    "a commit is on its way": (
        lambda: after(
            started(begin(Node("a"), Node("z"), Node("y")), "a", "z"),
            AttemptReturned(1, 1, 0, 2.0, "value", b"value"),
            CommitStarted(1),
        ),
        "y",
    ),
    "a commit is on its way, and the next one due": (
        lambda: after(
            started(begin(*(Node(name) for name in "azyx")), "a", "z", "y"),
            AttemptReturned(1, 1, 0, 2.0, "value", b"value"),
            CommitStarted(1),
            AttemptReturned(2, 1, 0, 2.0, "value", b"value"),
        ),
        "x",
    ),
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
    "dependents of an earlier run, one of them overridden": (
        lambda: with_history(Node("b", ("a", "z")), Node("given", ("a",)), Node("c", ("a",)), Node("d", ("a",))),
        "c",
    ),
    "dependents of an earlier run that wait for another": (
        lambda: with_history(Node("b", ("a", "z")), Node("given", ("z",)), Node("c", ("a", "z")), Node("y")),
        "y",
    ),
}
EXTRAORDINARY: Final = {
    "a commit is due",
    "a skip is due",
    "a delay is due",
    "a retry is ready",
    "the run fails fast",
    "the run is cancelled",
    "it is detached",
}


def rest_of_main(state: State) -> State:
    return transition(state, answer(decide(state)[0], 1.0))


def with_history(*others: Node) -> State:
    """Make a resumed run in which "a" and "z" run, and the others wait for their second time: all but "given"."""
    state = provided(rest(begin(Node("a"), Node("z"), *others)), "given")
    return started(resumed(invalidated(state, *(name for name in state.graph.names if name != "given"))), "a", "z")


@pytest.mark.parametrize(("make", "name"), CASES.values(), ids=CASES)
def test_it_equals_the_single_steps(make: Callable[[], State], name: str | None) -> None:
    before = make()
    assert started_by(before, AttemptSucceeded(*fence(before, "a"), 2.0, "value")) == name


@pytest.mark.parametrize("make", [make for make, _ in CASES.values()], ids=CASES)
def test_it_equals_the_single_steps_for_a_value_that_is_to_be_committed(make: Callable[[], State]) -> None:
    """The commit is due before any start."""
    before = make()
    started_by(before, AttemptReturned(*fence(before, "a"), 2.0, "value", b"value"))


@pytest.mark.parametrize("make", [make for make, _ in CASES.values()], ids=CASES)
def test_it_equals_the_single_steps_while_another_value_is_being_committed(make: Callable[[], State]) -> None:
    """A place is free, and nothing starts because of the value."""
    state = make()
    a = state.graph.numbers["a"]
    for other in [task for task, row in enumerate(state.table) if isinstance(row, Running) and task != a]:
        fenced = other, state.table[other].attempt, state.epoch
        state = transition(state, AttemptReturned(*fenced, 2.0, "other", b"other"))
    state = state if state.run.committing else transition(state, CommitStarted(state.run.commits + 1))
    started_by(state, AttemptReturned(*fence(state, "a"), 2.0, "value", b"value"))
    started_by(state, AttemptSucceeded(*fence(state, "a"), 2.0, "value"))


@pytest.mark.parametrize("case", CASES)
def test_an_ordinary_visit_takes_no_single_step(case: str) -> None:
    """That is what it is for; and it takes them where anything is out of the ordinary."""
    before = CASES[case][0]()
    event = AttemptSucceeded(*fence(before, "a"), 2.0, "value")
    assert (calls_of_transition(lambda: hand_over(before, event, 3.0)) > 0) is (case in EXTRAORDINARY)


def calls_of_transition(act: Callable[[], object]) -> int:
    """Count the calls of what `transition` consists of."""
    count = 0
    file = inspect.getfile(Rule)

    def profile(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event == "call" and frame.f_code.co_filename == file

    before = sys.getprofile()
    sys.setprofile(profile)
    try:
        act()
    finally:
        sys.setprofile(before)
    return count


def test_it_may_be_asked_of_a_state_from_which_the_run_has_gone_on() -> None:
    """Every state stays valid, and nothing that became of it shows."""
    before = started(begin(Node("a"), Node("z"), Node("b", ("a",))), "a")
    success = AttemptSucceeded(*fence(before, "a"), 2.0, "value")
    gone_on = started(before, "z")
    assert started_by(before, success) == "z"
    assert started_by(gone_on, success) == "b"


def started_by(before: State, event: AttemptSucceeded | AttemptReturned) -> str | None:
    """Name the task that starts, and see that it is what single steps give."""
    state, begun = hand_over(before, event, 3.0)
    check(state)
    steps = transition(before, event)
    match decide(steps, 1):
        case [Start() as start]:
            steps = transition(steps, answer(start, 3.0))
            assert (state, begun) == (steps, (start.task, steps.table[start.task]))
        case _:
            assert (state, begun) == (steps, None)
    return None if begun is None else before.graph.names[begun[0]]


@pytest.mark.parametrize("change", [{"attempt": 1}, {"epoch": 0}])
def test_a_late_report_starts_what_is_due_and_changes_nothing_else(change: dict[str, int]) -> None:
    """[T2] As with `transition`."""
    state = timed_out(begin(Node("a", policy=AT_ONCE), Node("b")), "a")
    fenced = dict(zip(("task", "attempt", "epoch"), (0, 1, 0), strict=True)) | change
    late, begun = hand_over(started(state, "a"), AttemptSucceeded(**fenced, at_s=9.0, value="late"), 3.0)
    assert late.run.late == 1
    assert begun is not None
    assert late.graph.names[begun[0]] == "b"


def test_it_refuses_what_transition_refuses() -> None:
    state = ran(begin(Node("a")), "a")
    with pytest.raises(InvalidTransition, match="'a'"):
        hand_over(state, AttemptSucceeded(0, 1, 0, 2.0, "again"), 3.0)
