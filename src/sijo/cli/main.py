"""`sijo`: the command. Each subcommand lives in a module of its own and is imported when it is called."""

import argparse
import importlib
import io
import sys
from collections.abc import Sequence
from typing import Any

from sijo import __version__


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(prog="sijo", description="The Claude API, self-hosted, over any model.")
    top.add_argument("--version", action="version", version=f"sijo {__version__}")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=Command)
    serve = commands.add_parser("serve", help="start the server", description="Start the server.")
    serve.add_argument(
        "--model",
        help="simulator, a URL such as http://localhost:11434/v1#qwen3, a model.gguf, or a "
        "model of an engine that runs here; default: what is found, else the simulator",
    )
    serve.add_argument("--config", help="a sijo.toml")
    serve.add_argument("--host", help="default 127.0.0.1; other than loopback needs keys")
    serve.add_argument("--port", type=int, help="default 8484; 0 takes a free one")
    serve.add_argument("--workers", type=int, help="processes, default 1")
    serve.add_argument("--data-dir", help="where state lives, default ~/.sijo")
    serve.add_argument("--database", metavar="URL", help="a postgresql:// that replicas share; default a file")
    serve.add_argument("--scripts", action="append", help="a script file, or a folder of them, for the simulator")
    serve.add_argument("--record", metavar="DIR", help="write every answer to DIR")
    serve.add_argument("--replay", metavar="DIR", help="answer from the recordings in DIR, offline")
    strictness = serve.add_mutually_exclusive_group()
    strictness.add_argument("--strict", action="store_true", default=None, help="refuse what the hosted API refuses")
    strictness.add_argument("--lenient", action="store_false", dest="strict", help="tolerate what new clients bring")
    command(commands, "cost", "what was spent, and what requests would cost")
    command(commands, "key", "create, list and revoke keys")
    command(commands, "workspace", "create, list and archive workspaces")
    return top


class Command(argparse.ArgumentParser):
    """A command whose module, of the same name, is imported when it is called: `arguments` says what it takes."""

    module: str | None = None

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        if self.module is not None:
            importlib.import_module(self.module).arguments(self)
        return super().parse_known_args(args, namespace)


def command(commands: Any, name: str, words: str) -> None:
    """Add one; its module's `run` does it, and gives the exit status."""
    made = commands.add_parser(name, help=words, description=f"{words[0].upper()}{words[1:]}.")
    made.module = f"sijo.cli.{name}"


def main(argv: Sequence[str] | None = None) -> int:
    """The exit status: 0, or 1 with one line on stderr that says what is wrong."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that lacks a letter shows the rest
    args = parser().parse_args(argv)
    from sijo.backends.llama import LlamaError
    from sijo.config import ConfigError
    from sijo.store import StoreError

    try:
        return int(importlib.import_module(f"sijo.cli.{args.command}").run(args))
    except (ConfigError, LlamaError, StoreError) as error:
        print(f"sijo: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
