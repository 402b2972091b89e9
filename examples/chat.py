"""A conversation in the terminal: replies are streamed, and each request brings all that was said before.

pip install anthropic
export ANTHROPIC_BASE_URL=http://127.0.0.1:8484 ANTHROPIC_API_KEY=any
python examples/chat.py
"""

import sys

from anthropic import Anthropic
from anthropic.types import MessageParam


def main() -> None:
    client = Anthropic()
    messages: list[MessageParam] = []
    print("Say something; Ctrl-D ends it.", file=sys.stderr)
    for line in sys.stdin:
        if not line.strip():
            continue
        messages.append({"role": "user", "content": line.strip()})
        with client.messages.stream(model="claude-sonnet-4-6", max_tokens=1000, messages=messages) as stream:
            for text in stream.text_stream:
                print(text, end="", flush=True)
            reply = stream.get_final_message()
        print()
        messages.append({"role": "assistant", "content": reply.content})


if __name__ == "__main__":
    main()
