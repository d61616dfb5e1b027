"""LangChain takes a flow's function for a tool, and LangGraph has a model call it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

FakeModel = pytest.importorskip("langchain_core.language_models.fake_chat_models").FakeMessagesListChatModel
chat = pytest.importorskip("langchain_core.messages")
tools = pytest.importorskip("langchain_core.tools")
graphs = pytest.importorskip("langgraph.graph")
prebuilt = pytest.importorskip("langgraph.prebuilt")

from flowing import TaskFailed  # noqa: E402 - after what may skip all of this

if TYPE_CHECKING:
    from collections.abc import Callable

    Program = Callable[..., dict[str, Any]]

SECTION = "LangChain and LangGraph"


def agent_of(given: list[Any], *calls: dict[str, Any]) -> Any:
    """Give a graph in which a model makes these calls of the tools."""
    asked = [
        chat.AIMessage("", tool_calls=[{"name": "weather", "args": call, "id": str(number)}])
        for number, call in enumerate(calls)
    ]
    model = FakeModel(responses=[*asked, chat.AIMessage("done")])
    graph = graphs.StateGraph(graphs.MessagesState)
    graph.add_node("model", lambda state: {"messages": [model.invoke(state["messages"])]})
    graph.add_node("tools", prebuilt.ToolNode(given))
    graph.add_edge(graphs.START, "model")
    graph.add_conditional_edges("model", prebuilt.tools_condition)
    graph.add_edge("tools", "model")
    return graph.compile()


def heard(state: Any) -> list[str]:
    """List what the model got from the tool."""
    return [each.content for each in state["messages"] if isinstance(each, chat.ToolMessage)]


def test_the_model_gets_the_result(program: Program) -> None:
    given = program("LangChain and LangGraph")["tools"]
    state = agent_of(given, {"city": "Paris", "days": 1}).invoke({"messages": [("user", "How warm?")]})
    assert state["messages"][-1].content == "done"
    assert heard(state) == ['{"city": "Paris", "degrees": [21.5]}']


def test_an_error_ends_the_run(program: Program) -> None:
    (given,) = program("LangChain and LangGraph")["tools"]
    with pytest.raises(TaskFailed, match="no such city"):
        given.invoke({"city": "Nowhere"})


@pytest.mark.parametrize("is_async", [False, True])
def test_the_model_hears_of_an_error(program: Program, is_async: bool) -> None:
    given = program("LangChain and LangGraph", 1)["tools"]
    agent = agent_of(given, {"city": "Nowhere"}, {"city": "Paris", "days": 1})
    start = {"messages": [("user", "How warm?")]}
    state = asyncio.run(agent.ainvoke(start)) if is_async else agent.invoke(start)
    bad, good = heard(state)
    assert bad == "task 'fetch' failed after 3 attempts: LookupError: no such city"
    assert good == '{"city": "Paris", "degrees": [21.5]}'


@pytest.mark.parametrize("parse_docstring", [True, False])
def test_the_schema_has_what_the_parameters_say(program: Program, parse_docstring: bool) -> None:
    """Descriptions arrive by the docstring, and by `Annotated`."""
    function = program("LangChain and LangGraph")["flow"].as_function()
    tool = tools.tool(parse_docstring=parse_docstring)(function)
    assert tool.name == "weather"
    assert tool.description.startswith("Tell how warm it will be, day by day.")
    assert tool.args == {
        "city": {"type": "string", "title": "City", "description": "Where it is"},
        "days": {"type": "integer", "title": "Days", "description": "How many days to look ahead", "default": 3},
    }
    assert tool.args_schema.model_json_schema()["required"] == ["city"]
