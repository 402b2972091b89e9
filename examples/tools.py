"""The loop of an agent: while the model calls tools, run them and send it what they brought.

pip install anthropic
export ANTHROPIC_BASE_URL=http://127.0.0.1:8484 ANTHROPIC_API_KEY=any
python examples/tools.py "Tell me the weather in Seoul, then convert the temperature to Fahrenheit"
"""

import sys

from anthropic import Anthropic
from anthropic.types import MessageParam, ToolParam, ToolResultBlockParam, ToolUseBlock

QUESTION = "Tell me the weather in Seoul, then convert the temperature to Fahrenheit"
TOOLS: list[ToolParam] = [
    {
        "name": "get_weather",
        "description": "The weather at a place, with the temperature in Celsius",
        "input_schema": {"type": "object", "properties": {"location": {"type": "string"}}, "required": ["location"]},
    },
    {
        "name": "convert_temperature",
        "description": "Convert a temperature from Celsius to Fahrenheit",
        "input_schema": {"type": "object", "properties": {"value": {"type": "number"}}, "required": ["value"]},
    },
]


def run(call: ToolUseBlock) -> ToolResultBlockParam:
    """What a tool brings; a mistake goes to the model, which can correct it."""
    match call.name, call.input:
        case "get_weather", {"location": str()}:
            return {"type": "tool_result", "tool_use_id": call.id, "content": "21 degrees, clear"}
        case "convert_temperature", {"value": int() | float() as value}:
            return {"type": "tool_result", "tool_use_id": call.id, "content": f"{value * 9 / 5 + 32:g} °F"}
    return {"type": "tool_result", "tool_use_id": call.id, "content": "No such tool or input", "is_error": True}


def main(question: str) -> None:
    client = Anthropic()
    messages: list[MessageParam] = [{"role": "user", "content": question}]
    while True:
        reply = client.messages.create(model="claude-sonnet-4-6", max_tokens=1000, tools=TOOLS, messages=messages)
        messages.append({"role": "assistant", "content": reply.content})
        for block in reply.content:
            if block.type == "text":
                print(block.text)
            elif block.type == "tool_use":
                print(f"[{block.name}] {block.input}")
        calls = [block for block in reply.content if block.type == "tool_use"]
        if reply.stop_reason != "tool_use":
            break
        messages.append({"role": "user", "content": [run(call) for call in calls]})


if __name__ == "__main__":
    main(*sys.argv[1:] or [QUESTION])
