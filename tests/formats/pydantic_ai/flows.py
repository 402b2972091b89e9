"""Pydantic AI: words, a stream, a loop with a tool, structure in both ways, an image, a count, and what goes wrong.
Prints one JSON object."""

import asyncio
import base64
import json
import os
from typing import Any

from pydantic import BaseModel
from pydantic_ai import Agent, BinaryContent, NativeOutput, UsageLimits
from pydantic_ai.exceptions import ModelHTTPError
from pydantic_ai.models.anthropic import AnthropicModel, AnthropicModelSettings
from pydantic_ai.providers.anthropic import AnthropicProvider


class City(BaseModel):
    """A city."""

    city: str
    population: int


def model(name: str) -> AnthropicModel:
    return AnthropicModel(name, provider=AnthropicProvider(base_url=os.environ["TARGET"], api_key="any"))


PLAIN = model(os.environ["PLAIN"])
PIXEL = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
)
COUNTED = UsageLimits(input_tokens_limit=10_000, count_tokens_before_request=True)
CACHED = AnthropicModelSettings(
    anthropic_cache_instructions=True, anthropic_cache_tool_definitions=True, anthropic_cache_messages=True
)
THOUGHT = AnthropicModelSettings(anthropic_thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=3000)
FACT = "Paris has 2000000 people."
out: dict[str, Any] = {}

forecaster = Agent(PLAIN, instructions="You know the weather.", model_settings=CACHED)


@forecaster.tool_plain
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


async def streamed() -> tuple[list[str], list[dict[str, Any]]]:
    async with Agent(PLAIN).run_stream("What is 27 * 453?") as run:
        words = [piece async for piece in run.stream_text(delta=True)]
    async with Agent(PLAIN, output_type=City).run_stream(FACT) as run:
        return words, [city.model_dump() async for city in run.stream_output()]


out["text"] = Agent(PLAIN).run_sync("What is 27 * 453?", usage_limits=COUNTED).output
out["words"], out["cities"] = asyncio.run(streamed())
loop = forecaster.run_sync("What is the weather in Paris?")
out["loop"] = {"text": loop.output, "requests": loop.usage.requests, "calls": loop.usage.tool_calls}
out["tool"] = Agent(PLAIN, output_type=City).run_sync(FACT).output.model_dump()
out["native"] = Agent(PLAIN, output_type=NativeOutput(City)).run_sync(FACT).output.model_dump()
out["image"] = Agent(PLAIN).run_sync(["What is it?", BinaryContent(PIXEL, media_type="image/png")]).output
thought = Agent(PLAIN, model_settings=THOUGHT).run_sync("What is 27 * 453?")
out["parts"] = [part.part_kind for part in thought.response.parts]
try:
    Agent(model("claude-nowhere-1")).run_sync("Hello")
except ModelHTTPError as error:
    out["missing"] = {"status": error.status_code, "body": error.body}
print(json.dumps(out))
