"""Mistakes, each with the error mypy must give. Checked, never run: a mistake that stops being caught fails the check.

pyright and basedpyright read the same comments: with `reportUnnecessaryTypeIgnoreComment` they must complain too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from flowing.task import Depends, bind, task

if TYPE_CHECKING:
    from flowing import Flow


@task
def fetch() -> dict[str, list[int]]:
    return {}


@task(depends_on=[fetch])
def count(fetch: dict[str, list[int]]) -> int:
    return len(fetch)


@task
async def later() -> int:
    return 1


def join(left: int, right: str = "") -> str:
    return right * left


def takes_text(text: str) -> bool:
    return bool(text)


# ── wiring that every checker finds ──────────────────────────────────────────────────────────────


@task  # pyright: ignore[reportCallIssue, reportArgumentType, reportUntypedFunctionDecorator] - an echo of the next line
def wrong_type(text: str = Depends(count)) -> int:  # type: ignore[assignment]
    return len(text)


@task  # type: ignore[arg-type]
def nothing_fills(number: int) -> int:
    return number


@task(retry=1)  # type: ignore[arg-type]
def nothing_fills_with_options(number: int) -> int:
    return number


bind(join)  # type: ignore[call-overload]
bind(join, Depends(fetch))  # type: ignore[call-overload]
bind(join, Depends(count), right=Depends(count))  # type: ignore[arg-type]
bind(join, Depends(count), wrong=Depends(count))  # type: ignore[arg-type, call-arg]
bind(join, Depends(count), "a", 3)  # type: ignore[call-overload]
bind(join, count)  # type: ignore[call-overload]
task(join, name="join")  # type: ignore[arg-type]
Depends(join)  # type: ignore[arg-type]


# ── options ──────────────────────────────────────────────────────────────────────────────────────

task(lambda: 1, name="step", retry="2")  # type: ignore[call-overload]
task(lambda: 1, name="step", retries=2)  # type: ignore[call-overload]
task(lambda: 1, name="step", retry_on=int)  # type: ignore[arg-type]
task(join, name="step", depends_on=count)  # type: ignore[call-overload]
task(join, name="step", depends_on=[join])  # type: ignore[arg-type, list-item]
task(join, name="step", depends_on=["count"])  # type: ignore[arg-type, list-item]
task(lambda: 1, name="step", retry_until=takes_text)  # type: ignore[arg-type]
count.with_options(retry="2")  # type: ignore[arg-type]
count.with_options(retries=2)  # type: ignore[call-arg]
count.with_options(retry_until=takes_text)  # type: ignore[arg-type]


@task(retry_until=takes_text)  # type: ignore[arg-type]
def unfit_predicate() -> int:
    return 1


@task(depends_on=[count], retry_until=takes_text)  # type: ignore[arg-type]
def unfit_predicate_below(count: int) -> int:
    return count


@task(retry_until=takes_text)  # type: ignore[arg-type]
async def unfit_predicate_async() -> int:
    return 1


# ── a task as a function and as a record ─────────────────────────────────────────────────────────

count()  # type: ignore[call-arg]
count("text")  # type: ignore[arg-type]
count(wrong={})  # type: ignore[call-arg]
count.name = "other"  # type: ignore[misc]
count.nothing  # type: ignore[attr-defined]  # noqa: B018
bind(join, 1)(2)  # type: ignore[call-arg]


async def awaiting() -> None:
    await count({})  # type: ignore[misc]
    _: int = later()  # type: ignore[assignment]


# ── in a flow ────────────────────────────────────────────────────────────────────────────────────


def use(flow: Flow) -> None:
    flow.value(count).upper()  # type: ignore[attr-defined]
    flow.value("count")  # type: ignore[arg-type]
    flow.override(count, "text")  # type: ignore[arg-type]
    flow.override(later, "text")  # type: ignore[arg-type]
    flow.override(fetch, {"items": ["text"]})  # type: ignore[list-item]
    flow.override(count)  # type: ignore[call-arg]
    flow.override(count, 1, 2)  # type: ignore[call-arg]
    flow.override(count, None)  # type: ignore[arg-type]
