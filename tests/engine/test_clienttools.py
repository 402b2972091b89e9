"""The API's own tools and toolsets, as an engine sees them, and what the client gets of an engine's calls."""

import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import anthropic
import jsonschema_rs
import pytest
from anthropic.types import Message, ToolUnionParam, UserMessageParam

from sijo.engine import clienttools, toolsets
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.lower import lower, merged
from sijo.engine.members import Members
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.engine.tabs import told
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import CountRequest, MessageParam
from sijo.wire.results import ToolReference
from tests.cli.engine import TEXT, Engine, called
from tests.replies import piece, text
from tests.serving import serving

COMPUTER = t.ComputerToolset()
BROWSER = t.BrowserToolset()
DISPLAY: dict[str, Any] = {"name": "computer", "display_width_px": 1024, "display_height_px": 768}


def prompt(*messages: MessageParam, tools: tuple[t.AnyTool, ...] = (), system: tuple[b.Text, ...] = ()) -> Prompt:
    model = models().get("claude-opus-5")
    assert model is not None
    messages = messages or (MessageParam("user", "go"),)
    request = CountRequest(model=model.id, messages=list(messages))
    return lower(Prompt(model=model, request=request, system=system, items=merged(messages), tools=tools), Abilities())


def shown(prompt: Prompt) -> dict[str, t.Custom]:
    return {tool.name: tool for tool in prompt.tools if isinstance(tool, t.Custom)}


def answered(use: b.ToolUse, *content: b.ResultPart) -> list[MessageParam]:
    result = b.ToolResult(use.id, list(content), toolset_name=use.toolset_name)
    return [MessageParam("user", "go"), MessageParam("assistant", [use]), MessageParam("user", [result])]


# ---- client tools ----


@pytest.mark.parametrize("kind", clienttools.rows())
def test_every_client_tool_has_a_sound_schema(kind: str) -> None:
    row = clienttools.rows()[kind]
    for schema in (row.schema, *(option.schema for option in row.options.values())):
        jsonschema_rs.Draft202012Validator(schema)
        assert schema["type"] == "object"
    assert row.description.endswith(".")


@pytest.mark.parametrize(
    ("tool", "words", "actions"),
    [
        (t.ComputerNovember(**DISPLAY), "1024 by 768", 16),
        (t.ComputerNovember(**DISPLAY, enable_zoom=True), "`zoom`", 17),
        (t.ComputerJanuary(**DISPLAY), "1024 by 768", 16),
        (t.Computer2024(**DISPLAY), "1024 by 768", 10),
    ],
)
def test_the_computer_is_as_big_as_it_is_and_zooms_where_it_may(tool: t.AnyTool, words: str, actions: int) -> None:
    [custom] = shown(prompt(tools=(tool,))).values()
    assert words in custom.description
    assert len(custom.input_schema["properties"]["action"]["enum"]) == actions
    assert ("zoom" in custom.input_schema["properties"]["action"]["enum"]) is (actions == 17)
    assert ("region" in custom.input_schema["properties"]) is (actions == 17)


def test_the_editor_says_how_much_it_shows() -> None:
    short = t.EditorJuly(name="str_replace_based_edit_tool", max_characters=9000)
    assert "at most 9000 characters" in shown(prompt(tools=(short,)))[short.name].description
    long = t.EditorJuly(name="str_replace_based_edit_tool")
    assert "characters" not in shown(prompt(tools=(long,)))[long.name].description


@pytest.mark.parametrize(
    ("tool", "undo"),
    [
        (t.Editor2024(name="str_replace_editor"), True),
        (t.EditorJanuary(name="str_replace_editor"), True),
        (t.EditorApril(name="str_replace_based_edit_tool"), False),
        (t.EditorJuly(name="str_replace_based_edit_tool"), False),
    ],
)
def test_only_the_older_editors_undo(tool: t.AnyTool, undo: bool) -> None:
    [custom] = shown(prompt(tools=(tool,))).values()
    assert ("undo_edit" in custom.input_schema["properties"]["command"]["enum"]) is undo


def test_what_the_caller_says_of_a_tool_stays() -> None:
    examples = [{"command": "ls"}]
    tool = t.Bash(name="bash", input_examples=examples, strict=True, eager_input_streaming=True)
    custom = shown(prompt(tools=(tool,)))["bash"]
    assert (custom.input_examples, custom.strict, custom.eager_input_streaming) == (examples, True, True)


def test_a_memory_brings_its_protocol_and_always_the_same() -> None:
    first = prompt(tools=(t.Memory(name="memory"),), system=(b.Text("Be brief."),))
    again = prompt(MessageParam("user", "something else"), tools=(t.Bash(name="bash"), t.Memory(name="memory")))
    protocol, own = first.system
    assert own == b.Text("Be brief.")
    assert again.system == [protocol]
    assert "/memories" in protocol.text and "cut off" in protocol.text
    assert list(prompt(tools=(t.Bash(name="bash"),), system=(own,)).system) == [own]


# ---- toolsets ----


@pytest.mark.parametrize(("tool", "every", "on"), [(COMPUTER, 17, 17), (BROWSER, 31, 27)])
def test_a_toolset_has_its_members(tool: t.ComputerToolset | t.BrowserToolset, every: int, on: int) -> None:
    toolset = toolsets.NAMES[type(tool)]
    assert len(toolsets.members(toolset)) == every
    made = prompt(tools=(tool,))
    assert len(made.tools) == len(made.members) == on
    assert set(made.members.values()) == {(toolset, name) for name in toolsets.enabled(tool)}
    for custom in shown(made).values():
        jsonschema_rs.Draft202012Validator(custom.input_schema)


def test_members_are_those_that_the_sdk_knows() -> None:
    from typing import get_args

    from anthropic.types import BrowserToolUseBlock, ComputerToolUseBlock

    for toolset, union in (("computer", ComputerToolUseBlock), ("browser", BrowserToolUseBlock)):
        blocks = get_args(get_args(union)[0])
        inputs = {get_args(block.model_fields["name"].annotation)[0]: block.model_fields["input"] for block in blocks}
        rows = toolsets.members(toolset)
        assert set(rows) == set(inputs)
        for name, field in inputs.items():
            theirs = {part.alias or key: part.is_required() for key, part in field.annotation.model_fields.items()}
            ours = {key: key in rows[name].schema["required"] for key in rows[name].schema["properties"]}
            assert ours == theirs, name


def test_configs_turn_members_on_and_off() -> None:
    off = t.ComputerToolset(configs={"zoom": t.MemberConfig(enabled=False), "wait": t.MemberConfig()})
    assert "computer__zoom" not in shown(prompt(tools=(off,)))
    assert "computer__wait" in shown(prompt(tools=(off,)))
    more = t.BrowserToolset(configs={"javascript_exec": t.MemberConfig(enabled=True)})
    assert "browser__javascript_exec" in shown(prompt(tools=(more,)))
    assert "browser__read_console" not in shown(prompt(tools=(more,)))


def test_two_tools_never_have_one_name() -> None:
    own = t.Custom(name="computer__zoom", input_schema={"type": "object"})
    made = prompt(tools=(own, COMPUTER, BROWSER))
    names = [tool.name for tool in shown(made).values()]
    assert len(set(names)) == len(made.tools) == 1 + 17 + 27
    assert made.members["computer__zoom_"] == ("computer", "zoom")
    assert made.members["browser__zoom"] == ("browser", "zoom")


def test_the_mark_for_the_cache_is_on_the_last_member() -> None:
    from sijo.wire.base import CacheControl

    marked = prompt(tools=(t.ComputerToolset(cache_control=CacheControl("ephemeral")),)).tools
    assert [tool.cache_control is not None for tool in marked] == [False] * 16 + [True]


def test_a_deferred_toolset_is_shown_once_it_was_found() -> None:
    deferred = t.ComputerToolset(
        configs={name: t.MemberConfig(defer_loading=True) for name in toolsets.members("computer")}
    )
    own = t.Custom(name="find", input_schema={"type": "object"})
    assert list(shown(prompt(tools=(own, deferred)))) == ["find"]
    for name in ("computer", "left_click"):
        found = answered(b.ToolUse("t1", "find", {}), ToolReference(name))
        assert len(prompt(*found, tools=(own, deferred)).tools) == 18
    called = answered(b.ToolUse("t1", "zoom", {}, toolset_name="computer"), b.Text("x"))
    assert len(prompt(*called, tools=(own, deferred)).tools) == 18


def test_the_conversation_has_the_engines_names() -> None:
    use = b.ToolUse("t1", "left_click", {"coordinate": [1, 2]}, toolset_name="computer")
    made = prompt(*answered(use, b.Text("Clicked.")), tools=(COMPUTER,))
    [call], [result] = made.items[1].content, made.items[2].content
    assert call == b.ToolUse("t1", "computer__left_click", {"coordinate": [1, 2]})
    assert result == b.ToolResult("t1", [b.Text("Clicked.")])


A, B = b.Tab("1", "Shop", "https://shop", True), b.Tab("2", "Cart", "https://cart", False)


@pytest.mark.parametrize(
    ("member", "input", "state", "words"),
    [
        ("switch_tab", {"tab_id": "1"}, [A, B], "Switched to tab 1"),
        ("close_tab", {"tab_id": "7"}, [A], "Closed tab 7"),
        ("new_tab", {}, [A, b.Tab("2", "", "")],
         "Created new tab with tab_id: 1, URL: https://shop. It is now the current tab."),
        ("list_tabs", {}, [A, B], "Available tabs:\n- 1: Shop (https://shop) [active]\n- 2: Cart (https://cart)"),
        ("list_tabs", {}, [], "No tabs available"),
        ("navigate", {"url": "x"}, [A], "Available tabs:\n- 1: Shop (https://shop) [active]"),
    ],
)  # fmt: skip
def test_the_state_of_a_browser_is_told_in_words(member: str, input: Any, state: list[b.Tab], words: str) -> None:
    use = b.ToolUse("t1", member, input, toolset_name="browser")
    made = prompt(*answered(use, b.BrowserState(state)), tools=(BROWSER,))
    [result] = made.items[2].content
    assert result == b.ToolResult("t1", [b.Text(words)])


def test_what_happened_besides_is_told_too() -> None:
    changes: list[b.StateChange] = [
        b.TabOpened("2"),
        b.DownloadStarted("d", "https://a"),
        b.DownloadCompleted("e", "https://b", "/tmp/b", 12),
        b.DownloadFailed("f", "https://c", "gone"),
    ]
    lines = told(b.BrowserState([A, B], changes), None).splitlines()
    assert lines[3:] == [
        "Opened tab 2",
        "Download d started: https://a",
        "Download e completed: https://b, saved as /tmp/b, 12 bytes",
        "Download f failed: https://c: gone",
    ]


def test_a_members_input_comes_in_one_piece() -> None:
    filter = Members({"computer__zoom": ("computer", "zoom")})
    spoken: list[d.AnyDelta] = [
        d.Text("Hm."), d.ToolCall("t1", "computer__zoom"), d.ToolInput('{"region":'), d.Spent(output=1),
        d.ToolInput("[0,0,1,1]}"), d.ToolCall("t2", "f"), d.ToolInput("{"), d.ToolInput("}"), d.Stop("tool_use"),
    ]  # fmt: skip
    out = [delta for spoke in spoken for delta in filter.feed(spoke)] + list(filter.end())
    assert out == [
        d.Text("Hm."), d.Open(b.ToolUse("t1", "zoom", {}, toolset_name="computer")), d.Spent(output=1),
        d.ToolInput('{"region":[0,0,1,1]}'), d.ToolCall("t2", "f"), d.ToolInput("{"), d.ToolInput("}"),
        d.Stop("tool_use"),
    ]  # fmt: skip


# ---- all the way ----


@dataclass
class Desk:
    """An engine, a server before it, and a client of that."""

    engine: Engine
    client: anthropic.Anthropic

    def ask(self, *messages: Any, tools: Any, **more: Any) -> Message:
        message: Message = self.client.messages.create(
            model="claude-opus-5", max_tokens=500, messages=list(messages), tools=tools, **more
        )
        return message


@pytest.fixture(scope="module")
def desks(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    with Engine() as engine:
        threading.Thread(target=engine.serve_forever, daemon=True).start()
        with (
            serving(tmp_path_factory.mktemp("desk"), "--model", f"vllm+{engine.url}#local") as running,
            anthropic.Anthropic(base_url=running.url, api_key="any", max_retries=0) as client,
        ):
            yield Desk(engine, client)
        engine.shutdown()


@pytest.fixture
def desk(desks: Desk) -> Desk:
    desks.engine.reset()
    return desks


GO: UserMessageParam = {"role": "user", "content": "Click on OK."}


def test_an_engines_call_leaves_as_the_members(desk: Desk) -> None:
    desk.engine.answers = [[called("computer__left_click", coordinate=[10, 20])], TEXT]
    tools = [{"type": "computer_toolset_20260801"}]
    reply = desk.ask(GO, tools=tools)
    [use] = reply.content
    assert use.type == "tool_use"
    assert (use.name, use.toolset_name, use.input) == ("left_click", "computer", {"coordinate": [10, 20]})
    result = {"type": "tool_result", "tool_use_id": use.id, "toolset_name": "computer", "content": "Clicked."}
    done = desk.ask(
        GO, {"role": "assistant", "content": reply.content}, {"role": "user", "content": [result]}, tools=tools
    )
    assert text(done) == "All done."
    sent = desk.engine.last
    assert len(sent["tools"]) == 17
    assert [one["function"]["name"] for one in sent["messages"][1]["tool_calls"]] == ["computer__left_click"]
    assert sent["messages"][2]["content"] == "Clicked."


def test_a_members_call_streams_with_its_input_whole(desk: Desk) -> None:
    desk.engine.answers = [
        [called("browser__scroll", target={"type": "coordinate", "x": 1, "y": 2}, scroll_direction="up")]
    ]
    with desk.client.messages.stream(
        model="claude-opus-5",
        max_tokens=500,
        messages=[GO],
        tools=[{"type": "browser_toolset_20260801"}],
    ) as stream:
        events = list(stream)
    [start] = [event.content_block for event in events if event.type == "content_block_start"]
    assert start.type == "tool_use"
    assert (start.name, start.toolset_name, start.input) == ("scroll", "browser", {})
    [delta] = [event for event in events if event.type == "content_block_delta"]
    assert json.loads(piece(delta))["scroll_direction"] == "up"


@pytest.mark.parametrize("name", ["left_click", "computer_left_click", "computer.left_click"])
def test_an_engine_that_shortens_a_members_name_is_understood(desk: Desk, name: str) -> None:
    desk.engine.answers = [[called(name, coordinate="[10, 20]")]]
    [use] = desk.ask(GO, tools=[{"type": "computer_toolset_20260801"}]).content
    assert use.type == "tool_use"
    assert (use.name, use.toolset_name, use.input) == ("left_click", "computer", {"coordinate": [10, 20]})
    assert len(desk.engine.bodies) == 1


def test_a_deferred_toolset_is_found_whole(desk: Desk) -> None:
    search = called("tool_search_tool_bm25", query="press a key at the keyboard")
    desk.engine.answers = [[search], [called("computer__key", text="ctrl+s")], TEXT]
    configs = {name: {"defer_loading": True} for name in toolsets.members("computer")}
    tools = [
        {"type": "tool_search_tool_bm25", "name": "tool_search_tool_bm25"},
        {"type": "computer_toolset_20260801", "configs": configs},
        {"name": "weather", "input_schema": {"type": "object"}, "defer_loading": True},
    ]
    reply = desk.ask(GO, tools=tools)
    first, then = (json.loads(body)["tools"] for body in desk.engine.bodies)
    assert not [one for one in first if one["function"]["name"].startswith("computer__")]
    assert len([one for one in then if one["function"]["name"].startswith("computer__")]) == 17
    result = next(block for block in reply.content if block.type == "tool_search_tool_result")
    assert result.content.type == "tool_search_tool_search_result"
    assert [one.tool_name for one in result.content.tool_references] == ["computer"]
    use = reply.content[-1]
    assert use.type == "tool_use"
    assert (use.name, use.toolset_name, use.input) == ("key", "computer", {"text": "ctrl+s"})
    done = {"type": "tool_result", "tool_use_id": use.id, "toolset_name": "computer", "content": "Pressed."}
    messages = [GO, {"role": "assistant", "content": reply.content}, {"role": "user", "content": [done]}]
    assert text(desk.ask(*messages, tools=tools)) == "All done."


def test_the_engine_reads_the_protocol_and_examples(desk: Desk) -> None:
    tools = [
        {"type": "memory_20250818", "name": "memory"},
        {"type": "bash_20250124", "name": "bash", "input_examples": [{"command": "ls -l"}]},
    ]
    desk.ask(GO, tools=tools, system="Be brief.")
    sent = desk.engine.last
    assert sent["messages"][0]["content"] == f"{clienttools.protocol()}\n\nBe brief."
    assert '{"command":"ls -l"}' in sent["tools"][1]["function"]["description"]


# ---- the simulator ----


SETS: dict[str, ToolUnionParam] = {
    "computer": {"type": "computer_toolset_20260801"},
    "browser": {"type": "browser_toolset_20260801"},
}


@pytest.mark.parametrize(
    ("words", "name", "toolset"),
    [
        ("Take a screenshot", "screenshot", "computer"),
        ("Navigate to https://example.com", "navigate", "browser"),
        ("List the open tabs", "list_tabs", "browser"),
    ],
)
def test_the_simulator_calls_members(client: anthropic.Anthropic, words: str, name: str, toolset: str) -> None:
    reply = client.messages.create(
        model="claude-opus-5",
        max_tokens=500,
        messages=[{"role": "user", "content": words}],
        tools=[SETS[toolset]],
    )
    [use] = [block for block in reply.content if block.type == "tool_use"]
    assert (use.name, use.toolset_name) == (name, toolset)


def test_a_toolset_is_counted_as_what_the_model_reads(client: anthropic.Anthropic) -> None:
    def count(**tools: Any) -> int:
        return client.messages.count_tokens(model="claude-opus-5", messages=[GO], **tools).input_tokens

    bare = count()
    assert count(tools=[{"type": "computer_toolset_20260801"}]) > bare + 700
    assert count(tools=[{"type": "bash_20250124", "name": "bash"}]) > bare + 50


def test_a_script_calls_members_by_name(tmp_path: Path) -> None:
    (tmp_path / "script.toml").write_text(
        '[[rules]]\nmatch.text = "both"\nanswers = {blocks = [{tool = "zoom", toolset = "browser", '
        'input = {region = [0, 0, 9, 9]}}, {tool = "wait", input = {duration = 1}}]}\n'
    )
    flags = ("--model", "simulator", "--scripts", str(tmp_path / "script.toml"))
    with serving(tmp_path, *flags) as running, anthropic.Anthropic(base_url=running.url, api_key="any") as client:
        reply = client.messages.create(
            model="claude-opus-5",
            max_tokens=500,
            messages=[{"role": "user", "content": "both"}],
            tools=[{"type": "computer_toolset_20260801"}, {"type": "browser_toolset_20260801"}],
        )
    uses = [block for block in reply.content if block.type == "tool_use"]
    assert [(use.name, use.toolset_name) for use in uses] == [("zoom", "browser"), ("wait", "computer")]


def test_a_call_in_the_history_may_outlive_its_toolset() -> None:
    use = b.ToolUse("t1", "new_tab", {}, toolset_name="browser")
    made = prompt(*answered(use, b.BrowserState([A])))
    assert made.items[2] == Item(
        "user", [b.ToolResult("t1", [b.Text(told(b.BrowserState([A]), None))], toolset_name="browser")]
    )


@pytest.mark.parametrize(
    ("words", "input"),
    [
        ("Run the command: wc -l a.txt", {"command": "wc -l a.txt"}),
        ("Use bash to run: make -j4 test", {"command": "make -j4 test"}),
        ("Run `echo $((6 * 7))` in bash", {"command": "echo $((6 * 7))"}),
        ("이 명령을 실행해 줘: ls -l", {"command": "ls -l"}),
    ],
)
def test_the_simulator_runs_what_it_is_told(client: anthropic.Anthropic, words: str, input: dict[str, str]) -> None:
    reply = client.messages.create(
        model="claude-opus-5",
        max_tokens=500,
        messages=[{"role": "user", "content": words}],
        tools=[{"type": "bash_20250124", "name": "bash"}],
    )
    [use] = [block for block in reply.content if block.type == "tool_use"]
    assert use.input == input


def test_the_simulator_looks_where_its_memory_is(client: anthropic.Anthropic) -> None:
    reply = client.messages.create(
        model="claude-opus-5",
        max_tokens=500,
        messages=[{"role": "user", "content": "Look into your memory first."}],
        tools=[{"type": "memory_20250818", "name": "memory"}],
    )
    [use] = [block for block in reply.content if block.type == "tool_use"]
    assert use.input == {"command": "view", "path": "/memories"}
