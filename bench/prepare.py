"""`python -m bench.prepare`: a transcript of 1 MB, from bytes to a turn that is ready to run, in this process."""

import json
import time

from sijo.app import offline
from sijo.engine.intake import Terms

SIZE = 1_000_000
ROUNDS = 30
WORDS = "The river ran past the old mill and nobody asked it why; 강물은 이유를 묻지 않는다. "


def transcript() -> bytes:
    """A long agent's conversation: text, tool calls and results of a few hundred characters to a few thousand."""
    messages: list[dict[str, object]] = [
        {"role": "user", "content": "Read the whole repository and tell me what it does."}
    ]
    size = n = 0
    while size < SIZE:
        text = WORDS * (1 + n * 7 % 40)
        call = {
            "type": "tool_use",
            "id": f"toolu_{n}",
            "name": "read_file",
            "input": {"path": f"src/{n}.py", "limit": n},
        }
        messages += [
            {"role": "assistant", "content": [{"type": "text", "text": WORDS}, call]},
            {"role": "user", "content": [{"type": "tool_result", "tool_use_id": f"toolu_{n}", "content": text}]},
        ]
        size += len(text.encode()) + 400
        n += 1
    tool = {"name": "read_file", "input_schema": {"type": "object", "properties": {"path": {"type": "string"}}}}
    body = {"model": "claude-opus-4-8", "max_tokens": 1000, "tools": [tool], "messages": messages}
    return json.dumps(body, ensure_ascii=False).encode()


def main() -> None:
    body = transcript()
    intake = offline()
    terms = Terms("2023-06-01")
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        intake.turn(body, terms)
        times.append(time.process_time() - began)
    times.sort()
    print(
        f"{len(body) / 1e6:.2f} MB, {body.count(b'tool_use_id')} tool calls: decoded, checked and prepared in "
        f"{times[len(times) // 2] * 1e3:.2f} ms of CPU (median; best {times[0] * 1e3:.2f}; goal 10)"
    )


if __name__ == "__main__":
    main()
