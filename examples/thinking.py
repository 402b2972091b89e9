"""Thinking beside a tool: the blocks go back as they came, signatures and all, so the model goes on where it was.

pip install anthropic
export ANTHROPIC_BASE_URL=http://127.0.0.1:8484 ANTHROPIC_API_KEY=any
python examples/thinking.py "What's the weather in Paris and London?"
"""

import sys

from anthropic import Anthropic
from anthropic.types import Message, MessageParam, ToolParam

WEATHER: ToolParam = {
    "name": "get_weather",
    "description": "The weather at a place",
    "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
}


def ask(client: Anthropic, messages: list[MessageParam]) -> Message:
    """One request; prints what it brought and adds it, whole, to the conversation."""
    reply = client.messages.create(
        model="claude-opus-4-7",
        max_tokens=4000,
        thinking={"type": "adaptive", "display": "summarized"},  # the hosted default of this model shows nothing
        output_config={"effort": "high"},
        tools=[WEATHER],
        messages=messages,
    )
    for block in reply.content:
        if block.type == "thinking":
            print("thinks:", block.thinking)
        elif block.type == "tool_use":
            print("calls:", block.name, block.input)
        elif block.type == "text":
            print("says:", block.text)
    messages.append({"role": "assistant", "content": reply.content})
    return reply


def main(question: str) -> None:
    client = Anthropic()
    messages: list[MessageParam] = [{"role": "user", "content": question}]
    while (reply := ask(client, messages)).stop_reason == "tool_use":
        calls = [block for block in reply.content if block.type == "tool_use"]
        messages.append(
            {
                "role": "user",
                "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "15 °C"} for call in calls],
            }
        )


if __name__ == "__main__":
    main(*sys.argv[1:] or ["What's the weather in Paris and London?"])
