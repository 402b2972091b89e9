"""`python -m bench.start`: from nothing to a server that answers `/health`, and what it holds in memory then."""

import contextlib
import http.client
import socket
import statistics
import subprocess
import sys
import tempfile
import time

import psutil

from bench.harness import ROOT

ROUNDS = 7
PATIENCE = 20.0


def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def answers(port: int) -> bool:
    """Whether `/health` is a 200 by now."""
    client = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        client.request("GET", "/health")
        return client.getresponse().status == 200
    except OSError:
        return False
    finally:
        client.close()


def start() -> tuple[float, float]:
    """Seconds from exec to the first answer, and the resident bytes after it."""
    port = free_port()
    data = tempfile.mkdtemp(prefix="sijo-bench-")
    command = [sys.executable, "-m", "sijo", "serve", "--model", "simulator", "--port", str(port), "--data-dir", data]
    began = time.perf_counter()
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        while not answers(port):
            if server.poll() is not None or time.perf_counter() - began > PATIENCE:
                raise SystemExit("the server did not start")
            time.sleep(0.005)
        took = time.perf_counter() - began
        time.sleep(0.5)
        return took, psutil.Process(server.pid).memory_info().rss
    finally:
        server.terminate()
        server.wait(20)


def main() -> None:
    found = [start() for _ in range(ROUNDS)]
    seconds, bytes = sorted(took for took, _ in found), statistics.median(held for _, held in found)
    print(f"from exec to /health: {seconds[len(seconds) // 2]:.2f} s (median; best {seconds[0]:.2f}; goal 1)")
    print(f"resident at rest: {bytes / 1e6:.0f} MB (goal 120)")


if __name__ == "__main__":
    main()
