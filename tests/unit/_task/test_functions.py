"""What flowing reads from functions of every kind."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import inspect
import math
import operator
from typing import TYPE_CHECKING, Any

import pytest

from flowing._task.functions import Parameters, name_of, parameters_of, place_of, show_call, show_type
from flowing.errors import UnsupportedFunctionError
from flowing.task import AsyncTask, Depends, SyncTask, bind, task

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator


@task
def number() -> int:
    return 1


class Scale:
    """A class, whose objects can be called, and with a method."""

    def __init__(self, number: int = 2) -> None:
        self.number = number

    def __call__(self, number: int) -> int:
        return self.number * number

    def method(self, number: int) -> int:
        return self.number + number

    @staticmethod
    def static(number: int) -> int:
        return number

    @classmethod
    def of(cls, number: int) -> Scale:
        return cls(number)


def plain(number: int) -> int:
    return number


def traced(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def wrapper(*args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("function", "name"),
    [
        pytest.param(plain, "plain", id="function"),
        pytest.param(traced(plain), "plain", id="decorated function"),
        pytest.param(Scale, "Scale", id="class"),
        pytest.param(Scale(), "Scale", id="callable object"),
        pytest.param(Scale().method, "method", id="bound method"),
        pytest.param(Scale.static, "static", id="static method"),
        pytest.param(Scale.of, "of", id="class method"),
        pytest.param(functools.partial(plain), "plain", id="partial"),
        pytest.param(functools.partial(functools.partial(operator.add), 1), "add", id="partial of partial of builtin"),
        pytest.param(math.sqrt, "sqrt", id="builtin"),
        pytest.param(max, "max", id="builtin without a signature"),
        pytest.param(int, "int", id="builtin class"),
        pytest.param(functools.lru_cache(plain), "plain", id="cached function"),
        pytest.param(contextlib.contextmanager(lambda: iter([1])), "<lambda>", id="context manager"),
    ],
)
def test_every_kind_of_callable_can_be_bound(function: Callable[..., Any], name: str) -> None:
    """[G8] Bound to its arguments, anything that can be called is a task with its own name."""
    takes_nothing = name == "<lambda>"
    step = bind(function) if takes_nothing else bind(function, Depends(number))
    assert step.name == name_of(function) == name


@pytest.mark.parametrize(
    "function",
    [
        *(plain, traced(plain), Scale, Scale(), Scale().method, Scale.static, Scale.of, functools.partial(plain)),
        *(functools.lru_cache(plain), lambda number: number),
    ],
    ids=lambda function: type(function).__name__,
)
def test_every_kind_with_a_signature_takes_dependencies_by_name(function: Callable[..., Any]) -> None:
    """[G8] The wiring reads the parameters of all of them."""
    step = task(function, name="step", depends_on=[number])
    assert step.body.keywords == (("number", Depends(number)),)
    assert isinstance(step(3), (int, Scale))


async def coroutine() -> int:
    return await asyncio.sleep(0, 1)


async def async_generator() -> AsyncIterator[int]:
    yield 1


def generator() -> Iterator[int]:
    yield 1


class AsyncCall:
    async def __call__(self) -> int:
        return 1

    async def method(self) -> int:
        return 1


class GeneratorCall:
    def __call__(self) -> Iterator[int]:
        yield 1


@pytest.mark.parametrize(
    "function",
    [
        *(coroutine, functools.partial(coroutine), AsyncCall(), AsyncCall().method),
        *(functools.partial(AsyncCall().method), functools.partial(functools.partial(AsyncCall()))),
    ],
    ids=lambda function: type(function).__name__,
)
def test_an_async_function_makes_an_async_task(function: Callable[..., Any]) -> None:
    """[G8] In whatever it is wrapped; as a gate, it is awaited too."""
    step = task(function, name="step")
    assert isinstance(step, AsyncTask)
    assert isinstance(bind(function), AsyncTask)
    assert isinstance(step.with_options(retry=1), AsyncTask)
    assert asyncio.run(step()) == 1
    assert isinstance(task(plain, name="step", depends_on=[number], when=function), SyncTask)


@pytest.mark.parametrize(
    "function",
    [generator, async_generator, functools.partial(generator), GeneratorCall()],
    ids=lambda function: type(function).__name__,
)
def test_generator_functions_are_refused(function: Callable[..., Any]) -> None:
    """[G8] Their values would be made after the task is done."""
    with pytest.raises(UnsupportedFunctionError, match=r"task 'step': .*generator function.*return a list"):
        task(function, name="step")


def test_a_plain_function_around_an_async_one_is_plain() -> None:
    """[G8] A decorator that runs the loop is the way out, so `__wrapped__` must not count."""

    @functools.wraps(coroutine)
    def run() -> int:
        return asyncio.run(coroutine())

    assert task(run)() == 1


def test_parameters_are_sorted_by_the_way_they_can_be_filled() -> None:
    def function(a: int, b: int = 1, /, c: int = 2, *rest: int, d: int, e: int = 3, **more: int) -> None: ...

    expected = Parameters(("a", "b"), ("c",), ("d", "e"), {"b": 1, "c": 2, "e": 3}, True, True)
    assert parameters_of(function) == parameters_of(traced(function)) == expected
    assert parameters_of(max) is None
    assert show_call(function) == "function(a, b=..., /, c=..., *args, d, e=..., **kwargs)"
    assert show_call(lambda *, x: x) == "<lambda>(*, x)"
    assert show_call(max) == "max(?)"


def test_the_values_of_defaults_stay_out_of_messages() -> None:
    """S11: a default may be a secret."""

    def function(password: str = "hunter2") -> None: ...

    assert "hunter2" not in show_call(function)


def test_the_place_is_where_the_user_wrote_it() -> None:
    line = plain.__code__.co_firstlineno
    here = f"{__file__}:{line}"
    assert place_of(plain) == place_of(traced(plain)) == place_of(functools.partial(traced(plain), 1)) == here
    for written in (Scale.__call__, Scale.method, Scale.__init__):
        assert inspect.getsourcefile(written) == __file__
    assert place_of(Scale()) == f"{__file__}:{Scale.__call__.__code__.co_firstlineno}"
    assert place_of(Scale().method) == f"{__file__}:{Scale.method.__code__.co_firstlineno}"
    assert place_of(Scale) == f"{__file__}:{Scale.__init__.__code__.co_firstlineno}"
    assert (place_of(math.sqrt), place_of(int)) == ("math.sqrt", "builtins.int")


def test_a_wrapper_that_wraps_itself_has_a_place_too() -> None:
    def function() -> None: ...

    function.__wrapped__ = function  # type: ignore[attr-defined]
    assert place_of(function) == f"{__file__}:{function.__code__.co_firstlineno}"
    assert parameters_of(function) is None  # inspect gives up on such a circle


@pytest.mark.parametrize(("value", "shown"), [(None, "None"), (1, "an int"), ([], "a list"), (plain, "a function")])
def test_a_wrong_value_is_shown_by_its_type(value: object, shown: str) -> None:
    assert show_type(value) == shown
