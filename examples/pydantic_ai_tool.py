"""A flow as a tool of a pydantic-ai agent, with a model that is a script: it needs no key and no network.

Needs `pip install pydantic-ai-slim`. The model first asks for a city that does not exist, hears why that failed, and
does better. With a real model, put its name in place of `FunctionModel(...)`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Never

import attrs
from pydantic_ai import Agent, ModelRetry
from pydantic_ai.messages import ModelMessage, ModelResponse, TextPart, ToolCallPart
from pydantic_ai.models.function import AgentInfo, FunctionModel

from flowing import Flow, param, task, to_json

if TYPE_CHECKING:
    from flowing import FlowingError


@attrs.frozen
class Report:
    """What the model gets to read, as JSON."""

    city: str
    degrees: list[float]
    advice: str


city = param("city", str, description="A city that has an airport")
days = param("days", int, default=3, description="How many days to look ahead")

AIRPORTS = {"Paris": 21.5, "Oslo": 12.0}


@task(depends_on=[city], retry=2, retry_backoff_base_ms=10)
def fetch(city: str) -> float:
    """Ask the airport how warm it is."""
    if city not in AIRPORTS:
        message = f"there is no airport in {city}; there is one in {' and '.join(AIRPORTS)}"
        raise LookupError(message)
    return AIRPORTS[city]


@task(depends_on=[fetch, days])
def forecast(fetch: float, days: int) -> list[float]:
    """Look ahead."""
    return [fetch - day for day in range(days)]


@task(depends_on=[fetch])
def advice(fetch: float) -> str:
    """Say what to wear, meanwhile."""
    return "a coat" if fetch < 15 else "a shirt"  # noqa: PLR2004 - degrees


@task(depends_on=[city, forecast, advice])
def weather(city: str, forecast: list[float], advice: str) -> Report:
    """Tell how warm it will be in a city, and what to wear."""
    return Report(city, forecast, advice)


def retry(error: FlowingError) -> Never:
    """Let the model try again, with the reason."""
    raise ModelRetry(str(error)) from error


def script(messages: list[ModelMessage], info: AgentInfo) -> ModelResponse:
    """Say what a model might, turn by turn."""
    heard = getattr(messages[-1].parts[-1], "content", None)
    print(f"the model hears: {heard}")
    match len(messages):
        case 1:
            return ModelResponse(parts=[ToolCallPart(info.function_tools[0].name, {"city": "Atlantis"})])
        case 3:
            return ModelResponse(parts=[ToolCallPart(info.function_tools[0].name, {"city": "Oslo", "days": 2})])
        case _:
            return ModelResponse(parts=[TextPart("Take a coat.")])


flow = Flow(weather)
agent = Agent(FunctionModel(script), tools=[flow.as_function(result=to_json, on_error=retry)])


if __name__ == "__main__":
    print(agent.run_sync("What do I wear in the north?").output)
