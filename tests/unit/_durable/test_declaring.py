"""How tasks are declared to a store: codecs, definitions, and hashes of functions that mean the same everywhere."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from flowing import Flow, Task, task
from flowing._durable.declaring import Declared, declared
from flowing.checkpoint import Changed, Declaration, Definition, JsonCodec, changes_between

if TYPE_CHECKING:
    from collections.abc import Callable


def declared_of(*tasks: Task[Any]) -> Declared:
    return declared(Flow(*tasks)._compiled, JsonCodec())


def source_of(function: Callable[..., object]) -> str | None:
    (definition,) = declared_of(task(function, name="step")).declaration.definitions
    return definition.source


def test_each_task_is_declared_with_all_that_its_result_depends_on() -> None:
    @task(version="3")
    def first() -> int:
        return 1

    @task(depends_on=[first], persist=False)
    def second(first: int) -> str:
        return str(first)

    @task(after=[second, first], at_most_once=True)
    def third() -> list[str]:
        return []

    found = declared_of(third)
    one, two, three = found.declaration.definitions
    assert [each.name for each in (one, two, three)] == ["first", "second", "third"]
    assert [each.dependencies for each in (one, two, three)] == [(), ("first",), ("second", "first")]
    assert [each.version for each in (one, two, three)] == ["3", None, None]
    assert [each.shown_type for each in (one, two, three)] == ["int", "", "list[str]"]
    assert (two.fingerprint, sorted(found.codecs), found.unstored, found.at_most_once) == (0, [0, 2], {1}, {2})
    assert one.fingerprint == found.codecs[0].fingerprint


def test_the_hash_of_a_function_is_of_what_it_does() -> None:
    """Not of where it stands, how it is called or what it says of itself."""

    def plain() -> set[str]:
        return {each for each in ("a", "b") if each in {"a", "c"}}

    def elsewhere() -> set[str]:
        """Say what it does."""
        return {each for each in ("a", "b") if each in {"a", "c"}}

    def another() -> set[str]:
        return {each for each in ("a", "b") if each in {"a", "d"}}

    def bare() -> None:
        pass

    assert source_of(plain) == source_of(elsewhere) == source_of(partial(plain))
    assert source_of(plain) != source_of(another)
    assert source_of(bare) is not None
    assert source_of(threading.get_ident) is None


PROGRAM = """
from flowing import Flow, task
from flowing._durable.declaring import declared
from flowing.checkpoint import JsonCodec

def step():
    numbers = (1, 2.5, "three", b"four", None, ..., 10**30, (5, frozenset(("x",))))
    return [each for each in "abcdefgh" if each in {"a", "b", "c", ("d", 1), frozenset}], numbers, lambda: {7} == 0

print(declared(Flow(task(step))._compiled, JsonCodec()).declaration.definitions[0].source)
"""


def test_the_hash_is_the_same_in_every_process() -> None:
    """Sets of constants have another order under each PYTHONHASHSEED."""
    hashes = {
        subprocess.run(
            [sys.executable, "-c", PROGRAM],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in ("1", "2", "3", "4")
    }
    assert len(hashes) == 1
    assert hashes.pop().startswith(f"{sys.implementation.cache_tag}-")


@pytest.mark.parametrize(
    ("before", "after", "warned"),
    [
        ("py311:aa", "py311:aa", False),
        ("py311:aa", "py311:bb", True),
        ("py311:aa", "py312:bb", False),
        (None, "py312:bb", True),
        (None, None, False),
    ],
)
def test_another_python_is_no_other_code(before: str | None, after: str | None, *, warned: bool) -> None:
    """P16: nothing is said where nothing is known."""
    declarations = [Declaration.of([Definition(name="step", source=each)]) for each in (before, after)]
    assert changes_between(*declarations).source_changed == (("step",) if warned else ())


def test_of_other_code_and_another_version_only_the_version_is_said() -> None:
    one = Declaration.of([Definition(name="step", source="py311:aa")])
    two = Declaration.of([Definition(name="step", source="py311:bb", version="2")])
    found = changes_between(one, two)
    assert found.changed == (Changed("step", ("its version was not given and is '2'",)),)
    assert found.source_changed == ()
