"""The usual call: which functions have it, that it is what `wire` makes, and how values reach the function."""

from __future__ import annotations

import functools
import inspect
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from flowing._task.functions import parameters_of
from flowing._task.named import NamedCall, shortened, wire_by_default, wire_by_name
from flowing._task.wiring import Call, FromTask, Who, wire
from flowing.task import Depends, Task, bind, task

if TYPE_CHECKING:
    from collections.abc import Callable


@task
def fetch() -> int:
    return 1


@task
def load() -> str:
    return "x"


odd = fetch.with_options(name="odd name")
twin = load.with_options(name="fetch")


def wired(function: Callable[..., Any], dependencies: tuple[Task[Any], ...]) -> Call:
    """Take the general way."""
    return wire(function, parameters_of(function), dependencies, Who("step"))


class Scale:
    def __call__(self, fetch: int) -> int:
        return fetch

    def method(self, fetch: int) -> int:
        return fetch


def marked(**attributes: object) -> Callable[[int], int]:
    def function(fetch: int) -> int:
        return fetch

    vars(function).update(attributes)
    return function


# ── which functions have it ──────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("function", "dependencies"),
    [
        pytest.param(lambda: 1, (), id="nothing"),
        pytest.param(lambda *rest, **more: 1, (), id="nothing, though it could"),
        pytest.param(lambda fetch: 1, (fetch,), id="one"),
        pytest.param(lambda fetch, *, load: 1, (fetch, load), id="keyword-only"),
        pytest.param(lambda fetch, *rest, load, **more: 1, (fetch, load), id="with nothing left for the rest"),
        pytest.param(lambda **more: 1, (load, odd, fetch), id="**kwargs alone"),
    ],
)
def test_namesakes_in_order_are_wired_at_a_glance(
    function: Callable[..., Any], dependencies: tuple[Task[Any], ...]
) -> None:
    """[G6] As by the general way."""
    usual = wire_by_name(function, dependencies)
    assert usual is not None
    assert usual.spelled_out() == wired(function, dependencies)
    assert usual.sources() is dependencies


@pytest.mark.parametrize(
    ("function", "dependencies"),
    [
        pytest.param(lambda load, fetch: 1, (fetch, load), id="another order"),
        pytest.param(lambda fetch, load=1: 1, (fetch,), id="a default"),
        pytest.param(lambda fetch, *, load=1: 1, (fetch,), id="a keyword-only default"),
        pytest.param(lambda fetch, /: 1, (fetch,), id="positional-only"),
        pytest.param(lambda load, /, **more: 1, (load,), id="positional-only and **kwargs"),
        pytest.param(lambda fetch: 1, (), id="one too few"),
        pytest.param(lambda fetch: 1, (fetch, load), id="one too many"),
        pytest.param(lambda other: 1, (fetch,), id="another name"),
        pytest.param(lambda fetch, **more: 1, (fetch, load), id="something left for **kwargs"),
        pytest.param(lambda *rest: 1, (fetch,), id="*args"),
        pytest.param(lambda **more: 1, (fetch, twin), id="two of one name"),
        pytest.param(functools.partial(lambda fetch: 1), (fetch,), id="partial"),
        pytest.param(Scale(), (fetch,), id="callable object"),
        pytest.param(Scale().method, (fetch,), id="bound method"),
        pytest.param(marked(__wrapped__=lambda load: 1), (fetch,), id="wrapped"),
        pytest.param(marked(__signature__=inspect.Signature()), (fetch,), id="signature of its own"),
        pytest.param(marked(note="anything"), (fetch,), id="attribute"),
        pytest.param(max, (fetch,), id="builtin"),
    ],
)
def test_all_else_is_left_to_the_general_way(function: Callable[..., Any], dependencies: tuple[Task[Any], ...]) -> None:
    """[G6] What it may choose or refuse, and whatever may have another signature than its code."""
    assert wire_by_name(function, dependencies) is None


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda a=Depends(fetch): 1, id="one"),
        pytest.param(lambda a=Depends(fetch), b=Depends(load): 1, id="two"),
        pytest.param(lambda a=Depends(fetch), b=Depends(fetch): 1, id="one task twice"),
        pytest.param(lambda a=Depends(fetch), *rest, **more: 1, id="with nothing left for the rest"),
    ],
)
def test_a_depends_for_each_parameter_is_wired_at_a_glance(function: Callable[..., Any]) -> None:
    """[G6] As by the general way."""
    usual = wire_by_default(function)
    assert usual is not None
    assert usual.spelled_out() == wired(function, ())


@pytest.mark.parametrize(
    "function",
    [
        pytest.param(lambda a=1: 1, id="constant"),
        pytest.param(lambda a=Depends(fetch), b=1: 1, id="a constant too"),
        pytest.param(lambda a=fetch: 1, id="a task itself"),
        pytest.param(lambda a, b=Depends(fetch): 1, id="one without"),
        pytest.param(lambda a=Depends(fetch), /: 1, id="positional-only"),
        pytest.param(lambda a=Depends(fetch), *, b: 1, id="a keyword-only one without"),
        pytest.param(lambda a=Depends(fetch), *, b=Depends(fetch): 1, id="keyword-only"),
        pytest.param(functools.partial(lambda a=Depends(fetch): 1), id="partial"),
        pytest.param(functools.wraps(wired)(lambda a=Depends(fetch): 1), id="wrapped"),
        pytest.param(lambda: 1, id="nothing"),
    ],
)
def test_any_other_default_is_left_to_the_general_way(function: Callable[..., Any]) -> None:
    """[G6] What it may refuse, above all."""
    assert wire_by_default(function) is None


@pytest.mark.parametrize(
    ("call", "is_usual"),
    [
        (Call(max), True),
        (Call(max, (), (("a", FromTask(fetch)), ("b", FromTask(fetch)))), True),
        (Call(max, (), (("a", FromTask(fetch)), ("b", 1))), False),
        (Call(max, (), (("a", None),)), False),
        (Call(max, (FromTask(fetch),), (("a", FromTask(fetch)),)), False),
    ],
)
def test_a_call_with_nothing_but_values_by_name_is_shortened(call: Call, *, is_usual: bool) -> None:
    short = shortened(call)
    if is_usual:
        assert isinstance(short, NamedCall)
        assert short.spelled_out() == call
        assert short.sources() == call.sources()
    else:
        assert short is call


# ── what a task keeps ────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    "step",
    [
        task(lambda fetch, load: 1, name="by name", depends_on=[fetch, load]),
        task(lambda a=Depends(fetch), b=Depends(load): 1, name="by default"),
        task(lambda fetch, a=Depends(load): 1, name="both", depends_on=[fetch]),
        task(lambda fetch, a=1: a, name="default", depends_on=[fetch]),
        task(lambda a=1: a, name="nothing"),
        bind(lambda a, b: a, a=Depends(fetch), b=Depends(load)),
    ],
    ids=lambda step: step.name,
)
def test_a_task_and_its_call_have_one_tuple_of_dependencies(step: Task[Any]) -> None:
    assert isinstance(step.wired, NamedCall)
    assert step.wired.tasks is step.dependencies


def test_a_task_that_takes_dependencies_in_another_order_keeps_both_orders() -> None:
    step = task(lambda load, fetch: 1, name="step", depends_on=[fetch, load])
    assert isinstance(step.wired, NamedCall)
    assert (step.wired.tasks, step.dependencies) == ((load, fetch), (fetch, load))


# ── the call ─────────────────────────────────────────────────────────────────────────────────────


def keep(**values: object) -> dict[str, object]:
    return values


@pytest.mark.parametrize("count", range(6))
@pytest.mark.parametrize("further", [0, 1, 3])
def test_each_value_reaches_the_parameter_of_its_name(count: int, further: int) -> None:
    """What comes after them is for gates."""
    names = tuple("abcdef"[:count])
    values = list(range(count + further))
    call = NamedCall(keep, names, (fetch,) * count)
    assert list(call(values).items()) == list(zip(names, values, strict=False))  # type: ignore[attr-defined]


def test_a_call_is_frozen() -> None:
    call = NamedCall(keep)
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        call.names = ("a",)  # type: ignore[misc]
