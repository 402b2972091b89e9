"""The loop of a turn: who speaks, in which order, how often. Tables, with an engine that says what it is told."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

import pytest

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt
from sijo.engine.servertool import Call, OwnCalls, Session, unanswered
from sijo.engine.turn import Turn, collect, run
from sijo.errors import ApiError, Overloaded, RateLimited, TimedOut
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire import results as r
from sijo.wire import tools as t
from sijo.wire.request import AnyTool, Auto, CountRequest, MessageParam
from sijo.wire.sources import PlainText

MODEL = models().get("claude-opus-4-5")
assert MODEL is not None
REQUEST = CountRequest(model=MODEL.id, messages=[MessageParam("user", "go")])
FETCH = t.Custom(name="web_fetch", input_schema={"type": "object"})
OTHER = t.Custom(name="f", input_schema={"type": "object"})
CALL: list[d.AnyDelta] = [
    d.ToolCall("toolu_1", "web_fetch"),
    d.ToolInput('{"url": "a"}'),
    d.Spent(0, 5),
    d.Stop("tool_use"),
]
DONE: list[d.AnyDelta] = [d.Spent(10), d.Text("Done."), d.Spent(0, 3), d.Stop("end_turn")]
CLIENTS: list[d.AnyDelta] = [d.ToolCall("toolu_2", "f"), d.ToolInput("{}"), d.Stop("tool_use")]


class Engine:
    """Says one list of deltas after the other, the last again and again, and keeps what it was asked."""

    name = "engine"

    def __init__(self, *said: Sequence[d.AnyDelta], **able: Any) -> None:
        self.said = said
        self.abilities = Abilities(**able)
        self.prompts: list[Prompt] = []

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.prompts.append(prompt)
        for delta in self.said[min(len(self.prompts), len(self.said)) - 1]:
            yield delta

    async def count(self, prompt: Prompt, /) -> int | None:
        return None

    async def close(self) -> None: ...


class Fetch(Session):
    """Answers with what it is given: a text, an error to raise, or nothing."""

    functions: Sequence[t.Custom] = (FETCH,)

    def __init__(self, *answers: str | BaseException | d.Wait | None) -> None:
        self.answers = list(answers)
        self.calls: list[Call] = []
        self.left = False

    async def run(self, call: Call, turn: Turn, /) -> AsyncGenerator[d.AnyDelta]:
        self.calls.append(call)
        answer = self.answers[min(len(self.calls), len(self.answers)) - 1] if self.answers else "page"
        if isinstance(answer, BaseException):
            raise answer
        if isinstance(answer, d.Wait):
            yield answer
        elif answer == "forever":
            try:
                await asyncio.get_running_loop().create_future()
            finally:
                self.left = True
        elif answer is not None:
            yield d.Whole(page(call.id, answer))

    def failed(self, call: Call, code: str, /) -> b.Block:
        return r.WebFetchResult(call.id, r.FetchError(code))


def page(id: str, text: str) -> r.WebFetchResult:
    document = r.FetchedDocument(PlainText("text/plain", text))
    return r.WebFetchResult(id, r.Fetched("a", document))


def turn(engine: Engine, *sessions: Session, **fields: Any) -> Turn:
    assert MODEL is not None
    prompt = Prompt(
        model=MODEL,
        request=REQUEST,
        system=(),
        items=[Item("user", [b.Text("go")])],
        tools=[FETCH, OTHER],
        max_tokens=100,
    )
    for name in ("choice", "max_tokens", "items"):
        if name in fields:
            setattr(prompt, name, fields.pop(name))
    return Turn(prompt, engine, sessions=sessions, filters=lambda _: [OwnCalls(sessions)], **fields)


def kinds(message: e.Message) -> list[str]:
    return [str(block.__struct_config__.tag) for block in message.content]


async def test_a_call_is_answered_in_the_same_response_and_the_model_goes_on() -> None:
    engine, fetch = Engine([d.Spent(7), *CALL], DONE), Fetch("page")
    message = await collect(turn(engine, fetch))
    assert kinds(message) == ["server_tool_use", "web_fetch_tool_result", "text"]
    call, result, _ = message.content
    assert isinstance(call, b.ServerToolUse) and isinstance(result, r.WebFetchResult)
    assert call.id.startswith("srvtoolu_") and call.input == {"url": "a"}
    assert result.tool_use_id == call.id
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (17, 8)
    assert [item.role for item in engine.prompts[1].items] == ["user", "assistant"]
    assert engine.prompts[1].items[-1].content == message.content[:2]
    assert engine.prompts[1].items[0] is engine.prompts[0].items[0]


async def test_streaming_says_the_same() -> None:
    whole = await collect(turn(Engine(CALL, DONE), Fetch("page")))
    events = [event async for event in run(turn(Engine(CALL, DONE), Fetch("page")))]
    starts = [event.content_block for event in events if isinstance(event, e.BlockStart)]
    assert [str(block.__struct_config__.tag) for block in starts] == kinds(whole)
    assert sum(isinstance(event, e.MessageStart) for event in events) == 1


async def test_calls_beside_each_other_are_all_answered_before_the_model_goes_on() -> None:
    two: list[d.AnyDelta] = [
        d.ToolCall("1", "web_fetch"), d.ToolInput("{}"), d.ToolCall("2", "web_fetch"), d.Stop("tool_use")
    ]  # fmt: skip
    engine = Engine(two, DONE)
    message = await collect(turn(engine, Fetch("one", "two")))
    assert kinds(message) == ["server_tool_use"] * 2 + ["web_fetch_tool_result"] * 2 + ["text"]
    ids = [block.id for block in message.content if isinstance(block, b.ServerToolUse)]
    assert [block.tool_use_id for block in message.content if isinstance(block, r.WebFetchResult)] == ids
    assert len(engine.prompts) == 2


async def test_after_ten_rounds_the_turn_pauses_with_its_last_call_pending() -> None:
    engine, fetch = Engine(CALL), Fetch("page")
    message = await collect(turn(engine, fetch))
    assert message.stop_reason == "pause_turn"
    assert len(engine.prompts) == 10 and len(fetch.calls) == 9
    assert kinds(message)[-1] == "server_tool_use"


async def test_what_was_paused_goes_on_with_the_pending_result_first() -> None:
    said: list[b.Block] = [b.ServerToolUse("srvtoolu_9", "web_fetch", {"url": "b"})]
    items = [Item("user", [b.Text("go")]), Item("assistant", said)]
    fetch, engine = Fetch("page"), Engine(DONE)
    resumed = unanswered(items, {"web_fetch": fetch})
    message = await collect(turn(engine, fetch, items=items, resumed=resumed))
    assert kinds(message) == ["web_fetch_tool_result", "text"]
    assert [call.id for call in fetch.calls] == ["srvtoolu_9"]
    assert message.stop_reason == "end_turn"


async def test_the_client_answers_its_own_calls_first() -> None:
    fetch = Fetch("page")
    message = await collect(turn(Engine([*CALL[:2], *CLIENTS]), fetch))
    assert kinds(message) == ["server_tool_use", "tool_use"]
    assert message.stop_reason == "tool_use"
    assert fetch.calls == []
    answered = Item("user", [b.ToolResult("toolu_2", "ok")])
    items = [Item("user", [b.Text("go")]), Item("assistant", message.content), answered]
    resumed = unanswered(items, {"web_fetch": fetch})
    after = await collect(turn(Engine(DONE), fetch, items=items, resumed=resumed))
    assert kinds(after) == ["web_fetch_tool_result", "text"]
    assert isinstance(after.content[0], r.WebFetchResult)
    assert isinstance(message.content[0], b.ServerToolUse)
    assert after.content[0].tool_use_id == message.content[0].id


@pytest.mark.parametrize(
    ("then", "pending"),
    [
        ([], ["s"]),
        ([Item("user", [b.ToolResult("t", "x")])], ["s"]),
        ([Item("user", [b.ToolResult("t", "x"), b.Text("and")])], []),
        ([Item("user", [b.Text("never mind")])], []),
        ([Item("user", [b.ToolResult("t", "x")]), Item("assistant", [page("s", "x")])], []),
    ],
)
def test_only_what_the_client_left_open_is_resumed(then: list[Item], pending: list[str]) -> None:
    said: list[b.Block] = [b.ServerToolUse("s", "web_fetch", {}), b.ServerToolUse("other", "web_search", {})]
    items = [Item("user", [b.Text("go")]), Item("assistant", said), *then]
    assert [call.id for call in unanswered(items, {"web_fetch": Fetch()})] == pending


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (ApiError("broken"), "unavailable"),
        (Overloaded(), "too_many_requests"),
        (RateLimited("slow down"), "too_many_requests"),
        (TimedOut("late"), "execution_time_exceeded"),
        (TimeoutError(), "execution_time_exceeded"),
        (None, "unavailable"),
    ],
)
async def test_what_fails_is_a_result_and_the_model_goes_on(answer: BaseException | None, code: str) -> None:
    message = await collect(turn(Engine(CALL, DONE), Fetch(answer)))
    assert kinds(message) == ["server_tool_use", "web_fetch_tool_result", "text"]
    assert isinstance(message.content[1], r.WebFetchResult)
    assert message.content[1].content == r.FetchError(code)


async def test_a_tool_that_waits_for_the_client_ends_the_turn() -> None:
    message = await collect(turn(Engine(CALL, DONE), Fetch(d.Wait())))
    assert kinds(message) == ["server_tool_use"]
    assert message.stop_reason == "tool_use"


async def test_a_client_who_leaves_stops_the_tool() -> None:
    fetch = Fetch("forever")
    async with aclosing(run(turn(Engine(CALL, DONE), fetch))) as events:
        async for event in events:
            if isinstance(event, e.BlockStop):
                break
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await anext(events)
    assert fetch.left


@pytest.mark.parametrize("reason", ["max_tokens", "refusal", "stop_sequence", "model_context_window_exceeded"])
async def test_a_call_that_was_cut_off_is_not_run(reason: Any) -> None:
    fetch = Fetch("page")
    message = await collect(turn(Engine([*CALL[:1], d.ToolInput('{"ur'), d.Stop(reason)]), fetch))
    assert message.stop_reason == reason and fetch.calls == []


async def test_all_rounds_together_say_no_more_than_max_tokens() -> None:
    engine = Engine(CALL)
    message = await collect(turn(engine, Fetch("page"), max_tokens=12))
    assert [prompt.max_tokens for prompt in engine.prompts] == [12, 7, 2]
    assert message.stop_reason == "max_tokens"
    assert kinds(message)[-1] == "web_fetch_tool_result"


async def test_a_call_that_was_forced_is_forced_once() -> None:
    engine = Engine(CALL, DONE)
    await collect(turn(engine, Fetch("page"), choice=AnyTool(disable_parallel_tool_use=True)))
    assert [prompt.choice for prompt in engine.prompts] == [AnyTool(True), Auto(True)]


async def test_calls_of_other_names_are_the_clients() -> None:
    message = await collect(turn(Engine(CLIENTS), Fetch("page")))
    assert kinds(message) == ["tool_use"]


class Asks(Fetch):
    """Learns its functions before the model speaks, as from a server of tools, and says so; its calls are of MCP."""

    functions: Sequence[t.Custom] = ()

    def begin(self, turn: Turn, /) -> AsyncGenerator[d.AnyDelta] | None:
        return self.listed()

    async def listed(self) -> AsyncGenerator[d.AnyDelta]:
        self.functions = (t.Custom(name="look", input_schema={"type": "object"}),)
        yield d.Whole(r.McpListing("docs", ["look"]))

    def opened(self, name: str, id: str, /) -> d.Open:
        return d.Open(b.McpToolUse(f"mcptoolu_{id}", name, "docs", {}))

    async def run(self, call: Call, turn: Turn, /) -> AsyncGenerator[d.AnyDelta]:
        yield d.Whole(b.McpToolResult(call.id, f"looked at {call.input['at']}"))


async def test_a_tool_may_ask_first_which_functions_it_has() -> None:
    entry = t.McpToolset(mcp_server_name="docs")
    asks = Asks()
    said: list[d.AnyDelta] = [d.ToolCall("1", "look"), d.ToolInput('{"at": "it"}'), d.Stop("tool_use")]
    made = turn(engine := Engine(said, DONE), asks)
    made.prompt.tools, made.prompt.own = [entry], [(entry, asks)]
    message = await collect(made)
    assert [tool.name for tool in engine.prompts[0].tools if isinstance(tool, t.Custom)] == ["look"]
    assert kinds(message) == ["mcp_tool_listing", "mcp_tool_use", "mcp_tool_result", "text"]
    assert message.content[2] == b.McpToolResult("mcptoolu_1", "looked at it")
