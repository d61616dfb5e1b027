"""A stub gives its signature to checkers, so it must say what the flow says."""

from __future__ import annotations

import asyncio
import inspect
from typing import TYPE_CHECKING, Any

import pytest

from flowing import Flow, SignatureError, TaskFailed, param, task, to_json

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal as OnlyForCheckers

city = param("city", str, description="Where it is")
days = param("days", int, default=3)


@task(depends_on=[city, days])
def report(city: str, days: int) -> list[str]:
    """Report it."""
    if not city:
        raise ValueError
    return [city] * days


flow = Flow(report)


def test_a_plain_stub_makes_a_plain_function() -> None:
    @flow.typed
    def weather(city: str, days: int = 3) -> list[str]:
        """Tell the weather."""
        raise AssertionError("a stub is never called")

    assert weather("a", days=1) == ["a"]
    assert weather(city="b") == ["b", "b", "b"]
    assert (weather.__name__, weather.__module__) == ("weather", __name__)
    assert str(weather.__doc__).startswith("Tell the weather.\n\nArgs:\n    city: Where it is\n")


def test_an_async_stub_makes_an_async_function() -> None:
    @flow.typed
    async def weather(city: str, days: int = 3) -> list[str]:
        raise AssertionError("a stub is never called")

    assert inspect.iscoroutinefunction(weather)
    assert asyncio.run(weather("a", 1)) == ["a"]
    assert str(weather.__doc__).startswith("Report it.\n")


def test_a_stub_has_the_options_of_a_function() -> None:
    @flow.typed(result=to_json, on_error=lambda error: f"sorry: {type(error).__name__}")
    def weather(city: str, days: int = ...) -> str:  # type: ignore[assignment]  # the flow's default
        raise AssertionError("a stub is never called")

    assert weather("a") == '["a", "a", "a"]'
    assert weather("") == f"sorry: {TaskFailed.__name__}"


def test_a_stub_says_the_order_and_what_is_given_by_name() -> None:
    @flow.typed
    def weather(*, days: int = 3, city: str) -> list[str]:
        raise AssertionError("a stub is never called")

    assert list(inspect.signature(weather).parameters) == ["days", "city"]
    assert weather(city="a", days=1) == ["a"]


def test_annotations_that_say_nothing_are_left_to_the_flow() -> None:
    def weather(city: Any, days: object = 3):  # type: ignore[no-untyped-def]  # noqa: ANN202, ANN401 - says nothing
        raise AssertionError("a stub is never called")

    signature = inspect.signature(flow.typed(weather))
    assert signature.parameters["days"].annotation is int


def of_another_name(town: str, days: int = 3) -> list[str]: ...  # type: ignore[empty-body]
def of_another_type(city: int, days: int = 3) -> list[str]: ...  # type: ignore[empty-body]
def with_another_default(city: str, days: int = 4) -> list[str]: ...  # type: ignore[empty-body]
def with_no_default(city: str, days: int) -> list[str]: ...  # type: ignore[empty-body]
def with_a_default(city: str = "a", days: int = 3) -> list[str]: ...  # type: ignore[empty-body]
def of_another_result(city: str, days: int = 3) -> str: ...  # type: ignore[empty-body]
def with_less(city: str) -> list[str]: ...  # type: ignore[empty-body]
def with_rest(city: str, *rest: int, days: int = 3) -> list[str]: ...  # type: ignore[empty-body]
def with_keywords(city: str, days: int = 3, **rest: int) -> list[str]: ...  # type: ignore[empty-body]
def by_position(city: str, /, days: int = 3) -> list[str]: ...  # type: ignore[empty-body]
def not_known(city: OnlyForCheckers, days: int = 3) -> list[str]: ...  # type: ignore[empty-body]


@pytest.mark.parametrize(
    ("stub", "message"),
    [
        (
            of_another_name,
            r"the stub of_another_name\(\) has a parameter 'town', but the flow has none of that name: city",
        ),
        (of_another_type, "takes 'city' as int, but the flow takes str; change one of the two"),
        (with_another_default, "has another default for 'days', but the flow has its own"),
        (with_no_default, "has no default for 'days', but the flow has one"),
        (with_a_default, "has a default for 'city', but the flow has none"),
        (of_another_result, r"returns str, but the flow returns list\[str\]"),
        (with_less, "has no parameter 'days', but the flow has days: int"),
        (with_rest, r"has '\*rest', but the flow takes parameters by name alone"),
        (with_keywords, r"has '\*\*rest', but the flow takes parameters by name alone"),
        (by_position, "has 'city', but the flow takes parameters by name alone"),
        (not_known, r"annotations of not_known\(\) can't be evaluated.*OnlyForCheckers.*TYPE_CHECKING"),
    ],
)
def test_a_stub_that_says_something_else_is_refused(stub: Callable[..., object], message: str) -> None:
    with pytest.raises(SignatureError, match=message):
        flow.typed(stub)
