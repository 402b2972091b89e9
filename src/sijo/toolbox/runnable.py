"""What makes an executor a tool of the SDK's runners: `Runnable` for the plain one, `Async` around it for the other.

The SDK is imported here and in `desktop`; what a tool does is for the module that it is named after.
"""

import math
from abc import abstractmethod
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self, cast

import anyio
from anthropic.lib.tools import BetaAsyncBuiltinFunctionTool, BetaBuiltinFunctionTool, ToolError
from anthropic.types.beta import BetaToolUnionParam

__all__ = ["Async", "Content", "Given", "Runnable", "ToolError"]

Content = str | list[Any]
"""What a result holds: text, or content blocks."""


class Given:
    """The input of a call, as a model wrote it: each field is looked at before it is used."""

    def __init__(self, input: Mapping[str, Any]) -> None:
        self.input = input

    def has(self, name: str) -> bool:
        """Whether there is anything in a field."""
        return self.input.get(name) is not None

    def text(self, name: str, default: str | None = None) -> str:
        """A string. Raises ToolError."""
        value = self.input.get(name, default)
        if not isinstance(value, str):
            raise ToolError(f"Error: `{name}` must be a string")
        return value

    def number(self, name: str, default: float | None = None) -> float:
        """A number that is none of the special ones. Raises ToolError."""
        value = self.input.get(name, default)
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ToolError(f"Error: `{name}` must be a number")
        return value

    def whole(self, name: str, default: int | None = None) -> int:
        """A whole number. Raises ToolError."""
        value = self.number(name, default)
        if value != int(value):
            raise ToolError(f"Error: `{name}` must be a whole number")
        return int(value)

    def numbers(self, name: str, count: int) -> list[int]:
        """So many whole numbers. Raises ToolError."""
        value = self.input.get(name)
        if not isinstance(value, list) or len(value) != count or not all(type(part) is int for part in value):
            raise ToolError(f"Error: `{name}` must be a list of {count} whole numbers")
        return cast(list[int], value)


class Runnable(BetaBuiltinFunctionTool):
    """A client tool of the API, with its executor: goes into `tools` of the SDK's `tool_runner`.

    A `with` block ends what it holds; the runner does not. `to_dict()` is its entry for requests without a runner.
    """

    entry: dict[str, Any]

    def to_dict(self) -> BetaToolUnionParam:
        """The entry of `tools`."""
        return cast(BetaToolUnionParam, dict(self.entry))

    def call(self, input: object) -> Content:
        """Do what the model asks. Raises ToolError, which becomes a result with `is_error`."""
        if not isinstance(input, dict):
            raise ToolError("Error: the input must be an object")
        return self.run(Given(input))

    @abstractmethod
    def run(self, given: Given) -> Content:
        """What `call` does, once the input is an object."""

    def cancel(self) -> None:
        """Stop what is running now, from another thread."""

    def close(self) -> None:
        """Let go of everything."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class Async(BetaAsyncBuiltinFunctionTool):
    """A tool for the runner of `AsyncAnthropic`: `Async(Bash())`. It works in a thread, and stops when nobody waits."""

    def __init__(self, tool: Runnable) -> None:
        self.tool = tool

    def to_dict(self) -> BetaToolUnionParam:
        return self.tool.to_dict()

    async def call(self, input: object) -> Content:
        try:
            return await anyio.to_thread.run_sync(self.tool.call, input, abandon_on_cancel=True)
        except anyio.get_cancelled_exc_class():
            self.tool.cancel()
            raise

    async def close(self) -> None:
        await anyio.to_thread.run_sync(self.tool.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
