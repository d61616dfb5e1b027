"""Runs of any graph, with any faults, in any order, with crashes and resumes: no rule is broken in any of them."""

from __future__ import annotations

import functools
import sys
from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple, TypeAlias

import pytest
from attrs import evolve
from hypothesis import given

from flowing._rows import results_of
from flowing.core import (
    PHASE_RULES,
    STATUS_RULES,
    AttemptStarted,
    AttemptSucceeded,
    Event,
    Limits,
    Node,
    Policy,
    ResumeRequested,
    RunRequested,
    RunRestored,
    Start,
    State,
    answer,
    compile_graph,
    decide,
    hand_over,
    initial,
    transition,
)
from flowing.core.handover import _in_single_steps as in_single_steps
from flowing.errors import InvalidTransition
from flowing.testing import schedules
from flowing.testing.choices import Replayed, Seeded
from flowing.testing.faults import Faults, Freedom
from flowing.testing.play import Play
from flowing.testing.report import table
from flowing.testing.subject import subject_of_graph
from flowing.testing.walk import walk
from tests.property import bugs
from tests.property.deep import deep, on_all_processors
from tests.property.seasons import draw_subject, play_season

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from flowing.core import Decision
    from flowing.results import StepState
    from flowing.testing.choices import Choices
    from flowing.testing.subject import Subject
    from tests.property.bugs import Rules


class Played(NamedTuple):
    """How many runs and resumes there were in some seasons, and what was wrong."""

    runs: int
    violations: tuple[str, ...]


def play_all(seeds: range) -> Played:
    """Play a season for each seed."""
    runs, violations = 0, list[str]()
    for seed in seeds:
        play = play_season(Seeded(seed))
        runs += sum(isinstance(event, RunRequested | ResumeRequested) for _, event in play.witness.story)
        if play.witness.violation is not None:
            violations.append(f"seed {seed}: {play.witness.violation}")
    return Played(runs, tuple(violations))


def test_no_rule_is_broken_in_20_000_runs() -> None:
    """[R1] [R21] [T1] [T2] [T3] [T5] [T10] Whatever the graph, whatever fails, in whatever order."""
    played = play_all(range(9_500))
    assert played.violations == ()
    assert played.runs >= 20_000


@deep
def test_no_rule_is_broken_in_a_million_runs(capsys: pytest.CaptureFixture[str]) -> None:
    """[T10] Of other seeds than those of the test above; prints how many."""
    played = on_all_processors(play_all, [range(first, first + 5_000) for first in range(10**6, 1_475_000, 5_000)])
    runs = sum(part.runs for part in played)
    with capsys.disabled():
        sys.stdout.write(f"\n{runs} runs\n")
    assert [each for part in played for each in part.violations] == []
    assert runs >= 10**6


@given(schedules(length_max=200))
def test_no_rule_is_broken_in_any_season_that_can_be_drawn(choices: tuple[int, ...]) -> None:
    """[R1] [T10] The same, by choices that hypothesis shrinks when they lead to a violation."""
    play = play_season(Replayed(choices))
    assert play.witness.violation is None, f"{play.witness.violation}\n{story(play)}"


def test_one_seed_makes_one_season() -> None:
    """The same choices give the same story and the same end, event by event."""
    stories = set()
    for seed in range(100):
        first = play_season(Seeded(seed))
        again = play_season(Replayed(first.choices.taken))
        assert story(again) == story(first)
        assert repr(again.rows) == repr(first.rows)  # errors compare by identity, and are not in it
        assert again.choices.taken == first.choices.taken
        stories.add(story(first))
    assert len(stories) > 90


CERTAIN: Final = Faults(freedom=Freedom(overlaps=3))  # nothing but the order is open, so that results can be compared


def play_with_crashes(seed: int, crashes_max: int) -> tuple[int, dict[str, tuple[StepState, object]]]:
    """Play a run whose processes die one after the other; say how many did, and what came of each task."""
    choices = Seeded(seed)
    drawn = draw_subject(choices)
    subject = subject_of_graph(drawn.graph, is_stored=drawn.is_stored)  # without timeouts
    faults = CERTAIN if subject.graph.limits.fail_fast else CERTAIN.fail("a")
    lives = [1 + choices.below(12, "after which event it crashes") for _ in range(crashes_max)]
    crash_after, *later = [*lives, None]
    play, crashes = Play(subject, faults, choices, crash_after=crash_after), 0
    play.run()
    while play.survivors is not None:
        crashes += 1
        play.run_again(crash_after=later.pop(0) if later else None)
    assert play.witness.violation is None, f"seed {seed}: {play.witness.violation}"
    results = results_of(play.state, subject.numbers)
    return crashes, {name: (row.state, row.value_or(None)) for name, row in results.items()}


def test_any_number_of_crashes_changes_no_result() -> None:
    """[P19] The processes that resume a run die, too, at any event of theirs."""
    crashed: Counter[int] = Counter()
    for seed in range(500):
        undisturbed, (crashes, results) = play_with_crashes(seed, 0)[1], play_with_crashes(seed, 3)
        assert results == undisturbed, f"seed {seed}"
        crashed[crashes] += 1
    assert crashed[3] > 200  # control: not only the first process died


def test_every_legal_pair_is_visited() -> None:
    """100 % of the tables of legal (status, event) and (phase, event) pairs. Prints how often: pytest -rP shows it."""
    legal = {(rule.on.__name__, rule.event.__name__) for rule in (*STATUS_RULES, *PHASE_RULES)}
    with pytest.MonkeyPatch.context() as patch:
        visited = counted_pairs(patch)
        for seed in range(2_000):
            play_season(Seeded(seed))
        walk(scarce(), Faults(freedom=Freedom(errors=True, cancels=2)), states_max=10_000)  # what is rare in seasons
    sys.stdout.writelines(f"{' + '.join(pair):<40} {visited[pair]:>6}\n" for pair in sorted(legal))
    assert len(legal) > 40
    assert legal - visited.keys() == set()


def scarce() -> Subject:
    """Two tasks that can time out, one worker who is never replaced, and a store."""
    nodes = [Node("a", policy=Policy(retries=1)), Node("b")]
    graph = compile_graph(nodes, Limits(workers=1, abandoned=0, fail_fast=True))
    return subject_of_graph(graph, timeouts_s=[1.0, 1.0], is_stored=True)


def counted_pairs(patch: pytest.MonkeyPatch) -> Counter[tuple[str, str]]:
    """Count every application of a rule."""
    visited: Counter[tuple[str, str]] = Counter()

    def counted(
        step: Callable[[State, object, Event], State], pair: tuple[str, str]
    ) -> Callable[[State, object, Event], State]:
        def count(state: State, on: object, event: Event) -> State:
            visited[pair] += 1
            return step(state, on, event)

        return count

    for name, rules in (("_STATUS_RULES_OF", STATUS_RULES), ("_PHASE_RULES_OF", PHASE_RULES)):
        table_of: dict[type[object], dict[type[object], object]] = {}
        for rule in rules:
            step = counted(rule.step, (rule.on.__name__, rule.event.__name__))
            table_of.setdefault(rule.event, {})[rule.on] = evolve(rule, step=step)
        patch.setattr(sys.modules["flowing.core.transition"], name, table_of)  # the name means the function
    return visited


# ── the core alone: at every state and event that a season comes upon ────────────────────────────

Claim: TypeAlias = "Callable[[Rules, State, Event], None]"


def transition_is_pure(step: Rules, state: State, event: Event) -> None:
    """From the same state and event comes the same state, and the input stays as it was."""
    rows, run = list(state.table), evolve(state.run)
    after = step(state, event)
    assert step(state, event) == after
    assert (list(state.table), state.run) == (rows, run)


def decisions_commute(step: Rules, state: State, event: Event) -> None:
    """In any order, the decisions of one round give the same state."""
    after = step(state, event)
    due = decide(after)

    def carried_out(order: Sequence[Decision]) -> State:
        return functools.reduce(step, (answer(decision, 1.0) for decision in order), after)

    in_order = carried_out(due)
    assert carried_out(due[::-1]) == in_order
    assert carried_out([*due[1:], *due[:1]]) == in_order


def one_step_equals_three(step: Rules, state: State, event: Event) -> None:
    """In one step or in three, a success and the start that follows give the same state."""
    if isinstance(event, AttemptSucceeded):
        after, begun = step(state, event), None
        match decide(after, 1):
            case [Start(task=task) as start]:
                after = step(after, answer(start, 1.0))
                begun = (task, after.table[task])
            case _:
                pass
        assert hand_over(state, event, 1.0) == (after, begun)


def changes_its_input(state: State, event: Event) -> State:
    if isinstance(event, AttemptSucceeded):
        object.__setattr__(state.run, "late", state.run.late + 1)
    return transition(state, event)


def keeps_the_last_start(state: State, event: Event) -> State:
    """Depend on which of two starts comes last."""
    after = transition(state, event)
    return evolve(after, run=evolve(after.run, late=event.task)) if isinstance(event, AttemptStarted) else after


CLAIMS: Final[Mapping[Claim, Rules]] = {
    transition_is_pure: changes_its_input,
    decisions_commute: keeps_the_last_start,
    one_step_equals_three: bugs.starts_too_early,
}


def is_broken(claim: Claim, step: Rules, choices: Choices) -> bool:
    """Play a season, and ask the claim, with that step, about every pair that the desk comes upon."""
    broken: list[AssertionError] = []
    asking = False

    def watching(state: State, event: Event) -> State:
        nonlocal asking
        if not asking:
            asking = True
            try:
                claim(step, state, event)
            except AssertionError as failure:
                broken.append(failure)
            except InvalidTransition:
                pass  # of a bug that leads into a state that there is not
            finally:
                asking = False
        return transition(state, event)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("flowing.shell.desk.transition", watching)
        patch.setattr("flowing.core.handover.transition", watching)
        patch.setattr("flowing.shell.desk.hand_over", in_single_steps)
        play_season(choices)
    return bool(broken)


@pytest.mark.parametrize("claim", CLAIMS, ids=lambda claim: claim.__name__)
@given(choices=schedules())
def test_the_core_keeps_its_word(claim: Claim, choices: tuple[int, ...]) -> None:
    assert not is_broken(claim, transition, Replayed(choices))


@pytest.mark.parametrize(("claim", "bug"), CLAIMS.items(), ids=lambda each: each.__name__)
def test_the_claim_catches_its_bug(claim: Claim, bug: Rules) -> None:
    """Control: the same claim about a core with a bug in it fails."""
    assert any(is_broken(claim, bug, Seeded(seed)) for seed in range(200))


def test_the_events_are_the_run() -> None:
    """Folded over the first state, the events that were applied give the last one."""
    seen = 0
    for seed in range(200):
        events: list[Event] = []
        with pytest.MonkeyPatch.context() as patch:
            bugs.put_in_rules(noting(events), patch)
            play = play_season(Seeded(seed))
        if not any(isinstance(event, RunRestored) for event in events):  # a new process has a run of its own
            assert functools.reduce(transition, events, initial(play.state.graph)) == play.state
            seen += len(events)
    assert seen > 1_000


def noting(events: list[Event]) -> Rules:
    def note(state: State, event: Event) -> State:
        events.append(event)
        return transition(state, event)

    return note


def story(play: Play) -> str:
    return table(play.witness.story, play.state.graph.names)
