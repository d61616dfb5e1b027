"""What functions say of the types that they take and make, however they are wrapped."""

from __future__ import annotations

import collections
import enum
import functools
import re
import sys
from abc import ABC
from collections import abc
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, NamedTuple, Self, TypedDict, TypeVar

import attrs
import pytest

from flowing._check.evaluate import Scope, class_annotations, evaluate
from flowing._check.forms import Instance, Keys, Unreadable
from flowing._check.functions import parameter_at, parameter_named, result_of
from flowing._check.places import Places
from flowing._check.show import show

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal

T = TypeVar("T")


def plain(
    first: int, second: str = "", /, third: bytes = b"", *rest: float, fourth: bool, **more: complex
) -> list[int]:
    raise NotImplementedError


def known_to_checkers(one: Decimal, two: int) -> Decimal:
    raise NotImplementedError


def bare(one, two=3):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN201
    return one


async def later() -> int:
    return 1


def makes_coroutine() -> abc.Coroutine[Any, Any, int]:
    return later()


def makes_awaitable() -> abc.Awaitable[int]:
    return later()


async def makes_coroutine_later() -> abc.Coroutine[Any, Any, int]:
    return later()


@functools.cache
def cached(one: int) -> str:
    return str(one)


@functools.wraps(plain)
def wrapper(*args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - as decorators are written
    return plain(*args, **kwargs)


class Maker:
    def __init__(self, content: int) -> None: ...

    def method(self, one: int) -> str:
        raise NotImplementedError

    @classmethod
    def of_class(cls, one: int) -> bytes:
        raise NotImplementedError

    @staticmethod
    def static(one: int) -> bool:
        raise NotImplementedError

    def __call__(self, one: int) -> float:
        raise NotImplementedError


class Inheriting(Maker, ABC): ...


class Silent: ...


class Wrapped:
    @functools.wraps(Maker.__init__)  # type: ignore[misc]
    def __init__(self, *args: Any) -> None: ...  # noqa: ANN401 - as above


class Chooser:
    def __new__(cls, one: int) -> Self:
        return super().__new__(cls)


class Box(Generic[T]):
    def __init__(self, content: T) -> None: ...


@dataclass
class Record:
    one: int


@attrs.frozen
class Frozen:
    one: int


class Point(NamedTuple):
    x: int
    y: str


class Film(TypedDict):
    title: str


class Colour(enum.Enum):
    RED = 1


@pytest.mark.parametrize(
    ("function", "result"),
    [
        (plain, "list[int]"),
        (later, "int"),
        (makes_coroutine, "int"),
        (makes_awaitable, "Awaitable[int]"),
        (makes_coroutine_later, "Coroutine[Any, Any, int]"),
        (cached, "str"),
        (functools.partial(plain, 1), "list[int]"),
        (Maker(1).method, "str"),
        (Maker.of_class, "bytes"),
        (Maker.static, "bool"),
        (Maker(1), "float"),
        (Maker, "Maker"),
        (Inheriting, "Inheriting"),
        (functools.partial(Maker, 1), "Maker"),
        (Record, "Record"),
        (Point, "Point"),
        (Film, "Film"),
        (int, "int"),
        (Box, "Box[?]"),
    ],
    ids=str,
)
def test_what_a_function_makes(function: object, result: str) -> None:
    """[G7] The type of a task's value."""
    assert show(result_of(function)) == result


@pytest.mark.parametrize(
    ("function", "why"),
    [
        (bare, r"bare\(\) has no return annotation"),
        (lambda: 1, r"<lambda>\(\) has no return annotation"),
        (
            known_to_checkers,
            r'the annotation "Decimal" can\'t be evaluated \(NameError: name \'Decimal\' is not defined\)',
        ),
        (wrapper, r"plain\(\) has a decorator, which may change its types"),
        (len, r"len\(\) is not written in Python, so it has no annotations"),
        (Chooser, "what a call of Chooser makes is decided by its code"),
        (Colour, "what a call of Colour makes is decided by its code"),
    ],
    ids=str,
)
def test_what_a_function_makes_is_unreadable(function: object, why: str) -> None:
    """[G7] And the reason names the function or the annotation."""
    form = result_of(function)
    assert isinstance(form, Unreadable)
    assert re.fullmatch(why, form.why)


@pytest.mark.parametrize(
    ("function", "position", "name", "annotation"),
    [
        (plain, 0, "first", "int"),
        (plain, 2, "third", "bytes"),
        (plain, 3, "rest", "float"),
        (plain, 9, "rest", "float"),
        (functools.partial(plain, 1), 0, "second", "str"),
        (functools.partial(functools.partial(plain, 1), ""), 0, "third", "bytes"),
        (Maker(1).method, 0, "one", "int"),
        (Maker.of_class, 0, "one", "int"),
        (Maker.static, 0, "one", "int"),
        (Maker(1), 0, "one", "int"),
        (Maker, 0, "content", "int"),
        (Inheriting, 0, "content", "int"),
        (Chooser, 0, "one", "int"),
        (Record, 0, "one", "int"),
        (Frozen, 0, "one", "int"),
        (Point, 1, "y", "str"),
        (cached, 0, "one", "int"),
        (len, 0, "1", "?"),
    ],
    ids=str,
)
def test_the_parameter_at_a_position(function: object, position: int, name: str, annotation: str) -> None:
    """[G7] For an argument of `bind`, or the one of `retry_until`."""
    found, form = parameter_at(function, position)
    assert (found, show(form)) == (name, annotation)


@pytest.mark.parametrize(
    ("function", "name", "annotation"),
    [
        (plain, "third", "bytes"),
        (plain, "fourth", "bool"),
        (plain, "fifth", "complex"),
        (plain, "first", "complex"),  # the name of a positional-only parameter is free for others
        (known_to_checkers, "two", "int"),
        (Maker(1), "one", "int"),
        (Record, "one", "int"),
        (functools.partial(plain, third=b""), "fourth", "bool"),
    ],
    ids=str,
)
def test_the_parameter_of_a_name(function: object, name: str, annotation: str) -> None:
    """[G7] For a dependency, which comes by name."""
    assert show(parameter_named(function, name)) == annotation


@pytest.mark.parametrize(
    ("function", "name", "why"),
    [
        (bare, "one", 'parameter "one" of bare() has no annotation'),
        (plain, "nothing", None),
        (cached, "nothing", 'parameter "nothing" of cached() has no annotation'),
        (wrapper, "third", "plain() has a decorator, which may change its types"),
        (Wrapped, "content", "Wrapped() has no __init__ of its own that is written in Python, with annotations"),
        (Silent, "one", "Silent() has no __init__ of its own that is written in Python, with annotations"),
        (
            known_to_checkers,
            "one",
            "the annotation \"Decimal\" can't be evaluated (NameError: name 'Decimal' is not defined)",
        ),
    ],
    ids=str,
)
def test_a_parameter_without_a_type(function: object, name: str, why: str | None) -> None:
    """[G7] Says why; a name that exists for checkers alone spoils no other annotation."""
    form = parameter_named(function, name)
    assert (form.why if isinstance(form, Unreadable) else None) == why


# ── evaluating ───────────────────────────────────────────────────────────────────────────────────


def test_annotations_of_a_class_are_evaluated_where_they_were_written() -> None:
    assert class_annotations(Record) == {"one": int}
    assert result_of(Record) == Instance(Record)
    assert result_of(Film) == Keys(Film)


@pytest.mark.parametrize(
    ("annotation", "error"), [("1 / 0", "ZeroDivisionError"), ("\n" * 1_000 + "x" * 1_000, "Error: ")]
)
def test_an_annotation_that_fails_is_unreadable_in_one_short_line(annotation: str, error: str) -> None:
    found = evaluate(annotation, Scope({}))
    assert isinstance(found, Unreadable)
    assert error in found.why
    assert "\n" not in found.why
    assert len(found.why) < 600


@pytest.mark.skipif(sys.version_info < (3, 12), reason="the syntax is new in 3.12")
def test_type_parameters_of_a_function_are_known() -> None:
    """[G7] `def f[T](x: T)`."""
    names: dict[str, Any] = {}
    exec("from __future__ import annotations\ndef f[T: int](x: T) -> list[T]: ...\nclass Box[T]: x: T", names)
    assert show(parameter_named(names["f"], "x")) == "T"
    assert show(result_of(names["f"])) == "list[T]"
    assert [str(each) for each in class_annotations(names["Box"]).values()] == ["T"]


# ── places ───────────────────────────────────────────────────────────────────────────────────────


def decorated(line: int) -> Callable[[T], T]:
    return lambda function: function


@decorated(1)
@decorated(
    2,
)
def spread(
    one: int,
    *,
    two: str,
) -> int:
    raise NotImplementedError


def line_of(text: str, after: str) -> int:
    lines = Path(__file__).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines, 1) if line.startswith(after))
    return next(number for number, line in enumerate(lines, 1) if number >= start and text in line)


@pytest.mark.parametrize(
    ("function", "parameter", "line"),
    [
        (spread, "one", line_of("one: int", "def spread")),
        (spread, "two", line_of("two: str", "def spread")),
        (spread, "none of its own", line_of("def spread", "def spread")),
        (functools.partial(spread, 1), "two", line_of("two: str", "def spread")),
        (Maker, "content", line_of("content: int", "class Maker")),
        (Record, "one", line_of("class Record", "class Record") - 1),
        (wrapper, "first", line_of("first: int", "def plain")),
    ],
    ids=str,
)
def test_where_a_parameter_is_written(function: object, parameter: str, line: int) -> None:
    """[G7] The very line, also below decorators."""
    assert Places().parameter(function, parameter) == (__file__, line)


def test_where_there_is_no_source() -> None:
    """[G7] The module, or its name: there is always a place to print."""
    names: dict[str, Any] = {"__name__": "nowhere"}
    exec(compile("def f(x: int) -> int: ...", "<string>", "exec"), names)
    exec(compile("def g(x: int) -> int: ...", "gone.py", "exec"), names)
    exec(compile("def h(x: int) -> int: ...", __file__, "exec"), names)
    assert Places().parameter(names["f"], "x") == ("nowhere", 1)
    assert Places().parameter(names["g"], "x") == ("gone.py", 1)
    assert Places().parameter(names["h"], "x") == (__file__, 1)
    assert Places().parameter(len, "1") == ("builtins", 1)
    assert Places().parameter(collections.OrderedDict, "1")[0].endswith("collections/__init__.py")


def test_a_file_that_is_no_python_has_no_places(tmp_path: Path) -> None:
    file = tmp_path / "template.py"
    file.write_text("{% not python %}")
    names: dict[str, Any] = {}
    exec(compile("def f(x: int) -> int: ...", str(file), "exec"), names)
    assert Places().parameter(names["f"], "x") == (str(file), 1)
