"""openai-agents takes a flow's function for a tool, and its scripted model calls it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

agents = pytest.importorskip("agents")
testing = pytest.importorskip("agents.testing")

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _untraced() -> None:
    agents.set_tracing_disabled(True)


def scripted(*calls: dict[str, Any]) -> Any:
    """Give a model that makes these calls of the tool."""
    steps = [[testing.function_call("weather", call, call_id=str(number))] for number, call in enumerate(calls)]
    return testing.ScriptedModel([*steps, [testing.assistant_message("done")]])


def outputs(result: Any) -> list[str]:
    """List what the model got from the tool."""
    items = result.to_input_list()
    return [each["output"] for each in items if each.get("type") == "function_call_output"]


CALLS = ({"city": "Paris", "days": 1}, {"city": "Nowhere", "days": 1})


def test_the_model_gets_results_and_hears_that_a_call_failed(program: Program) -> None:
    model = scripted(*CALLS)
    agent = program("openai-agents", model=model)["agent"]
    result = asyncio.run(agents.Runner.run(agent, "How warm?"))
    assert result.final_output == "done"
    good, bad = outputs(result)
    assert good == '{"city": "Paris", "degrees": [21.5]}'
    assert "An error occurred" in bad
    assert "no such city" not in bad
    model.assert_complete()


def test_the_model_hears_of_an_error_that_is_returned(program: Program) -> None:
    agent = program("openai-agents", 1, model=scripted(*CALLS))["agent"]
    good, bad = outputs(asyncio.run(agents.Runner.run(agent, "How warm?")))
    assert good == '{"city": "Paris", "degrees": [21.5]}'
    assert bad == "task 'fetch' failed after 3 attempts: LookupError: no such city"


@pytest.mark.parametrize("doc", [None, "Nothing of arguments."])
def test_the_schema_has_what_the_parameters_say(program: Program, doc: str | None) -> None:
    """Descriptions arrive by the docstring, and without it by `Annotated`."""
    function = program("openai-agents", model=scripted())["flow"].as_function()
    function.__doc__ = function.__doc__ if doc is None else doc
    tool = agents.function_tool(function)
    assert tool.name == "weather"
    assert tool.description == ("Tell how warm it will be, day by day." if doc is None else doc)
    properties = tool.params_json_schema["properties"]
    assert properties["city"] == {"type": "string", "title": "City", "description": "Where it is"}
    assert properties["days"]["description"] == "How many days to look ahead"
    assert tool.params_json_schema["required"] == ["city", "days"]
