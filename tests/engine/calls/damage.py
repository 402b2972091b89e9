"""Breaks good calls in the ways of local models, and says what must become of each: it shares no code with the repair.

`python -m tests.engine.calls.damage` writes `damage.jsonl`: one case a line, `kind`, how it comes (`native`: a name and
arguments; `text`: words of a model whose engine has tools; `told`: words of one that was told of tools in text), and
the outcome: `repaired` to exactly `call`, `asked` again, or left as `words`.
"""

import json
import random
import re
from collections.abc import Iterator
from pathlib import Path

from tests.engine.calls.tools import BY_NAME, CALLS, Json

FILE = Path(__file__).parent / "damage.jsonl"
SEED = 5
Case = dict[str, object]
GOOD, AGAIN = "repaired", "asked"
dumps = json.dumps


def plain(value: object) -> str:
    return dumps(value, ensure_ascii=False)


def slip(word: str, chance: random.Random) -> str:
    """A letter twice."""
    at = chance.randrange(1, len(word) - 1)
    return word[:at] + word[at] + word[at:]


def camel(key: str) -> str:
    first, *rest = key.split("_")
    return first + "".join(word.title() for word in rest)


def last_is(text: str, pattern: str) -> bool:
    return bool(re.search(pattern, text))


def inputs(input: Json, name: str) -> Iterator[tuple[str, str, str]]:
    """Kinds of damage to the JSON of the arguments, each with its outcome."""
    text = plain(input)
    whole = text[:-1]
    yield "python", repr(input), GOOD
    if re.search(r"\b(?:true|false)\b", text):
        words = {"true": "True", "false": "False"}
        yield "literals", re.sub(r"(?<=: )(true|false)", lambda found: words[found[1]], text), GOOD
    yield "trailing comma", f"{whole},}}", GOOD
    yield "comment", f"{{ // the input\n{text[1:]}", GOOD
    yield "comment after", f"{whole} /* done */ }}", GOOD
    if "\\n" in text:
        yield "line breaks", text.replace("\\n", "\n").replace("\\t", "\t"), GOOD
    if "{" not in text[1:]:
        yield "bare keys", re.sub(r'"(\w+)": ', r"\1: ", text), GOOD
    yield "no end", whole, AGAIN if last_is(whole, r"\d\Z") else GOOD
    strings = [found.start() for found in re.finditer(r'"\s*[,}\]]', text)]
    cut = text[: strings[-1]]
    yield "cut in a string", cut, AGAIN
    yield "cut after a key", '{"' + next(iter(input)) + '":', AGAIN
    yield "cut after a comma", f"{whole}, ", AGAIN
    yield "encoded twice", dumps(text), GOOD
    yield "escaped", plain(text)[1:-1], GOOD
    yield "fence", f"```json\n{text}\n```", GOOD
    yield "one end more", f"{text}}}", GOOD
    yield "twice", text + text, GOOD
    yield "empty first", "{}" + text, GOOD
    yield "two inputs", text + plain({**input, "more": 1}), AGAIN
    yield "list", f"[{text}]", GOOD
    yield "wrapper", plain({"arguments": input}), GOOD
    yield "wrapper in text", plain({"parameters": text}), GOOD
    yield "wrapper by name", plain({name: input}), GOOD
    yield "end tag", f"{text}</tool_call>", GOOD
    yield "no JSON", "city is Paris and so on", AGAIN


def fields(input: Json, name: str) -> Iterator[tuple[str, str, str]]:
    """Kinds of damage that leave JSON and break the schema."""
    schema = BY_NAME[name].input_schema
    required = schema["required"]
    yield "extra key", plain({**input, "xyzzy": "because I can"}), GOOD
    yield "extra object", plain({"_": {"a": 1}, **input}), GOOD
    yield "lacks a key", plain({key: value for key, value in input.items() if key != required[0]}), AGAIN
    yield "nothing", "{}", AGAIN
    for key, value in input.items():
        if "_" in key:
            yield "camel case", plain({camel(one): it for one, it in input.items()}), GOOD
        if isinstance(value, bool):
            yield "truth in quotes", plain({**input, key: str(value).lower()}), GOOD
            yield "truth in quotes", plain({**input, key: str(value)}), GOOD
        elif isinstance(value, int | float):
            yield "number in quotes", plain({**input, key: str(value)}), GOOD
            yield "number in words", plain({**input, key: "a few"}), AGAIN
        if key == "unit":
            yield "other case", plain({**input, key: str(value).upper()}), GOOD
            yield "no such word", plain({**input, key: "kelvin"}), AGAIN
        if isinstance(value, list) and len(value) == 1:
            yield "scalar for a list", plain({**input, key: value[0]}), GOOD
        if isinstance(value, list | dict):
            yield "text for a list", plain({**input, key: plain(value)}), GOOD
        if isinstance(value, str) and key in required:
            yield "list for a scalar", plain({**input, key: [value]}), GOOD
            yield "object for a scalar", plain({**input, key: {"value": value}}), AGAIN
            yield "upper case", plain({key.upper(): value} | {k: v for k, v in input.items() if k != key}), GOOD
    if "days" not in input and name == "weather":
        yield "null", plain({**input, "days": None}), GOOD
        yield "near key", plain({**input, "dayz": 3}), AGAIN
    if name == "create_event":
        yield "no wrapper", plain(input["event"]), GOOD
        yield "inner key", plain({"event": {**input["event"], "zz": 1}}), GOOD


def names(name: str, chance: random.Random) -> Iterator[tuple[str, str, str]]:
    yield "prefix", f"functions.{name}", GOOD
    yield "prefix", f"tools:{name}", GOOD
    yield "prefix", f"default_api.{name}", GOOD
    yield "number", f"functions.{name}:0", GOOD
    yield "name in upper case", name.upper(), GOOD
    yield "name with hyphens", name.replace("_", "-").title(), GOOD
    yield "name in camel case", camel(name), GOOD
    if len(name) > 5:
        yield "slip", slip(name, chance), GOOD
    yield "quotes", f"`{name}`", GOOD
    yield "no such tool", "open_the_pod_bay_doors", AGAIN
    yield "no name", "?", AGAIN


def xml(name: str, input: Json) -> str:
    said = "".join(
        f"<parameter={key}>\n{value if isinstance(value, str) else plain(value)}\n</parameter>\n"
        for key, value in input.items()
    )
    return f"<function={name}>\n{said}</function>"


def invoked(name: str, input: Json) -> str:
    said = "".join(
        f'<parameter name="{key}">{value if isinstance(value, str) else plain(value)}</parameter>\n'
        for key, value in input.items()
    )
    return f'<invoke name="{name}">\n{said}</invoke>'


def keyed(name: str, input: Json) -> str:
    said = "".join(
        f"<arg_key>{key}</arg_key>\n<arg_value>{value if isinstance(value, str) else plain(value)}</arg_value>\n"
        for key, value in input.items()
    )
    return f"<tool_call>{name}\n{said}</tool_call>"


def children(name: str, input: Json) -> str:
    said = "".join(f"<{k}>{v if isinstance(v, str) else plain(v)}</{k}>\n" for k, v in input.items())
    return f"<{name}>\n{said}</{name}>"


def texts(name: str, input: Json) -> Iterator[tuple[str, str, str]]:
    """Calls as words: all of them are found, without a loss."""
    args = plain(input)
    call = f'{{"name": "{name}", "arguments": {args}}}'
    python = f"{name}({', '.join(f'{key}={value!r}' for key, value in input.items())})"
    yield "tags in prose", f"Let me see.\n\n<tool_call>\n{call}\n</tool_call>\n\nOne moment.", GOOD
    yield "no end tag", f"<tool_call>\n{call}", GOOD
    yield "wrong end tag", f"<tool_call>\n{call}\n</function_call>", GOOD
    yield "begin for end", f"<tool_call>{call}<tool_call>", GOOD
    yield "fence", f"Sure:\n\n```json\n{call}\n```\n", GOOD
    yield "fence and tags", f"```xml\n<tool_call>{call}</tool_call>\n```", GOOD
    yield "wrong tags", f"<tools>\n{call}\n</tools>", GOOD
    yield "bare", f"I will call it now.\n{call}", GOOD
    yield "parameters", f'{{"name": "{name}", "parameters": {args}}}', GOOD
    yield "function", f'```\n{{"type": "function", "function": {{"name": "{name}", "arguments": {args}}}}}\n```', GOOD
    yield "arguments in text", f'<tool_call>{{"name": "{name}", "arguments": {dumps(args)}}}</tool_call>', GOOD
    yield "flat", f"<tool_call>{plain({'name': name, **input})}</tool_call>", GOOD
    yield "by name", f"<tool_call>{plain({name: input})}</tool_call>", GOOD
    yield "python call", f"<tool_call>{{'name': '{name}', 'arguments': {input!r}}}</tool_call>", GOOD
    yield "XML", f"Now.\n<tool_call>\n{xml(name, input)}\n</tool_call>", GOOD
    yield "XML alone", xml(name, input), GOOD
    yield "invoke", f"<function_calls>\n{invoked(name, input)}\n</function_calls>", GOOD
    yield "keys and values", keyed(name, input), GOOD
    yield "tool calls", f"[TOOL_CALLS][{call}]", GOOD
    yield "tool calls by name", f"[TOOL_CALLS]{name}[ARGS]{args}", GOOD
    yield (
        "sections",
        (
            "<|tool_calls_section_begin|><|tool_call_begin|>functions."
            f"{name}:0<|tool_call_argument_begin|>{args}<|tool_call_end|><|tool_calls_section_end|>"
        ),
        GOOD,
    )
    yield (
        "separators",
        f"<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>{name}<｜tool▁sep｜>{args}<｜tool▁call▁end｜>",
        GOOD,
    )
    yield "functions", f"<function={name}>{args}</function>", GOOD
    yield "python", f"<|python_start|>[{python}]<|python_end|>", GOOD
    yield "tool code", f"```tool_code\n{python}\n```", GOOD
    yield "tags of its own", children(name, input), GOOD
    yield "cut call", f"<tool_call>{call[:-2]}</tool_call>", AGAIN if last_is(call[:-2], r"\d\Z") else GOOD
    yield "cut inside", f'<tool_call>{{"name": "{name}", "arguments": {{"{next(iter(input))}": "a', AGAIN
    yield "words", f"The mark <tool_call> is what I write. So is {name}.", "words"
    yield "another's", '```json\n{"name": "Ann", "arguments": "of all kinds"}\n```', "words"


WITHIN = {
    "python", "literals", "trailing comma", "comment", "comment after", "line breaks", "bare keys", "no end",
    "cut in a string", "cut after a key", "encoded twice", "list", "wrapper", "no JSON",
}  # fmt: skip
"""What can happen to arguments inside of a call that is written as text."""


def within(name: str, input: Json) -> Iterator[tuple[str, str, str]]:
    for kind, broken, outcome in inputs(input, name):
        if kind in WITHIN:
            good = GOOD if kind == "no end" else outcome  # the call's own end closes the input
            yield f"{kind} within", f'<tool_call>\n{{"name": "{name}", "arguments": {broken}}}\n</tool_call>', good


def cases() -> Iterator[Case]:
    chance = random.Random(SEED)
    for name, input in CALLS:
        call = {"name": name, "input": input}
        for kind, broken, outcome in (*inputs(input, name), *fields(input, name)):
            said = {"name": name, "arguments": broken}
            yield {"kind": kind, "via": "native", **said, "outcome": outcome, "call": call}
    for name in BY_NAME:
        input = next(input for one, input in CALLS if one == name)
        for kind, broken, outcome in names(name, chance):
            said = {"name": broken, "arguments": plain(input)}
            yield {"kind": kind, "via": "native", **said, "outcome": outcome, "call": {"name": name, "input": input}}
    for name, input in CALLS[::2]:
        call = {"name": name, "input": input}
        for via in ("text", "told"):
            for kind, broken, outcome in texts(name, input):
                yield {"kind": kind, "via": via, "text": broken, "outcome": outcome, "call": call}
        for kind, broken, outcome in within(name, input):
            yield {"kind": kind, "via": "told", "text": broken, "outcome": outcome, "call": call}


def main() -> None:
    FILE.write_text("".join(f"{plain(case)}\n" for case in cases()), "utf-8")


if __name__ == "__main__":
    main()
