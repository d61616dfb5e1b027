"""What the store has of the tasks' declarations, and what it is told: how what has a result was declared then."""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing import Flow, task
from flowing._durable.declaring import Declared, declared
from flowing._durable.told import Told
from flowing.checkpoint import Declaration, Definition, JsonCodec, OverrideSaved, ResultDropped
from flowing.core.events import ResultProvided
from flowing.core.state import initial
from flowing.core.status import Past
from flowing.core.transition import transition

if TYPE_CHECKING:
    from collections.abc import Iterable

    from flowing.core.state import State


def of(names: str) -> tuple[Declared, State]:
    """Declare tasks, and give a run in which the first has a result."""
    flow = Flow(*[task(lambda: 1, name=name) for name in names])
    state = initial(flow._compiled.graph)
    return declared(flow._compiled, JsonCodec()), transition(state, ResultProvided(0, 1))


def stored(found: Declared, *more: str) -> Declaration:
    """Declare the same tasks with other code, and more tasks."""
    earlier = [Definition(name=each.name, source="before") for each in found.declaration.definitions]
    return Declaration.of([*earlier, *[Definition(name=name) for name in more]])


def as_before(told: Told) -> list[str]:
    return [each.name for each in told.declaration.definitions if each.source == "before"]


def given(names: Iterable[str]) -> list[OverrideSaved]:
    return [OverrideSaved(name, b"1", 1) for name in names]


def test_where_nothing_changed_there_is_nothing_but_what_is_declared() -> None:
    found, state = of("ab")
    told = Told.by(found.declaration, found)
    assert told.when_mended(given("a")) is told
    assert told.when_resumed(state, []).declaration is found.declaration


def test_what_has_a_result_stays_as_it_was_declared() -> None:
    """What has none will be made by what is declared now; so is what is given a value."""
    found, state = of("ab")
    told = Told.by(stored(found), found)
    assert as_before(told) == ["a", "b"]
    assert as_before(told.when_resumed(state, [])) == ["a"]
    assert as_before(told.when_resumed(state, given("a"))) == []


def test_a_mend_tells_only_what_is_new() -> None:
    """What it drops is described no more, and what it gives is as it is declared now."""
    found, _ = of("ab")
    told = Told.by(stored(found, "gone"), found)
    assert told.when_mended([ResultDropped("a", Past(1, 1))]) is told
    assert as_before(told.when_mended(given("a"))) == ["b"]
    lacking = Told.by(Declaration.of(found.declaration.definitions[:1]), found)
    assert lacking.when_mended([ResultDropped("a", Past(1, 1))]).declaration is found.declaration
