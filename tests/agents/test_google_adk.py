"""Google ADK takes a flow's function for a tool, and a scripted model calls it: it has no test double of its own."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

adk = pytest.importorskip("google.adk.agents")
models = pytest.importorskip("google.adk.models")
runners = pytest.importorskip("google.adk.runners")
adk_tools = pytest.importorskip("google.adk.tools")
types = pytest.importorskip("google.genai.types")

from flowing import TaskFailed  # noqa: E402 - after what may skip all of this

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    Program = Callable[..., dict[str, Any]]

Model: Any = models.BaseLlm


class Scripted(Model):  # type: ignore[misc]  # not installed where this is checked
    """Gives these replies, one a turn."""

    replies: list[Any]

    async def generate_content_async(self, llm_request: object, stream: bool = False) -> AsyncIterator[Any]:
        content = types.Content(role="model", parts=[self.replies.pop(0)])
        yield models.LlmResponse(content=content)


def scripted(*calls: dict[str, Any]) -> Any:
    asked = [types.Part(function_call=types.FunctionCall(name="weather", args=call)) for call in calls]
    return Scripted(model="scripted", replies=[*asked, types.Part(text="done")])


async def converse(agent: Any) -> list[Any]:
    """List the parts of the conversation."""
    runner = runners.InMemoryRunner(agent=agent, app_name="weather")
    session = await runner.session_service.create_session(app_name="weather", user_id="user")
    question = types.Content(role="user", parts=[types.Part(text="How warm?")])
    events = [each async for each in runner.run_async(user_id="user", session_id=session.id, new_message=question)]
    return [part for each in events if each.content for part in each.content.parts]


def heard(parts: list[Any]) -> list[Any]:
    """List what the model got from the tool."""
    return [each.function_response.response for each in parts if each.function_response]


def test_the_model_gets_the_result(program: Program) -> None:
    agent = program("Google ADK", model=scripted({"city": "Paris", "days": 1}))["agent"]
    parts = asyncio.run(converse(agent))
    assert heard(parts) == [{"result": '{"city": "Paris", "degrees": [21.5]}'}]
    assert parts[-1].text == "done"


def test_an_error_ends_the_run(program: Program) -> None:
    agent = program("Google ADK", model=scripted({"city": "Nowhere"}))["agent"]
    with pytest.raises(TaskFailed, match="no such city"):
        asyncio.run(converse(agent))


def test_the_model_hears_of_an_error_that_is_returned(program: Program) -> None:
    model = scripted({"city": "Nowhere"}, {"city": "Paris", "days": 1})
    agent = program("Google ADK", 1, model=model)["agent"]
    bad, good = heard(asyncio.run(converse(agent)))
    assert bad == {"error": "task 'fetch' failed after 3 attempts: LookupError: no such city"}
    assert good == {"result": '{"city": "Paris", "degrees": [21.5]}'}


def test_the_schema_has_what_the_parameters_say(program: Program) -> None:
    """ADK reads no docstring: descriptions arrive by the hook for pydantic."""
    function = program("Google ADK", model=scripted())["flow"].as_function()
    declared = adk_tools.FunctionTool(function)._get_declaration()
    assert declared.name == "weather"
    assert declared.description.startswith("Tell how warm it will be, day by day.")
    assert declared.parameters_json_schema["properties"] == {
        "city": {"type": "string", "title": "City", "description": "Where it is"},
        "days": {"type": "integer", "title": "Days", "description": "How many days to look ahead", "default": 3},
    }
    assert declared.parameters_json_schema["required"] == ["city"]
