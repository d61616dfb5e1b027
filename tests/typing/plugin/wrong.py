"""Wrong wiring. Above each wrong line is what mypy must say there with the plugin, and says nowhere without it.

`# E: text` is an error with the code flowing-wiring whose message, up to its way out, is the text. `# U:` is one with
the code flowing-unchecked, given where it is asked for.
"""

# ruff: noqa: ANN001, ANN201, RUF005, TC002 - wrong or not, each is a way to write it
# mypy: allow-untyped-defs

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import ParamSpec, TypedDict, TypeVar

import shop
from shop import LABELLED, NAME, count_stock, prices, stock
from shop.stock import add, total
from typing_extensions import Unpack

import flowing
from flowing import Depends, Param, Task, bind, param, task
from flowing.task import task as step

P = ParamSpec("P")
T = TypeVar("T")
B = TypeVar("B", bound=Sequence[object])


@task
def fetch_data() -> dict[str, list[int]]:
    return {}


@task
def number() -> int:
    return 1


@task
def text() -> str:
    return ""


# ── a dependency's type does not fit the parameter ───────────────────────────────────────────────


# E: Task "fetch_data" makes "dict[str, list[int]]", but task "process" takes it as "str"
@task(depends_on=[fetch_data])
def process(fetch_data: str) -> int:
    return len(fetch_data)


@task(
    depends_on=[
        number,
        # E: Task "text" makes "str", but task "on_its_line" takes it as "int"
        text,
        # E: Task "fetch_data" makes "dict[str, list[int]]", but task "on_its_line" takes it as "dict[str, list[str]]"
        fetch_data,
    ],
    retry=1,
)
def on_its_line(
    fetch_data: dict[str, list[str]],
    number: int,
    text: int,
) -> None: ...


# E: Task "number" makes "int", but task "keyword_only" takes it as "str"
@task(depends_on=[number])
def keyword_only(*, number: str = "") -> None: ...


# E: Task "text" makes "str", but task "rest" takes it as "int"
@task(depends_on=[number, text])
def rest(**values: int) -> None: ...


class Values(TypedDict):
    number: str


# E: Task "number" makes "int", but task "typed_rest" takes it as "str"
@task(depends_on=[number])
def typed_rest(**values: Unpack[Values]) -> None: ...


# E: Task "number" makes "int", but task "asynchronous" takes it as "str"
@flowing.task(depends_on=[number])
async def asynchronous(number: str) -> float:
    return 1.5


# E: Task "asynchronous" makes "float", but task "awaiting" takes it as "int"
@step(depends_on=[asynchronous])
async def awaiting(asynchronous: int) -> None: ...


# E: Task "number" makes "int", but task "narrower" takes it as "bool"
@task(depends_on=[number])
def narrower(number: bool) -> None: ...


@task
def maybe() -> int | None:
    return None


# E: Task "maybe" makes "int | None", but task "optional" takes it as "int"
@task(depends_on=[maybe])
def optional(maybe: int) -> None: ...


@task
def numbers() -> list[int]:
    return []


# E: Task "numbers" makes "list[int]", but task "invariant" takes it as "list[float]"
@task(depends_on=[numbers])
def invariant(numbers: list[float]) -> None: ...


# E: Task "number" makes "int", but task "generic" takes it as "B"
@task(depends_on=[number])
def generic(number: B) -> B:
    return number


# E: Task "text" makes "str", but task "generic_inside" takes it as "list[T]"
@task(depends_on=[number, text])
def generic_inside(number: T, text: list[T]) -> T:
    return number


# E: Task "generic_inside" makes "int", but task "after_generic" takes it as "str"
@task(depends_on=[task(lambda: 1, name="generic_inside")])
def after_generic(generic_inside: str) -> None: ...


# ── a dependency that no parameter takes ─────────────────────────────────────────────────────────


# E: No parameter of task "untaken" takes the value of its dependency "text"
@task(depends_on=[number, text])
def untaken(number: int) -> None: ...


# E: No parameter of task "untaken_by_depends" takes the value of its dependency "text"
@task(depends_on=[text])
def untaken_by_depends(value: int = Depends(number)) -> None: ...


# E: No parameter of task "untaken_by_gates" takes the value of its dependency "text"
@task(depends_on=[text], when=lambda value=Depends(number): value > 0, validate=None)
def untaken_by_gates(limit: int = 3) -> None: ...


# E: No parameter of task "untaken_by_positional" takes the value of its dependency "text"
@task(depends_on=[text])
def untaken_by_positional(*values: str) -> None: ...


# ── a required parameter that nothing fills ──────────────────────────────────────────────────────


@task(depends_on=[number])
def unfilled(
    number: int,
    # E: No dependency of task "unfilled" supplies its parameter "other"
    other: str,
    limit: int = 1,
) -> None: ...


@task(depends_on=[number], after=[text])
# E: No dependency of task "only_after" supplies its parameter "text"
def only_after(number: int, text: str) -> None: ...


@task(depends_on=[])
# E: No dependency of task "empty_list" supplies its parameter "number"
def empty_list(number: int) -> None: ...


@task
# E: No dependency of task "bare" supplies its parameter "number"
def bare(number: int) -> int:
    return number


@task(retry=1)
# E: No dependency of task "root" supplies its parameter "number"
def root(*, number: int) -> int:
    return number


@task(name="named root")
# E: No dependency of task "named root" supplies its parameter "number"
async def root_async(number: int) -> int:
    return number


@task
# E: No dependency of task "bare_unannotated" supplies its parameter "number"
def bare_unannotated(number):
    return number


# E: Task "bare" makes "int", but task "after_mistakes" takes it as "str"
# E: Task "root" makes "int", but task "after_mistakes" takes it as "bytes"
@task(depends_on=[bare, root])
def after_mistakes(bare: str, root: bytes) -> None: ...


class Tasks:
    @task(depends_on=[number])
    # E: No dependency of task "method" supplies its parameter "self"
    def method(self, number: int) -> None: ...


# ── a wrong parameter name ───────────────────────────────────────────────────────────────────────


# E: No parameter of task "misspelt" takes the value of its dependency "number"
@task(depends_on=[number])
# E: No dependency of task "misspelt" supplies its parameter "numbr"
def misspelt(numbr: int) -> None: ...


# E: No parameter of task "by_function" takes the value of its dependency "counted"
@task(depends_on=[count_stock])
# E: No dependency of task "by_function" supplies its parameter "count_stock"
def by_function(count_stock: int) -> None: ...


@task(depends_on=[number])
# E: No dependency of task "positional_only" can supply parameter "number" of its function, which is positional-only
def positional_only(number: int, /) -> None: ...


# ── names ────────────────────────────────────────────────────────────────────────────────────────

constant_name = task(lambda: b"", name=NAME)
copy = number.with_options(name="copied", retry=2)
bound = bind(total, {}, Depends(number))
bound_renamed = bind(add, 1, 2).with_options(name="sum of two")
alias = text


@task(
    depends_on=[
        # E: Task "counted" makes "int", but task "by_import" takes it as "str"
        count_stock,
        # E: Task "late" makes "bytes", but task "by_import" takes it as "str"
        shop.late,
        # E: Task "prices" makes "dict[str, float]", but task "by_import" takes it as "str"
        prices,
        # E: Task "labelled" makes "float", but task "by_import" takes it as "str"
        LABELLED,
    ]
)
def by_import(counted: str, late: str, prices: str, labelled: str) -> None: ...


@task(
    depends_on=[
        # E: Task "final" makes "bytes", but task "by_name" takes it as "str"
        constant_name,
        # E: Task "copied" makes "int", but task "by_name" takes it as "str"
        copy,
        # E: Task "total" makes "float", but task "by_name" takes it as "str"
        bound,
        # E: No parameter of task "by_name" takes the value of its dependency "sum of two"
        bound_renamed,
        # E: Task "text" makes "str", but task "by_name" takes it as "int"
        alias,
    ],
    name="by_name",
)
def any_name(*, final: str, copied: str, total: str, text: int) -> None: ...


# E: Two dependencies of task "two_of_a_name" are named "number"
@task(depends_on=[number, stock.number])
def two_of_a_name(number: int) -> None: ...


# ── names of variables with a written type ──────────────────────────────────────────────────────

size: Param[int | None] = param("size", int | None, default=None)
written: Task[int] = task(lambda: 1, name="called")
written_copy: Task[int] = number.with_options(name="written copy")
written_bound: Task[float] = bind(total, {}, 1)


# E: Task "size" makes "int | None", but task "by_written_type" takes it as "str"
@task(depends_on=[size])
def by_written_type(size: str) -> None: ...


def build(deep: bool) -> None:
    if deep:
        inside: Param[int] = param("within", int)

        @task(
            depends_on=[
                # E: Task "within" makes "int", but task "takes_all" takes it as "str"
                inside,
                # E: Task "size" makes "int | None", but task "takes_all" takes it as "int"
                size,
                # E: Task "called" makes "int", but task "takes_all" takes it as "bytes"
                written,
                # E: No parameter of task "takes_all" takes the value of its dependency "written copy"
                written_copy,
                # E: Task "total" makes "float", but task "takes_all" takes it as "str"
                written_bound,
                # E: Task "capacity" makes "int | None", but task "takes_all" takes it as "int"
                stock.capacity,
            ]
        )
        def takes_all(within: str, size: int, called: bytes, total: str, capacity: int) -> None: ...


# ── lists ────────────────────────────────────────────────────────────────────────────────────────

BOTH = (number, text)


# E: Task "text" makes "str", but task "constant" takes it as "int"
@task(depends_on=BOTH)
def constant(number: int, text: int) -> None: ...


# E: Task "text" makes "str", but task "unpacked" takes it as "int"
@task(depends_on=[*BOTH])
def unpacked(number: int, text: int) -> None: ...


# E: Task "text" makes "str", but task "added" takes it as "int"
@task(depends_on=[number] + [text])
def added(number: int, text: int) -> None: ...


# E: Task "number" makes "int", but task "partly_known" takes it as "str"
# U: The wiring of task "partly_known" is not checked in full: the name of this task is not known here
@task(depends_on=[number, task(lambda: 1, name=f"{NAME}")])
def partly_known(number: str, other: int) -> None: ...


# ── gates and Depends ────────────────────────────────────────────────────────────────────────────


def long_enough(text: str) -> bool:
    return bool(text)


# E: No dependency of task "gate_unfilled" supplies parameter "text" of its when
@task(depends_on=[number], when=long_enough)
def gate_unfilled(number: int) -> None: ...


# E: No dependency of task "gate_of_root" supplies parameter "text" of its validate
@task(validate=long_enough)
def gate_of_root() -> None: ...


@task(
    depends_on=[number],
    # E: No dependency of task "gate_misspelt" supplies parameter "numbr" of its when
    when=lambda numbr: numbr > 0,
)
def gate_misspelt(number: int) -> None: ...


@task(
    depends_on=[task(lambda: 1, name="text")],
    # E: Task "text" makes "int", but validate of task "gate_mismatch" takes it as "str"
    validate=long_enough,
)
def gate_mismatch(text: int) -> None: ...


# E: Task "text" makes "str", but task "mixed" takes it as "int"
@task(depends_on=[text])
def mixed(text: int, value: int = Depends(number)) -> None: ...


# E: Parameter "number" of task "two_sources" has two sources, the dependency of its name and Depends(text)
@task(depends_on=[number])
def two_sources(number: str = Depends(text)) -> None: ...


# ── functions of every kind ──────────────────────────────────────────────────────────────────────


def traced(function: Callable[P, T]) -> Callable[P, T]:
    return function


# E: Task "number" makes "int", but task "decorated" takes it as "str"
@task(depends_on=[number])
@traced
def decorated(number: str) -> None: ...


class Report:
    def __init__(self, number: str) -> None: ...

    def render(self, number: str) -> str:
        return ""

    def __call__(self, number: str) -> int:
        return 1


# E: Task "number" makes "int", but task "Report" takes it as "str"
task(Report, depends_on=[number])
# E: Task "number" makes "int", but this task takes it as "str"
task(Report("").render, depends_on=[number])
# E: Task "number" makes "int", but task "object" takes it as "str"
task(Report(""), name="object", depends_on=[number])
# E: Task "prices" makes "str", but task "total" takes it as "dict[str, float]"
task(total, depends_on=[text.with_options(name="prices")])
# E: Task "text" makes "int", but task "long_enough" takes it as "str"
task(depends_on=[number.with_options(name="text")])(long_enough)
# E: No dependency of task "lambda" supplies its parameter "other"
task(lambda number, other: number + other, name="lambda", depends_on=[number])
# E: No dependency of task "long_enough" supplies its parameter "text"
task(long_enough)
# E: No dependency of task "Report" supplies its parameter "number"
Report_task = task(Report, retry=1)


def local() -> object:
    # E: Task "number" makes "int", but task "inner" takes it as "str"
    @task(depends_on=[number])
    def inner(number: str) -> Iterable[str]:
        return [number]

    # E: Task "inner" makes "Iterable[str]", but task "outer" takes it as "list[str]"
    @task(depends_on=[inner])
    def outer(inner: list[str]) -> None: ...

    return outer


city = param("city", str)


# E: Task "city" makes "str", but task "of_a_parameter" takes it as "int"
@task(depends_on=[city])
def of_a_parameter(city: int) -> None: ...


# E: No parameter of task "takes_no_parameter" takes the value of its dependency "city"
@task(depends_on=[city])
def takes_no_parameter(town: str = "") -> None: ...
