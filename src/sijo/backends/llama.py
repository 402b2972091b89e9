"""A llama.cpp server that Sijo starts itself, in a child process, from the `xllamacpp` wheel.

It starts the server, keeps it alive and ends it. Talking to it is left to the adapter for OpenAI-compatible servers.

A failed assertion in llama.cpp ends its whole process, so it gets one of its own: this module, run with `-m`. What the
two say to each other:

    stdin    one line of JSON, the settings (the key is in no argument, so in no list of processes); then nothing, while
             the parent lives. At its end the child is gone, on Linux even in the middle of a load
    stdout   one line of JSON: {} when the model is loaded, {"error": text} when it cannot be
    stderr   llama.cpp's log, which the parent reads for the reason of an end
"""

from __future__ import annotations

import contextlib
import enum
import importlib.util
import json
import os
import re
import secrets
import select
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Literal, Self

HOST = "127.0.0.1"
SHORTEST, LONGEST = 0.25, 30.0  # seconds before a restart, doubled from one to the next
CALM = 60.0  # seconds of service after which a death counts as the first again
LIMIT = 5  # children in a row that die before they are ready, and it is given up
OWN = {"api_keys", "hostnames", "model", "model_alias", "n_ctx", "n_parallel", "port", "reuse_port"}
INHERITED = re.compile(
    r"PATH|HOME|USER|LANG|TZ|TMPDIR|VIRTUAL_ENV|(?:LC|LD|DYLD|PYTHON|XDG|CUDA|NVIDIA|HIP|HSA|ROC|ROCR|AMD|VK|SYCL|ONEAPI"
    r"|ZE|UR|GGML|OMP|GOMP|KMP|MKL|OPENBLAS|METAL|MTL)(?:_\w*)?|PYTHON\w+"
)
"""Variables that a child gets: what loading a library or finding a GPU may need, and so no key of anybody's."""
REFUSAL = r"^[\d.]+ E (.+)"  # a line of llama.cpp's log at the level of errors
ABORT = r"^(?:.*/)?([\w-]+\.\w+:\d+: .+)"  # what ggml prints before it aborts: file, line, assertion

State = Literal["new", "loading", "ready", "down", "failed", "stopped"]


class LlamaError(Exception):
    """No server can be had: no wheel, no model, a setting that does not exist, or a child that keeps dying."""


class LlamaServer:
    """One model, served at `url` to who has `key`; both stay the same when the child is restarted.

    `context` is the window of one request in tokens (None: the one that the model was trained with). `parallel`
    requests are answered at once, each with such a window; more wait in llama.cpp's queue. `alias` is the model's name.
    `extra` sets other fields of xllamacpp's CommonParams by dotted name, as in {"cpuparams.n_threads": 4,
    "cache_type_k": "GGML_TYPE_Q8_0", "mmproj.path": "/models/eyes.gguf"}. llama.cpp's log is added to the file `log`;
    without one nothing is kept but the reason of a failed load.

    `state` goes from new to loading to ready, and after a death to down and to loading again. The end is stopped, or
    failed: the first load was refused, or 5 children in a row died before they were ready. A child that dies at work is
    always replaced, after a quarter of a second to half a minute. `error` says why it is down or failed. Whoever calls
    `start` calls `stop`, also after a failure; `with` does both, and waits until the model is loaded.
    """

    def __init__(
        self,
        path: Path,
        *,
        context: int | None = None,
        parallel: int = 1,
        alias: str = "llama",
        extra: Mapping[str, object] | None = None,
        log: Path | None = None,
    ) -> None:
        self.path = path
        self.key = secrets.token_urlsafe(32)
        self.port = self.pid = self.restarts = 0
        self.state: State = "new"
        self.error: LlamaError | None = None
        self._settings: dict[str, Any] = {
            "path": str(path),
            "alias": alias,
            "context": (context or 0) * parallel,  # llama.cpp divides it among the slots, but not the model's own
            "parallel": parallel,
            "key": self.key,
            "logged": log is not None,
            "extra": dict(extra or {}),
        }
        self._log_path = log
        self._held = contextlib.ExitStack()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._child: subprocess.Popen[bytes] | None = None
        self._thread = threading.Thread(target=self._supervise, name="llama", daemon=True)

    @property
    def url(self) -> str:
        """The root of the OpenAI-compatible routes; the port is chosen by `start`."""
        return f"http://{HOST}:{self.port}/v1"

    @property
    def alive(self) -> bool:
        """Whether a child with a loaded model is running now."""
        return self.state == "ready"

    def start(self) -> None:
        """Begin to load the model in the background. Raises LlamaError when that cannot even be tried."""
        if self.state != "new":
            raise LlamaError(f"this llama.cpp is {self.state}, and starts only once")
        if importlib.util.find_spec("xllamacpp") is None:
            raise LlamaError("llama.cpp is not installed: pip install 'sijo[llamacpp]'")
        extra = self._settings["extra"]
        if own := OWN & {name.partition(".")[0] for name in extra}:
            raise LlamaError(f"extra cannot set {', '.join(sorted(own))}")
        _check(self.path)
        self._log = self._held.enter_context(_open(self._log_path))
        self.port = _reserve(self._held)
        self._line = json.dumps(self._settings | {"port": self.port}).encode() + b"\n"
        self._become("loading")
        self._thread.start()

    def wait_ready(self, timeout: float | None = None) -> None:
        """Block until requests are answered, at most `timeout` seconds. Raises LlamaError when they are not."""
        with self._changed:
            self._changed.wait_for(lambda: self.state not in ("loading", "down"), timeout)
            if self.state != "ready":
                raise self.error or LlamaError(f"{self.path}: llama.cpp is {self.state}")

    def stop(self) -> None:
        """End the child and with it the requests that it is answering. Does nothing the second time."""
        self._stopping.set()
        with self._changed:
            if self._child:
                self._child.kill()
        if self._thread.ident:
            self._thread.join()
        self._held.close()
        if self.state != "failed":
            self._become("stopped")

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as undo:
            undo.callback(self.stop)
            self.start()
            self.wait_ready()
            undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _become(self, state: State, error: LlamaError | None = None) -> None:
        with self._changed:
            self.state, self.error = state, error
            self._changed.notify_all()

    def _supervise(self) -> None:
        pause, stillborn, served = SHORTEST, 0, False
        while True:
            life = self._live()
            if self._stopping.is_set():
                return
            served = served or life.ready
            stillborn = 0 if life.ready else stillborn + 1
            if life.seconds > CALM:
                pause = SHORTEST
            error = LlamaError(f"{self.path}: {life.end}")
            if stillborn == LIMIT or (life.refused and not served):
                self._become("failed", error)
                return
            self._become("down", error)
            if self._stopping.wait(pause):
                return
            pause = min(pause * 2, LONGEST)
            self.restarts += 1
            self._become("loading", error)

    def _live(self) -> _Life:
        """A child from birth to death."""
        begin = os.fstat(self._log.fileno()).st_size
        with self._changed:  # so that `stop` sees either no child or one that it can kill
            if self._stopping.is_set():
                return _Life("stopped")
            command = [sys.executable, "-P", "-m", "sijo.backends.llama"]
            pipe = subprocess.PIPE
            try:
                self._child = subprocess.Popen(  # noqa: S603
                    command, stdin=pipe, stdout=pipe, stderr=self._log, env=inherited()
                )
            except OSError as error:
                return _Life(f"no process for llama.cpp: {error}")
            self.pid = self._child.pid
        with self._child as child:
            assert child.stdin
            assert child.stdout
            with contextlib.suppress(BrokenPipeError):  # dead already: the status says more
                child.stdin.write(self._line)
                child.stdin.flush()
            line = child.stdout.readline()
            said = json.loads(line) if line.endswith(b"\n") else None
            since = time.monotonic()
            if said == {}:
                self._become("ready")
            status = child.wait()
        if said:
            return _Life(_find(REFUSAL, self._log, begin) or said["error"], refused=True)
        end = f"llama.cpp died of {signal.Signals(-status).name}" if status < 0 else f"llama.cpp ended with {status}"
        if why := _find(ABORT, self._log, begin):
            end += f": {why}"
        return _Life(end, ready=said == {}, seconds=time.monotonic() - since if said == {} else 0.0)


@dataclass(frozen=True)
class _Life:
    """How a child ended, whether it was ready before and for how long; `refused`: it said that it cannot load."""

    end: str
    ready: bool = False
    seconds: float = 0.0
    refused: bool = False


def inherited(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """What a child gets of an environment: this server's may hold the keys of other engines, and of its clients."""
    return {name: value for name, value in environ.items() if INHERITED.fullmatch(name)}


def _check(path: Path) -> None:
    try:
        with path.open("rb") as file:
            magic = file.read(4)
    except OSError as error:
        raise LlamaError(f"{path}: {error.strerror}") from error
    if magic != b"GGUF":
        raise LlamaError(f"{path}: not a GGUF file")


def _open(log: Path | None) -> IO[bytes]:
    if log is None:
        return tempfile.TemporaryFile("ab+")
    try:
        return open(os.open(log, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600), "ab+")
    except OSError as error:
        raise LlamaError(f"{log}: {error.strerror}") from error


def _reserve(held: contextlib.ExitStack) -> int:
    """A free port, ours for as long as `held` is open: bound and never listened on, so that without a child nobody is.

    The child listens there by SO_REUSEPORT, which on Linux lets in only processes of the same user.
    """
    holder = held.enter_context(socket.socket())
    holder.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    holder.bind((HOST, 0))
    return int(holder.getsockname()[1])


def _find(pattern: str, log: IO[bytes], begin: int) -> str:
    """What the pattern finds first in the log from byte `begin` on, or in its last 64 KiB."""
    begin = max(begin, os.fstat(log.fileno()).st_size - (1 << 16))
    text = os.pread(log.fileno(), 1 << 16, begin).decode(errors="replace")
    found = re.search(pattern, text, re.MULTILINE)
    return found[1].strip() if found else ""


# What follows runs in the child.


def _main() -> None:
    report = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever the engine prints belongs in the log
    settings = json.loads(sys.stdin.buffer.readline())
    _end_with_stdin()
    _outlive_signals()
    try:
        _server = _serve(settings)  # kept: taking it down can hang
    except (ImportError, OverflowError, RuntimeError, TypeError, ValueError) as error:
        print(json.dumps({"error": str(error)}), file=report, flush=True)
        os._exit(1)
    _outlive_signals()  # loading has put llama.cpp's own handlers in place
    if not settings["logged"]:  # what hostile requests make it print would fill the disk
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 1)
        os.dup2(null, 2)
    print("{}", file=report, flush=True)
    sys.stdin.buffer.read()
    os._exit(0)


def _end_with_stdin() -> None:
    """Have the kernel end this process with stdin: no thread of ours could, as a load holds the interpreter's lock."""
    if sys.platform == "linux":
        import fcntl  # Windows has none

        signal.signal(signal.SIGIO, signal.SIG_DFL)
        fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
        fcntl.fcntl(0, fcntl.F_SETFL, fcntl.fcntl(0, fcntl.F_GETFL) | os.O_ASYNC)
        if select.select([0], [], [], 0)[0]:  # it ended before the kernel was asked
            os._exit(0)


def _outlive_signals() -> None:
    """A signal to the whole group asks Sijo to finish its turns, and it needs the model for that."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)


def _serve(settings: Mapping[str, Any]) -> object:
    import xllamacpp  # type: ignore[import-untyped]

    params = xllamacpp.CommonParams()
    params.verbosity = 3 if settings["logged"] else 1
    params.ui = False
    for name, value in settings["extra"].items():
        _set(params, name, value)
    params.model.path = settings["path"]
    params.model_alias = {settings["alias"]}
    params.n_ctx = settings["context"]
    params.n_parallel = settings["parallel"]
    params.hostnames = [HOST]
    params.port = settings["port"]
    params.reuse_port = True
    params.api_keys = [settings["key"]]  # also while it loads: the port opens first
    return xllamacpp.Server(params)


def _set(params: Any, name: str, value: Any) -> None:
    *owners, field = name.split(".")
    try:
        for owner in owners:
            params = getattr(params, owner)
        old = getattr(params, field)
        setattr(params, field, type(old)[value] if isinstance(old, enum.Enum) else value)
    except (AttributeError, KeyError, OverflowError, TypeError, ValueError) as error:
        raise ValueError(f"extra {name} = {value!r}: {error}") from error


if __name__ == "__main__":
    _main()
