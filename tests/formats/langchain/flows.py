"""LangChain's adapter: tools bound, output with a structure, each at once and in a stream. Prints one JSON object."""

import asyncio
import json
import os
from typing import Any, Literal

from langchain_anthropic import ChatAnthropic
from langchain_core.messages import HumanMessage, ToolMessage
from langchain_core.tools import tool
from pydantic import BaseModel, Field


class Event(BaseModel):
    """An event in a calendar."""

    title: str
    kind: Literal["meeting", "party"]
    guests: list[str] = Field(description="Who comes.")
    note: str | None = None


@tool
def weather(city: str) -> str:
    """The weather in a city."""
    return f"sunny in {city}"


def model(name: str, **fields: Any) -> ChatAnthropic:
    return ChatAnthropic(
        model_name=os.environ[name],
        base_url=os.environ["TARGET"],
        api_key="any",
        max_tokens=1500,
        max_retries=0,
        **fields,
    )


ASK = "What is the weather in Paris? Plan a meeting about it with Alice."
out: dict[str, Any] = {"structured": {}, "called": {}, "streamed": {}}
MODELS = {"json_schema": "PLAIN", "function_calling": "CALL"}
HELD = {method: model(name).with_structured_output(Event, method=method) for method, name in MODELS.items()}


async def later() -> None:
    """One event loop for all: the adapter keeps its connections from one call to the next."""
    for method, held in HELD.items():
        out["structured"][f"{method} later"] = (await held.ainvoke(ASK)).model_dump()


asyncio.run(later())
for method, held in HELD.items():
    out["structured"][method] = held.invoke(ASK).model_dump()
    *_, last = held.stream(ASK)
    out["streamed"][method] = last.model_dump()

calling = model("CALL")
for strict in (None, True):
    for choice in ("auto", "any", "weather"):
        bound = calling.bind_tools([weather], tool_choice=choice, strict=strict)
        out["called"][f"{choice} {strict}"] = list(bound.invoke(ASK).tool_calls)
gathered = None
for piece in calling.bind_tools([weather], tool_choice="any").stream(ASK):
    gathered = piece if gathered is None else gathered + piece
assert gathered is not None
out["streamed"]["tool_calls"] = gathered.tool_calls

bound = calling.bind_tools([weather], strict=True)
talk: list[Any] = [HumanMessage(ASK)]
first = calling.bind_tools([weather], tool_choice="any", strict=True).invoke(talk)
talk += [first, *(ToolMessage(weather.invoke(call["args"]), tool_call_id=call["id"]) for call in first.tool_calls)]
last = bound.invoke(talk)
out["loop"] = {"reason": last.response_metadata["stop_reason"], "text": last.text, "usage": last.usage_metadata}
print(json.dumps(out))
