"""What engines are asked: prompts as bodies of chat completions, engine by engine."""

from typing import Any

import msgspec
import pytest

from sijo.backends.engines import Row, engines
from sijo.backends.openai_request import body, counted, level, stops
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.base import Json
from sijo.wire.request import AnyTool, Auto, JsonFormat, Named, NoTools, decode_count
from sijo.wire.sources import ImageBase64, PdfBase64, Url

MODEL = next(iter(models()))
REQUEST = decode_count(b'{"model":"m","messages":[{"role":"user","content":"Hi"}]}')
HI = Item("user", [b.Text("Hi")])
WEATHER = t.Custom(name="weather", input_schema={"type": "object"}, description="Tells the weather.")
CLOCK = t.Custom(name="clock", input_schema={"type": "object"}, strict=True)
SCHEMA: Json = {"type": "object", "properties": {}}
PNG = b.Image(ImageBase64("image/png", "aWNvbg=="))
SHOWN = {"type": "image_url", "image_url": {"url": "data:image/png;base64,aWNvbg=="}}


def prompt(*items: Item, **fields: Any) -> Prompt:
    fields = {"system": [], "max_tokens": 100, **fields}
    return Prompt(model=MODEL, request=REQUEST, items=items or [HI], **fields)


def asked(engine: str | Row, *items: Item, **fields: Any) -> Json:
    row = engines()[engine] if isinstance(engine, str) else engine
    made: Json = msgspec.json.decode(msgspec.json.encode(body(prompt(*items, **fields), row, "m")))
    return made


def said(engine: str | Row, *items: Item, **fields: Any) -> list[Json]:
    messages: list[Json] = asked(engine, *items, **fields)["messages"]
    return messages


def user(*content: Any) -> Item:
    return Item("user", [b.Text(part) if isinstance(part, str) else part for part in content])


def assistant(*content: Any) -> Item:
    return Item("assistant", [b.Text(part) if isinstance(part, str) else part for part in content])


def text(words: str) -> Json:
    return {"type": "text", "text": words}


def call(id: str, name: str = "weather", arguments: str = "{}") -> Json:
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def test_the_least_that_is_asked() -> None:
    assert asked("generic") == {
        "model": "m",
        "messages": [{"role": "user", "content": "Hi"}],
        "max_tokens": 100,
        "stream": True,
        "stream_options": {"include_usage": True},
    }


def test_each_engine_has_its_own_name_for_the_limit_and_its_own_way_to_tell_usage() -> None:
    assert asked("openai")["max_completion_tokens"] == 100
    assert "max_tokens" not in asked("openai")
    assert asked("vllm")["stream_options"] == {"include_usage": True, "continuous_usage_stats": True}
    assert "stream_options" not in asked("openrouter")


def test_sampling_goes_where_it_is_taken() -> None:
    given = {"temperature": 0.0, "top_p": 0.5, "top_k": 3}
    assert asked("vllm", **given).items() >= given.items()
    assert "top_k" not in asked("ollama", **given)
    assert not asked("vllm").keys() & given.keys()


def test_stop_sequences_go_only_where_they_do_what_the_api_does() -> None:
    five = tuple("abcde")
    assert asked("vllm", stops=five)["stop"] == list("abcd")
    assert asked("sglang", stops=five)["stop"] == list("abcde")
    assert "stop" not in asked("llamacpp", stops=five)  # it does not say which one it was
    assert stops(prompt(stops=five, tools=[WEATHER]), engines()["vllm"]) == ()  # it would cut calls
    assert stops(prompt(stops=five, thought=Thought("adaptive")), engines()["vllm"]) == ()  # and thoughts


FOLLOWS = "What it shows follows in the user's next message."
CONVERSATIONS: dict[str, tuple[str, list[Item], list[Json]]] = {
    "text blocks are one string": ("vllm", [user("a", "b")], [{"role": "user", "content": "a\nb"}]),
    "an answer cut by citations is one string": (
        "vllm",
        [user("a"), assistant("The sky ", "is blue."), user("b")],
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "The sky is blue."},
            {"role": "user", "content": "b"},
        ],
    ),
    "an image stands where it stood": (
        "vllm",
        [user("see", PNG, "this")],
        [{"role": "user", "content": [text("see"), SHOWN, text("this")]}],
    ),
    "an image by its address": (
        "openai",
        [user(b.Image(Url("https://example.com/a.png")))],
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "https://example.com/a.png"}}]}],
    ),
    "a PDF where files are taken": (
        "openai",
        [user(b.Document(PdfBase64("application/pdf", "JVBERg=="), title="a.pdf"))],
        [{"role": "user", "content": [
            {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}}
        ]}],
    ),
    "calls and their results, in parallel, then words": (
        "vllm",
        [
            user("a"),
            assistant("Let me see.", b.ToolUse("t1", "weather", {"city": "Oslo"}), b.ToolUse("t2", "clock", {})),
            user(b.ToolResult("t1", "sunny"), b.ToolResult("t2", [b.Text("12"), b.Text("30")]), "And?"),
        ],
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "Let me see.",
             "tool_calls": [call("t1", arguments='{"city":"Oslo"}'), call("t2", "clock")]},
            {"role": "tool", "content": "sunny", "tool_call_id": "t1", "name": "weather"},
            {"role": "tool", "content": "12\n30", "tool_call_id": "t2", "name": "clock"},
            {"role": "user", "content": "And?"},
        ],
    ),
    "a call without words, an empty result": (
        "generic",
        [assistant(b.ToolUse("t1", "weather", {})), user(b.ToolResult("t1"))],
        [
            {"role": "assistant", "content": None, "tool_calls": [call("t1")]},
            {"role": "tool", "content": "", "tool_call_id": "t1", "name": "weather"},
        ],
    ),
    "a result that is an error, one without words, one that nobody asked for": (
        "generic",
        [user(b.ToolResult("x", "no such city", is_error=True)), user(b.ToolResult("y", is_error=True)),
         user(b.ToolResult("z", "1"))],
        [
            {"role": "tool", "content": "Error: no such city", "tool_call_id": "x"},
            {"role": "tool", "content": "Error:", "tool_call_id": "y"},
            {"role": "tool", "content": "1", "tool_call_id": "z"},
        ],
    ),
    "a result with an image, where its message holds it": (
        "vllm",
        [assistant(b.ToolUse("t1", "look", {})), user(b.ToolResult("t1", [b.Text("here"), PNG], is_error=True))],
        [
            {"role": "assistant", "content": None, "tool_calls": [call("t1", "look")]},
            {"role": "tool", "content": [text("Error: here"), SHOWN], "tool_call_id": "t1", "name": "look"},
        ],
    ),
    "a result with an image, where it has to follow; all results come first": (
        "ollama",
        [
            assistant(b.ToolUse("t1", "look", {}), b.ToolUse("t2", "clock", {})),
            user(b.ToolResult("t1", [PNG]), b.ToolResult("t2", "12"), "What is it?"),
        ],
        [
            {"role": "assistant", "content": None, "tool_calls": [call("t1", "look"), call("t2", "clock")]},
            {"role": "tool", "content": FOLLOWS, "tool_call_id": "t1", "name": "look"},
            {"role": "tool", "content": "12", "tool_call_id": "t2", "name": "clock"},
            {"role": "user", "content": [text("From the result of look:"), SHOWN, text("What is it?")]},
        ],
    ),
    "thinking goes back in the engine's field": (
        "sglang",
        [user("a"), assistant(b.Thinking("Hm.", "sig"), b.RedactedThinking("x"), "b"), user("c")],
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": "b", "reasoning_content": "Hm."},
            {"role": "user", "content": "c"},
        ],
    ),
    "or is left out where it has none": (
        "openai",
        [user("a"), assistant(b.Thinking("Hm.", "sig"), "b"), user("c")],
        [{"role": "user", "content": "a"}, {"role": "assistant", "content": "b"}, {"role": "user", "content": "c"}],
    ),
    "a turn that was nothing but thinking leaves two of the user's, which are one": (
        "openai",
        [user("a"), assistant(b.Thinking("Hm.", "sig")), user("c")],
        [{"role": "user", "content": "a\nc"}],
    ),
    "the server's own tools are calls and results like others": (
        "vllm",
        [
            user("a"),
            assistant(
                b.ServerToolUse("s1", "web_search", {"query": "x"}),
                r.WebSearchResult("s1", [r.SearchHit("https://e.x", "E", "SECRET")]),
                "Found.",
            ),
            user("b"),
        ],
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None, "tool_calls": [call("s1", "web_search", '{"query":"x"}')]},
            {"role": "tool", "tool_call_id": "s1", "name": "web_search",
             "content": '[{"type":"web_search_result","url":"https://e.x","title":"E"}]'},
            {"role": "assistant", "content": "Found."},
            {"role": "user", "content": "b"},
        ],
    ),
    "but neither without the other": (
        "vllm",
        [
            user("a"),
            assistant(
                r.WebSearchResult("s1", []),
                b.McpToolUse("m1", "find", "docs", {}),
                b.ServerToolUse("s1", "web_search", {}),
                b.ServerToolUse("s2", "web_search", {}),
                r.WebSearchResult("s2", []),
                r.WebSearchResult("s2", []),
            ),
            user("b"),
        ],
        [
            {"role": "user", "content": "a"},
            {"role": "assistant", "content": None, "tool_calls": [call("s2", "web_search")]},
            {"role": "tool", "tool_call_id": "s2", "name": "web_search", "content": "[]"},
            {"role": "user", "content": "b"},
        ],
    ),
    "system messages stay where they are if the engine takes them": (
        "openai",
        [user("a"), Item("system", [b.Text("Be brief.")]), assistant("b"), user("c")],
        [
            {"role": "user", "content": "a"},
            {"role": "system", "content": "Be brief."},
            {"role": "assistant", "content": "b"},
            {"role": "user", "content": "c"},
        ],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_a_conversation_is_said(name: str) -> None:
    engine, items, messages = CONVERSATIONS[name]
    assert said(engine, *items) == messages


def test_the_system_prompt_is_one_message_at_the_start() -> None:
    system = [b.Text("Be kind."), b.Text("Be brief.")]
    assert said("vllm", system=system)[0] == {"role": "system", "content": "Be kind.\n\nBe brief."}
    assert said("vllm", system=[b.Text("")])[0]["role"] == "user"


@pytest.mark.parametrize(
    ("engine", "item", "path"),
    [
        ("deepseek", user("a", PNG), "messages.0.content.1"),
        ("ollama", user(b.Image(Url("https://example.com/a.png"))), "messages.0.content.0"),
        ("vllm", user(b.ToolResult("t", [b.SearchResult("s", "t", [b.Text("x")])])), "messages.0.content.0.content.0"),
        ("vllm", assistant(b.ContainerUpload("file_1")), "messages.0.content.0"),
    ],
)  # fmt: skip
def test_what_cannot_be_said_is_refused_with_its_path(engine: str, item: Item, path: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        asked(engine, item)
    assert caught.value.message.startswith(f"{path}: ")


def test_tools_are_functions() -> None:
    named = {"name": "weather", "description": "Tells the weather.", "parameters": {"type": "object"}}
    assert asked("vllm", tools=[WEATHER])["tools"] == [{"type": "function", "function": named}]
    assert asked("vllm", tools=[CLOCK])["tools"][0]["function"]["strict"] is True
    assert "strict" not in asked("llamacpp", tools=[CLOCK])["tools"][0]["function"]


def test_a_call_that_must_be_made_is_held_to_its_schema() -> None:
    """vLLM holds such a call to its form alone, unless it is told that the tool is strict."""

    def strict(engine: str, tool: t.Custom, choice: Any) -> Any:
        return asked(engine, tools=[tool], choice=choice)["tools"][0]["function"].get("strict")

    for choice in (AnyTool(), Named("weather")):
        assert strict("vllm", WEATHER, choice) is True
        assert strict("sglang", WEATHER, choice) is None  # which holds every forced call
        odd = msgspec.structs.replace(WEATHER, input_schema={"type": "object", "minProperties": 2})
        assert strict("vllm", odd, choice) is None  # its converter might refuse this
    assert strict("vllm", WEATHER, Auto()) is None


def test_examples_of_an_input_are_told_in_words() -> None:
    tool = msgspec.structs.replace(WEATHER, input_examples=[{"city": "Oslo"}])
    assert asked("vllm", tools=[tool])["tools"][0]["function"]["description"].endswith('input:\n{"city":"Oslo"}')


def test_a_tool_that_is_no_function_is_refused() -> None:
    with pytest.raises(InvalidRequest, match=r"^tools\.1: .*web_search_20250305"):
        asked("vllm", tools=[WEATHER, t.WebSearch(name="web_search")])


NAMED = {"type": "function", "function": {"name": "clock"}}


@pytest.mark.parametrize(
    ("engine", "choice", "word", "tools"),
    [
        ("vllm", None, None, ["weather", "clock"]),
        ("vllm", Auto(), None, ["weather", "clock"]),
        ("vllm", AnyTool(), "required", ["weather", "clock"]),
        ("vllm", Named("clock"), NAMED, ["weather", "clock"]),
        ("vllm", NoTools(), "none", ["weather", "clock"]),
        ("llamacpp", Named("clock"), "required", ["clock"]),
        ("ollama", AnyTool(), None, ["weather", "clock"]),
        ("ollama", Named("clock"), None, ["clock"]),
        ("ollama", NoTools(), None, None),
        (engines()["vllm"].changed({"auto": "none"}), Auto(), "none", ["weather", "clock"]),
        (engines()["vllm"].changed({"auto": "none"}), AnyTool(), "required", ["weather", "clock"]),
        (engines()["vllm"].changed({"auto": "none", "tool_choice": ["none"]}), Named("clock"), "none", ["clock"]),
    ],
)
def test_a_choice_of_tools_is_said_in_the_engines_words(
    engine: str | Row, choice: Any, word: Any, tools: list[str] | None
) -> None:
    made = asked(engine, tools=[WEATHER, CLOCK], choice=choice)
    assert made.get("tool_choice") == word
    assert (None if tools is None else [tool["function"]["name"] for tool in made["tools"]]) == tools


def test_one_call_at_a_time_is_asked_for_where_that_helps() -> None:
    choice = Auto(disable_parallel_tool_use=True)
    assert asked("vllm", tools=[WEATHER], choice=choice)["parallel_tool_calls"] is False
    assert "parallel_tool_calls" not in asked("ollama", tools=[WEATHER], choice=choice)
    assert "parallel_tool_calls" not in asked("vllm", tools=[WEATHER], choice=Auto())


MAIL: Json = {"type": "string", "format": "email", "description": "Whose."}
PERSON: Json = {
    "type": "object",
    "properties": {"age": {"type": "integer"}, "mail": MAIL},
    "required": ["mail"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("engine", "strict", "said"),
    [("vllm", True, "pattern"), ("sglang", True, "pattern"), ("ollama", True, "pattern"), ("lmstudio", True, "pattern"),
     ("openai", False, "format"), ("openrouter", False, "format"), ("generic", True, "format")],
)  # fmt: skip
def test_a_schema_holds_the_engine_in_the_words_that_it_knows(engine: str, strict: bool, said: str) -> None:
    wanted = asked(engine, format=JsonFormat(PERSON))["response_format"]
    assert (wanted["type"], wanted["json_schema"]["strict"]) == ("json_schema", strict)
    schema = wanted["json_schema"]["schema"]
    assert list(schema["properties"]) == ["mail", "age"]
    assert said in schema["properties"]["mail"]
    assert asked(engine, format=JsonFormat(PERSON), held=False).get("response_format") is None


def test_a_complete_schema_is_strict_everywhere() -> None:
    whole = {**PERSON, "required": ["mail", "age"]}
    for engine in ("vllm", "openai", "openrouter"):
        assert asked(engine, format=JsonFormat(whole))["response_format"]["json_schema"]["strict"] is True
    for inner in (
        {"anyOf": [PERSON]},
        {"type": "array", "items": PERSON},
        {"$ref": "#/$defs/p", "$defs": {"p": PERSON}},
    ):
        assert asked("openai", format=JsonFormat(inner))["response_format"]["json_schema"]["strict"] is False


def test_llama_is_held_by_a_grammar_and_by_a_schema_where_none_can_be_made() -> None:
    made = asked("llamacpp", format=JsonFormat(PERSON))
    assert made["grammar"].startswith("root ::= ") and "response_format" not in made
    assert "grammar" not in asked("llamacpp", format=JsonFormat(PERSON), held=False)
    bounded = {"type": "integer", "minimum": 3}
    made = asked("llamacpp", format=JsonFormat(bounded))
    assert "grammar" not in made and made["response_format"]["json_schema"]["schema"] == bounded


def test_a_model_is_told_of_the_schema_unless_the_engine_shows_it() -> None:
    told = asked("deepseek", format=JsonFormat(SCHEMA), system=[b.Text("Be kind.")])
    assert told["response_format"] == {"type": "json_object"}
    assert "JSON" in told["messages"][0]["content"] and '"properties":{}' in told["messages"][0]["content"]
    for held in (True, False):  # the same prompt, so that the engine finds it in its cache
        told = asked("llamacpp", format=JsonFormat(SCHEMA), held=held)
        assert told["messages"][0]["content"].startswith("Answer with one JSON value")
    assert asked("openai", format=JsonFormat(SCHEMA))["messages"][0]["role"] == "user"
    assert asked("vllm", format=JsonFormat(SCHEMA), tools=[WEATHER])["messages"][0]["content"].startswith("Your final")


def test_a_strict_tool_has_a_schema_that_the_engine_knows() -> None:
    tool = t.Custom(name="x", input_schema=PERSON, strict=True)
    for engine, strict, said in (("vllm", True, "pattern"), ("llamacpp", None, "pattern"), ("openai", None, "format")):
        function = asked(engine, tools=[tool])["tools"][0]["function"]
        assert function.get("strict") is strict
        assert said in function["parameters"]["properties"]["mail"]
    loose = msgspec.structs.replace(tool, strict=False)
    assert asked("vllm", tools=[loose])["tools"][0]["function"]["parameters"] == PERSON
    # llama.cpp makes a grammar of it all the same, and refuses patterns that it does not know
    mail = asked("llamacpp", tools=[loose])["tools"][0]["function"]["parameters"]["properties"]["mail"]
    assert mail["pattern"].startswith("^") and mail["description"] == "Whose. Format: email"


HEAVY = {"type": "object", "properties": {"a": {"type": "string", "pattern": "^((a{0,99}){0,99}){0,99}$"}}}


def test_a_pattern_that_would_hold_the_engine_up_never_reaches_it() -> None:
    tool = t.Custom(name="x", input_schema=HEAVY)
    parameters = asked("llamacpp", tools=[tool])["tools"][0]["function"]["parameters"]
    assert "pattern" not in parameters["properties"]["a"] and "{0,99}" in parameters["properties"]["a"]["description"]
    for fields in ({"tools": [msgspec.structs.replace(tool, strict=True)]}, {"format": JsonFormat(HEAVY)}):
        with pytest.raises(InvalidRequest, match="too complex"):
            asked("llamacpp", **fields)


KWARGS = "chat_template_kwargs"
ON, OFF = {"enable_thinking": True, "thinking": True}, {"enable_thinking": False, "thinking": False}


@pytest.mark.parametrize(
    ("engine", "thought", "fields"),
    [
        ("vllm", Thought("off", effort="high"), {KWARGS: OFF}),
        ("vllm", Thought("enabled", 2048), {KWARGS: ON, "thinking_token_budget": 2048}),
        ("vllm", Thought("enabled", 2048, "low"), {KWARGS: ON, "thinking_token_budget": 2048}),
        ("vllm", Thought("adaptive", None, "xhigh"), {KWARGS: ON, "reasoning_effort": "xhigh"}),
        ("vllm", Thought("between_tools", None, "low"), {KWARGS: OFF}),
        ("sglang", Thought("enabled", 2048, "low"), {KWARGS: ON, "reasoning_effort": "low"}),
        ("ollama", Thought("off"), {"reasoning_effort": "none"}),
        ("ollama", Thought("enabled", 2048), {}),
        ("ollama", Thought("adaptive", None, "xhigh"), {"reasoning_effort": "high"}),
        ("openrouter", Thought("enabled", 2048), {"reasoning": {"enabled": True, "max_tokens": 2048}}),
        ("openrouter", Thought("adaptive", None, "max"), {"reasoning": {"enabled": True, "effort": "xhigh"}}),
        ("deepseek", Thought("off"), {"thinking": {"type": "disabled"}}),
        ("generic", Thought("adaptive", None, "max"), {}),
    ],
)
def test_thinking_is_switched_in_the_engines_way(engine: str, thought: Thought, fields: Json) -> None:
    made = asked(engine, thought=thought)
    assert {key: value for key, value in made.items() if key not in asked("generic")} == fields


def test_between_tools_thinks_about_results() -> None:
    results = [assistant(b.ToolUse("t1", "weather", {})), user(b.ToolResult("t1", "sunny"))]
    assert asked("vllm", *results, thought=Thought("between_tools"))[KWARGS] == ON


@pytest.mark.parametrize(
    ("effort", "efforts", "word"),
    [("high", "low high", "high"), ("max", "low high", "high"), ("medium", "low high", "low"), ("low", "high", "high")],
)  # fmt: skip
def test_an_effort_is_the_nearest_that_the_engine_knows(effort: str, efforts: str, word: str) -> None:
    assert level(effort, efforts.split()) == word


def test_a_prefill_is_continued_in_the_engines_way() -> None:
    items = [user("a"), assistant("Once", " upon")]
    last = {"role": "assistant", "content": "Once upon"}
    made = asked("vllm", *items)
    assert (made["messages"][-1], made["continue_final_message"], made["add_generation_prompt"]) == (last, True, False)
    assert asked("llamacpp", *items)["messages"][-1] == last
    assert asked("deepseek", *items)["messages"][-1] == last | {"prefix": True}
    with pytest.raises(InvalidRequest, match="does not support assistant message prefill"):
        asked("openai", *items)


def test_a_tokenizer_is_given_the_prompt_and_nothing_else() -> None:
    whole = prompt(user("a"), tools=[WEATHER], temperature=0.5, thought=Thought("off"))
    assert set(counted(whole, engines()["vllm"], "m")) == {"model", "messages", "tools", KWARGS}
