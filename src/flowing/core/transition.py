"""Compute the state after an event. Pure: no clock, no randomness, no user callable, nothing changed in place.

The legal (status, event) and (phase, event) pairs are two tables at the end of this file. An event about an attempt
is fenced by epoch and attempt number: what a late one may do is said in `_late`, and nowhere else. Every other pair
raises `InvalidTransition`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

from flowing._record import record
from flowing.core import attempt_rules, run_rules
from flowing.core.events import (
    AttemptEvent,
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackoffElapsed,
    BackoffStarted,
    CancelRequested,
    CommitStarted,
    Event,
    GateClosed,
    GraceElapsed,
    InputRejected,
    MainSettled,
    PlaceAwaited,
    PlacesExhausted,
    ResultProvided,
    ResultsCommitted,
    ResultsInvalidated,
    ResumeRequested,
    RetryAbandoned,
    RunFinished,
    RunRequested,
    RunRestored,
    TaskSkipped,
)
from flowing.core.state import Closed, Detaching, FailingFast, Idle, Open, State, Stopping, is_settled
from flowing.core.status import (
    BackingOff,
    Cancelled,
    CommitDue,
    Failed,
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
from flowing.core.steps import refusal, with_run

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


def transition(state: State, event: Event) -> State:
    """Give the state after `event`. O(out-degree + log n) for events about an attempt.

    Raises:
        InvalidTransition: the event cannot happen in this state. A bug in the shell that reported it.
    """
    by_row = _STATUS_RULES_OF.get(type(event))
    if by_row is None:
        return _transition_run(state, event)
    about: Any = event  # an event with rules for statuses is about an attempt; asking costs more than the look-up
    row = state.table[about.task]
    if about.attempt == row.attempt and about.epoch == state.run.epoch:
        rule = by_row.get(type(row))
        if rule is not None and type(state.run.phase) in rule.phases:
            return rule.step(state, row, about)
    return _late(state, row, about)


def _transition_run(state: State, event: Event) -> State:
    rule = _PHASE_RULES_OF[type(event)].get(type(state.phase))
    if rule is None:
        raise refusal(state, event, type(state.phase).__name__)
    return rule.step(state, state.phase, event)


def _late(state: State, row: Status, event: AttemptEvent) -> State:
    """Take note of what an abandoned attempt or a stale timer reports: no status changes (D8, FAULTS T2).

    A report gives the place of its thread back. Anything that is neither is refused.
    """
    run = state.run
    superseded = event.epoch < run.epoch or (event.epoch == run.epoch and isinstance(run.phase, Closed))
    if isinstance(event, AttemptTimedOut | BackoffElapsed):
        made = row.attempt - 1 if isinstance(row, Ready | ReadyAgain) else row.attempt
        if superseded or (event.epoch == run.epoch and (event.attempt <= made or is_settled(row))):
            return state
    elif isinstance(
        event, AttemptSucceeded | AttemptReturned | AttemptFailed | AttemptStopped | GateClosed | InputRejected
    ):
        if superseded:
            return with_run(state, late=run.late + 1)
        place = (event.task, event.attempt)
        if event.epoch == run.epoch and place in run.abandoned:
            return with_run(state, late=run.late + 1, abandoned=run.abandoned - {place}, awaiting_place=False)
    raise refusal(state, event, f"{row!r}, epoch {state.epoch}, {type(state.phase).__name__}")


# ── the legal pairs ──────────────────────────────────────────────────────────────────────────────

_On = TypeVar("_On")
_E = TypeVar("_E", bound=Event)

# The tables hold steps of many types side by side; `_rule` ties each step to its pair when the table is made.
_Step: TypeAlias = "Callable[[State, Any, Any], State]"

_ALIVE: Final = (Open, FailingFast, Detaching, Stopping)


@record
class Rule:
    """What one legal pair does: the step, what the status (or phase) can be after it, and the phases it is legal in."""

    on: type[object]
    event: type[object]
    step: _Step
    into: tuple[type[object], ...]
    phases: tuple[type[object], ...] = _ALIVE


def _rule(
    on: type[_On],
    event: type[_E],
    step: Callable[[State, _On, _E], State],
    *into: type[object],
    phases: tuple[type[object], ...] = _ALIVE,
) -> Rule:
    return Rule(on, event, step, into, phases)


STATUS_RULES: Final = (
    _rule(Ready, AttemptStarted, attempt_rules.start, Running, phases=(Open, Detaching)),
    _rule(ReadyAgain, AttemptStarted, attempt_rules.start, Running, phases=(Open, Detaching)),
    _rule(Running, AttemptSucceeded, attempt_rules.succeed, Succeeded),
    _rule(Running, AttemptReturned, attempt_rules.keep, CommitDue),
    _rule(Running, AttemptFailed, attempt_rules.fail, ReadyAgain, RetryDue, Failed),
    _rule(Running, AttemptTimedOut, attempt_rules.time_out, ReadyAgain, RetryDue, Failed),
    _rule(Running, AttemptStopped, attempt_rules.stop, Cancelled, phases=(Stopping,)),
    _rule(Running, GateClosed, attempt_rules.close_gate, Skipped),
    _rule(Running, InputRejected, attempt_rules.reject, Rejected),
    _rule(RetryDue, BackoffStarted, attempt_rules.wait, BackingOff),
    _rule(BackingOff, BackoffElapsed, attempt_rules.wake, ReadyAgain),
    _rule(BackingOff, RetryAbandoned, attempt_rules.abandon_retry, Failed, phases=(FailingFast, Stopping)),
    _rule(ReadyAgain, RetryAbandoned, attempt_rules.abandon_retry, Failed, phases=(FailingFast, Stopping)),
    _rule(SkipDue, TaskSkipped, attempt_rules.skip, Skipped),
)

PHASE_RULES: Final = (
    _rule(Idle, RunRequested, run_rules.run, Open),
    _rule(Idle, RunRestored, run_rules.restore, Closed),
    _rule(Closed, ResumeRequested, run_rules.resume, Open),
    _rule(Open, MainSettled, run_rules.settle_main, Detaching),
    _rule(FailingFast, MainSettled, run_rules.settle_main, Detaching),
    _rule(Open, CancelRequested, run_rules.cancel, Stopping),
    _rule(FailingFast, CancelRequested, run_rules.cancel, Stopping),
    _rule(Detaching, CancelRequested, run_rules.cancel, Stopping),
    _rule(Stopping, CancelRequested, run_rules.ignore, Stopping),
    _rule(Closed, CancelRequested, run_rules.ignore, Closed),
    _rule(Stopping, GraceElapsed, run_rules.end_grace, Stopping),
    _rule(Closed, GraceElapsed, run_rules.ignore, Closed),
    _rule(Open, PlaceAwaited, run_rules.await_place, Open),
    _rule(Detaching, PlaceAwaited, run_rules.await_place, Detaching),
    _rule(Open, PlacesExhausted, run_rules.exhaust, Open, Stopping),
    _rule(Detaching, PlacesExhausted, run_rules.exhaust, Detaching, Stopping),
    _rule(FailingFast, PlacesExhausted, run_rules.ignore, FailingFast),
    _rule(Stopping, PlacesExhausted, run_rules.ignore, Stopping),
    _rule(Closed, PlacesExhausted, run_rules.ignore, Closed),
    _rule(Open, CommitStarted, run_rules.commit, Open),
    _rule(FailingFast, CommitStarted, run_rules.commit, FailingFast),
    _rule(Detaching, CommitStarted, run_rules.commit, Detaching),
    _rule(Stopping, CommitStarted, run_rules.commit, Stopping),
    _rule(Open, ResultsCommitted, run_rules.succeed_all, Open),
    _rule(FailingFast, ResultsCommitted, run_rules.succeed_all, FailingFast),
    _rule(Detaching, ResultsCommitted, run_rules.succeed_all, Detaching),
    _rule(Stopping, ResultsCommitted, run_rules.succeed_all, Stopping),
    _rule(Closed, ResultsCommitted, run_rules.ignore, Closed),
    _rule(Detaching, RunFinished, run_rules.finish, Closed),
    _rule(Stopping, RunFinished, run_rules.finish, Closed),
    _rule(Idle, ResultProvided, run_rules.provide, Idle),
    _rule(Closed, ResultProvided, run_rules.provide, Closed),
    _rule(Idle, ResultsInvalidated, run_rules.invalidate, Idle),
    _rule(Closed, ResultsInvalidated, run_rules.invalidate, Closed),
)


def _by_event(rules: Sequence[Rule]) -> Mapping[type[object], Mapping[type[object], Rule]]:
    by_event: dict[type[object], dict[type[object], Rule]] = {}
    for rule in rules:
        by_event.setdefault(rule.event, {})[rule.on] = rule
    return by_event


_STATUS_RULES_OF: Final = _by_event(STATUS_RULES)
_PHASE_RULES_OF: Final = _by_event(PHASE_RULES)
