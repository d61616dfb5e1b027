"""What a function says of itself, in each of the ways that frameworks ask."""

from __future__ import annotations

import inspect
import typing
from typing import TYPE_CHECKING, Annotated, Any

import attrs
import pytest

from flowing import ConfigError, Depends, Flow, SignatureError, bind, param, task, to_json
from flowing._function.description import Description

if TYPE_CHECKING:
    from collections.abc import Callable
    from decimal import Decimal as OnlyForCheckers


@attrs.frozen
class Report:
    city: str


optional = param("days", int, default=3, description="How many\n   days")
city = param("city", Annotated[str, "kept"], description="Where it is")
plain = param("plain", bool)


@task(depends_on=[city, optional, plain])
def weather(city: str, days: int, plain: bool) -> Report:
    """Tell the weather.

    In two paragraphs.

    Raises:
        Nothing: that anybody sees.
    """
    return Report(city)


def test_the_signature_has_required_parameters_first() -> None:
    """Every parameter can be given by position and by name."""
    signature = inspect.signature(Flow(weather).as_function())
    assert str(signature).startswith("(city: ")
    assert list(signature.parameters) == ["city", "plain", "days"]
    assert signature.parameters["days"].default == 3
    assert {each.kind for each in signature.parameters.values()} == {inspect.Parameter.POSITIONAL_OR_KEYWORD}
    assert signature.return_annotation is Report


def test_the_annotations_are_resolved_and_have_the_descriptions() -> None:
    function = Flow(weather).as_function()
    hints = typing.get_type_hints(function, include_extras=True)
    assert hints["city"].__metadata__ == ("kept", "Where it is")
    assert hints["plain"] is bool
    assert typing.get_type_hints(function) == {"city": str, "days": int, "plain": bool, "return": Report}
    assert isinstance(hints["city"].__metadata__[1], Description)


def test_the_docstring_is_in_google_style() -> None:
    assert inspect.getdoc(Flow(weather).as_function()) == inspect.cleandoc(
        f"""
        Tell the weather.

        In two paragraphs.

        Args:
            city: Where it is
            plain: A value of type bool.
            days: How many days

        Returns:
            {__name__}.Report: What task 'weather' makes.

        Raises:
            TaskFailed: A task of the flow failed; the error names it, and says why.
        """
    )


@pytest.mark.parametrize("make", ["as_function", "as_async_function"])
def test_it_is_a_real_function_with_a_name_and_a_module(make: str) -> None:
    function = getattr(Flow(weather), make)("forecast", "Tell it.")
    assert inspect.isfunction(function)
    assert inspect.iscoroutinefunction(function) == (make == "as_async_function")
    assert (function.__name__, function.__qualname__, function.__module__) == ("forecast", "forecast", __name__)
    assert str(function.__doc__).startswith("Tell it.\n\nArgs:\n")


def test_without_a_docstring_it_says_what_is_made() -> None:
    @task(name="nothing_said")
    def undocumented() -> int:
        return 1

    function = Flow(undocumented).as_function()
    assert function.__doc__ == (
        "Run a flow that makes 'nothing_said'.\n\nReturns:\n    int: What task 'nothing_said' makes.\n\n"
        "Raises:\n    TaskFailed: A task of the flow failed; the error names it, and says why."
    )


@pytest.mark.parametrize("section", ["Args:", "Parameters", "Returns:", "Raises:", ":param city: where"])
def test_of_a_docstring_only_what_is_before_the_sections_is_shown(section: str) -> None:
    def made() -> int:
        return 1

    made.__doc__ = f"Make it.\n\n    {section}\n        more\n"
    assert str(Flow(task(made)).as_function().__doc__).startswith("Make it.\n\nReturns:")


def test_result_says_what_it_returns() -> None:
    assert inspect.signature(Flow(weather).as_function(result=to_json)).return_annotation is str
    untold = inspect.signature(Flow(weather).as_function(result=lambda report: report))
    assert untold.return_annotation is inspect.Signature.empty


def test_a_task_without_annotation_leaves_the_result_open() -> None:
    function = Flow(task(lambda: 1, name="one")).as_function()
    assert "return" not in function.__annotations__
    assert "Returns:\n    What task 'one' makes." in str(function.__doc__)


def test_a_bound_method_and_a_class_are_read_too() -> None:
    made = bind(Report, "Paris").with_options(name="made")
    assert inspect.signature(Flow(made).as_function()).return_annotation is Report


def test_a_type_that_is_not_known_at_run_time_is_refused() -> None:
    @task
    def price() -> OnlyForCheckers:
        raise NotImplementedError

    with pytest.raises(SignatureError, match=r"task 'price' can't be told.*'OnlyForCheckers'.*result="):
        Flow(price).as_function()
    assert Flow(price).as_function(result=to_json).__name__ == "price"


# ── names that frameworks and providers take ─────────────────────────────────────────────────────


@pytest.mark.parametrize("name", ["", "1st", "two words", "naïve", "_private", "a-b", "x" * 65, 3])
def test_a_name_that_providers_do_not_take_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match=r"name= of a flow's function.*give another one with name="):
        Flow(weather).as_function(name)


def test_the_name_of_a_task_that_can_not_be_one_needs_another() -> None:
    flow = Flow(weather.with_options(name="the weather"))
    with pytest.raises(ConfigError, match="has the name of its last task, which is 'the weather'"):
        flow.as_function()
    assert flow.as_function("weather").__name__ == "weather"


@pytest.mark.parametrize(
    ("name", "who"),
    [
        ("_private", "frameworks and providers"),
        ("città", "frameworks and providers"),
        ("config", "LangChain"),
        ("tool_context", "Google ADK"),
        ("model_config", "pydantic"),
        ("self", "smolagents"),
    ],
)
def test_a_parameter_that_a_framework_keeps_for_itself_is_refused(name: str, who: str) -> None:
    own = param(name, str)
    flow = Flow(bind(str.upper, Depends(own)).with_options(name="made"))
    with pytest.raises(ConfigError, match=f"parameter '{name}' can't be one of a tool: {who}"):
        flow.as_function()
    assert flow.run(**{name: "a"}).ok  # it is one of a flow all the same


@pytest.mark.parametrize("text", ["", " \n", 3])
def test_a_description_must_be_text(text: str) -> None:
    with pytest.raises(ConfigError, match="the description of function 'weather' must be text"):
        Flow(weather).as_function(description=text)


def test_a_description_has_no_sections_of_its_own() -> None:
    with pytest.raises(ConfigError, match=r"function 'weather' has a section 'Args:'.*param\(name, type, description"):
        Flow(weather).as_function(description="Tell it.\n\nArgs:\n    city: where")


def test_a_description_adds_itself_to_the_schema_of_pydantic() -> None:
    handler: Callable[[Any], dict[str, Any]] = lambda schema: {"type": schema}  # noqa: E731 - as pydantic gives one
    described = Description("Where").__get_pydantic_json_schema__("string", handler)
    assert described == {"type": "string", "description": "Where"}
