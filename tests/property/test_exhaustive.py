"""Every interleaving of every small graph: no rule is broken in any, and nothing is left out by merging states."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING, Final, NamedTuple

import pytest
from typing_extensions import override

from flowing.testing.choices import Replayed
from flowing.testing.faults import Faults, Freedom
from flowing.testing.play import Play
from flowing.testing.subject import subject_of_graph
from flowing.testing.walk import walk
from tests.property import bugs
from tests.property.deep import deep, on_all_processors
from tests.property.graphs import all_graphs

if TYPE_CHECKING:
    from collections.abc import Sequence

    from flowing.core import Graph

ERRORS: Final = Freedom(errors=True)
CANCELS: Final = Freedom(errors=True, cancels=1)
EVERYTHING: Final = Freedom(
    errors=True,
    fatal_errors=True,
    gates=True,
    stops=True,
    stale_timers=True,
    store_errors=True,
    cancels=2,
    refusals=1,
    overlaps=1,
)


class Catalogue(NamedTuple):
    """All graphs of a size, and what may happen in them."""

    size: int
    freedom: Freedom = ERRORS
    retries: int = 0
    timeout_s: float | None = None
    is_stored: bool = False

    @override
    def __str__(self) -> str:
        """Say it in words."""
        words = [f"{self.size} tasks", {ERRORS: "errors", CANCELS: "cancels", EVERYTHING: "everything"}[self.freedom]]
        words += [f"{self.retries} retries"] * (self.retries > 0) + ["timeout"] * (self.timeout_s is not None)
        return ", ".join([*words, "store"] if self.is_stored else words)


class Found(NamedTuple):
    """How many graphs, states and transitions there were, and what was wrong."""

    graphs: int
    states: int
    transitions: int
    violations: tuple[str, ...]


def walk_all(catalogue: Catalogue, graphs: Sequence[Graph]) -> Found:
    """Walk over every state of these graphs of the catalogue."""
    states = transitions = 0
    violations: list[str] = []
    for graph in graphs:
        timeouts_s = [catalogue.timeout_s] * catalogue.size
        subject = subject_of_graph(graph, timeouts_s=timeouts_s, is_stored=catalogue.is_stored)
        walked = walk(subject, Faults(freedom=catalogue.freedom), states_max=10**6)
        states, transitions = states + walked.states, transitions + walked.transitions
        if not walked.complete:
            violations.append(f"{graph}: {walked.violation} by {walked.choices}")
    return Found(len(graphs), states, transitions, tuple(violations))


@pytest.mark.parametrize(
    "catalogue",
    [
        Catalogue(3, retries=1),
        Catalogue(3, CANCELS),
        Catalogue(3, is_stored=True),
        Catalogue(2, CANCELS, retries=1, timeout_s=2.0),
        Catalogue(2, EVERYTHING),
        Catalogue(1, EVERYTHING, retries=1, timeout_s=2.0),
        Catalogue(1, EVERYTHING, is_stored=True),
    ],
    ids=str,
)
def test_no_rule_is_broken_in_any_order(catalogue: Catalogue) -> None:
    """[T2] [T3] [T7] [T10] [R21] All graphs, every order, every ending: complete, and nothing found.

    The clock stands still all the time, as it does for a process whose machine sleeps.
    """
    found = walk_all(catalogue, all_graphs(catalogue.size, retries=catalogue.retries))
    assert found.violations == ()
    assert found.transitions > found.states > found.graphs


@deep
def test_no_rule_is_broken_in_any_order_of_larger_graphs(capsys: pytest.CaptureFixture[str]) -> None:
    """[T10] All graphs of 4 and 5 tasks, of 4 with a retry, of 3 with a retry and a timeout; prints how many states."""
    catalogues = [Catalogue(3, retries=1, timeout_s=2.0), Catalogue(4, retries=1), Catalogue(4), Catalogue(5)]
    assert_nothing_found(catalogues, capsys)


@deep
def test_no_rule_is_broken_in_any_order_of_graphs_that_are_disturbed(capsys: pytest.CaptureFixture[str]) -> None:
    """[T10] The same with a cancel at any moment, and small ones with everything that can happen."""
    catalogues = [
        Catalogue(4, CANCELS),
        Catalogue(3, CANCELS, retries=1),
        Catalogue(2, EVERYTHING, retries=1),
        Catalogue(2, EVERYTHING, is_stored=True),
        Catalogue(1, EVERYTHING, retries=2, timeout_s=2.0, is_stored=True),
    ]
    assert_nothing_found(catalogues, capsys)


def assert_nothing_found(catalogues: list[Catalogue], capsys: pytest.CaptureFixture[str]) -> None:
    for catalogue in catalogues:
        graphs_of_size = all_graphs(catalogue.size, retries=catalogue.retries)
        shares = [graphs_of_size[first::32] for first in range(32)]
        parts = on_all_processors(partial(walk_all, catalogue), shares)
        graphs, states = sum(part.graphs for part in parts), sum(part.states for part in parts)
        transitions = sum(part.transitions for part in parts)
        with capsys.disabled():
            sys.stdout.write(f"\n{catalogue}: {graphs} graphs, {states} states, {transitions} transitions\n")
        assert [each for part in parts for each in part.violations] == []


# ── controls ─────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "catalogue",
    [
        Catalogue(3, Freedom(errors=True, stops=True)),
        Catalogue(2, CANCELS, retries=1),
        Catalogue(1, Freedom(errors=True, gates=True, stale_timers=True, refusals=1), retries=1, timeout_s=2.0),
        Catalogue(2, Freedom(errors=True, store_errors=True), is_stored=True),
        Catalogue(1, Freedom(overlaps=1, cancels=1, stops=True), timeout_s=2.0),
    ],
    ids=range(5),
)
def test_merging_states_loses_no_outcome(catalogue: Catalogue) -> None:
    """Control of the key: over every path, without merging, a run ends in the same ways and in no other."""
    saved = 0
    for graph in all_graphs(catalogue.size, retries=catalogue.retries):
        timeouts_s = [catalogue.timeout_s] * catalogue.size
        subject = subject_of_graph(graph, timeouts_s=timeouts_s, is_stored=catalogue.is_stored)
        faults = Faults(freedom=catalogue.freedom)
        merged = walk(subject, faults, states_max=10**6)
        unmerged = walk(subject, faults, states_max=10**6, merges=False)
        assert merged.complete
        assert unmerged.complete
        assert merged.ends == unmerged.ends
        saved += unmerged.transitions - merged.transitions
    assert saved > 0


@pytest.mark.parametrize(
    ("bug", "freedom"),
    [
        (bugs.starts_too_early, ERRORS),
        (bugs.hands_over_past_those_that_wait_again, ERRORS),
        (bugs.hands_over_past_those_that_wait_again, CANCELS),  # where it is never the first way out of a state
        (bugs.hands_over_past_what_was_left, CANCELS),
        (bugs.leaves_a_cancel_to_the_clerk, CANCELS),
        (bugs.starts_the_last_first, ERRORS),
        (bugs.skips_nobody, ERRORS),
    ],
    ids=lambda value: getattr(value, "__name__", "cancels" if value is CANCELS else "errors"),
)
def test_a_bug_is_found_and_seen_again(bug: bugs.Bug, freedom: Freedom) -> None:
    """Control: the walk comes upon a bug, and its choices lead there again."""
    with pytest.MonkeyPatch.context() as patch:
        bugs.put_in(bug, patch)
        graph, choices, claim = first_violation(freedom)
        play = Play(subject_of_graph(graph), Faults(freedom=freedom), Replayed(choices), is_timed=False)
        play.run()
        assert play.witness.violation is not None
        assert play.witness.violation.claim == claim


def first_violation(freedom: Freedom) -> tuple[Graph, tuple[int, ...], str]:
    for graph in all_graphs(3, retries=1):
        walked = walk(subject_of_graph(graph), Faults(freedom=freedom), states_max=10**6)
        if walked.violation is not None:
            return graph, walked.choices, walked.violation.claim
    raise AssertionError("no walk came upon the bug")


def test_a_walk_that_is_too_long_is_not_called_complete() -> None:
    """Control."""
    subject = subject_of_graph(all_graphs(3)[0])
    assert walk(subject, Faults(freedom=ERRORS), states_max=10**6).complete
    assert not walk(subject, Faults(freedom=ERRORS), states_max=5).complete
