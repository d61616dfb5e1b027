"""What holds between any two visits to the desk, and when a run is over: claims about a moment, not about one event.

They hold the state to the ledger; but for reading its rows, they know nothing of the core.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing.core.state import check
from flowing.core.status import (
    BackingOff,
    Blocked,
    Cancelled,
    CommitDue,
    Committing,
    Failed,
    Invalidated,
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
from flowing.core.transition import transition
from flowing.testing.invariants import name
from flowing.testing.ledger import (
    AGAIN,
    BACKS_OFF,
    COMMITS,
    DONE,
    FAILED,
    RETURNED,
    RUNS,
    SETTLED,
    SKIPPED,
    STOPPED,
    WAITS,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from flowing.core.events import Event
    from flowing.core.state import State
    from flowing.shell.attempt import Attempt
    from flowing.testing.invariants import Complaint
    from flowing.testing.ledger import Ledger

_KNOWN_AS: Final[Mapping[type[Status], str]] = {
    Blocked: WAITS,
    Ready: WAITS,
    Invalidated: WAITS,
    Running: RUNS,
    ReadyAgain: AGAIN,
    BackingOff: BACKS_OFF,
    CommitDue: RETURNED,
    Committing: COMMITS,
    Succeeded: DONE,
    Provided: DONE,
    Failed: FAILED,
    Rejected: FAILED,
    Skipped: SKIPPED,
    Cancelled: STOPPED,
    # Orders that the desk carries out in the visit in which they are given: they are never seen between visits.
    RetryDue: "has a delay that nobody started",
    SkipDue: "has a skip that nobody passed on",
}


def the_table_says_what_was_heard(ledger: Ledger, rows: Sequence[Status]) -> Complaint:
    """Each row is what the events made it, with the very value that its attempt returned."""
    for task, row in enumerate(rows):
        known = ledger.known[task]
        if _KNOWN_AS[type(row)] != known:
            return f"of task {name(ledger, task)} was heard that it {known}, but its row is {type(row).__name__}"
        if isinstance(row, Succeeded | Provided) and row.value is not ledger.values[task]:
            return f"task {name(ledger, task)} has another value than its attempt returned"
    return None


def settled_rows_stay(ledger: Ledger, before: Sequence[Status], after: Sequence[Status]) -> Complaint:
    """Let what is settled be changed by an override, an invalidation, a resume or a run, and by nothing else."""
    for task, (old, new) in enumerate(zip(before, after, strict=True)):
        if old is not new and _KNOWN_AS[type(old)] in SETTLED:
            return f"task {name(ledger, task)} was {type(old).__name__}, and is changed"
    return None


def somebody_comes_for_what_is_due(ledger: Ledger, free: int) -> Complaint:
    """Where a task can start and there is room for it, or a commit is due, a worker is on its way; asked if none is."""
    if ledger.finished:
        return None
    if RETURNED in ledger.known and COMMITS not in ledger.known and not (ledger.stopping and ledger.grace_over):
        return "a commit is due, and nobody is coming"
    if free <= 0 or ledger.stopping or (ledger.tripped_by is not None and not ledger.detaching):
        return None
    for task in ledger.turn():
        if ledger.can_start(task):
            return f"task {name(ledger, task)} can start, there is room for {free}, and nobody is coming"
    return None


def who_is_not_waited_for_is_told(ledger: Ledger, attempts: Iterable[tuple[Attempt, bool]]) -> Complaint:
    """Tell a body that it was cancelled, when its deadline has passed or the run is cancelled, and not before."""
    for attempt, is_live in attempts:
        if attempt.cancelled is not (ledger.cancelled or not is_live):
            told = "is told to stop" if attempt.cancelled else "is not told that nobody waits for it"
            return f"attempt {attempt.number} of task {name(ledger, attempt.task)} {told}"
    return None


def what_has_begun_goes_on(ledger: Ledger) -> Complaint:
    """When all that is under way has happened, the run is over, or waits for bodies that never return."""
    waiting_for = [task for task, known in enumerate(ledger.known) if known == RUNS]
    if not waiting_for or COMMITS in ledger.known:
        return "nothing will happen any more, and the run is not over"
    names = ", ".join(name(ledger, task) for task in waiting_for)
    return f"the run waits for ever for {names}, which never returns; give it a timeout_s"


def gives_up_when_nobody_works(ledger: Ledger) -> Complaint:
    """End a run for want of threads only when there is none: while one works, it can do the rest."""
    return "the run is given up while somebody works" if RUNS in ledger.known or COMMITS in ledger.known else None


def the_caller_hears_of_the_end_once(closings: int) -> Complaint:
    """Whoever waits for the run is told that it is over, and is told once."""
    return None if closings == 1 else f"told {closings} times"


def no_thread_is_left_behind(threads: int, hung: int) -> Complaint:
    """When the run is over every worker leaves, but for those whose body never returns."""
    return None if threads == hung else f"{threads} threads are left, and {hung} of them hang"


def what_comes_after_the_end_changes_nothing(state: State, late: Sequence[Event]) -> Complaint:
    """Late reports, stale timers and cancels of a run that is over change no row."""
    for event in late:
        after = transition(state, event)
        if after.phase != state.phase or any(old is not new for old, new in zip(state.table, after.table, strict=True)):
            return f"{type(event).__name__} changes a run that is over"
    return None


def the_state_is_sound(state: State) -> Complaint:
    """All that must be true of a state is: counts, lanes, what waits for what."""
    try:
        check(state)
    except AssertionError as failure:
        return f"{type(failure).__name__}: {failure}"
    return None
