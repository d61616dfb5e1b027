"""Every value that a flow passes on is compared with what takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import flowing
from flowing import Depends, Flow, Task, bind, task
from flowing._check.check import check

if TYPE_CHECKING:
    from decimal import Decimal


@task
def fetch_data() -> dict[str, list[int]]:
    return {}


@task
def count() -> int:
    return 1


@task
def unannotated():  # type: ignore[no-untyped-def]  # noqa: ANN201
    return 1


@task
def price() -> Decimal:
    raise NotImplementedError


def way_out(taken: str, parameter: str | None = None) -> str:
    what = "the parameter's type" if parameter is None else f'the type of parameter "{parameter}"'
    return f'change {what}, or depend on a task that makes "{taken}"'


def messages(*terminals: Task[object]) -> list[str]:
    return [each.message for each in check(Flow(*terminals)).findings]


def reasons(*terminals: Task[object]) -> list[str]:
    found = check(Flow(*terminals))
    assert found.ok
    return [each.message.partition(": ")[2] for each in found.unchecked]


# ── each way in which a value is passed ──────────────────────────────────────────────────────────


def test_by_name() -> None:
    """[G7] Both ends, and the way out."""

    @task(depends_on=[fetch_data])  # type: ignore[flowing-wiring]
    def process(fetch_data: str) -> int:
        return len(fetch_data)

    assert messages(process) == [
        'Task "fetch_data" makes "dict[str, list[int]]", but task "process" takes it as "str"; ' + way_out("str")
    ]


def test_by_depends() -> None:
    """[G7] The parameter has a name of its own."""

    @task
    def process(number: int = Depends(count), text: str = Depends(count)) -> int:  # type: ignore[assignment]
        return number

    assert messages(process) == [
        'Task "count" makes "int", but task "process" takes it as "str"; ' + way_out("str", "text")
    ]


def test_by_bind() -> None:
    """[G7] By position, by name, and what `*args` and `**kwargs` take."""

    def join(one: int, *rest: str, two: bytes = b"", **more: bool) -> int:
        return one

    value: Any = Depends(count)
    joined = bind(join, value, value, two=value, three=value)
    assert messages(joined) == [
        f'Task "count" makes "int", but task "join" takes it as "{taken}"; ' + way_out(taken, parameter)
        for parameter, taken in (("rest", "str"), ("two", "bytes"), ("three", "bool"))
    ]


def test_by_the_remaining_keywords() -> None:
    """[G7] `**kwargs` takes any name, not any type."""

    @task(depends_on=[count, fetch_data])  # type: ignore[flowing-wiring]
    def process(**more: int) -> int:
        return len(more)

    assert len(messages(process)) == 1


def test_into_gates_and_retry_until() -> None:
    """[G7] Which get values by name, and the result."""

    def is_text(count: str) -> bool:
        return bool(count)

    def is_bytes(result: bytes) -> bool:
        return bool(result)

    @task(depends_on=[count], when=is_text, validate=is_text)  # type: ignore[flowing-wiring]
    def process(count: int) -> int:
        return count

    assert messages(process.with_options(retry_until=is_bytes)) == [  # type: ignore[arg-type]
        'Task "count" makes "int", but when of task "process" takes it as "str"; ' + way_out("str"),
        'Task "count" makes "int", but validate of task "process" takes it as "str"; ' + way_out("str"),
        'Task "process" makes "int", but retry_until of task "process" takes it as "bytes"; '
        + way_out("bytes", "result"),
    ]


def test_order_alone_passes_nothing() -> None:
    """[G7] The control: `after` is an edge of the graph, but no value."""

    @task(after=[fetch_data])
    def process(number: str = "") -> int:
        return len(number)

    found = check(Flow(process))
    assert (found.findings, found.unchecked, found.edges, found.ok) == ((), (), 0, True)


# ── what is found ────────────────────────────────────────────────────────────────────────────────


def test_a_finding_says_where_and_between_what() -> None:
    """[G7] The line of the parameter."""

    @task(depends_on=[fetch_data])  # type: ignore[flowing-wiring]
    def process(
        fetch_data: str,
    ) -> int:
        return len(fetch_data)

    found = flowing.check(Flow(process))
    (finding,) = found.findings
    first = process.body.function.__code__.co_firstlineno
    assert (finding.file, finding.line) == (__file__, first + 2)
    assert (finding.task, finding.dependency, finding.parameter) == ("process", "fetch_data", "fetch_data")
    assert finding.checked
    assert not found.ok
    assert found.edges == 1


def test_two_types_of_one_name_are_told_apart() -> None:
    """[G7] By their modules, as mypy does."""

    class Item: ...

    first, second = Item, type("Item", (), {"__module__": "elsewhere"})

    def make():  # type: ignore[no-untyped-def]  # noqa: ANN202
        return first()

    def take(make):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return make

    make.__annotations__ = {"return": first}
    take.__annotations__ = {"make": second}
    taking = task(take, depends_on=[task(make)])
    assert f'makes "{__name__}.Item", but task "take" takes it as "elsewhere.Item"' in messages(taking)[0]


def test_a_hostile_literal_stays_on_one_line() -> None:
    """[S8] What an annotation says is data."""

    @task
    def make() -> Literal["a\u202e\nb"]:
        return "a\u202e\nb"

    @task
    def process(text: Literal["c"] = Depends(make)) -> str:  # type: ignore[arg-type]
        return text

    message = messages(process)[0]
    assert message.isprintable()
    assert "Literal['a\\u202e\\nb']" in message


def test_what_fits_is_not_mentioned() -> None:
    """[G7] The control."""

    @task(depends_on=[count])
    def process(count: float, again: int | None = Depends(count)) -> float:
        return count

    assert reasons(process) == []


def test_what_cannot_be_decided_is_listed_with_its_reason() -> None:
    """[G7] Never guessed, and no error."""

    @task(depends_on=[count, unannotated, price])  # type: ignore[flowing-wiring]
    def process(count, unannotated: int, price: int):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        return count

    assert sorted(reasons(process)) == [
        'parameter "count" of process() has no annotation',
        "the annotation \"Decimal\" can't be evaluated (NameError: name 'Decimal' is not defined)",
        "unannotated() has no return annotation",
    ]


def test_any_and_object_need_no_annotation_at_the_other_end() -> None:
    """[G7] Whatever it is, it fits."""

    @task(depends_on=[unannotated, price])
    def process(unannotated: object, price: Any) -> int:  # noqa: ANN401 - the point of it
        return 1

    assert reasons(process) == []


def test_an_unchecked_value_names_both_ends() -> None:
    """[G7] As a finding does."""

    @task(depends_on=[unannotated], when=lambda unannotated: True)
    def process(unannotated: int) -> int:
        return unannotated

    body, gate = check(Flow(process)).unchecked
    assert not body.checked
    assert body.message == (
        'What task "unannotated" makes is not compared with what task "process" takes as parameter "unannotated": '
        "unannotated() has no return annotation"
    )
    assert 'with what when of task "process" takes' in gate.message


def test_findings_come_in_the_order_of_the_flow() -> None:
    """D18: On any machine."""

    @task
    def first(a: str = Depends(count), b: bytes = Depends(count)) -> int:  # type: ignore[assignment]
        return 1

    @task
    def second(first: str = Depends(first)) -> int:  # type: ignore[assignment]
        return 1

    found = check(Flow(second)).findings
    assert [(each.task, each.parameter) for each in found] == [("first", "a"), ("first", "b"), ("second", "first")]
