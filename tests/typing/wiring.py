"""Mistakes in wiring by name, which only mypy with the plugin finds. Checked, never run; marked, see `checkers`.

Other checkers see nothing wrong here, or something else.
"""

# ruff: noqa: ERA001 - ruff takes marks for code
from __future__ import annotations

from typing import TYPE_CHECKING, Final

from flowing import Depends, bind, task

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from flowing import Task


@task
def fetch() -> dict[str, list[int]]:
    return {}


@task(depends_on=[fetch])
def count(fetch: Mapping[str, Sequence[float]]) -> int:
    return len(fetch)


@task(name="label")
def make_label() -> str:
    return "label"


@task
def maybe() -> int | None:
    return None


@task
def tell() -> None: ...


@task
async def later() -> int:
    return 1


def join(left: int, right: str = "") -> str:
    return right * left


def counted(count: str) -> int:
    return len(count)


bound = bind(join, 1).with_options(name="bound")
renamed = count.with_options(name="renamed")
BOTH: Final = (fetch, count)


# ── a dependency whose value does not fit the parameter of its name ──────────────────────────────


# E: plugin[flowing-wiring]
@task(depends_on=[count])
def wrong_type(count: str) -> int:
    return len(count)


# E: plugin[flowing-wiring]
@task(depends_on=[fetch, count])
def wrong_type_of_second(fetch: dict[str, list[int]], count: str) -> int:
    return len(count) + len(fetch)


# E: plugin[flowing-wiring]
@task(depends_on=(count, fetch))
def wrong_type_in_tuple(fetch: dict[str, str], count: int) -> int:
    return count + len(fetch)


# E: plugin[flowing-wiring]
@task(depends_on=[fetch])
def wrong_type_inside(fetch: dict[str, list[str]]) -> int:
    return len(fetch)


# E: plugin[flowing-wiring]
@task(depends_on=[fetch])
def wrong_type_of_mapping(*, fetch: Mapping[int, Sequence[int]]) -> int:
    return len(fetch)


# E: plugin[flowing-wiring]
@task(depends_on=[maybe])
def wrong_type_where_none(maybe: int) -> int:
    return maybe


# E: plugin[flowing-wiring]
@task(depends_on=[tell])
def wrong_type_where_nothing(tell: str) -> int:
    return len(tell)


# E: plugin[flowing-wiring]
@task(depends_on=[later])
def wrong_type_of_async(later: str) -> int:
    return len(later)


# E: plugin[flowing-wiring]
@task(depends_on=[count])
async def wrong_type_in_async(count: bytes) -> int:
    return len(count)


# E: plugin[flowing-wiring]
@task(depends_on=[make_label])
def wrong_type_of_named(label: int) -> int:
    return label


# E: plugin[flowing-wiring]
@task(depends_on=[renamed])
def wrong_type_of_copy(renamed: str) -> int:
    return len(renamed)


# E: plugin[flowing-wiring]
@task(depends_on=[bound])
def wrong_type_of_bound(bound: int) -> int:
    return bound


# E: plugin[flowing-wiring]
@task(depends_on=[count])
def wrong_type_with_default(count: str = "") -> int:
    return len(count)


# E: plugin[flowing-wiring]
@task(depends_on=[count])
def wrong_type_of_the_rest(**values: str) -> int:
    return len(values)


# E: plugin[flowing-wiring]
@task(depends_on=BOTH)
def wrong_type_in_constant(fetch: dict[str, list[int]], count: str) -> int:
    return len(fetch) + len(count)


# E: plugin[flowing-wiring]
@task(depends_on=[count])
def task_instead_of_value(count: Task[int]) -> str:
    return count.name


# E: plugin[flowing-wiring]
@task(depends_on=[count], retry=2, timeout_s=1.5, name="other")
def wrong_type_with_options(count: list[int]) -> int:
    return len(count)


# E: plugin[flowing-wiring]
called = task(counted, name="called", depends_on=[count])


# ── a dependency that no parameter takes ─────────────────────────────────────────────────────────


# E: plugin[flowing-wiring]
@task(depends_on=[count])
def takes_nothing() -> int:
    return 1


# E: plugin[flowing-wiring]
@task(depends_on=[fetch, count])
def takes_one_of_two(count: int) -> int:
    return count


# E: plugin[flowing-wiring]
@task(depends_on=[make_label])
def takes_the_functions_name(make_label: str = "") -> int:
    return len(make_label)


# E: plugin[flowing-wiring]
@task(depends_on=[later])
async def takes_nothing_async() -> int:
    return 1


# E: plugin[flowing-wiring]
@task(depends_on=[count])
def takes_only_positional(*texts: str) -> int:
    return len(texts)


# E: plugin[flowing-wiring]
called_with_too_much = task(join, name="called", depends_on=[fetch])


# ── a required parameter that nothing fills ──────────────────────────────────────────────────────


@task(depends_on=[count])
# E: plugin[flowing-wiring]
def needs_more(count: int, other: str) -> int:
    return count + len(other)


@task(depends_on=[count])
# E: plugin[flowing-wiring]
def needs_more_by_keyword(count: int, *, other: str) -> int:
    return count + len(other)


@task(depends_on=[count], after=[fetch])
# E: plugin[flowing-wiring]
def needs_what_is_only_before(count: int, fetch: dict[str, list[int]]) -> int:
    return count + len(fetch)


@task(depends_on=[count])
# E: plugin[flowing-wiring]
def needs_more_beside_depends(count: int, other: str, text: str = Depends(make_label)) -> int:
    return count + len(other) + len(text)


@task(depends_on=[count])
# E: plugin[flowing-wiring]
async def needs_more_async(count: int, other: str) -> int:
    return count + len(other)


@task(depends_on=[])
# E: plugin[flowing-wiring]
def needs_one(other: int) -> int:
    return other


# E: plugin[flowing-wiring]
called_with_too_little = task(join, name="called", depends_on=[make_label])


# ── a wrong name: a dependency that nothing takes, and a parameter that nothing fills ────────────


# E: plugin[flowing-wiring]
@task(depends_on=[count])
# E: plugin[flowing-wiring]
def wrong_name(counts: int) -> int:
    return counts


# E: plugin[flowing-wiring]
@task(depends_on=[count], after=[make_label])
# E: plugin[flowing-wiring]
def wrong_name_by_position(number: int, /) -> int:
    return number


@task(depends_on=[count])
# E: plugin[flowing-wiring]
def right_name_by_position(count: int, /) -> int:
    return count


# ── gates, which take values by name too ─────────────────────────────────────────────────────────


def text_given(count: str) -> bool:
    return bool(count)


def other_given(other: int) -> bool:
    return other > 0


# E: plugin[flowing-wiring]
@task(depends_on=[count], when=text_given)
def gate_of_wrong_type(count: int) -> int:
    return count


# E: plugin[flowing-wiring]
@task(depends_on=[count], validate=text_given)
def check_of_wrong_type(count: int) -> int:
    return count


# E: plugin[flowing-wiring]
@task(depends_on=[count], when=other_given)
def gate_that_needs_more(count: int) -> int:
    return count


# E: plugin[flowing-wiring]
@task(when=other_given)
def gate_that_needs_something() -> int:
    return 1
