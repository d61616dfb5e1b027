"""An MCP server with a flow for a tool, which tells its client how far the flow is.

Needs `pip install mcp`. `python mcp_server.py serve` serves on stdin and stdout; without `serve` a client in the same
process calls the tool, and prints what it hears.
"""

from __future__ import annotations

import asyncio
import sys

from mcp import Client
from mcp.server import MCPServer
from mcp.server.mcpserver import Context  # noqa: TC002 - the server reads the annotation
from mcp.server.mcpserver.exceptions import ToolError

from flowing import Flow, FlowFailed, Observation, param, task
from flowing.core import AttemptSucceeded

city = param("city", str, description="Where it is")


@task(depends_on=[city])
def fetch(city: str) -> list[float]:
    """Ask for measurements."""
    if city == "Atlantis":
        raise LookupError("no such city")
    return [20.0, 21.5, 23.0]


@task(depends_on=[fetch])
def mean(fetch: list[float]) -> float:
    """Take the mean."""
    return sum(fetch) / len(fetch)


@task(depends_on=[city, mean])
def weather(city: str, mean: float) -> str:
    """Tell how warm it is in a city."""
    return f"{mean:g} degrees in {city}"


server = MCPServer("weather")


def for_the_client(error: Exception) -> object:
    """Have the client see the reason; of any other error it hears nothing but that there was one."""
    raise ToolError(str(error)) from error


async def weather_with_progress(city: str, ctx: Context) -> str:
    """Tell how warm it is in a city, and meanwhile how far that is."""
    flow = Flow(weather)
    steps = len(flow.tasks) - len(flow.inputs)
    loop = asyncio.get_running_loop()
    done: list[str] = []

    def tell(seen: Observation) -> None:
        """Hear an event, in a thread of its own: whatever this takes, the flow does not wait for it."""
        if isinstance(seen.event, AttemptSucceeded) and seen.task is not None:
            done.append(seen.task)
            report = ctx.report_progress(len(done), steps, seen.task)
            asyncio.run_coroutine_threadsafe(report, loop).result()

    with flow.subscribe(tell) as subscription:
        results = await flow.run_async(city=city)
        await asyncio.to_thread(subscription.drain)
    try:
        results.raise_on_failure()
    except FlowFailed as failed:
        raise ToolError(str(failed.exceptions[0])) from failed
    return flow.value(weather)


server.add_tool(Flow(weather).as_async_function(on_error=for_the_client))  # says nothing until it is done
server.add_tool(weather_with_progress)


async def call_from_here() -> None:
    """Be a client in the same process."""

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        print(f"{progress:g} of {total or 0:g}: {message}")

    async with Client(server) as client:
        good = await client.call_tool("weather_with_progress", {"city": "Paris"}, progress_callback=hear)
        bad = await client.call_tool("weather", {"city": "Atlantis"})
    for result in (good, bad):
        print("error:" if result.is_error else "result:", getattr(result.content[0], "text", ""))


if __name__ == "__main__":
    if sys.argv[1:] == ["serve"]:
        server.run()
    else:
        asyncio.run(call_from_here())
