"""Return annotations, evaluated: of everything that can be the body of a task."""

from __future__ import annotations

import functools
import threading
from collections.abc import Coroutine
from typing import TYPE_CHECKING, Any

import pytest

from flowing._durable.annotations import Annotations
from flowing.checkpoint import NO_ANNOTATION
from flowing.errors import SerializationError

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal


class Machine:
    def __call__(self) -> list[int]:
        return []

    def method(self) -> dict[str, Machine]:
        return {}

    @classmethod
    def of_class(cls) -> Machine:
        return cls()

    @staticmethod
    def static() -> None:
        return None


def number() -> int:
    return 1


def decorated(function: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(function)
    def wrapper(*arguments: object) -> object:
        return function(*arguments)

    return wrapper


def evaluated() -> None: ...


evaluated.__annotations__["return"] = list[int]


def hidden() -> list[Decimal]:
    return []


def wrong() -> int:
    return 1


wrong.__annotations__["return"] = "1 +"


@pytest.mark.parametrize(
    ("function", "annotation"),
    [
        (number, int),
        (functools.partial(number), int),
        (functools.partial(functools.partial(number)), int),
        (decorated(number), int),
        (decorated(decorated(Machine().method)), dict[str, Machine]),
        (Machine(), list[int]),
        (Machine().method, dict[str, Machine]),
        (Machine.of_class, Machine),
        (Machine.static, type(None)),
        (Machine, Machine),
        (evaluated, list[int]),
        (lambda: 1, NO_ANNOTATION),
        (len, NO_ANNOTATION),
        (threading.Event().wait, NO_ANNOTATION),
    ],
)
def test_it_is_what_a_call_of_the_function_returns(function: Callable[..., Any], annotation: object) -> None:
    assert Annotations().of("step", function) == annotation


@pytest.mark.parametrize(("function", "error"), [(hidden, "NameError"), (wrong, "SyntaxError")])
def test_one_that_can_not_be_evaluated_is_refused(function: Callable[..., Any], error: str) -> None:
    """[G15] The message has the task, the text, the reason and the ways out."""
    with pytest.raises(SerializationError) as caught:
        Annotations().of("step", function)
    said = str(caught.value)
    assert caught.value.task == "step"
    assert repr(function.__annotations__["return"])[1:-1] in said
    assert error in said
    assert "persist=False" in said


def test_what_is_written_alike_in_one_module_is_one_object() -> None:
    """So that a codec is made for it once; in another module the same text may mean something else."""

    def one() -> list[int]:
        return []

    def two() -> list[int]:
        return []

    there: dict[str, Any] = {"list": tuple}
    exec("def three() -> 'list[int]': ...", there)
    annotations = Annotations()
    assert annotations.of("one", one) is annotations.of("two", two)
    assert annotations.of("three", there["three"]) == tuple[int]


def test_a_plain_function_that_makes_a_coroutine_gives_what_that_comes_to() -> None:
    """As the flow awaits it; an `async def` that makes one makes just that."""

    async def later() -> list[int]:
        return []

    def made() -> Coroutine[Any, Any, list[int]]:
        return later()

    async def nested() -> Coroutine[Any, Any, list[int]]:
        return later()

    annotations = Annotations()
    assert annotations.of("made", made) == list[int]
    assert annotations.of("made", made) is annotations.of("made", made)
    assert annotations.of("nested", nested) == Coroutine[Any, Any, list[int]]
