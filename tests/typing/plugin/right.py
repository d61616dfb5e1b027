"""Correct wiring of every kind; the plugin may not say a word, not even where it is asked for what it can't check."""

# ruff: noqa: ANN001, ANN201, ANN401, RUF005, TC002 - each is a way to write it
from __future__ import annotations

import functools
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, Generic, Literal, NamedTuple, ParamSpec, Protocol, TypedDict, TypeVar

import shop
from shop import LABELLED, NAME, count_stock, late, stock
from shop import prices as imported
from typing_extensions import Unpack

import flowing
from flowing import Depends, Flow, Param, SyncTask, Task, bind, param, task
from flowing.task import task as step

P = ParamSpec("P")
T = TypeVar("T")
N = TypeVar("N", int, str)
B = TypeVar("B", bound=Sequence[object])


@task
def number() -> int:
    return 1


@flowing.task
def text() -> str:
    return ""


@step(retry=1)
def flags() -> list[bool]:
    return []


@task(name="renamed")
def original() -> bytes:
    return b""


# ── parameters of every kind ─────────────────────────────────────────────────────────────────────


@task(depends_on=[number, text])
def in_order(number: int, text: str) -> None: ...


@task(depends_on=[number, text])
def out_of_order(text: str, number: int) -> None: ...


@task(depends_on=[number, text])
def keyword_only(*, number: int, text: str = "") -> None: ...


@task(depends_on=[number])
def over_a_default(limit: int = 3, number: int = 0) -> None: ...


@task(depends_on=[number, text])
def rest(**values: int | str) -> None: ...


@task(depends_on=[number, text])
def some_and_rest(text: str, **values: int) -> None: ...


@task(depends_on=[number])
def more_positional(number: int, *more: str) -> None: ...


@task(depends_on=[number])
def optional_before(limit: int = 1, /, *, number: int) -> None: ...


@task(depends_on=[number])
def unannotated(number):  # type: ignore[no-untyped-def]
    return number


class Values(TypedDict, total=False):
    number: int
    text: str


@task(depends_on=[number, text])
def typed_rest(**values: Unpack[Values]) -> None: ...


# ── types that fit ───────────────────────────────────────────────────────────────────────────────


@task(depends_on=[number, flags, text])
def wider(number: float, flags: Iterable[object], text: str | None) -> None: ...


@task(depends_on=[number])
def anything(number: Any) -> Any:
    return number


@task(depends_on=[anything])
def from_anything(anything: int) -> object:
    return anything


@task
def nothing() -> None: ...


@task(depends_on=[nothing])
def takes_nothing(nothing: None) -> Literal["a", "b"]:
    return "a"


@task(depends_on=[takes_nothing])
def takes_literal(takes_nothing: str) -> None: ...


@task(depends_on=[number])
def generic(number: T) -> T:
    return number


@task(depends_on=[flags, text])
def generic_inside(flags: list[T], text: B) -> Mapping[T, B]:
    return {}


@task(depends_on=[number])
def constrained(number: N) -> N:
    return number


class HasLen(Protocol):
    def __len__(self) -> int: ...


@task(depends_on=[text])
def structural(text: HasLen) -> Callable[[int], str]:
    return str


@task(depends_on=[structural])
def callback(structural: Callable[[bool], object]) -> None: ...


# ── names ────────────────────────────────────────────────────────────────────────────────────────

size: Param[int | None] = param("size", int | None, default=None)
written: Task[bytes] = original.with_options(name="written")
written_final: Final[Task[int]] = task(lambda: 1, name="called")


@task(depends_on=[size, written, written_final, stock.capacity])
def by_written_type(size: int | None, written: bytes, called: float, capacity: int | None) -> None: ...


@task(depends_on=[original])
def by_name_option(renamed: bytes) -> None: ...


@task(depends_on=[count_stock, late, imported, LABELLED])
def by_import(counted: int, late: bytes, prices: dict[str, float], labelled: float) -> None: ...


@task(depends_on=[shop.count_stock, stock.late])
def by_module(counted: int, late: bytes) -> None: ...


constant_name = task(lambda: b"", name=NAME)
copy = original.with_options(name="copied", retry=2)
copy_of_copy = copy.with_options(timeout_s=2)
bound = bind(stock.total, {}, Depends(number))
bound_renamed = bind(stock.add, 1, Depends(number)).with_options(name="sum")
alias = number


@task(depends_on=[copy, copy_of_copy])
def two_of_one_name_that_may_be_one(copied: bytes) -> None: ...


@task(depends_on=[bound, bound_renamed, alias])
def by_bind(total: float, sum: int, number: int) -> None: ...  # noqa: A002 - a name like any other


@task(depends_on=[task(lambda: 1, name="inline"), bind(stock.add, 1, 2)])
def inline(inline: int, add: int) -> None: ...


@task(name=None, depends_on=[number])
def none_is_no_name(number: int) -> None: ...


class Tasks:
    @staticmethod
    @task
    def inner() -> int:
        return 1

    attribute = number.with_options(name="attribute")


@task(depends_on=[Tasks.inner, Tasks.attribute])
def by_class(inner: int, attribute: int) -> None: ...


# ── lists ────────────────────────────────────────────────────────────────────────────────────────

BOTH = (number, text)
BOTH_FINAL: Final = (*BOTH, flags)


@task(depends_on=BOTH)
def constant(number: int, text: str) -> None: ...


@task(depends_on=[*BOTH_FINAL, original])
def unpacked(number: int, text: str, flags: list[bool], renamed: bytes) -> None: ...


@task(depends_on=(number,))
def tuple_(number: int) -> None: ...


@task(depends_on=[number] + [text])
def added(number: int, text: str) -> None: ...


@task(depends_on=[])
def empty() -> None: ...


@task(depends_on=[number, number])
def twice(number: int) -> None: ...


# ── order, gates, Depends ────────────────────────────────────────────────────────────────────────


@task(depends_on=[number], after=[text])
def ordered(number: int) -> None: ...


@task(after=[text])
def only_ordered() -> None: ...


def enough(number: float) -> bool:
    return number > 0


@task(depends_on=[number, text], when=enough, validate=lambda text: None)
def gates_take_the_rest(number: int) -> None: ...


@task(depends_on=[number], when=lambda: True, validate=lambda **values: None)
def gates_take_what_they_like(number: int) -> None: ...


@task(when=enough, validate=None)
def gate_on_depends(value: int = Depends(number)) -> None: ...


@task(when=lambda n=Depends(number): n > 0)
def gate_with_depends() -> None: ...


@task(depends_on=[number, text], when=enough)
def mixed(text: str, value: int = Depends(number)) -> None: ...


@task(depends_on=[number], retry_until=lambda result: result > 1)
def until(number: int) -> int:
    return number


# ── functions of every kind ──────────────────────────────────────────────────────────────────────


def traced(function: Callable[P, T]) -> Callable[P, T]:
    @functools.wraps(function)
    def wrapper(*args: P.args, **kwargs: P.kwargs) -> T:
        return function(*args, **kwargs)

    return wrapper


@task(depends_on=[number])
@traced
def decorated(number: int) -> int:
    return number


@task(depends_on=[decorated])
def by_decorated(decorated: int) -> None: ...


class Report:
    def __init__(self, number: int, text: str = "") -> None: ...

    def render(self, number: int) -> str:
        return ""

    def __call__(self, text: str) -> int:
        return 1


class Row(NamedTuple):
    number: int
    text: str


of_class = task(Report, depends_on=[number, text])
of_named_tuple = task(Row, depends_on=[number, text])
of_method = task(Report(1).render, depends_on=[number])
of_object = task(Report(1), name="object", depends_on=[text])
of_lambda = task(lambda number, text="": number, name="lambda", depends_on=[number])
of_import = task(stock.total, depends_on=[imported])
of_traced = task(traced(stock.total), name="traced", depends_on=[imported])
again = task(depends_on=[number])(enough)
with_depends = task(stock.total, name="total of all", depends_on=[imported, count_stock])


@task(depends_on=[number])
async def asynchronous(number: int) -> int:
    return number


@task(depends_on=[asynchronous, late])
async def awaiting(asynchronous: int, late: bytes) -> None: ...


def local() -> Task[object]:
    @task
    def inner() -> int:
        return 1

    @task(depends_on=[inner, number])
    def outer(inner: int, number: int) -> int:
        return inner + number

    return outer


class Box(Generic[T]):
    def __init__(self, value: T) -> None: ...


of_generic_class = task(Box, name="box", depends_on=[bind(str).with_options(name="value")])


# ── what is silenced on purpose: where it is said, or on the line of the decorator ───────────────


@task
def silenced(number: int) -> int:  # type: ignore[flowing-wiring]
    return number


@task(retry=1)  # type: ignore[flowing-wiring]
def silenced_above(number: int) -> int:
    return number


@task(depends_on=[number])  # type: ignore[flowing-wiring]
def silenced_dependency(number: str) -> None: ...


# ── lists of unlike tasks ────────────────────────────────────────────────────────────────────────

steps = [number, in_order, late, by_bind, bound]
Flow(*steps)
Flow(*[number, text], *(in_order, late))
by_key = {"a": number, "b": in_order}
Flow(*by_key.values())
plain: SyncTask[[], int] = number


# ── parameters ───────────────────────────────────────────────────────────────────────────────────

city = param("city", str)
DAYS: Final = "days"
days = param(DAYS, int, default=3)


@task(depends_on=[city, days, number])
def of_parameters(city: str, days: float, number: int) -> None: ...


Flow(*[city, days, number])
