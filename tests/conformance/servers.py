"""The servers that the suite talks to: each a process of its own, started when it is asked for."""

import os
import re
import subprocess
import sys
import tomllib
from contextlib import ExitStack
from pathlib import Path

from tests.conformance.engine import REFUSALS, STREAMS
from tests.conformance.picky import rows
from tests.serving import Running, serving
from tests.tiny import build

CALM = {"OMP_THREAD_LIMIT": "1"}
"""llama.cpp's threads wait for each other by spinning: beside other work two are a hundred times slower than one."""
ROOT = Path(__file__).parent.parent.parent
SCRIPT = """
[[rules]]
match = { text = "Say nothing at all." }
answers = [{ blocks = [] }]

[[rules]]
match = { text = "Fail in the middle." }
answers = [{ text = "Once upon a time there was a king.", fault = { after = 3, type = "overloaded_error" } }]
"""
LIVE = "SIJO_LIVE"
"""A variable that names a configuration: then another engine stands in for llama.cpp (`tests/live.py`)."""
WINDOWS = {"plain": 2048, "think": 4096, "call": 16384}
"""The models and their windows in tokens: descriptions of many tools take much room."""
BROKEN = re.compile(r'Traceback|was never (?:retrieved|awaited)|unclosed|"level":"(?:error|critical)"')
"""Words in a log that no client can make a sound server write."""


class Servers:
    """The servers by name, started when they are asked for."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        self.folder = folder
        self.stack = stack
        self.running: dict[str, Running] = {}
        self.read: dict[str, int] = {}
        self._behind: str | None = None

    def get(self, name: str) -> Running:
        if name not in self.running:
            flags = getattr(self, f"_{name}")()
            self.running[name] = self.stack.enter_context(serving(self.folder / name, *flags, env=CALM))
        return self.running[name]

    @property
    def behind(self) -> str:
        """The address of the engine that says what was recorded."""
        if self._behind is None:
            command = [sys.executable, "-m", "tests.conformance.engine"]
            engine = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
            self.stack.callback(engine.communicate)
            self.stack.callback(engine.kill)
            assert engine.stdout
            self._behind = f"http://127.0.0.1:{int(engine.stdout.readline())}"
        return self._behind

    def faults(self) -> list[str]:
        """What is new in the logs that should not be there."""
        found = []
        for name, running in self.running.items():
            text = running.log.read_text(errors="replace")
            new, self.read[name] = text[self.read.get(name, 0) :], len(text)
            if BROKEN.search(new):
                found.append(f"{name}:\n{new[-4000:]}")
        return found

    def _simulator(self) -> list[str]:
        script = self.folder / "script.toml"
        script.write_text(SCRIPT)
        return ["--model", "simulator", "--scripts", str(script)]

    def _relay(self) -> list[str]:
        url = self.get("simulator").url
        return self._config("relay", [f'[[engine]]\nkind = "anthropic"\nurl = "{url}"\nkey = "any"\n'])

    def _llama(self) -> list[str]:
        if LIVE in os.environ:
            return ["--config", os.environ[LIVE]]
        engines = []
        for kind, window in WINDOWS.items():
            path = build(self.folder / f"{kind}.gguf", template=kind, context=window)
            engines.append(f'[[engine]]\nname = "{kind}"\nkind = "llama"\npath = "{path}"\n')
        return self._config("llama", engines)

    def _recorded(self) -> list[str]:
        names = [path.stem for path in sorted(STREAMS.glob("*.txt"))]
        names += [f"{what}_{engine}" for what in ("echo", "drip") for engine in rows()]
        names += [f"refuse_{case}" for case in tomllib.loads(REFUSALS.read_text("utf-8"))]
        url, nobody = f"{self.behind}/v1", "http://127.0.0.1:1/v1"
        engines = [section(name, name.split("_")[1], url) for name in names]
        return self._config("recorded", ['[server]\ncache = "engine"\n', *engines, section("nobody", "vllm", nobody)])

    def _config(self, name: str, engines: list[str]) -> list[str]:
        path = self.folder / f"{name}.toml"
        path.write_text("\n".join(engines))
        return ["--config", str(path)]


def section(name: str, kind: str, url: str) -> str:
    return f'[[engine]]\nname = "{name}"\nkind = "{kind}"\nurl = "{url}"\nmodel = "{name}"\n'
