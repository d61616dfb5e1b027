"""What each event does: the grid of all pairs, and each decision of the design by example."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias, get_args

import pytest
from attrs import evolve

from flowing.core import (
    NO_VALUE,
    PHASE_RULES,
    STATUS_RULES,
    AttemptEvent,
    AttemptFailed,
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
    CancelRequested,
    Closed,
    Delay,
    Detaching,
    Event,
    Failed,
    FailingFast,
    Failure,
    GateClosed,
    GraceElapsed,
    Idle,
    InputRejected,
    Invalidated,
    MainSettled,
    Node,
    Open,
    Past,
    Phase,
    PlaceAwaited,
    PlacesExhausted,
    Policy,
    Provided,
    Ready,
    ReadyAgain,
    Rejected,
    ResultProvided,
    ResultsInvalidated,
    ResumeRequested,
    RetryAbandoned,
    RetryDue,
    Rule,
    RunEvent,
    RunFinished,
    Running,
    RunRequested,
    SkipDue,
    Skipped,
    State,
    Status,
    Stopping,
    Succeeded,
    TaskSkipped,
    Times,
    answer,
    decide,
    is_settled,
    transition,
    value_of,
)
from flowing.errors import InvalidTransition
from tests.unit.core.states import (
    BOOM,
    LATE,
    after,
    begin,
    cancelled,
    failed,
    fence,
    gate_closed,
    graph_state,
    invalidated,
    kinds,
    number,
    ordered,
    orders,
    provided,
    ran,
    rejected,
    rest,
    resumed,
    row,
    started,
    starting,
    stopped,
    succeeded,
    time_out,
    timed_out,
    woken,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

# ── the grid: every status and every event about an attempt ──────────────────────────────────────

EPOCH: Final = 1
ATTEMPT: Final = 3  # of every row below, so that the same three numbers fence them all
RUN: Final = Running(ATTEMPT, Past(ATTEMPT - 1), 0.0)
FAILURE: Final = Failure(RUN, 1.0, BOOM)
TIMED_OUT: Final = Failure(RUN, 1.0, LATE, timed_out=True)
MADE: Final = Past(ATTEMPT)

ROWS: Final[dict[str, Status]] = {
    "Blocked": Blocked(1, MADE),
    "Ready": Ready(ATTEMPT, Past(ATTEMPT - 1)),
    "ReadyAgain": ReadyAgain(evolve(FAILURE, run=Running(ATTEMPT - 1, Past(ATTEMPT - 2), 0.0))),
    "Running": RUN,
    "RetryDue": RetryDue(FAILURE, 1.0),
    "RetryDue after a time-out": RetryDue(TIMED_OUT, 1.0),
    "BackingOff": BackingOff(FAILURE, 2.0),
    "BackingOff after a time-out": BackingOff(TIMED_OUT, 2.0),
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
REPORTS: Final = {AttemptSucceeded, AttemptFailed, AttemptStopped, GateClosed, InputRejected}
TIMERS: Final = {AttemptTimedOut, BackoffElapsed}

Effect: TypeAlias = Literal["by the rule", "counted", "counted, frees a place", "ignored", "refused"]


def in_grid(name: str, phase: Phase, *, backoff_s: float = 1.0) -> tuple[State, int]:
    """Make a state in which one task has the row, and give its number: a detached one where those run."""
    policy = Policy(retries=1, backoff_base_s=backoff_s)
    nodes = [Node(task, policy=policy, detached=task == "aside") for task in ("the task", "other", "aside")]
    state = graph_state(nodes, workers=2, abandoned=2)
    task = number(state, "aside" if isinstance(phase, Detaching) else "the task")
    each = ROWS[name]
    run = evolve(state.run, phase=phase, epoch=EPOCH, abandoned=1, times=Times("run", 0.0, 0.0))
    left = 2 - (is_settled(each) and task < 2)
    return evolve(state, run=run, table=state.table.put(task, each), running=int(each is RUN), main_left=left), task


def rule_for(on: object, event: type[object], rules: Iterable[Rule]) -> Rule | None:
    return next((rule for rule in rules if rule.on is type(on) and rule.event is event), None)


def expected(name: str, phase: Phase, event: type[object], attempt: int, epoch: int) -> Effect:
    """Say what must come of an event, in the words of D8: who reports too late is counted, and may free a place."""
    rule = rule_for(ROWS[name], event, STATUS_RULES)
    if rule is not None and (attempt, epoch) == (ATTEMPT, EPOCH) and type(phase) in rule.phases:
        return "by the rule"
    is_of_an_earlier_run = epoch < EPOCH or isinstance(phase, Closed)
    if event in REPORTS:
        if is_of_an_earlier_run:
            return "counted"
        is_of_an_earlier_attempt = attempt < ATTEMPT or (attempt == ATTEMPT and "after a time-out" in name)
        return "counted, frees a place" if is_of_an_earlier_attempt else "refused"
    if event in TIMERS:
        is_out_of_date = is_of_an_earlier_run or attempt <= ATTEMPT or is_settled(ROWS[name])
        return "ignored" if is_out_of_date else "refused"
    return "refused"


def result(before: State, event: Event) -> State | str:
    """Apply the event; give the message where it is refused."""
    try:
        return transition(before, event)
    except InvalidTransition as refusal:
        return str(refusal)


def effect(before: State, event: Event) -> Effect:
    """Apply the event, and say what came of it; what its rule does is looked at elsewhere."""
    rows = list(before.table)
    state = result(before, event)
    if isinstance(state, str):
        assert repr(before.graph.names[getattr(event, "task", 0)]) in state
        assert type(event).__name__ in state
        assert "the shell that reported it has a bug" in state
        return "refused"
    if list(state.table) != rows:
        return "by the rule"
    assert (state.running, state.main_left, state.phase) == (before.running, before.main_left, before.phase)
    counted = state.run.late - before.run.late
    freed = before.run.abandoned - state.run.abandoned
    assert state.run == evolve(before.run, late=before.run.late + counted, abandoned=before.run.abandoned - freed)
    found: dict[tuple[int, int], Effect] = {(0, 0): "ignored", (1, 0): "counted", (1, 1): "counted, frees a place"}
    return found[counted, freed]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.__name__)
@pytest.mark.parametrize("name", ROWS)
def test_every_status_takes_every_event_as_the_rules_say(name: str, event: type[object]) -> None:
    """[T2] [T10] In every phase, from the current attempt, an earlier or later one, and an earlier run."""
    for phase in PHASES:
        for attempt in (ATTEMPT - 1, ATTEMPT, ATTEMPT + 1):
            for epoch in (EPOCH - 1, EPOCH):
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
    values = {"at_s": 1.0, "wall_s": 2.0, "run_id": "run", "task": 0, "value": "value", "tasks": (0,)}
    make: Any = kind
    event = make(**{name: value for name, value in values.items() if name in make.__match_args__})
    rule = rule_for(phase, kind, PHASE_RULES)
    reached = set()
    for awaiting in (False, True):
        state, _ = in_grid("Succeeded", phase)
        state = evolve(state, run=evolve(state.run, awaiting_place=awaiting))
        if rule is None:
            with pytest.raises(InvalidTransition, match=type(phase).__name__) as refusal:
                transition(state, event)
            assert kind.__name__ in str(refusal.value)
            assert ("'the task'" in str(refusal.value)) is (kind is ResultProvided)
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


# ── starting and succeeding ──────────────────────────────────────────────────────────────────────


def test_a_success_makes_ready_what_waits_for_nothing_else() -> None:
    state = begin(Node("a"), Node("b"), Node("c", ("a", "b")))
    state = ran(state, "a")
    assert row(state, "c") == Blocked(1)
    state = succeeded(started(state, "b", at_s=3.0), "b", "the value", at_s=4.0)
    assert row(state, "b") == Succeeded(Running(1, Past(), 3.0), 4.0, "the value")
    assert row(state, "c") == Ready(1)


def test_a_task_with_very_many_dependencies_waits_for_the_last() -> None:
    names = [f"{count}" for count in range(100)]
    state = ran(begin(*map(Node, names), Node("all", tuple(names))), *names[:-1])
    assert row(state, "all") == Blocked(1)
    assert row(ran(state, names[-1]), "all") == Ready(1)


def test_nothing_starts_without_a_free_place() -> None:
    state = started(begin(Node("a"), Node("b"), workers=1), "a")
    with pytest.raises(InvalidTransition, match=r"'b'.* 0 free places"):
        started(state, "b")


def test_nothing_starts_out_of_its_part_of_the_run() -> None:
    """D6: detached tasks after the main graph, main tasks only while it is open."""
    state = begin(Node("a"), Node("b"), Node("c", detached=True))
    with pytest.raises(InvalidTransition, match="'c'"):
        started(state, "c")
    with pytest.raises(InvalidTransition, match="'b'"):
        started(ordered(failed(state, "a")), "b")


# ── failing, and trying again (D7) ───────────────────────────────────────────────────────────────


def test_a_failure_is_tried_again_as_often_as_the_policy_says() -> None:
    """[R1] And then FAILED, with the last error, and what was refused."""
    state = begin(Node("a", policy=Policy(retries=2)))
    for attempt in (1, 2):
        state = failed(state, "a")
        assert isinstance(row(state, "a"), RetryDue)
        state = ordered(state)
        assert isinstance(row(state, "a"), BackingOff)
        state = woken(state, "a")
        assert isinstance(row(state, "a"), ReadyAgain)
        assert row(state, "a").attempt == attempt + 1
    last = KeyError("last")
    state = failed(state, "a", last, value="refused")
    assert row(state, "a") == Failed(Failure(Running(3, Past(), 1.0), 2.0, last, "refused"))
    assert row(failed(begin(Node("a")), "a"), "a") == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM, NO_VALUE))


def test_what_is_not_worth_a_retry_gets_none() -> None:
    """Not retryable: the policy does not matter."""
    state = begin(Node("a", policy=Policy(retries=2)))
    assert isinstance(row(failed(state, "a", retryable=False), "a"), Failed)
    assert isinstance(row(timed_out(state, "a", retryable=False), "a"), Failed)


def test_without_a_delay_the_next_attempt_is_ready_at_once() -> None:
    state = failed(begin(Node("a", policy=Policy(retries=1, backoff_base_s=0.0))), "a")
    assert isinstance(row(state, "a"), ReadyAgain)
    assert starting(state) == ["a"]


def delays(policy: Policy, *, jitter: float = 0.5) -> list[float]:
    """Fail as often as the policy allows, and list the delays in between."""
    found = []
    state = begin(Node("a", policy=policy))
    for _ in range(policy.retries):
        state = failed(state, "a", jitter=jitter)
        decision = decide(state)[0]
        assert isinstance(decision, Delay)
        found.append(decision.delay_s)
        state = woken(ordered(state), "a")
    return found


def test_delays_double_up_to_the_cap() -> None:
    assert delays(Policy(retries=6)) == [1.0, 2.0, 4.0, 8.0, 16.0, 30.0]
    assert delays(Policy(retries=3, backoff_base_s=0.25, backoff_max_s=0.5)) == [0.25, 0.5, 0.5]


def test_jitter_takes_any_part_of_the_delay() -> None:
    """Full jitter, where the policy asks for it."""
    assert delays(Policy(retries=3, jitter=True), jitter=0.75) == [0.75, 1.5, 3.0]
    assert delays(Policy(retries=3), jitter=0.75) == [1.0, 2.0, 4.0]


def test_a_jitter_of_nothing_is_no_delay() -> None:
    state = failed(begin(Node("a", policy=Policy(retries=1, jitter=True))), "a", jitter=0.0)
    assert starting(state) == ["a"]


@pytest.mark.parametrize("tries", [1_000, 1_100, 5_000])
@pytest.mark.parametrize("base_s", [1e-9, 1.0, 1.7e308])
def test_delays_do_not_overflow(tries: int, base_s: float) -> None:
    """[T9] 2**5000 is no float; the cap holds all the same."""
    state = begin(Node("a", policy=Policy(retries=10_000, backoff_base_s=base_s)))
    state = evolve(state, table=state.table.put(0, Ready(tries)))
    state = transition(transition(state, AttemptStarted(0, tries, 0, 1.0)), fail(0, tries, 0))
    assert decide(state) == [Delay(0, tries, 0, 30.0)]


# ── time-outs and late reports (D8) ──────────────────────────────────────────────────────────────

RETRY: Final = Policy(retries=1)
MOMENTS: Final[dict[str, Callable[[State], State]]] = {
    "before the delay is ordered": lambda state: state,
    "while it backs off": ordered,
    "when the retry is ready": lambda state: woken(ordered(state), "a"),
    "during the retry": lambda state: started(woken(ordered(state), "a"), "a"),
    "after the retry's success": lambda state: ran(woken(ordered(state), "a"), "a"),
    "after the retry's failure": lambda state: failed(woken(ordered(state), "a"), "a"),
    "after the retry's time-out": lambda state: timed_out(woken(ordered(state), "a"), "a"),
    "after the retry was cut off by a cancel": lambda state: ordered_once(cancelled(ordered(state))),
    "while the cancelled retry runs": lambda state: cancelled(started(woken(ordered(state), "a"), "a")),
    "after the retry stopped itself": lambda state: stopped(cancelled(started(woken(ordered(state), "a"), "a")), "a"),
}
REPORT: Final[dict[str, AttemptEvent]] = {
    "success": AttemptSucceeded(0, 1, 0, 50.0, "late"),
    "failure": fail(0, 1, 0),
    "stop": AttemptStopped(0, 1, 0, 50.0),
}


@pytest.mark.parametrize("report", REPORT.values(), ids=REPORT)
@pytest.mark.parametrize("moment", MOMENTS.values(), ids=MOMENTS)
def test_a_late_report_only_gives_its_place_back(moment: Callable[[State], State], report: AttemptEvent) -> None:
    """[T2] Never does it overwrite what was decided at the deadline."""
    before = moment(timed_out(begin(Node("a", policy=RETRY), Node("b", ("a",)), fail_fast=False), "a"))
    state = after(before, report)
    assert state == evolve(before, run=evolve(before.run, late=1, abandoned=before.run.abandoned - 1))


def test_each_of_several_abandoned_attempts_may_report() -> None:
    """[T2] In any order, also when the last one was the first."""
    state = begin(Node("a", policy=Policy(retries=2)), fail_fast=False)
    state = woken(ordered(timed_out(state, "a")), "a")
    state = woken(ordered(timed_out(state, "a")), "a")
    assert state.run.abandoned == 2
    for attempt in (1, 2):
        state = after(state, AttemptSucceeded(0, attempt, 0, 9.0, "late"))
    assert (state.run.abandoned, state.run.late) == (0, 2)
    assert row(state, "a").attempt == 3


def test_a_late_report_ends_the_wait_for_a_place() -> None:
    """[T5] And what was to end the run when none came finds nothing to do."""
    state = timed_out(begin(Node("a"), Node("b"), workers=1, abandoned=0, fail_fast=False), "a")
    state = after(state, PlaceAwaited(), AttemptSucceeded(*fence(state, "a"), 5.0, "late"))
    assert not state.run.awaiting_place
    assert after(state, PlacesExhausted()) == state
    assert starting(state) == ["b"]


@pytest.mark.parametrize("detached", [False, True])
def test_when_no_place_comes_free_the_run_ends_and_can_be_resumed(detached: bool) -> None:
    """[T5] D8: all but what succeeded is left as it is; the places count anew."""
    nodes = [Node("a", detached=detached), Node("b", detached=detached)]
    state = begin(*nodes, workers=1, abandoned=0, fail_fast=False)
    state = ordered(timed_out(ordered_once(state) if detached else state, "a"))
    assert state.run.awaiting_place
    state = ordered(after(state, PlacesExhausted()))
    assert state.phase == Closed(Because.EXHAUSTED, None)
    assert kinds(state) == {"a": "Failed", "b": "Ready"}
    state = resumed(state)
    assert (state.run.abandoned, state.run.awaiting_place, state.free) == (0, False, 1)


def ordered_once(state: State) -> State:
    return after(state, answer(decide(state)[0], 1.0))


def test_the_first_of_deadline_and_success_counts() -> None:
    """[T3] [T11] In the same tick, even in that of the start: who is applied first wins, and the other is late."""
    state = started(begin(Node("a", policy=RETRY)), "a", at_s=1.0)
    success = AttemptSucceeded(*fence(state, "a"), 1.0, "value")
    deadline = time_out(state, "a", at_s=1.0)
    won = after(state, success, deadline)
    assert won == after(state, success)
    assert value_of(row(won, "a")) == "value"
    lost = after(state, deadline, success)
    assert list(lost.table) == list(after(state, deadline).table)
    assert (lost.run.late, lost.run.abandoned) == (1, 0)


def test_a_report_from_before_the_resume_is_counted_and_nothing_else() -> None:
    """[T2] The epoch fences it, even where the attempt's number would fit."""
    state = ordered(after(cancelled(started(begin(Node("a")), "a")), GraceElapsed()))
    report = AttemptSucceeded(*fence(state, "a"), 9.0, "late")
    assert after(state, report) == evolve(state, run=evolve(state.run, late=1))
    state = resumed(state)
    assert after(state, report) == evolve(state, run=evolve(state.run, late=1))


# ── fail_fast (D5) ───────────────────────────────────────────────────────────────────────────────


def test_a_final_failure_stops_the_main_graph() -> None:
    """[R1] Running siblings finish and their successes count; descendants are SKIPPED, the rest never starts."""
    nodes = [
        Node("a"),
        Node("b"),
        Node("below a", ("a",)),
        Node("below b", ("b",)),
        Node("below both", ("a", "b")),
        Node("z"),
    ]
    state = started(begin(*nodes, workers=2), "a", "b")
    state = ordered(failed(state, "a"))
    assert starting(state) == []
    state = ordered(succeeded(state, "b"))
    assert state.phase == Closed(None, number(state, "a"))
    assert kinds(state) == {
        "a": "Failed",
        "b": "Succeeded",
        "below a": "Skipped",
        "below b": "Ready",
        "below both": "Skipped",
        "z": "Ready",
    }


def test_a_task_in_back_off_fails_with_its_last_error() -> None:
    """D5: "not retried: fail_fast", be it waiting, about to wait, or ready to go."""
    at_once = Policy(retries=1, backoff_base_s=0.0)
    nodes = [Node("a"), Node("waits", policy=RETRY), Node("about to", policy=RETRY), Node("ready", policy=at_once)]
    state = begin(*nodes, Node("below", ("waits",)), workers=4)
    state = ordered(failed(state, "waits"))
    state = started(state, "a")
    state = failed(failed(state, "ready"), "about to")
    state = failed(state, "a", KeyError("first"))
    state = ordered(state)
    for name in ("waits", "about to", "ready"):
        assert row(state, name) == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM), Because.FAIL_FAST)
    assert row(state, "below") == Skipped(number(state, "waits"), gate=False, past=Past())
    assert row(state, "a") == Failed(Failure(Running(1, Past(), 1.0), 2.0, row(state, "a").failure.error))  # type: ignore[union-attr]  # it is a Failed
    assert isinstance(state.phase, Closed)


@pytest.mark.parametrize("end", [failed, timed_out])
def test_a_task_that_fails_with_retries_left_is_not_retried(end: Callable[[State, str], State]) -> None:
    """D5: nor one that has none left, but that is not for fail_fast's sake."""
    state = started(begin(Node("a"), Node("b", policy=RETRY), Node("c"), workers=3), "a", "b", "c")
    state = end(end(failed(state, "a"), "b"), "c")
    because = {name: getattr(row(state, name), "because", "?") for name in "abc"}
    assert because == {"a": None, "b": Because.FAIL_FAST, "c": None}


def test_a_run_that_does_not_fail_fast_goes_on() -> None:
    state = failed(begin(Node("a"), Node("b", ("a",)), Node("c"), fail_fast=False), "a")
    assert state.phase == Open()
    assert kinds(rest(state)) == {"a": "Failed", "b": "Skipped", "c": "Succeeded"}


def test_only_the_first_failure_stops_the_run() -> None:
    state = started(begin(Node("a"), Node("b")), "a", "b")
    assert failed(failed(state, "b"), "a").phase == FailingFast(number(state, "b"))


# ── skips ────────────────────────────────────────────────────────────────────────────────────────


def test_a_skip_travels_one_event_a_task_and_names_the_root_cause() -> None:
    """[R1] However far down it goes."""
    state = failed(begin(Node("a"), Node("b", ("a",)), Node("c", ("b",)), fail_fast=False), "a")
    assert kinds(state) == {"a": "Failed", "b": "SkipDue", "c": "Blocked"}
    state = ordered_once(state)
    assert kinds(state) == {"a": "Failed", "b": "Skipped", "c": "SkipDue"}
    state = ordered_once(state)
    assert row(state, "c") == Skipped(number(state, "a"), gate=False, past=Past())


def test_a_task_is_skipped_once() -> None:
    state = failed(failed(begin(Node("a"), Node("b"), Node("c", ("a", "b")), fail_fast=False), "b"), "a")
    assert len(orders(state)) == 1
    assert row(ordered(state), "c") == Skipped(number(state, "b"), gate=False, past=Past())


def test_a_success_does_not_revive_what_is_skipped() -> None:
    state = started(begin(Node("a"), Node("b"), Node("c", ("a", "b")), fail_fast=False), "a", "b")
    assert isinstance(row(succeeded(failed(state, "a"), "b"), "c"), SkipDue)
    assert isinstance(row(succeeded(ordered(failed(state, "a")), "b"), "c"), Skipped)


# ── detached tasks (D6) ──────────────────────────────────────────────────────────────────────────


def test_detached_tasks_run_also_when_the_main_graph_failed() -> None:
    """If all their own dependencies succeeded."""
    nodes = [Node("a"), Node("b"), Node("tell", ("a",), detached=True), Node("warn", ("b",), detached=True)]
    state = ordered(failed(ran(begin(*nodes), "a"), "b"))
    assert state.phase == Detaching(number(state, "b"))
    assert starting(state) == ["tell"]
    state = rest(state)
    assert state.phase == Closed(None, number(state, "b"))
    assert kinds(state) == {"a": "Succeeded", "b": "Failed", "tell": "Succeeded", "warn": "Skipped"}


def test_a_detached_failure_stops_only_what_hangs_on_it() -> None:
    nodes = [Node("a", detached=True), Node("b", detached=True), Node("c", ("a",), detached=True)]
    state = failed(ordered(begin(*nodes)), "a")
    assert state.phase == Detaching(None)
    assert kinds(rest(state)) == {"a": "Failed", "b": "Succeeded", "c": "Skipped"}
    assert rest(state).phase == Closed(None, None)


def test_a_detached_task_is_retried_when_the_main_graph_failed_fast() -> None:
    state = ordered(failed(begin(Node("a"), Node("b", detached=True, policy=RETRY)), "a"))
    state = ordered(failed(state, "b"))
    assert isinstance(row(state, "b"), BackingOff)


# ── cancelling (D9) ──────────────────────────────────────────────────────────────────────────────


def test_a_cancelled_run_lets_what_runs_finish() -> None:
    """A success counts, a failure is not retried, one that stops itself is CANCELLED; nothing else starts."""
    nodes = [Node("good"), Node("bad", policy=RETRY), Node("obeys"), Node("waits"), Node("side", detached=True)]
    state = cancelled(started(begin(*nodes, workers=3), "good", "bad", "obeys"))
    state = stopped(failed(succeeded(state, "good"), "bad"), "obeys")
    state = ordered(state)
    assert state.phase == Closed(Because.CANCEL, None)
    assert isinstance(row(state, "good"), Succeeded)
    assert row(state, "bad") == Failed(Failure(Running(1, Past(), 1.0), 2.0, BOOM), Because.CANCEL)
    assert row(state, "obeys") == Cancelled(Running(1, Past(), 1.0), 2.0)
    assert {row(state, name) for name in ("waits", "side")} == {Ready(1)}


def test_after_the_grace_what_runs_is_left_behind() -> None:
    """It stays as it is, "interrupted while running", and runs again in a resume."""
    state = after(cancelled(started(begin(Node("a")), "a")), GraceElapsed())
    state = ordered(state)
    assert kinds(state) == {"a": "Running"}
    assert state.phase == Closed(Because.CANCEL, None)
    state = resumed(state)
    assert row(state, "a") == Ready(2, Past(1))
    assert state.running == 0


def test_a_cancel_is_heard_once_and_remembers_what_failed() -> None:
    state = failed(begin(Node("a"), Node("b")), "a")
    cause = number(state, "a")
    state = cancelled(state)
    assert state.phase == Stopping(Because.CANCEL, cause)
    assert cancelled(state) == state
    state = ordered(state)
    assert state.phase == Closed(Because.CANCEL, cause)
    assert cancelled(state) == after(state, GraceElapsed()) == state


def test_a_cancel_stops_detached_tasks_too() -> None:
    state = cancelled(ordered(begin(Node("a", detached=True), Node("b", detached=True))))
    assert ordered(state).phase == Closed(Because.CANCEL, None)


def test_a_failure_in_a_cancelled_run_does_not_make_it_fail_fast() -> None:
    state = failed(cancelled(started(begin(Node("a")), "a")), "a")
    assert state.phase == Stopping(Because.CANCEL, None)


# ── gates (D10) ──────────────────────────────────────────────────────────────────────────────────


def test_a_closed_gate_skips_the_task_and_its_dependents() -> None:
    """It is no failure: the run goes on, and nothing was attempted."""
    state = gate_closed(begin(Node("a"), Node("b", ("a",)), Node("c")), "a")
    assert state.phase == Open()
    state = rest(state)
    cause = number(state, "a")
    assert row(state, "a") == row(state, "b") == Skipped(cause, gate=True, past=Past())
    assert row(state, "a").attempt == 0
    assert isinstance(row(state, "c"), Succeeded)


def test_a_gate_that_raises_fails_the_task_without_an_attempt() -> None:
    """No retry, whatever the policy; and the run fails fast."""
    state = rejected(begin(Node("a", policy=RETRY), Node("b", ("a",)), Node("c")), "a")
    assert row(state, "a") == Rejected(BOOM)
    assert row(state, "a").attempt == 0
    assert state.phase == FailingFast(number(state, "a"))
    assert row(ordered(state), "b") == Skipped(number(state, "a"), gate=False, past=Past())


# ── overriding and invalidating (D4) ─────────────────────────────────────────────────────────────


def chain_with_a_side() -> State:
    """Give a finished run of a -> b -> c, with `side` after b and `aside` after `side`, both detached."""
    nodes = [Node("a"), Node("b", ("a",)), Node("c", ("b",))]
    nodes += [Node("side", ("b",), detached=True), Node("aside", ("side",), detached=True)]
    return rest(begin(*nodes))


def test_an_override_invalidates_what_was_computed_from_the_old_value() -> None:
    """Detached tasks that ran keep their results, marked as stale."""
    state = provided(chain_with_a_side(), "a")
    assert row(state, "a") == Provided("provided", Past(1))
    assert row(state, "b") == row(state, "c") == Invalidated(Past(1, invalidations=1))
    for name in ("side", "aside"):
        each = row(state, name)
        assert isinstance(each, Succeeded)
        assert each.stale


def test_an_override_stops_at_a_descendant_that_was_overridden() -> None:
    state = provided(chain_with_a_side(), "b")
    state = rest(resumed(state))
    state = provided(state, "a")
    assert kinds(state)["b"] == "Provided"
    assert kinds(state)["c"] == "Succeeded"


def test_an_invalidated_result_is_made_anew() -> None:
    """They and their computed descendants; an override is taken back in this way too."""
    state = invalidated(chain_with_a_side(), "b", "c")
    assert kinds(state) == {
        "a": "Succeeded",
        "b": "Invalidated",
        "c": "Invalidated",
        "side": "Succeeded",
        "aside": "Succeeded",
    }
    state = resumed(state)
    assert row(state, "b") == Ready(2, Past(1, invalidations=1))
    assert row(state, "c") == Blocked(1, Past(1, invalidations=1))
    state = invalidated(provided(rest(state), "b"), "b")
    assert isinstance(row(state, "b"), Invalidated)


def test_a_descendant_is_invalidated_once_however_many_ways_lead_to_it() -> None:
    state = rest(begin(Node("a"), Node("b", ("a",)), Node("c", ("a",)), Node("d", ("b", "c"))))
    assert row(invalidated(state, "a", "b"), "d") == Invalidated(Past(1, invalidations=1))


def test_only_what_there_was_counts_as_invalidated() -> None:
    """For the idempotency key (D2): a task that never made a result does not get another key."""
    state = ordered(failed(begin(Node("a"), Node("b", ("a",))), "a"))
    state = provided(state, "a")
    assert row(state, "b") == Invalidated(Past())
    assert row(invalidated(state, "a"), "a") == Invalidated(Past(1, invalidations=1))
    assert row(invalidated(provided(begin_idle(), "a"), "a"), "a") == Invalidated(Past(0, invalidations=1))


def begin_idle() -> State:
    return graph_state([Node("a"), Node("b", ("a",))])


def test_an_override_before_the_first_run_belongs_to_it() -> None:
    """D3."""
    state = provided(begin_idle(), "a", 42)
    assert state.phase == Idle(touched=True)
    assert decide(state) == []
    state = after(state, RunRequested(0.0, 0.0, "run"))
    assert kinds(state) == {"a": "Provided", "b": "Ready"}
    assert value_of(row(state, "a")) == 42


def test_what_is_invalidated_before_the_first_run_is_as_if_untouched() -> None:
    state = after(invalidated(begin_idle(), "a"), RunRequested(0.0, 0.0, "run"))
    assert state == after(begin_idle(), RunRequested(0.0, 0.0, "run"))


def test_an_override_in_a_graph_with_a_failed_task_lets_the_resume_go_on() -> None:
    state = ordered(failed(begin(Node("a"), Node("b", ("a",))), "a"))
    state = rest(resumed(provided(state, "a")))
    assert kinds(state) == {"a": "Provided", "b": "Succeeded"}
    assert state.phase == Closed(None, None)


def test_an_override_replaces_what_was_left_running() -> None:
    state = ordered(after(cancelled(started(begin(Node("a")), "a")), GraceElapsed()))
    state = provided(state, "a")
    assert state.running == 0
    assert row(state, "a") == Provided("provided", Past(1))


# ── resuming (D3) ────────────────────────────────────────────────────────────────────────────────


def test_a_resume_keeps_what_succeeded_and_makes_the_rest_pending() -> None:
    """Detached tasks that succeeded too."""
    nodes = [Node("a"), Node("b"), Node("c", ("b",)), Node("side", ("a",), detached=True)]
    state = rest(failed(ran(begin(*nodes), "a"), "b"))
    kept = {name: row(state, name) for name in ("a", "side")}
    state = resumed(state)
    assert {name: row(state, name) for name in ("a", "side")} == kept
    assert row(state, "b") == Ready(2, Past(1))
    assert row(state, "c") == Blocked(1)
    assert (state.epoch, state.phase) == (1, Open())


def test_a_resume_gives_a_fresh_budget_and_attempts_count_on() -> None:
    state = begin(Node("a", policy=Policy(retries=1, backoff_base_s=0.0)))
    for epoch, attempts in enumerate([(1, 2), (3, 4), (5, 6)]):
        for attempt in attempts:
            assert (row(state, "a").attempt, state.epoch) == (attempt, epoch)
            state = failed(state, "a")
        state = ordered(state)
        assert isinstance(row(state, "a"), Failed)
        state = resumed(state)


@pytest.mark.parametrize(
    ("stop", "attempts"),
    [
        (lambda state: ordered(cancelled(state)), 0),
        (lambda state: ordered(after(cancelled(started(state, "a")), GraceElapsed())), 1),
        (lambda state: ordered(stopped(cancelled(started(state, "a")), "a")), 1),
        (lambda state: ordered(cancelled(ordered(failed(state, "a")))), 1),
        (lambda state: ordered(gate_closed(state, "a")), 0),
        (lambda state: ordered(rejected(state, "a")), 0),
        (lambda state: ordered(failed(state, "a", retryable=False)), 1),
        (lambda state: invalidated(rest(state), "a"), 1),
    ],
)
def test_every_attempt_made_is_counted_after_a_resume(stop: Callable[[State], State], attempts: int) -> None:
    state = resumed(stop(begin(Node("a", policy=RETRY))))
    assert row(state, "a").attempt == attempts + 1


def test_a_resume_of_a_finished_run_has_nothing_to_start() -> None:
    state = resumed(chain_with_a_side())
    assert starting(state) == []
    assert isinstance(ordered(state).phase, Closed)


def test_stale_detached_tasks_run_again_only_where_that_is_asked_for() -> None:
    """D4, with another idempotency key (D2)."""
    state = provided(chain_with_a_side(), "a")
    kept = resumed(state)
    assert kinds(kept)["side"] == "Succeeded"
    again = resumed(state, rerun_detached=True)
    assert row(again, "side") == Blocked(1, Past(1, invalidations=1))
    assert row(again, "aside") == Blocked(1, Past(1, invalidations=1))
    assert not getattr(row(rest(again), "side"), "stale", None)


def test_detached_tasks_that_are_not_stale_are_never_run_again() -> None:
    state = chain_with_a_side()
    assert list(resumed(state, rerun_detached=True).table) == list(state.table)


def test_invalidations_are_counted_through_failures_and_cancels() -> None:
    """The key stays the same over attempts and resumes, until the next invalidation (D2)."""
    stops: list[Callable[[State], State]] = [
        lambda state: ordered(failed(state, "a", retryable=False)),
        lambda state: ordered(stopped(cancelled(started(state, "a")), "a")),
        lambda state: ordered(cancelled(state)),
        lambda state: ordered(gate_closed(state, "a")),
    ]
    state = resumed(invalidated(rest(begin(Node("a", policy=RETRY))), "a"))
    for stop in stops:
        state = resumed(stop(state))
        assert row(state, "a").past.invalidations == 1  # type: ignore[union-attr]  # it is Ready
    state = resumed(invalidated(rest(state), "a"))
    assert row(state, "a").past.invalidations == 2  # type: ignore[union-attr]  # as above


# ── the log ──────────────────────────────────────────────────────────────────────────────────────


def test_the_log_is_the_run() -> None:
    """Folding the events over the first state gives the last one."""
    first = graph_state([Node("a"), Node("b", ("a",))])
    log: tuple[Event, ...] = (
        RunRequested(0.0, 0.0, "run"),
        AttemptStarted(0, 1, 0, 1.0),
        AttemptSucceeded(0, 1, 0, 2.0, "a"),
        AttemptStarted(1, 1, 0, 3.0),
        fail(1, 1, 0),
        MainSettled(),
        RunFinished(),
        ResumeRequested(5.0, 0.0),
        CancelRequested(),
        RunFinished(),
        ResultsInvalidated((0,)),
        ResultProvided(1, "given"),
    )
    state = functools.reduce(transition, log, first)
    assert kinds(state) == {"a": "Invalidated", "b": "Provided"}
    assert first == graph_state([Node("a"), Node("b", ("a",))])
