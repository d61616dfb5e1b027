"""pydantic-ai takes a flow's function for a tool, and its own test models call it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

pydantic_ai = pytest.importorskip("pydantic_ai")
messages = pytest.importorskip("pydantic_ai.messages")
FunctionModel = pytest.importorskip("pydantic_ai.models.function").FunctionModel
TestModel = pytest.importorskip("pydantic_ai.models.test").TestModel

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., dict[str, Any]]


def scripted(*calls: dict[str, Any]) -> tuple[Any, list[Any]]:
    """Give a model that makes these calls of the tool, and the list of what it saw of each."""
    seen: list[Any] = []
    left = iter(calls)

    def play(history: list[Any], info: Any) -> Any:
        seen.append(history[-1].parts[-1])
        call = next(left, None)
        part = messages.TextPart("done") if call is None else messages.ToolCallPart("weather", call)
        return messages.ModelResponse(parts=[part])

    return FunctionModel(play), seen


def test_the_test_model_calls_it_by_its_schema(program: Program) -> None:
    model = TestModel()
    agent = program("pydantic-ai", model=model)["agent"]
    assert '"degrees":[21.5' in agent.run_sync("How warm?").output.replace(" ", "").replace("\\", "")
    (tool,) = model.last_model_request_parameters.function_tools
    assert tool.name == "weather"
    assert "Tell how warm it will be, day by day." in tool.description
    assert tool.parameters_json_schema == {
        "type": "object",
        "properties": {
            "city": {"type": "string", "description": "Where it is"},
            "days": {"type": "integer", "description": "How many days to look ahead", "default": 3},
        },
        "required": ["city"],
        "additionalProperties": False,
    }


def test_the_model_gets_the_result(program: Program) -> None:
    model, seen = scripted({"city": "Paris", "days": 1})
    agent = program("pydantic-ai", model=model)["agent"]
    assert agent.run_sync("How warm?").output == "done"
    assert seen[-1].content == '{"city": "Paris", "degrees": [21.5]}'


def test_an_error_ends_the_run(program: Program) -> None:
    model, _ = scripted({"city": "Nowhere"})
    agent = program("pydantic-ai", model=model)["agent"]
    with pytest.raises(Exception, match="task 'fetch' failed after 3 attempt"):
        agent.run_sync("How warm?")


def test_the_model_may_try_again_after_an_error(program: Program) -> None:
    model, seen = scripted({"city": "Nowhere"}, {"city": "Paris", "days": 1})
    agent = program("pydantic-ai", 1, model=model)["agent"]
    assert asyncio.run(agent.run("How warm?")).output == "done"
    assert "task 'fetch' failed after 3 attempts: LookupError: no such city" in str(seen[1].content)
    assert seen[2].content == '{"city": "Paris", "degrees": [21.5]}'


def test_descriptions_arrive_without_the_docstring_too(program: Program) -> None:
    """The other way that they take: as a string in `Annotated`."""
    function = program("pydantic-ai", model=TestModel())["flow"].as_function()
    function.__doc__ = "Nothing of arguments."
    schema = pydantic_ai.Tool(function).function_schema.json_schema
    assert schema["properties"]["city"]["description"] == "Where it is"
