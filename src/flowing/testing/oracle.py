"""What must come out of a run, by plain recursion from each task to what it needs. Knows nothing of the core.

No clock, no order, no attempt in flight: an outcome follows from those of the dependencies and from how the attempts
ended. (The recursion is a loop: a dependency always has a lower number.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from flowing._text import one_line
from flowing.core.events import (
    AttemptFailed,
    AttemptReturned,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    GateClosed,
)
from flowing.results import StepState
from flowing.testing.ledger import COMMITS, RETURNED, RUNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.results import Results
    from flowing.testing.invariants import Complaint
    from flowing.testing.ledger import Ledger, Report
    from flowing.testing.subject import Subject


class Outcome(NamedTuple):
    """What a task comes to, and its value where there is one."""

    state: str
    value: object = None


# No outcome of any run: it says what should have happened and did not.
SHOULD_HAVE_RUN: Final = Outcome("tried")
SHOULD_HAVE_RUN_AGAIN: Final = Outcome("tried again")


def outcomes(subject: Subject, ledger: Ledger) -> list[Outcome]:
    """Give every task's outcome, once the run is over."""
    found: list[Outcome] = []
    for task, body in enumerate(subject.bodies):
        below = {found[needed].state for needed in subject.graph.dependencies[task]}
        found.append(_outcome(subject, ledger, task, below, [found[needed].value for needed in body.inputs]))
    return found


def _outcome(subject: Subject, ledger: Ledger, task: int, below: set[str], inputs: list[object]) -> Outcome:
    main = task < subject.graph.main
    stopped = ledger.stopping or (main and ledger.tripped_by is not None)
    if ledger.known[task] in (RETURNED, COMMITS):
        return Outcome(StepState.CANCELLED)  # the run was stopped before its result was safe
    if ledger.kept[task]:
        return Outcome(StepState.SUCCEEDED, ledger.values[task])
    if below & {StepState.FAILED, StepState.SKIPPED}:
        return Outcome(StepState.SKIPPED)
    if StepState.CANCELLED in below:
        return Outcome(StepState.CANCELLED)
    if ledger.known[task] == RUNS:
        return Outcome(StepState.CANCELLED)
    if not ledger.ends[task]:
        return Outcome(StepState.CANCELLED) if stopped else SHOULD_HAVE_RUN
    return _ended(subject, ledger, task, inputs, stopped=stopped)


def _ended(subject: Subject, ledger: Ledger, task: int, inputs: list[object], *, stopped: bool) -> Outcome:
    """Say what the last attempt makes of the task."""
    ends = ledger.ends[task]
    last: Report = ends[-1]
    match last:
        case AttemptSucceeded(value=value) | AttemptReturned(value=value):
            make = subject.expected[task]
            return Outcome(StepState.SUCCEEDED, value if make is None else make(*inputs))
        case AttemptStopped():
            return Outcome(StepState.CANCELLED)
        case GateClosed():
            return Outcome(StepState.SKIPPED)
        case AttemptFailed(retryable=True) | AttemptTimedOut(retryable=True) if not stopped:
            enough = len(ends) > subject.graph.policies[task].retries
            return Outcome(StepState.FAILED) if enough else SHOULD_HAVE_RUN_AGAIN
        case _:
            return Outcome(StepState.FAILED)


def outcomes_equal_the_oracle(expected: Sequence[Outcome], results: Results) -> Complaint:
    """Every outcome is the one that plain recursion gives, whatever the order of things."""
    for (task, result), outcome in zip(results.items(), expected, strict=True):
        if result.state != outcome.state:
            return f"task {one_line(task)!r} is {result.state}, and should be {outcome.state}"
        if outcome.state == StepState.SUCCEEDED and not _is_same(result.value, outcome.value):
            return f"task {one_line(task)!r} has another value than its inputs make"
    return None


def _is_same(value: object, expected: object) -> bool:
    """Compare what may have a comparison of its own, which nobody can rely on."""
    return value is expected or (isinstance(value, str) and value == expected)


def detached_tasks_change_no_outcome(main: Sequence[Outcome], *, ok: bool) -> Complaint:
    """Whether the run went well is a matter of the main graph alone (D6): of what failed, and what never ran."""
    went_well = all(outcome.state in (StepState.SUCCEEDED, StepState.SKIPPED) for outcome in main)
    return None if ok is went_well else f"results.ok is {ok}, and the main graph says {went_well}"
