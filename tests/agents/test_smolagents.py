"""smolagents takes a flow's function for a tool, and a scripted model calls it: it has no test double of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

smolagents = pytest.importorskip("smolagents")
models = pytest.importorskip("smolagents.models")

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., dict[str, Any]]

Model: Any = models.Model


class Scripted(Model):  # type: ignore[misc]  # not installed where this is checked
    """Makes these calls, one a step."""

    def __init__(self, *calls: tuple[str, dict[str, object]]) -> None:
        super().__init__(model_id="scripted")
        self.left = iter(calls)

    def generate(self, messages: object, **options: object) -> Any:
        name, arguments = next(self.left)
        function = models.ChatMessageToolCallFunction(name=name, arguments=arguments)
        call = models.ChatMessageToolCall(id="1", type="function", function=function)
        return models.ChatMessage(role=models.MessageRole.ASSISTANT, content="", tool_calls=[call])


def test_the_model_gets_results_and_errors(program: Program) -> None:
    model = Scripted(
        ("weather", {"city": "Nowhere"}),
        ("weather", {"city": "Paris", "days": 1}),
        ("final_answer", {"answer": "done"}),
    )
    agent = program("smolagents", model=model)["agent"]
    assert agent.run("How warm?") == "done"
    _, bad, good, _ = agent.memory.steps
    assert "TaskFailed" in str(bad.error)
    assert "task 'fetch' failed after 3 attempts: LookupError: no such city" in str(bad.error)
    assert good.observations == '{"city": "Paris", "degrees": [21.5]}'


def test_the_schema_has_what_the_parameters_say(program: Program) -> None:
    names = program("smolagents", model=Scripted())
    tool = smolagents.tool(names["flow"].as_function(result=names["to_json"]))
    assert (tool.name, tool.output_type) == ("weather", "string")
    assert tool.description.startswith("Tell how warm it will be, day by day.")
    assert tool.inputs == {
        "city": {"type": "string", "description": "Where it is"},
        "days": {"type": "integer", "description": "How many days to look ahead", "nullable": True},
    }
