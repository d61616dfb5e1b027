"""What each parameter of a task is given, and the hash of what is no task's value."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from flowing import Depends, Task, bind, task
from flowing._durable.arguments import Arguments, arguments_of

if TYPE_CHECKING:
    from collections.abc import Callable

A = task(lambda: 1, name="a")
B = task(lambda: 2, name="b")


def of(declared: Task[Any]) -> Arguments:
    return arguments_of(declared.wired)


def both(a: int, b: int) -> int:
    return a - b


def many(*each: int, by: int = 1, **more: int) -> int:
    return sum(each) * by + len(more)


def test_parameters_are_named_however_they_are_filled() -> None:
    """By name, by place and by default."""

    def by_default(a: int = Depends(A), b: int = Depends(B)) -> int:
        return a - b

    def by_place(a: int = Depends(A), b: int = Depends(B), /) -> int:
        return a - b

    takes = (("a", "a"), ("b", "b"))
    ways = [
        task(both, depends_on=[A, B]),
        bind(both, Depends(A), Depends(B)),
        bind(both, a=Depends(A), b=Depends(B)),
        task(by_default),
        task(by_place),
        bind(functools.partial(both), Depends(A), Depends(B)),
    ]
    assert [of(each) for each in ways] == [Arguments(takes, "")] * len(ways)
    assert of(bind(both, b=Depends(A), a=Depends(B))).takes == (("b", "a"), ("a", "b"))


def test_stars_are_told_from_names() -> None:
    """One has places, two have names of their own; of a function that takes nothing else as well."""
    found = of(bind(many, Depends(B), Depends(A), more=Depends(A), by=Depends(B)))
    assert dict(found.takes) == {"*0": "b", "*1": "a", "by": "b", "**more": "a"}

    def rest(**parts: int) -> int:
        return len(parts)

    assert of(task(rest, depends_on=[B, A])) == Arguments((("**b", "b"), ("**a", "a")), "")


def test_order_alone_is_no_parameter() -> None:
    def alone() -> None:
        pass

    assert of(task(alone, after=[A, B])) == Arguments((), "")


def test_every_way_to_give_a_constant_is_the_same_one() -> None:
    """Bound, a default, or inside a partial; one that is given hides the default."""

    def plain(x: int, by: int) -> int:
        return x * by

    def with_default(x: int, by: int = 2) -> int:
        return x * by

    def by_keyword(x: int, *, by: int = 2) -> int:
        return x * by

    ways = [
        bind(plain, Depends(A), by=2),
        bind(plain, Depends(A), 2),
        bind(with_default, x=Depends(A)),
        bind(by_keyword, Depends(A)),
        bind(by_keyword, Depends(A), by=2),
        bind(functools.partial(plain, by=2), Depends(A)),
    ]
    assert len({of(each) for each in ways}) == 1
    assert of(ways[0]).takes == (("x", "a"),)
    others = [bind(plain, Depends(A), by=3), bind(with_default, Depends(A), 3), bind(both, Depends(A), b=2)]
    assert len({of(each).constants for each in [ways[0], *others]}) == 3


def test_what_a_method_is_of_is_no_constant() -> None:
    class Scale:
        def __init__(self, by: int) -> None:
            self.by = by

        def times(self, x: int, plus: int = 0) -> int:
            return x * self.by + plus

    one, two = (of(bind(Scale(by).times, Depends(A), 1)) for by in (2, 3))
    assert one == two
    assert one.takes == (("x", "a"),)
    assert of(bind(Scale(2).times, Depends(A), 2)).constants != one.constants


def test_a_decorator_hides_nothing() -> None:
    def around(function: Callable[..., int]) -> Callable[..., int]:
        @functools.wraps(function)
        def wrapper(*args: int, **kwargs: int) -> int:
            return function(*args, **kwargs)

        return wrapper

    assert of(bind(around(both), Depends(A), Depends(B))).takes == (("a", "a"), ("b", "b"))


def test_what_is_no_function_has_places_and_names() -> None:
    """Python can't tell its parameters."""
    largest: Any = max
    found = of(bind(largest, Depends(A), Depends(B), default=1))
    assert found.takes == (("*0", "a"), ("*1", "b"))
    assert found.constants != of(bind(largest, Depends(A), Depends(B), default=2)).constants
