"""Where arguments come from, and every way in which they may not."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from flowing._task.wiring import FromTask
from flowing.errors import SignatureError
from flowing.task import Depends, Task, task

if TYPE_CHECKING:
    from collections.abc import Callable


@task
def fetch() -> int:
    return 1


@task
def load() -> str:
    return "x"


odd = fetch.with_options(name="odd name")


def named(**sources: Task[Any]) -> tuple[tuple[str, FromTask], ...]:
    return tuple((name, FromTask(source)) for name, source in sources.items())


# ── what fits ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("function", "positional", "keywords"),
    [
        pytest.param(lambda fetch: 1, (), named(fetch=fetch), id="by name"),
        pytest.param(lambda *, fetch: 1, (), named(fetch=fetch), id="keyword-only"),
        pytest.param(lambda fetch=3: 1, (), named(fetch=fetch), id="instead of a default"),
        pytest.param(lambda **more: 1, (), named(fetch=fetch), id="**kwargs"),
        pytest.param(lambda x=1, *rest, **more: 1, (), named(fetch=fetch), id="*args stay empty"),
        pytest.param(lambda x=Depends(fetch): 1, (), named(x=fetch), id="Depends takes it"),
        pytest.param(lambda x=Depends(fetch), **more: 1, (), named(x=fetch), id="Depends takes it, not **kwargs"),
        pytest.param(lambda fetch=Depends(fetch): 1, (), named(fetch=fetch), id="Depends says what the name says"),
        pytest.param(lambda fetch, x=Depends(fetch): 1, (), named(fetch=fetch, x=fetch), id="twice"),
        pytest.param(lambda x=Depends(fetch), /: 1, (FromTask(fetch),), (), id="positional-only Depends"),
        pytest.param(lambda a=1, x=Depends(fetch), b=2, /: 1, (1, FromTask(fetch)), (), id="up to the last Depends"),
        pytest.param(lambda fetch=1, /, **more: 1, (), named(fetch=fetch), id="a name for **kwargs alone"),
    ],
)
def test_a_dependency_finds_its_parameter(
    function: Callable[..., Any], positional: tuple[object, ...], keywords: object
) -> None:
    """[G6] Each way that works."""
    step = task(function, name="step", depends_on=[fetch])
    assert (step.body.positional, step.body.keywords) == (positional, keywords)


def test_postponed_annotations_are_never_evaluated() -> None:
    """[G6] A name that exists for checkers alone is no reason to fail."""

    def total(fetch: Nowhere) -> Nothing:  # type: ignore[name-defined]  # noqa: F821
        return fetch

    assert task(total, depends_on=[fetch]).body.keywords == named(fetch=fetch)
    assert task(functools.wraps(total)(lambda **k: k), name="t", depends_on=[fetch]).body.keywords == named(fetch=fetch)


def test_a_name_that_is_no_identifier_is_taken_by_depends_or_kwargs() -> None:
    assert task(lambda **more: 1, name="step", depends_on=[odd]).body.keywords == (("odd name", FromTask(odd)),)
    assert task(lambda x=Depends(odd): 1, name="step", depends_on=[odd]).dependencies == (odd,)


# ── what does not: both ends, the signature, the way out ─────────────────────────────────────────


@pytest.mark.parametrize(
    ("function", "message"),
    [
        pytest.param(
            lambda: 1,
            r"task 'step' needs 'fetch', but its function <lambda>\(\) has no parameter of that name; rename the "
            r"parameter, write x=Depends\(fetch\), pass name= to the dependency, or use after=\[...\] if only",
            id="nothing takes it",
        ),
        pytest.param(
            lambda other=3: 1,
            r"task 'step' needs 'fetch', but its function <lambda>\(other=\.\.\.\) has no parameter",
            id="only other parameters",
        ),
        pytest.param(
            lambda fetch, other: 1,
            r"task 'step' needs a value for 'other', but nothing fills that parameter of <lambda>\(fetch, other\): the "
            r"dependencies are 'fetch'; add the task that makes it to depends_on=\[...\], write other=Depends\(task\)",
            id="nothing fills it",
        ),
        pytest.param(
            lambda *, other: 1, r"'step' needs a value for 'other', .*<lambda>\(\*, other\)", id="keyword-only"
        ),
        pytest.param(
            lambda fetch, /: 1,
            r"task 'step': the parameter 'fetch' of <lambda>\(fetch, /\) is positional-only, so no dependency can fill "
            r"it by name; remove the `/`, or write fetch=Depends\(task\)",
            id="positional-only",
        ),
        pytest.param(lambda fetch, /, **more: 1, r"'fetch' .* is positional-only", id="positional-only and **kwargs"),
        pytest.param(
            lambda fetch=Depends(load): 1,
            r"task 'step': the parameter 'fetch' of <lambda>\(fetch=\.\.\.\) has two sources, the dependency of that "
            r"name and Depends\(load\); rename the parameter, or leave one of the two out",
            id="two sources",
        ),
        pytest.param(
            max,
            r"task 'step': Python can't tell the parameters of max\(\?\).*wrap it in a def .*or use bind",
            id="builtin without a signature",
        ),
    ],
)
def test_what_does_not_fit_is_refused_at_definition(function: Callable[..., Any], message: str) -> None:
    """[G6] `SignatureError` with both ends, the signature and the way out."""
    with pytest.raises(SignatureError, match=message):
        task(function, name="step", depends_on=[fetch])


def test_without_dependencies_every_parameter_needs_a_default() -> None:
    """[G6] The message says that there is nothing to take."""
    with pytest.raises(SignatureError, match=r"'x', but nothing fills that parameter of .*: there is no dependency"):
        task(lambda x: x, name="step")  # type: ignore[flowing-wiring]
    assert task(max, name="step").body.keywords == ()  # type: ignore[arg-type]


@pytest.mark.parametrize("source", [odd, fetch.with_options(name="class")])
def test_a_name_that_no_parameter_can_have_says_so(source: Task[int]) -> None:
    """[G6] Renaming the parameter is no way out there."""
    with pytest.raises(
        SignatureError, match=r"needs '(odd name|class)', .*that name can't be a parameter, so write x="
    ):
        task(lambda: 1, name="step", depends_on=[source])


def test_two_dependencies_of_one_name_are_told_apart_by_their_places() -> None:
    """[G4] Neither may silently win."""
    twin = task(lambda: 1, name="fetch")
    with pytest.raises(
        SignatureError, match=r"'step' depends on two tasks named 'fetch', at .*:\d+ and at .*:\d+; give"
    ):
        task(lambda fetch: 1, name="step", depends_on=[fetch, twin])


def test_a_wrapper_must_accept_what_the_function_inside_promises() -> None:
    """[G6] `functools.wraps` copies a signature that the wrapper may not have."""

    def total(fetch: int) -> int:
        return fetch

    @functools.wraps(total)
    def narrow() -> int:
        return 1

    message = r"task 'total': the decorator around total\(fetch\) .* no parameter 'fetch'.*take \*args and \*\*kwargs"
    with pytest.raises(SignatureError, match=message):
        task(narrow, depends_on=[fetch])  # type: ignore[flowing-wiring]  # what must not work


# ── gates and predicates ─────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("option", ["when", "validate"])
@pytest.mark.parametrize(
    ("gate", "keywords"),
    [
        (lambda fetch: fetch, named(fetch=fetch)),
        (lambda other=1: other, ()),
        (lambda load=3, *, fetch: fetch, named(load=load, fetch=fetch)),
        (lambda x=Depends(odd): x, named(x=odd)),
        (lambda **more: more, named(fetch=fetch, load=load)),
        (lambda: True, ()),
    ],
    ids=["by name", "default", "two", "Depends", "**kwargs", "nothing"],
)
def test_a_gate_takes_dependencies_by_the_same_rule(option: str, gate: Callable[..., Any], keywords: object) -> None:
    """Those that the body takes by `Depends` included; it need not take all of them."""
    gates: dict[str, Any] = {option: gate}
    step: Task[int] = task(lambda fetch, x=Depends(load): 1, name="step", depends_on=[fetch], **gates)
    call = getattr(step, option)
    assert call.keywords == keywords
    assert set(call.sources()) <= set(step.dependencies)


@pytest.mark.parametrize("option", ["when", "validate"])
def test_a_gate_that_nothing_fills_is_refused(option: str) -> None:
    """[G6] The message names the option and the task."""
    gates: dict[str, Any] = {option: lambda other: other}
    with pytest.raises(
        SignatureError, match=rf"{option} of task 'step' needs a value for 'other'.*other=Depends\(task\)"
    ):
        task(lambda fetch: 1, name="step", depends_on=[fetch], **gates)
    gates = {option: lambda load: load}
    with pytest.raises(SignatureError, match=rf"{option} of task 'step' needs a value for 'load'"):
        task(lambda fetch: 1, name="step", depends_on=[fetch], after=[load], **gates)
    gates = {option: max}
    with pytest.raises(SignatureError, match=rf"{option} of task 'step': Python can't tell .*wrap it in a def"):
        task(lambda fetch: 1, name="step", depends_on=[fetch], **gates)


@pytest.mark.parametrize("predicate", [bool, lambda x: x, lambda *args: args, max, lambda x, y=1: x, callable])
def test_retry_until_takes_the_result(predicate: Callable[..., Any]) -> None:
    assert task(lambda: 1, name="step", retry_until=predicate).retry_until is predicate


@pytest.mark.parametrize("predicate", [lambda: True, lambda *, x: x, lambda x, y: x])
def test_a_retry_until_that_cannot_be_called_with_the_result_is_refused(predicate: Callable[..., Any]) -> None:
    """[G6] At definition, not after the first attempt."""
    with pytest.raises(
        SignatureError, match=r"retry_until of task 'step' must take the result .*one required parameter"
    ):
        task(lambda: 1, name="step", retry_until=predicate)
