"""`python -m bench.proxied`: the way through an OpenAI-compatible engine that writes each chunk alone."""

import asyncio
import json
import statistics
import time

from bench.harness import exchange, measure, request, server, sijo

ROUNDS = 3
PROBES = 400


async def latency(port: int, whole: bytes) -> float:
    """Median seconds of a short request, one at a time."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 24)
    times = []
    for _ in range(PROBES):
        began = time.perf_counter()
        await exchange(reader, writer, whole)
        times.append(time.perf_counter() - began)
    writer.close()
    return statistics.median(times)


def main() -> None:
    ask = {"model": "claude-sonnet-4-5", "max_tokens": 4096, "messages": [{"role": "user", "content": "stream please"}]}
    long = request(json.dumps({**ask, "stream": True}, separators=(",", ":")).encode())
    short = request(
        json.dumps({**ask, "messages": [{"role": "user", "content": "hi"}]}, separators=(",", ":")).encode()
    )
    straight = request(b'{"stream":true}', "/v1/chat/completions")
    with server("-m", "bench.upstream") as (_, up), sijo("--model", f"http://127.0.0.1:{up}/v1#m") as ours:
        best = {"events": 0.0, "requests": 0.0}
        for _ in range(ROUNDS):
            best["events"] = max(best["events"], measure(*ours, long, clients=16, requests=32, warm=2).events_cpu)
            best["requests"] = max(
                best["requests"], measure(*ours, short, clients=8, requests=2000, warm=100).requests_cpu
            )
        added = [asyncio.run(latency(ours[1], short)) - asyncio.run(latency(up, straight)) for _ in range(ROUNDS)]
    print(f"events   a CPU-second of the server: {best['events']:9,.0f} (goal 15,000)")
    print(f"requests a CPU-second of the server: {best['requests']:9,.0f} (goal 1,000)")
    print(f"added latency, one at a time, p50:   {min(added) * 1e3:9.2f} ms (goal 1)")


if __name__ == "__main__":
    main()
