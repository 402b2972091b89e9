"""A bash process that runs one command after another and keeps its state between them.

Commands go in over a pipe of their own, each ended by a NUL, and their statuses come back over another: what a command
reads and writes cannot be taken for either. A thread takes the output as fast as it comes, and keeps its two ends.
"""

import fcntl
import os
import queue
import secrets
import selectors
import signal
import subprocess
import threading
import time
import weakref
from collections.abc import Collection, Mapping
from contextlib import suppress

from sijo.toolbox import processes

LOOP = """
while IFS= builtin read -r -d '' -u {commands} __command; do
  builtin eval "$__command" </dev/null {commands}<&- {statuses}>&-
  builtin printf '%d\\0' "$?" >&{statuses}
done
"""
MARK = "SIJO_TOOLBOX_SESSION"
CHUNK = 1 << 16
TRIES = 100
UNASKED = 16
"""Statuses that are kept though nobody waits for them: a session that was turned upside down sends them without end."""
DIGITS = 3
"""Of a status. What else comes where statuses are told is none: a command can find the pipe, and write there."""
GRACE = 3.0
"""Seconds in which a command whose processes were killed must come back, else the session goes with it."""


class Ends:
    """The first and the last of what is written, `most` bytes in all, however much it is."""

    def __init__(self, most: int) -> None:
        self.half = most // 2
        self.head, self.tail = bytearray(), bytearray()
        self.dropped = 0

    def add(self, data: bytes) -> None:
        room = self.half - len(self.head)
        if room > 0:
            self.head += data[:room]
            data = data[room:]
        self.tail += data
        if len(self.tail) > 2 * self.half:
            self._trim()

    def take(self) -> str:
        """All that is kept, with a word on what is not; then it is empty."""
        self._trim()
        head, tail, dropped = bytes(self.head), bytes(self.tail), self.dropped
        self.head, self.tail, self.dropped = bytearray(), bytearray(), 0
        if not dropped:
            return (head + tail).decode("utf-8", "replace")
        parts = head.decode("utf-8", "ignore"), tail.decode("utf-8", "ignore")
        return f"{parts[0]}\n[... {dropped} bytes left out ...]\n{parts[1]}"

    def _trim(self) -> None:
        extra = len(self.tail) - self.half
        if extra > 0:
            del self.tail[:extra]
            self.dropped += extra


class Died(Exception):
    """The session has ended; with which status, if it is known."""

    def __init__(self, status: int | None) -> None:
        self.status = status


class Shell:
    """One session. `most` bytes of output are kept of each command."""

    def __init__(self, env: Mapping[str, str], cwd: str | None, most: int) -> None:
        self.mark = f"{MARK}={secrets.token_hex(16)}"
        name, value = self.mark.split("=")
        commands, self._commands = os.pipe()
        done, statuses = os.pipe()
        output, written = os.pipe()
        try:
            self._process = subprocess.Popen(  # noqa: S603  # running commands is what it is for
                ["bash", "--noprofile", "--norc", "-c", LOOP.format(commands=commands, statuses=statuses)],  # noqa: S607
                stdin=subprocess.DEVNULL,
                stdout=written,
                stderr=written,
                env={**env, name: value},
                cwd=cwd,
                pass_fds=(commands, statuses),
                start_new_session=True,
            )
        except OSError:
            for fd in (self._commands, done, output):
                os.close(fd)
            raise
        finally:
            for fd in (commands, statuses, written):
                os.close(fd)
        self._output = Ends(most)
        self._lock = threading.Lock()
        self._statuses: queue.SimpleQueue[int | None] = queue.SimpleQueue()
        pump = Pump(output, done, self._output, self._lock, self._statuses)
        threading.Thread(target=pump.run, name="sijo-bash", daemon=True).start()
        self._end = weakref.finalize(self, end, self._process, self.mark)
        self._shut = weakref.finalize(self, os.close, self._commands)
        self._writing = threading.Lock()

    def run(self, command: str, seconds: float) -> int | None:
        """The command's status, or None where it took too long and its processes were killed. Raises Died."""
        before = processes.descendants(self._process.pid)
        self._give(command.encode("utf-8", "surrogateescape"))
        try:
            return self._awaited(seconds)
        except queue.Empty:
            killed = processes.descendants(self._process.pid) - before
            processes.kill(killed)
        try:
            self._awaited(GRACE)
            self._bury(killed)
        except queue.Empty as error:
            self.close()
            raise Died(None) from error
        return None

    def _bury(self, killed: Collection[int]) -> None:
        """Let bash notice whom it has lost, and say so now: it would say it in the midst of the next command."""
        for _ in range(TRIES):
            if processes.descendants(self._process.pid).isdisjoint(killed):
                break
            time.sleep(0.01)
        self._give(b":")
        self._awaited(GRACE)

    def output(self) -> str:
        """What was written since this was last asked."""
        with self._lock:
            return self._output.take()

    def close(self) -> None:
        """End it, and all that was started in it; what runs now raises Died."""
        self._end()
        with self._writing:
            self._shut()

    def _give(self, command: bytes) -> None:
        """Let it run a command. Raises Died."""
        try:
            self._write(command + b"\0")
        except BrokenPipeError as error:
            raise Died(self._process.wait()) from error

    def _write(self, data: bytes) -> None:
        with self._writing:  # for nobody to close it meanwhile
            if not self._shut.alive:
                raise BrokenPipeError
            rest = memoryview(data)
            while rest:
                rest = rest[os.write(self._commands, rest) :]

    def _awaited(self, seconds: float) -> int:
        status = self._statuses.get(timeout=seconds)
        if status is None:
            raise Died(self._process.wait())
        return status


class Pump:
    """Takes what a session writes, until it ends."""

    def __init__(
        self,
        output: int,
        done: int,
        ends: Ends,
        lock: threading.Lock,
        statuses: "queue.SimpleQueue[int | None]",
    ) -> None:
        self.output, self.done, self.ends, self.lock, self.statuses = output, done, ends, lock, statuses
        self._digits = b""

    def run(self) -> None:
        for fd in (self.output, self.done):
            os.set_blocking(fd, False)
        with selectors.DefaultSelector() as selector:
            selector.register(self.output, selectors.EVENT_READ)
            selector.register(self.done, selectors.EVENT_READ)
            while selector.get_map():
                for key, _ in selector.select():
                    if not (self._read() if key.fd == self.output else self._told()):
                        selector.unregister(key.fd)
        os.close(self.output)
        os.close(self.done)

    def _read(self, most: int = CHUNK) -> int:
        """Take some output; how many bytes, 0 at its end."""
        try:
            data = os.read(self.output, most)
        except BlockingIOError:
            return -1
        with self.lock:
            self.ends.add(data)
        return len(data)

    def _told(self) -> bool:
        """A command is done, or the session: all that was written before is in the pipe, and no more than it holds."""
        data = os.read(self.done, CHUNK)
        left = pipe_size(self.output)
        while left > 0 and (taken := self._read()) > 0:
            left -= taken
        *statuses, rest = (self._digits + data).split(b"\0")
        self._digits = rest[: DIGITS + 1]  # one that is too long by then stays so
        told = [int(status) for status in statuses if len(status) <= DIGITS and status.isdigit()]
        for status in told[: max(0, UNASKED - self.statuses.qsize())]:
            self.statuses.put(status)
        if not data:
            self.statuses.put(None)
        return bool(data)


def pipe_size(fd: int) -> int:
    """How much a pipe holds."""
    with suppress(OSError, AttributeError):
        return fcntl.fcntl(fd, fcntl.F_GETPIPE_SZ)
    return CHUNK


def end(process: subprocess.Popen[bytes], mark: str) -> None:
    """Kill a session with its process group, and what has left the group."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for _ in range(TRIES):  # one that is found may just be starting another
        strays = processes.marked(mark) - {process.pid}
        if not strays:
            break
        processes.kill(strays)
        time.sleep(0.01)
    process.wait()
