"""The bash tool: a persistent session on this machine, with the rights of this process."""

import os
import re
import threading
from collections.abc import Mapping
from typing import Any

from sijo.toolbox.runnable import Given, Runnable, ToolError
from sijo.toolbox.shell import Died, Shell

SECRET = re.compile(
    r"(?:^|_)(?:(?:API)?KEYS?|TOKENS?|SECRETS?|PASS|PASSWD|PASSPHRASE|CREDS|CREDENTIALS?|AUTH)(?:$|_)|PASSWORD|_(?:PWD|PAT)$"
    r"|^ANTHROPIC_|^SIJO_SETTINGS$",
    re.IGNORECASE,
)
"""Environment variables that commands do not get unless they are given: the model could say them to anybody."""

INSIDE = re.compile(r"://[^/\s@]*:[^/\s@]+@")
"""An address with a password in it."""


class Bash(Runnable):
    """Runs commands in one bash session, made at the first of them.

    A command that takes longer than `timeout` seconds is killed; the session lives on where it can. Of its output the
    first and the last are kept, `max_output` bytes in all. `env` is the whole environment; without it commands get that
    of this process, but for what looks like a secret.
    """

    def __init__(
        self,
        *,
        cwd: str | os.PathLike[str] | None = None,
        env: Mapping[str, str] | None = None,
        timeout: float = 120.0,
        max_output: int = 30_000,
        version: str = "bash_20250124",
        cache_control: Mapping[str, Any] | None = None,
    ) -> None:
        self.cwd = os.fspath(cwd) if cwd is not None else None
        self.env = dict(env) if env is not None else harmless(os.environ)
        self.timeout = timeout
        self.max_output = max_output
        self.entry = {"type": version, "name": "bash"}
        if cache_control is not None:
            self.entry["cache_control"] = dict(cache_control)
        self._shell: Shell | None = None
        self._turn = threading.Lock()

    def run(self, given: Given) -> str:
        if given.input.get("restart"):
            self.close()
            return "A new session was started."
        command = given.text("command")
        if "\0" in command:
            raise ToolError("Error: a command cannot hold a NUL character")
        with self._turn:
            return self._ran(command)

    def _ran(self, command: str) -> str:
        shell = self._shell = self._shell or Shell(self.env, self.cwd, self.max_output)
        try:
            status = shell.run(command, self.timeout)
        except KeyboardInterrupt:  # what runs would answer the next command
            self.close()
            raise
        except Died as died:
            output = shell.output()
            self._shell = None
            shell.close()
            how = "was killed" if died.status is None or died.status < 0 else f"ended with status {died.status}"
            note = f"[the session {how}: its state is gone, and the next command starts a new one]"
            if died.status is None:
                note = f"[killed: the command took longer than {self.timeout:g} s]\n{note}"
                raise ToolError(joined(output, note)) from died
            return joined(output, note)
        output = shell.output()
        if status is None:
            raise ToolError(joined(output, f"[killed: the command took longer than {self.timeout:g} s]"))
        return joined(output, f"[exit status {status}]" if status else "") or "(no output)"

    def cancel(self) -> None:
        """End the session, and with it the command that runs."""
        shell, self._shell = self._shell, None
        if shell is not None:
            shell.close()

    def close(self) -> None:
        """End the session and all that was started in it. The next command starts a new one."""
        self.cancel()


def harmless(environ: Mapping[str, str]) -> dict[str, str]:
    """An environment without what looks like a secret."""
    return {k: v for k, v in environ.items() if not SECRET.search(k) and not INSIDE.search(v)}


def joined(output: str, note: str) -> str:
    """The output, and below it a note."""
    return "\n".join(filter(None, (output.removesuffix("\n"), note)))
