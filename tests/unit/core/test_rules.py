"""The grid: every status and every phase with every event, as the two tables of rules say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import pytest
from attrs import evolve

from flowing.core import (
    PHASE_RULES,
    STATUS_RULES,
    AttemptEvent,
    AttemptFailed,
    AttemptReturned,
    AttemptStarted,
    AttemptStopped,
    AttemptSucceeded,
    AttemptTimedOut,
    BackingOff,
    BackoffElapsed,
    BackoffStarted,
    Because,
    Blocked,
    Cancelled,
    Closed,
    CommitDue,
    Committing,
    Detaching,
    Event,
    Failed,
    FailingFast,
    Failure,
    GateClosed,
    Idle,
    InputRejected,
    Invalidated,
    Node,
    Open,
    Past,
    Phase,
    Policy,
    Provided,
    Ready,
    ReadyAgain,
    Rejected,
    ResultProvided,
    RetryAbandoned,
    RetryDue,
    Rule,
    RunEvent,
    Running,
    SkipDue,
    Skipped,
    State,
    Status,
    Stopping,
    Succeeded,
    TaskSkipped,
    Times,
    is_settled,
    transition,
)
from flowing.errors import InvalidTransition
from tests.unit.core.states import (
    BOOM,
    LATE,
    begin,
    graph_state,
    number,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# ── the grid: every status and every event about an attempt ──────────────────────────────────────

EPOCH: Final = 1
ATTEMPT: Final = 3  # of every row below, so that the same three numbers fence them all
RUN: Final = Running(ATTEMPT, Past(ATTEMPT - 1), 0.0)
FAILURE: Final = Failure(RUN, 1.0, BOOM)
TIMED_OUT: Final = Failure(RUN, 1.0, LATE)
MADE: Final = Past(ATTEMPT)
DUE: Final = CommitDue(RUN, 1.0, "value", b"value")

ROWS: Final[dict[str, Status]] = {
    "Blocked": Blocked(1, MADE),
    "Ready": Ready(ATTEMPT, Past(ATTEMPT - 1)),
    "ReadyAgain": ReadyAgain(evolve(FAILURE, run=Running(ATTEMPT - 1, Past(ATTEMPT - 2), 0.0))),
    "Running": RUN,
    "RetryDue": RetryDue(FAILURE, 1.0),
    "RetryDue after a time-out": RetryDue(TIMED_OUT, 1.0),
    "BackingOff": BackingOff(FAILURE, 2.0),
    "BackingOff after a time-out": BackingOff(TIMED_OUT, 2.0),
    "CommitDue": DUE,
    "Committing": Committing(DUE),
    "SkipDue": SkipDue(0, gate=False, past=MADE),
    "Succeeded": Succeeded(RUN, 1.0, "value"),
    "Provided": Provided("value", MADE),
    "Failed": Failed(FAILURE),
    "Failed after a time-out": Failed(TIMED_OUT),
    "Rejected": Rejected(BOOM, MADE),
    "Skipped": Skipped(0, gate=False, past=MADE),
    "Cancelled": Cancelled(RUN, 1.0),
    "Invalidated": Invalidated(MADE),
}
PHASES: Final[tuple[Phase, ...]] = (
    Idle(),
    Open(),
    FailingFast(0),
    Detaching(None),
    Stopping(Because.CANCEL, None),
    Closed(None, None),
)


def fail(task: int, attempt: int, epoch: int) -> AttemptFailed:
    return AttemptFailed(task=task, attempt=attempt, epoch=epoch, at_s=9.0, error=BOOM, retryable=True)


def pass_deadline(task: int, attempt: int, epoch: int) -> AttemptTimedOut:
    return AttemptTimedOut(task=task, attempt=attempt, epoch=epoch, at_s=9.0, error=LATE, retryable=True)


EVENTS: Final[dict[type[Any], Callable[[int, int, int], AttemptEvent]]] = {
    AttemptStarted: lambda task, attempt, epoch: AttemptStarted(task, attempt, epoch, 9.0),
    AttemptSucceeded: lambda task, attempt, epoch: AttemptSucceeded(task, attempt, epoch, 9.0, "value"),
    AttemptReturned: lambda task, attempt, epoch: AttemptReturned(task, attempt, epoch, 9.0, "value", b"value"),
    AttemptFailed: fail,
    AttemptTimedOut: pass_deadline,
    AttemptStopped: lambda task, attempt, epoch: AttemptStopped(task, attempt, epoch, 9.0),
    GateClosed: lambda task, attempt, epoch: GateClosed(task, attempt, epoch, 9.0),
    InputRejected: lambda task, attempt, epoch: InputRejected(task, attempt, epoch, 9.0, BOOM),
    BackoffStarted: lambda task, attempt, epoch: BackoffStarted(task, attempt, epoch, 9.0),
    BackoffElapsed: BackoffElapsed,
    RetryAbandoned: RetryAbandoned,
    TaskSkipped: TaskSkipped,
}
REPORTS: Final = {AttemptSucceeded, AttemptReturned, AttemptFailed, AttemptStopped, GateClosed, InputRejected}
TIMERS: Final = {AttemptTimedOut, BackoffElapsed}

Effect: TypeAlias = Literal["by the rule", "counted", "counted, frees a place", "ignored", "refused"]


def in_grid(name: str, phase: Phase, *, backoff_s: float = 1.0) -> tuple[State, int]:
    """Make a state in which one task has the row, and give its number: a detached one where those run."""
    policy = Policy(retries=1, backoff_base_s=backoff_s)
    nodes = [Node(task, policy=policy, detached=task == "aside") for task in ("the task", "other", "aside")]
    state = graph_state(nodes, workers=2, abandoned=2)
    task = number(state, "aside" if isinstance(phase, Detaching) else "the task")
    each = ROWS[name]
    abandoned = {(task, ATTEMPT - 1)} | ({(task, ATTEMPT)} if "after a time-out" in name else set())
    times = Times("run", 0.0, 0.0)
    run = evolve(state.run, phase=phase, epoch=EPOCH, abandoned=frozenset(abandoned), waits=1, times=times)
    left = 2 - (is_settled(each) and task < 2)
    return evolve(state, run=run, table=state.table.put(task, each), running=int(each is RUN), main_left=left), task


def rule_for(on: object, event: type[object], rules: Iterable[Rule]) -> Rule | None:
    return next((rule for rule in rules if rule.on is type(on) and rule.event is event), None)


def expected(name: str, phase: Phase, event: type[object], attempt: int, epoch: int) -> Effect:
    """Say what must come of an event, in the words of D8: who reports too late is counted, and may free a place."""
    rule = rule_for(ROWS[name], event, STATUS_RULES)
    if rule is not None and (attempt, epoch) == (ATTEMPT, EPOCH) and type(phase) in rule.phases:
        return "by the rule"
    if epoch > EPOCH:
        return "refused"
    is_of_an_earlier_run = epoch < EPOCH or isinstance(phase, Closed)
    if event in REPORTS:
        if is_of_an_earlier_run:
            return "counted"
        is_of_an_earlier_attempt = attempt < ATTEMPT or (attempt == ATTEMPT and "after a time-out" in name)
        return "counted, frees a place" if is_of_an_earlier_attempt else "refused"
    if event in TIMERS:
        made = ATTEMPT - 1 if name.startswith("Ready") else ATTEMPT
        is_out_of_date = is_of_an_earlier_run or attempt <= made or is_settled(ROWS[name])
        return "ignored" if is_out_of_date else "refused"
    return "refused"


def result(before: State, event: Event) -> State | str:
    """Apply the event; give the message where it is refused."""
    try:
        return transition(before, event)
    except InvalidTransition as refusal:
        return str(refusal)


def refused_by_row(before: State, event: Event) -> str:
    """Word the refusal of an event about an attempt: the event, its task, and all that it did not fit."""
    task = getattr(event, "task", 0)
    where = f"{before.table[task]!r}, epoch {before.epoch}, {type(before.phase).__name__}"
    about = f"event {event!r} of task {before.graph.names[task]!r}"
    return f"{about} cannot happen in: {where}; the shell that reported it has a bug"


def effect(before: State, event: Event) -> Effect:
    """Apply the event, and say what came of it; what its rule does is looked at elsewhere."""
    rows = list(before.table)
    state = result(before, event)
    if isinstance(state, str):
        assert state == refused_by_row(before, event)
        return "refused"
    if list(state.table) != rows:
        return "by the rule"
    assert (state.running, state.main_left, state.phase) == (before.running, before.main_left, before.phase)
    counted = state.run.late - before.run.late
    freed = len(before.run.abandoned) - len(state.run.abandoned)
    assert state.run.abandoned <= before.run.abandoned
    assert state.run == evolve(before.run, late=before.run.late + counted, abandoned=state.run.abandoned)
    found: dict[tuple[int, int], Effect] = {(0, 0): "ignored", (1, 0): "counted", (1, 1): "counted, frees a place"}
    return found[counted, freed]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
@pytest.mark.parametrize("name", ROWS)
def test_every_status_takes_every_event_as_the_rules_say(name: str, event: type[object]) -> None:
    """[T2] [T10] In every phase, from the current attempt, an earlier or later one, and an earlier or later run."""
    for phase in PHASES:
        for attempt in (ATTEMPT - 1, ATTEMPT, ATTEMPT + 1):
            for epoch in (EPOCH - 1, EPOCH, EPOCH + 1):
                state, task = in_grid(name, phase)
                found = effect(state, EVENTS[event](task, attempt, epoch))
                assert found == expected(name, phase, event, attempt, epoch), (phase, attempt, epoch)


def legal_pairs() -> Iterable[tuple[Rule, Phase, str]]:
    for rule in STATUS_RULES:
        for phase in PHASES:
            for name, each in ROWS.items():
                if rule.on is type(each) and type(phase) in rule.phases:
                    yield rule, phase, name


def test_a_legal_event_leads_where_its_rule_says() -> None:
    """And to every place that it says, in one phase or another, for one policy or another."""
    reached: dict[tuple[object, object], set[type[object]]] = {}
    for rule, phase, name in legal_pairs():
        for backoff_s in (0.0, 1.0):
            for retryable in (True, False):
                state, task = in_grid(name, phase, backoff_s=backoff_s)
                event: Any = EVENTS[rule.event](task, ATTEMPT, EPOCH)
                if rule.event in {AttemptFailed, AttemptTimedOut}:
                    event = evolve(event, retryable=retryable)
                found = type(transition(state, event).table[task])
                assert found in rule.into
                reached.setdefault((rule.on, rule.event), set()).add(found)
    assert reached == {(rule.on, rule.event): set(rule.into) for rule in STATUS_RULES}


@pytest.mark.parametrize("kind", get_args(RunEvent), ids=lambda kind: kind.__name__)
@pytest.mark.parametrize("phase", PHASES, ids=lambda phase: type(phase).__name__)
def test_every_phase_takes_every_event_as_the_rules_say(phase: Phase, kind: type[RunEvent]) -> None:
    values = {"at_s": 1.0, "wall_s": 2.0, "run_id": "run", "task": 0, "value": "value", "tasks": (0,), "wait": 1}
    values |= {"commit": 1, "epoch": 5, "rows": ((0, Succeeded(RUN, 1.0, "value")),)}
    make: Any = kind
    event = make(**{name: value for name, value in values.items() if name in make.__match_args__})
    rule = rule_for(phase, kind, PHASE_RULES)
    reached = set()
    for awaiting in (False, True):
        state, _ = in_grid("Succeeded", phase)
        state = evolve(state, run=evolve(state.run, awaiting_place=awaiting))
        if rule is None:
            about = f"event {event!r} of task 'the task'" if kind is ResultProvided else f"event {event!r}"
            with pytest.raises(InvalidTransition) as refusal:
                transition(state, event)
            assert str(refusal.value).startswith(f"{about} cannot happen in: {type(phase).__name__};")
        else:
            reached.add(type(transition(state, event).phase))
    assert reached == set(rule.into if rule else ())


def test_every_event_has_a_rule_and_every_rule_an_event() -> None:
    assert {rule.event for rule in STATUS_RULES} == set(get_args(AttemptEvent)) == set(EVENTS)
    assert {rule.event for rule in PHASE_RULES} == set(get_args(RunEvent))
    assert len({(rule.on, rule.event) for rule in STATUS_RULES}) == len(STATUS_RULES)
    assert len({(rule.on, rule.event) for rule in PHASE_RULES}) == len(PHASE_RULES)
    assert {type(each) for each in ROWS.values()} == set(get_args(Status))
    assert {type(phase) for phase in PHASES} == set(get_args(Phase))


def test_a_refusal_is_one_safe_line() -> None:
    """The name of a task is data, and so is its value."""
    state = begin(Node("\x1b[2J\n"))
    with pytest.raises(InvalidTransition) as refusal:
        transition(state, AttemptSucceeded(0, 1, 0, 1.0, "\x1b[2J\n"))
    assert str(refusal.value).isprintable()
