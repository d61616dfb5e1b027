"""An MCP server has a flow for a tool, and a client in the same process calls it."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

mcp = pytest.importorskip("mcp")
servers = pytest.importorskip("mcp.server")

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Program = Callable[..., dict[str, Any]]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Leave out of the log what tools raise."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


async def call(server: Any, **arguments: object) -> Any:
    async with mcp.Client(server) as client:
        return await client.call_tool("weather", arguments)


def test_the_client_gets_the_result(program: Program) -> None:
    result = asyncio.run(call(program("MCP")["server"], city="Paris", days=1))
    assert not result.is_error
    assert json.loads(result.content[0].text) == {"city": "Paris", "degrees": [21.5]}


def test_the_client_hears_that_it_failed_and_not_why(program: Program) -> None:
    result = asyncio.run(call(program("MCP")["server"], city="Nowhere"))
    assert result.is_error
    assert result.content[0].text == "Error executing tool weather"


def test_a_tool_error_is_for_the_client(program: Program) -> None:
    result = asyncio.run(call(program("MCP", 1)["server"], city="Nowhere"))
    assert result.is_error
    assert "task 'fetch' failed after 3 attempts: LookupError: no such city" in result.content[0].text


def test_a_plain_function_serves_as_well(program: Program) -> None:
    names = program("MCP")
    server = servers.MCPServer("weather")
    server.add_tool(names["flow"].as_function(result=names["to_json"]))
    assert json.loads(asyncio.run(call(server, city="Paris", days=1)).content[0].text)["degrees"] == [21.5]
    assert asyncio.run(call(server, city="Nowhere")).is_error


def test_the_schema_has_what_the_parameters_say(program: Program) -> None:
    """MCP reads no docstring: descriptions arrive by the hook for pydantic."""

    async def listed() -> Any:
        async with mcp.Client(program("MCP")["server"]) as client:
            return (await client.list_tools()).tools

    (tool,) = asyncio.run(listed())
    assert tool.name == "weather"
    assert tool.description.startswith("Tell how warm it will be, day by day.")
    assert tool.input_schema["properties"] == {
        "city": {"type": "string", "title": "City", "description": "Where it is"},
        "days": {"type": "integer", "title": "Days", "description": "How many days to look ahead", "default": 3},
    }
    assert tool.input_schema["required"] == ["city"]
