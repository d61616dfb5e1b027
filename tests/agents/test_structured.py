"""What arrives where a parameter is more than text and numbers: what was declared, or a typed error that names it."""

from __future__ import annotations

import asyncio
import dataclasses
import datetime as dt
from typing import TYPE_CHECKING, Any

import attrs
import pytest

from flowing import Depends, Flow, InputTypeError, bind, param, to_json

pydantic = pytest.importorskip("pydantic")

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclasses.dataclass
class Spot:
    x: int


@attrs.frozen
class Place:
    x: int


BaseModel: Any = pydantic.BaseModel


class Model(BaseModel):  # type: ignore[misc]  # not installed where this is checked
    x: int


WRITTEN = {"x": 1}
CONVERTED = [
    (dt.date, "2026-01-02", dt.date(2026, 1, 2)),
    (tuple[int, ...], [1, 2], (1, 2)),
    (Spot, WRITTEN, Spot(1)),
    (list[Model], [WRITTEN], [Model(x=1)]),
]


def tool_of(kind: object, arrived: list[Any]) -> Callable[..., Any]:
    """Give a tool that takes such a parameter, and keeps what arrives in it."""
    given = param("given", kind, description="It")
    step = bind(arrived.append, Depends(given)).with_options(name="keep")
    return Flow(step).as_function(description="Keep it.", result=to_json)


def by_pydantic_ai(tool: Callable[..., Any], written: object) -> None:
    ai, messages = pytest.importorskip("pydantic_ai"), pytest.importorskip("pydantic_ai.messages")
    scripted = pytest.importorskip("pydantic_ai.models.function").FunctionModel
    parts = iter([messages.ToolCallPart("keep", {"given": written}), messages.TextPart("done")])
    model = scripted(lambda history, info: messages.ModelResponse(parts=[next(parts)]))
    asyncio.run(ai.Agent(model, tools=[tool]).run("Keep it."))


def by_openai_agents(tool: Callable[..., Any], written: object) -> None:
    agents, testing = pytest.importorskip("agents"), pytest.importorskip("agents.testing")
    agents.set_tracing_disabled(True)
    call = testing.function_call("keep", {"given": written}, call_id="1")
    model = testing.ScriptedModel([[call], [testing.assistant_message("done")]])
    agent = agents.Agent(name="keeper", model=model, tools=[agents.function_tool(tool)])
    asyncio.run(agents.Runner.run(agent, "Keep it."))


def by_langchain(tool: Callable[..., Any], written: object) -> None:
    pytest.importorskip("langchain_core.tools").tool(tool).invoke({"given": written})


def by_mcp(tool: Callable[..., Any], written: object) -> None:
    mcp = pytest.importorskip("mcp")
    server = pytest.importorskip("mcp.server").MCPServer("keeper")
    server.add_tool(tool)

    async def call() -> None:
        async with mcp.Client(server) as client:
            await client.call_tool("keep", {"given": written})

    asyncio.run(call())


def by_adk(tool: Callable[..., Any], written: object) -> None:
    made = pytest.importorskip("google.adk.tools").FunctionTool(tool)
    asyncio.run(made.run_async(args={"given": written}, tool_context=None))


def by_smolagents(tool: Callable[..., Any], written: object) -> None:
    pytest.importorskip("smolagents").tool(tool)(given=written)


@pytest.mark.parametrize(("kind", "written", "expected"), CONVERTED)
@pytest.mark.parametrize("call", [by_pydantic_ai, by_openai_agents, by_langchain, by_mcp])
def test_what_was_declared_arrives(call: Callable[..., None], kind: object, written: object, expected: object) -> None:
    arrived: list[Any] = []
    call(tool_of(kind, arrived), written)
    assert arrived == [expected]


def test_adk_makes_models_of_pydantic() -> None:
    arrived: list[Any] = []
    by_adk(tool_of(Model, arrived), WRITTEN)
    by_adk(tool_of(list[Model], arrived), [WRITTEN])
    assert arrived == [Model(x=1), [Model(x=1)]]


@pytest.mark.parametrize(
    ("call", "kind", "written"),
    [
        (by_adk, dt.date, "2026-01-02"),
        (by_adk, Spot, WRITTEN),
        (by_smolagents, dt.date, "2026-01-02"),
        (by_smolagents, Model, WRITTEN),
    ],
)
def test_what_nobody_converts_is_refused_by_name(call: Callable[..., None], kind: object, written: object) -> None:
    arrived: list[Any] = []
    with pytest.raises(InputTypeError, match=r"parameter 'given' takes .*, but was given a"):
        call(tool_of(kind, arrived), written)
    assert arrived == []


@pytest.mark.parametrize("call", [by_pydantic_ai, by_openai_agents, by_langchain])
def test_of_an_attrs_class_there_is_no_schema(call: Callable[..., None]) -> None:
    with pytest.raises((pydantic.errors.PydanticUserError, pydantic.ValidationError), match="Place"):
        call(tool_of(Place, []), WRITTEN)


@pytest.mark.parametrize("call", [by_adk, by_smolagents])
def test_plain_types_arrive_everywhere(call: Callable[..., None]) -> None:
    """The control of what is refused."""
    arrived: list[Any] = []
    for kind, written in ((str, "a"), (float, 3), (list[str], ["a"]), (dict[str, int], {"a": 1})):
        call(tool_of(kind, arrived), written)
    assert arrived == ["a", 3, ["a"], {"a": 1}]


def test_smolagents_takes_no_async_functions() -> None:
    smolagents = pytest.importorskip("smolagents")
    flow = Flow(bind(str, 1).with_options(name="one"))
    with pytest.raises(ValueError, match="No function definition found"):
        smolagents.tool(flow.as_async_function(description="Give it."))
