"""`python -m bench.streams`: 200 streams at once on one worker, and the longest wait between two events."""

import asyncio
import json
import tempfile
import time
from pathlib import Path

from bench.harness import request, sijo

STREAMS = 200
RATE = 20
TOKENS = 100
SCRIPT = f"""
[[rules]]
answers = [{{ text = "{"hello " * TOKENS}", delay = {{ first = 0.5, rate = {RATE} }} }}]
"""


async def stream(port: int, whole: bytes) -> list[float]:
    """The seconds between two reads of one stream, from its second read on."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(whole)
    gaps, last = [], None
    while data := await reader.read(65536):
        now = time.perf_counter()
        if last is not None:
            gaps.append(now - last)
        last = now
        if data.endswith(b"0\r\n\r\n"):
            break
    writer.close()
    return gaps[1:]


async def run(port: int, whole: bytes) -> list[float]:
    every = await asyncio.gather(*(stream(port, whole) for _ in range(STREAMS)))
    return sorted(gap for gaps in every for gap in gaps)


def main() -> None:
    script = Path(tempfile.mkdtemp()) / "bench.toml"
    script.write_text(SCRIPT)
    ask = {"model": "claude-sonnet-4-5", "max_tokens": 4096, "stream": True,
           "messages": [{"role": "user", "content": "hi"}]}  # fmt: skip
    with sijo("--scripts", str(script)) as (_, port):
        gaps = asyncio.run(run(port, request(json.dumps(ask).encode())))
    pace = 1 / RATE
    print(
        f"{STREAMS} streams at {RATE} tokens a second: gap p50 {gaps[len(gaps) // 2] * 1e3:.0f} ms, p99.9 "
        f"{gaps[int(len(gaps) * 0.999)] * 1e3:.0f}, longest {gaps[-1] * 1e3:.0f} "
        f"({(gaps[-1] - pace) * 1e3:.0f} beyond the pace; goal 100)"
    )


if __name__ == "__main__":
    main()
