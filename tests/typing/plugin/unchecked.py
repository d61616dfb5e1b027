"""Wiring that can't be checked: not a word by default; where it is asked for, the code flowing-unchecked.

Some of it is wrong, and must not be found: what can't be read is never guessed.
"""

# ruff: noqa: ANN401, TC003 - each is a way to write it
from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from flowing import Depends, SyncTask, Task, task


@task
def number() -> int:
    return 1


@task
def text() -> str:
    return ""


A_LIST = [number, text]


# U: The wiring of task "by_variable" is not checked in full: it is not written as a list here
@task(depends_on=A_LIST)
def by_variable(number: str) -> None: ...


# U: The wiring of task "by_item" is not checked in full: the name of this task is not known here
@task(depends_on=[A_LIST[0]])
def by_item(number: str) -> None: ...


chosen: Task[int] = number.with_options(name="one")
if A_LIST:
    chosen = number.with_options(name="other")


# U: The wiring of task "by_what_was_chosen" is not checked in full: the name of this task is not known here
@task(depends_on=[chosen])
def by_what_was_chosen(one: str) -> None: ...


class Warehouse:
    capacity: Task[int] = number.with_options(name="capacity")


# U: The wiring of task "by_attribute" is not checked in full: the name of this task is not known here
@task(depends_on=[Warehouse.capacity])
def by_attribute(capacity: str) -> None: ...


def assigned_in_many_ways(numbers: Sequence[SyncTask[[], int]]) -> None:
    looped: Task[int] = number.with_options(name="looped")
    for looped in numbers:  # noqa: B007 - on purpose
        pass
    paired: Task[int] = number.with_options(name="paired")
    paired, *_ = numbers
    tried: Task[int] = number.with_options(name="tried")
    try:
        while numbers:
            tried = numbers[0]
    finally:
        matched: Task[int] = number.with_options(name="matched")
    match len(numbers):
        case 1:
            matched = numbers[0]
        case _:
            pass

    def inner() -> None:
        # U: The wiring of task "by_any_of_them" is not checked in full: the name of this task is not known here
        @task(depends_on=[looped])
        def by_any_of_them(looped: str) -> None: ...

        # U: The wiring of task "by_pair" is not checked in full: the name of this task is not known here
        @task(depends_on=[paired])
        def by_pair(paired: str) -> None: ...

        # U: The wiring of task "by_try" is not checked in full: the name of this task is not known here
        @task(depends_on=[tried])
        def by_try(tried: str) -> None: ...

        # U: The wiring of task "by_match" is not checked in full: the name of this task is not known here
        @task(depends_on=[matched])
        def by_match(matched: str) -> None: ...


def later(step: SyncTask[[], int], steps: Sequence[Task[object]], anything: Any, title: str) -> None:
    # U: The wiring of task "by_parameter" is not checked in full: the name of this task is not known here
    @task(depends_on=[step])
    def by_parameter(number: str) -> None: ...

    # U: The wiring of task "by_sequence" is not checked in full: it is not written as a list here
    @task(depends_on=[number, *steps])
    def by_sequence(number: int, other: str) -> None: ...

    # U: The wiring of task "by_any" is not checked in full: the name of this task is not known here
    @task(depends_on=[anything])
    def by_any(number: str) -> None: ...

    # U: The wiring of this task is not checked in full: the name of this task is not known here
    @task(depends_on=[number.with_options(name=title)], name=title)
    def by_title(number: str) -> None: ...

    either = number if title else number.with_options(name="other")

    # U: The wiring of task "by_choice" is not checked in full: the name of this task is not known here
    @task(depends_on=[either])
    def by_choice(number: str) -> None: ...

    for each in (number, number.with_options(name="another")):
        # U: The wiring of task "in_a_loop" is not checked in full: the name of this task is not known here
        @task(depends_on=[each])
        def in_a_loop(number: str) -> None: ...


decorator = task(depends_on=[number], name="by_decorator")
OPTIONS: dict[str, Any] = {}


@decorator
# U: The wiring of task "by_decorator" is not checked in full: it is not written as a list here
def decorated(number: str) -> None: ...


# U: The wiring of this task is not checked in full: it is not written as a list here
@task(depends_on=[number], **OPTIONS)
def by_star(number: str) -> None: ...


def wrapped(function: Callable[[int], str]) -> Callable[..., str]:
    return lambda *args: function(1)


@task(depends_on=[number])
@wrapped
# U: The wiring of task "by_wrapper" is not checked: the type of its function does not tell its parameters
def by_wrapper(unknown: int) -> str:
    return ""


# U: The wiring of when of task "by_gate" is not checked: the type of its function does not tell its parameters
@task(depends_on=[number], when=wrapped(str))
def by_gate(number: int) -> None: ...


DEPENDS = Depends(number)


@task(depends_on=[number, text])
def may_be_taken(text: str, value: int = DEPENDS) -> None: ...
