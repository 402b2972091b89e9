"""Executors for the API's client tools, on the client's side: bash, text editor, memory, computer.

Each goes into `tools` of the SDK's `tool_runner`, `Async` around it for the asynchronous one. The server never imports
this package, and it imports nothing of the server. It needs the extra: `pip install 'sijo[toolbox]'`. Screens are in
`sijo.toolbox.x11` and `sijo.toolbox.page`, each with a library of its own.
"""

from sijo.toolbox.bash import Bash
from sijo.toolbox.computer import AsyncComputer, AsyncComputerToolset, Computer, ComputerToolset
from sijo.toolbox.editor import Editor
from sijo.toolbox.memory import Memory
from sijo.toolbox.runnable import Async, Runnable, ToolError
from sijo.toolbox.screen import AsyncScreen, Screen

__all__ = [
    "Async", "AsyncComputer", "AsyncComputerToolset", "AsyncScreen", "Bash", "Computer", "ComputerToolset", "Editor",
    "Memory", "Runnable", "Screen", "ToolError",
]  # fmt: skip
