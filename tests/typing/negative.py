"""Mistakes that every checker must find without a plugin. Checked, never run; each is marked, see `checkers`.

One mistake a line, each of another kind, above it what each checker says. What only mypy with the plugin can find is in
`wiring.py`.
"""

# ruff: noqa: ERA001 - ruff takes marks for code
from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, TypeVar

from flowing import Depends, Flow, Results, bind, current, param, task
from flowing.task import AsyncTask, SyncTask, Task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

T = TypeVar("T")


@task
def fetch() -> dict[str, list[int]]:
    return {}


@task(depends_on=[fetch])
def count(fetch: dict[str, list[int]]) -> int:
    return len(fetch)


@task
def maybe() -> int | None:
    return None


@task
def tell() -> None: ...


@task
async def later() -> int:
    return 1


class Point(NamedTuple):
    x: int
    y: int = 0


class Report:
    def __init__(self, title: str) -> None:
        self.title = title

    def length(self, factor: int) -> int:
        return len(self.title) * factor


def join(left: int, right: str = "", *, limit: int = 10) -> str:
    return right * min(left, limit)


def needs_limit(left: int, *, limit: int) -> int:
    return left + limit


async def join_async(left: int, right: str = "") -> str:
    return right * left


def first(items: Sequence[T]) -> T:
    return items[0]


def total(*numbers: int) -> int:
    return sum(numbers)


def takes_text(text: str) -> bool:
    return bool(text)


def takes_two(left: int, right: int) -> bool:
    return left > right


def takes_nothing() -> bool:
    return True


def says_text(number: int) -> str:
    return str(number)


async def says_text_later(number: int) -> str:
    return str(number)


def show(*values: object) -> None: ...


bound = bind(join, 1)
renamed = count.with_options(name="renamed")


# ── a parameter that takes another type than its Depends makes ───────────────────────────────────


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def wrong_type(text: str = Depends(count)) -> int:
    return len(text)


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def wrong_type_of_keyword(*, text: str = Depends(count)) -> int:
    return len(text)


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def wrong_type_of_async(text: str = Depends(later)) -> int:
    return len(text)


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
async def wrong_type_in_async(text: str = Depends(bound), number: int = Depends(bound)) -> int:
    return len(text) + number


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def wrong_type_of_copy(text: str = Depends(renamed)) -> int:
    return len(text)


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-function-definition] ty[invalid-parameter-default]
def wrong_type_inside(names: dict[str, list[str]] = Depends(fetch)) -> int:
    return len(names)


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-function-definition] ty[invalid-parameter-default]
def wrong_type_of_mapping(names: Mapping[str, str] = Depends(fetch)) -> int:
    return len(names)


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def wrong_type_where_none(number: int = Depends(maybe)) -> int:
    return number


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def wrong_type_where_nothing(number: int = Depends(tell)) -> int:
    return number


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-function-definition] ty[invalid-parameter-default]
def task_instead_of_value(step: Task[int] = Depends(count)) -> str:
    return step.name


# also: pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
@task
# E: mypy[assignment] pyright[reportArgumentType] pyrefly[bad-function-definition]
# E: ty[invalid-parameter-default]
def value_instead_of_task(number: int = count) -> int:
    return number


# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Depends(join)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Depends("count")
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[missing-argument]
Depends()
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
Depends(count, fetch)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Depends(Depends(count))
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword]
# E: ty[positional-only-parameter-as-kwarg]
Depends(step=count)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Depends([count])
# E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
number_as_text: str = Depends(count)


# ── a required parameter that nothing fills ──────────────────────────────────────────────────────


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task
# also: plugin[flowing-wiring]
def nothing_fills(number: int) -> int:
    return number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task(retry=1)
# also: plugin[flowing-wiring]
def nothing_fills_with_options(number: int) -> int:
    return number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task()
# also: plugin[flowing-wiring]
def nothing_fills_with_empty_call(number: int) -> int:
    return number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task
# also: plugin[flowing-wiring]
def nothing_fills_keyword(*, number: int) -> int:
    return number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task
# also: plugin[flowing-wiring]
def nothing_fills_second(limit: int = Depends(count), *, number: int) -> int:
    return limit + number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task
# also: plugin[flowing-wiring]
def nothing_fills_positional(number: int, /) -> int:
    return number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task
# also: plugin[flowing-wiring]
async def nothing_fills_async(number: int) -> int:
    return number


# E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task(after=[count])
# also: plugin[flowing-wiring]
def order_fills_nothing(count: int) -> int:
    return count


class Service:
    # E: mypy[arg-type] plugin[] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
    # E: pyrefly[no-matching-overload] ty[no-matching-overload]
    @task
    # also: plugin[flowing-wiring]
    def nothing_fills_self(self) -> int:
        return 1


# E: mypy[arg-type] plugin[flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(join)
# E: mypy[arg-type] plugin[flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(join, name="join")
# E: mypy[arg-type] plugin[flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(Report)
# E: mypy[arg-type] plugin[flowing-wiring]
# E: pyright[reportArgumentType, reportCallIssue, reportUnknownLambdaType] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda number: number + 1)
# E: mypy[arg-type] plugin[flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(join_async, retry=1)
# E: mypy[arg-type] plugin[flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(Report("title").length, name="length")
# E: mypy[arg-type] plugin[flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(Report.length, name="unbound")


# ── what isn't a function ────────────────────────────────────────────────────────────────────────

# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(3)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task("join", name="join")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task([fetch])
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(None, depends_on=[count])
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(3)
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind()
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(takes_nothing(), name="called")


# ── bind ─────────────────────────────────────────────────────────────────────────────────────────

# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join, Depends(fetch))
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join, "text")
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join, Depends(count), right=Depends(count))
# E: mypy[arg-type, call-arg] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join, Depends(count), wrong=Depends(count))
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join, Depends(count), "a", 3)
# E: mypy[arg-type, misc] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join, Depends(count), "a", right="b")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join, count)
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join, Depends(count), limit="ten")
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join, right=Depends(bound))
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join, Depends(maybe))
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(needs_limit, Depends(count))
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(needs_limit, Depends(count), 5)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(join_async, Depends(bound))
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join_async)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(total, Depends(count), Depends(bound))
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(first, Depends(count))
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(Point, Depends(bound))
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(Report)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
bind(Report("title").length, Depends(bound))
# E: mypy[arg-type, call-arg] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
bind(join, Depends(count), retry=3)
# E: mypy[call-overload] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
bound_as_number: Task[int] = bind(join, 1)


# ── options ──────────────────────────────────────────────────────────────────────────────────────

# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry="2")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry=None)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry=1.5)
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
task(lambda: 1, name="step", retries=2)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name=3)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_backoff_base_ms="200")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_max_backoff_ms=None)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", jitter="full")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", detached=None)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", timeout_s="1.5")
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_on=int)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_on=[OSError])
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_on=OSError())
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_on=KeyboardInterrupt)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", after=count)
# E: mypy[arg-type, list-item] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", after=["count"])
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", after=None)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", when=True)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", validate="text")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(join, name="step", depends_on=count)
# E: mypy[arg-type, list-item] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(join, name="step", depends_on=[join])
# E: mypy[arg-type, list-item] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(join, name="step", depends_on=["count"])
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(join, name="step", depends_on=None)
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
task(join, "step", depends_on=[count])
# E: mypy[call-overload] plugin[call-overload, flowing-wiring] pyright[reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(join, name="step", depends_on=[count], retries=2)
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
task(retries=2)
# E: mypy[call-overload] pyright[reportArgumentType] pyrefly[no-matching-overload] ty[invalid-argument-type]
task(retry="2")
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task("step")
# E: mypy[call-overload] pyright[reportArgumentType] pyrefly[no-matching-overload] ty[invalid-argument-type]
task(depends_on=[count], retry="2")
# E: mypy[call-overload] pyright[reportCallIssue] pyrefly[no-matching-overload] ty[no-matching-overload]
task(depends_on=[count], retries=2)
# E: mypy[list-item] pyright[reportArgumentType] pyrefly[no-matching-overload] ty[invalid-argument-type]
task(depends_on=[count, join])
# E: mypy[call-overload] pyright[reportArgumentType] pyrefly[no-matching-overload] ty[invalid-argument-type]
task(depends_on={"count": count})


# ── retry_until ──────────────────────────────────────────────────────────────────────────────────

# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_until=takes_text)
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_until=takes_two)
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_until=takes_nothing)
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_until=says_text)
# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_until=says_text_later)
# E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue] pyrefly[no-matching-overload]
# E: ty[no-matching-overload]
task(lambda: 1, name="step", retry_until=True)
# E: mypy[arg-type] plugin[arg-type, flowing-wiring] pyright[reportArgumentType, reportCallIssue]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
task(join_async, name="step", depends_on=[count], retry_until=takes_two)


# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task(retry_until=takes_text)
def unfit_predicate() -> int:
    return 1


# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task(depends_on=[count], retry_until=takes_text)
def unfit_predicate_below(count: int) -> int:
    return count


# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task(retry_until=takes_text)
async def unfit_predicate_async() -> int:
    return 1


# E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue, reportUntypedFunctionDecorator]
# E: pyrefly[no-matching-overload] ty[no-matching-overload]
@task(retry_until=takes_text)
def unfit_predicate_where_none() -> str | None:
    return None


# ── with_options ─────────────────────────────────────────────────────────────────────────────────

# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(retry="2")
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(retry=None)
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword] ty[unknown-argument]
count.with_options(retries=2)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(name=None)
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
count.with_options("renamed")
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword] ty[unknown-argument]
count.with_options(depends_on=[fetch])
# E: mypy[list-item] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(after=["fetch"])
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(timeout_s="1")
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(retry_until=takes_text)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(retry_on=int)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(detached="yes")
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count.with_options(when=1)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
renamed("text")
# E: mypy[attr-defined] pyright[reportFunctionMemberAccess] pyrefly[missing-attribute] ty[missing-attribute]
with_options_of_function = join.with_options(name="other")


# ── a task as a function ─────────────────────────────────────────────────────────────────────────

# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[missing-argument] ty[missing-argument]
count()
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
count("text")
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[missing-argument, unexpected-keyword]
# E: ty[missing-argument, unknown-argument]
count(wrong={})
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
count({}, {})
# E: mypy[attr-defined] pyright[reportAttributeAccessIssue, reportUnknownMemberType]
# E: pyrefly[missing-attribute] ty[missing-attribute]
count({}).upper()
# E: mypy[list-item] pyright[reportArgumentType] pyrefly[bad-assignment] ty[invalid-argument-type]
count({"items": ["text"]})
# E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
text_of_count: str = count({})
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
bound(2)
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
fetch(1)
# E: mypy[call-arg, unused-coroutine] pyright[reportCallIssue] pyrefly[bad-argument-count, unused-coroutine]
# E: ty[too-many-positional-arguments]
later(1)


async def awaiting() -> None:
    # E: mypy[misc] pyright[reportGeneralTypeIssues] pyrefly[not-async] ty[invalid-await]
    await count({})
    # E: mypy[misc] pyright[reportGeneralTypeIssues] pyrefly[not-async] ty[invalid-await]
    await bound()
    # E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    _: int = later()
    # E: mypy[operator] pyright[reportOperatorIssue, reportUnknownArgumentType] pyrefly[unsupported-operation]
    # E: ty[unsupported-operator]
    show(later() + 1)
    # E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    text: str = await later()
    show(text)


# ── a task as a record ───────────────────────────────────────────────────────────────────────────

# E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
count.name = "other"
# E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
count.options = fetch.options
# E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
count.options.retry = 3
# E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
count.dependencies += (fetch,)
# E: mypy[attr-defined]
# E: pyright[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
# E: pyrefly[missing-attribute] ty[missing-attribute]
show(count.nothing)
# E: mypy[attr-defined]
# E: pyright[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
# E: pyrefly[missing-attribute] ty[missing-attribute]
show(count.value)
# E: mypy[operator] pyright[reportOperatorIssue, reportUnknownArgumentType] pyrefly[unsupported-operation]
# E: ty[unsupported-operator]
show(count + 1)
# E: mypy[index] pyright[reportIndexIssue, reportUnknownArgumentType] pyrefly[bad-index] ty[not-subscriptable]
show(count["items"])
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
show(len(count.options))
# E: mypy[attr-defined] pyright[reportGeneralTypeIssues, reportUnknownVariableType] pyrefly[not-iterable]
# E: ty[not-iterable]
for _each in count:
    pass
# E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
step_as_text: Task[str] = count
# E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
step_needs_nothing: SyncTask[[], int] = count
# E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
step_is_async: AsyncTask[[], int] = fetch
# E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
step_is_int: int = count
# E: mypy[list-item] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
steps: list[Task[int]] = [count, bound]
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[missing-argument] ty[missing-argument]
SyncTask()


# E: mypy[misc] pyright[reportGeneralTypeIssues] pyrefly[invalid-inheritance] ty[subclass-of-final-class]
class Special(SyncTask[[], int]):
    pass


# ── in a flow ────────────────────────────────────────────────────────────────────────────────────

# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow(join)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow("count")
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow([count, fetch])
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow(count, max_workers="5")
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow(count, max_workers=None)
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow(count, fail_fast="no")
# E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
Flow(count, grace_s=None)
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword] ty[unknown-argument]
Flow(count, workers=5)
# E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword] ty[unknown-argument]
Flow(terminals=[count])


def use(flow: Flow) -> None:
    # E: mypy[attr-defined] pyright[reportAttributeAccessIssue, reportUnknownMemberType]
    # E: pyrefly[missing-attribute] ty[missing-attribute]
    flow.value(count).upper()
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.value("count")
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[missing-argument] ty[missing-argument]
    flow.value()
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.value(join)
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
    flow.value(count, fetch)
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[missing-argument, unexpected-keyword]
    # E: ty[missing-argument, unknown-argument]
    flow.value(step=count)
    # E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    text: str = flow.value(count)
    # E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    later_text: str = flow.value(later)
    # E: mypy[operator] pyright[reportOptionalOperand, reportUnknownArgumentType]
    # E: pyrefly[unsupported-operation] ty[unsupported-operator]
    show(text, later_text, flow.value(maybe) + 1)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(count, "text")
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(later, "text")
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(bound, 1)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(renamed, "text")
    # E: mypy[list-item] pyright[reportArgumentType] pyrefly[bad-assignment] ty[invalid-argument-type]
    flow.override(fetch, {"items": ["text"]})
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(tell, 1)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(maybe, "text")
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[missing-argument]
    flow.override(count)
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[missing-argument]
    flow.override()
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
    flow.override(count, 1, 2)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(count, None)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.override(count, fetch)
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword]
    # E: ty[positional-only-parameter-as-kwarg]
    flow.override(count, value=1)
    # E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[bad-argument-type]
    # E: ty[invalid-argument-type]
    flow.override("count", 1)
    # E: mypy[arg-type] pyright[reportArgumentType, reportCallIssue] pyrefly[bad-argument-type]
    # E: ty[invalid-argument-type]
    flow.override(join, 1)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.invalidate("count")
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.invalidate([count])
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
    flow.run(count)
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[bad-argument-count] ty[too-many-positional-arguments]
    flow.resume(True)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.resume(rerun_detached="yes")
    # E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
    flow.results = flow.results
    # E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
    flow.tasks = ()
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    flow.subscribe(takes_nothing)
    # E: mypy[attr-defined] pyright[reportAttributeAccessIssue, reportUnknownMemberType]
    # E: pyrefly[missing-attribute] ty[missing-attribute]
    flow.reset()


# ── results ──────────────────────────────────────────────────────────────────────────────────────


def look(results: Results) -> None:
    # E: mypy[attr-defined] pyright[reportAttributeAccessIssue, reportUnknownMemberType]
    # E: pyrefly[missing-attribute] ty[missing-attribute]
    results[count].value.upper()
    # E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    text: str = results[count].value
    # E: mypy[assignment] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    later_text: str = results[later].value
    # E: mypy[operator] pyright[reportOperatorIssue, reportUnknownArgumentType] pyrefly[unsupported-operation]
    # E: ty[unsupported-operator]
    show(text, later_text, results["count"].value + 1)
    # E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue, reportUnknownArgumentType]
    # E: pyrefly[bad-index] ty[invalid-argument-type]
    show(results[3])
    # E: mypy[call-overload] pyright[reportArgumentType, reportCallIssue, reportUnknownArgumentType]
    # E: pyrefly[bad-index] ty[invalid-argument-type]
    show(results[join])
    # E: mypy[index] pyright[reportIndexIssue] pyrefly[unsupported-operation] ty[invalid-assignment]
    results[count] = results[count]
    # E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
    results[count].value = 3
    # E: mypy[assignment, misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
    results[count].state = "FAILED"
    # E: mypy[arg-type] pyright[reportAssignmentType] pyrefly[bad-assignment] ty[invalid-assignment]
    number: int = results[count].value_or("none")
    # E: mypy[attr-defined]
    # E: pyright[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    # E: pyrefly[missing-attribute] ty[missing-attribute]
    show(number, results[count].result)
    # E: mypy[attr-defined] pyright[reportIndexIssue] pyrefly[unsupported-operation] ty[not-subscriptable]
    del results[count]
    # E: mypy[attr-defined]
    # E: pyright[reportAttributeAccessIssue, reportUnknownArgumentType, reportUnknownMemberType]
    # E: pyrefly[missing-attribute] ty[missing-attribute]
    show(results.failed)


def inside_a_body() -> None:
    # E: mypy[misc] pyright[reportAttributeAccessIssue] pyrefly[read-only] ty[invalid-assignment]
    current().attempt = 2
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    current().sleep("1")
    # E: mypy[attr-defined] pyright[reportFunctionMemberAccess] pyrefly[missing-attribute]
    # E: ty[missing-attribute]
    show(current.name)


city = param("city", str)
weather = Flow(city, count)


@weather.typed
def forecast(city: str, days: int = 3) -> str:
    raise NotImplementedError


def of_parameters() -> None:
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    weather.override(city, 1)
    # E: mypy[arg-type] pyright[reportArgumentType] pyrefly[bad-argument-type] ty[invalid-argument-type]
    forecast(1)
    # E: mypy[call-arg] pyright[reportCallIssue] pyrefly[unexpected-keyword] ty[unknown-argument]
    forecast("Paris", hours=1)
