"""The examples for agents run as they are, without a key and without a network, and print what they should."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"


def printed(name: str) -> list[str]:
    """Run an example in a process of its own."""
    command = [sys.executable, str(EXAMPLES / name)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=300).stdout.splitlines()


def test_a_model_hears_why_it_failed_and_does_better() -> None:
    pytest.importorskip("pydantic_ai")
    why = "LookupError: there is no airport in Atlantis; there is one in Paris and Oslo"
    assert printed("pydantic_ai_tool.py") == [
        "the model hears: What do I wear in the north?",
        f"the model hears: task 'fetch' failed after 3 attempts: {why}",
        'the model hears: {"city": "Oslo", "degrees": [12.0, 11.0], "advice": "a coat"}',
        "Take a coat.",
    ]


def test_a_client_hears_how_far_a_flow_is() -> None:
    pytest.importorskip("mcp")
    assert printed("mcp_server.py") == [
        "1 of 3: fetch",
        "2 of 3: mean",
        "3 of 3: weather",
        "result: 21.5 degrees in Paris",
        "error: Error executing tool weather: task 'fetch' failed after 1 attempt: LookupError: no such city",
    ]


def test_a_flow_with_progress_says_why_it_failed(monkeypatch: pytest.MonkeyPatch) -> None:
    mcp = pytest.importorskip("mcp")
    monkeypatch.syspath_prepend(str(EXAMPLES))
    server = importlib.import_module("mcp_server").server
    heard: list[tuple[float, float | None, str | None]] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append((progress, total, message))

    async def call() -> Any:
        async with mcp.Client(server) as client:
            return await client.call_tool("weather_with_progress", {"city": "Atlantis"}, progress_callback=hear)

    result = asyncio.run(call())
    assert result.is_error
    assert "task 'fetch' failed after 1 attempt: LookupError: no such city" in result.content[0].text
    assert heard == []
