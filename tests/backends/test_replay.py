"""What was recorded is played again to who asks the same, and to nobody else."""

import asyncio
import itertools
import json
import stat
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from pathlib import Path
from typing import Any

import msgspec
import pytest
from anthropic import Anthropic, BadRequestError
from anthropic.types import Message, MessageParam, ToolChoiceParam, ToolParam, ToolResultBlockParam
from msgspec.structs import replace

from sijo.backends.record import Recorder
from sijo.backends.replay import Replayer
from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.models import models
from sijo.engine.prompt import Item, Prompt, Thought
from sijo.engine.thinking.speak import speak
from sijo.errors import ApiError, InvalidRequest, Overloaded, RateLimited
from sijo.wire import blocks as b
from sijo.wire import events as e
from sijo.wire import results as r
from sijo.wire.base import Caller
from sijo.wire.opaque import opaque
from sijo.wire.request import CountRequest, decode_count, decode_message
from sijo.wire.sources import WebLocation
from sijo.wire.tools import AnyTool
from tests.serving import serving

Script = Sequence[d.AnyDelta | ApiError]
HELLO: Script = [d.Spent(input=9), d.Text("Hel"), d.Text("lo"), d.Spent(output=2), d.Stop("end_turn")]
CALL: Script = [d.ToolCall("toolu_01CALLCALLCALLCALLCALLCA", "weather"), d.ToolInput('{"city":"Rome"}'),
                d.Stop("tool_use")]  # fmt: skip
PLAIN, SIGNING = Abilities(), Abilities(signs=True, everything=True)
WEATHER = {"type": "custom", "name": "weather", "input_schema": {"type": "object"}}


class Scripted:
    """A backend that says what it was given to say: the first script for the first prompt, and so on."""

    name = "scripted"

    def __init__(self, *scripts: Script, able: Abilities = PLAIN, tokens: int | None = None) -> None:
        self.scripts = iter(scripts)
        self.abilities = able
        self.tokens = tokens
        self.closed = False

    async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        for said in next(self.scripts):
            await asyncio.sleep(0)
            if isinstance(said, ApiError):
                raise said
            yield said

    async def count(self, prompt: Prompt, /) -> int | None:
        return self.tokens

    async def close(self) -> None:
        self.closed = True


def body(*messages: Any, **fields: Any) -> dict[str, Any]:
    """A request: strings are said in turns, the user first; dictionaries are messages as they are."""
    roles = itertools.cycle(("user", "assistant"))
    turns = [
        {"role": role, "content": said} if isinstance(said, str) else said
        for role, said in zip(roles, messages, strict=False)
    ]
    return {"model": "m", "max_tokens": 100, "messages": turns, **fields}


def prompt(asked: Mapping[str, Any], *, counting: bool = False) -> Prompt:
    decode = decode_count if counting else decode_message
    request: CountRequest = decode(json.dumps(asked).encode())
    items = [Item(m.role, m.content if isinstance(m.content, list) else [b.Text(m.content)]) for m in request.messages]
    system = [b.Text(request.system)] if isinstance(request.system, str) else request.system
    tools = [msgspec.json.decode(raw, type=AnyTool) for raw in request.tools]
    model = models().generic("m", 8000, 8000)
    return Prompt(model=model, request=request, system=system if request.system else [], items=items, tools=tools)


async def said(backend: Recorder | Replayer | Scripted, asked: Mapping[str, Any]) -> list[d.AnyDelta]:
    async with aclosing(backend.generate(prompt(asked))) as deltas:
        return [delta async for delta in deltas]


async def broken(backend: Replayer, asked: Mapping[str, Any]) -> tuple[list[d.AnyDelta], ApiError]:
    """What was said before the error, and the error."""
    heard = []
    try:
        async for delta in backend.generate(prompt(asked)):
            heard.append(delta)
    except ApiError as error:
        return heard, error
    raise AssertionError(f"no error after {heard}")


async def recorded(folder: Path, *turns: tuple[Mapping[str, Any], Script]) -> list[Path]:
    """The files of these turns, in order. A script that ends in an error is recorded with it."""
    recorder = Recorder(Scripted(*(script for _, script in turns)), folder)
    for asked, script in turns:
        if isinstance(script[-1], ApiError):
            with pytest.raises(type(script[-1])):
                await said(recorder, asked)
        else:
            await said(recorder, asked)
    return files(folder)


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


def result(id: str, text: str = "Sunny") -> dict[str, Any]:
    return {"role": "user", "content": [{"type": "tool_result", "tool_use_id": id, "content": text}]}


def call(id: str) -> dict[str, Any]:
    return called({"city": "Rome"}, id)


def called(input: dict[str, Any], id: str = "t") -> dict[str, Any]:
    return {"role": "assistant", "content": [{"type": "tool_use", "id": id, "name": "weather", "input": input}]}


EVERY: Script = [
    d.Spent(input=3, cache_read=4, cache_5m=5, cache_1h=6),
    d.About({"id": "msg_1", "usage": {"service_tier": "priority"}}),
    d.Thinking("hm"),
    d.Signature("c2ln"),
    d.Text("héllo 😀\u2028\x00"),
    d.Cited(WebLocation("cited", "index", "title", "https://x.example")),
    d.Close(),
    d.ToolCall("srvtoolu_1", "web_search", server=True),
    d.ToolInput('{"query":"x"}'),
    d.Whole(r.WebSearchResult("srvtoolu_1", [r.SearchHit("https://x.example", "x", "secret", None)])),
    d.Whole(b.RedactedThinking("data")),
    d.Open(b.ToolUse("toolu_2", "f", {}, Caller("direct"))),
    d.Piece(e.ThinkingDelta("a", 5)),
    d.Open(opaque({"type": "hologram", "depth": 3})),
    d.Piece(opaque({"type": "depth_delta", "depth": [1, None]})),
    d.Wait(),
    d.Spent(output=7, thinking=2),
    d.Stop("refusal", None, e.StopDetails("cyber", "because")),
]


async def test_every_kind_of_delta_comes_back_as_it_was(tmp_path: Path) -> None:
    await recorded(tmp_path, (body("hi"), EVERY))
    again = await said(Replayer(tmp_path), body("hi"))
    assert [(type(delta), msgspec.json.encode(delta)) for delta in again] == [
        (type(delta), msgspec.json.encode(delta)) for delta in EVERY
    ]


async def test_the_recorder_passes_on_what_it_writes(tmp_path: Path) -> None:
    backend = Scripted(HELLO, able=SIGNING)
    recorder = Recorder(backend, tmp_path)
    assert await said(recorder, body("hi")) == HELLO
    assert (recorder.name, recorder.abilities) == ("scripted", backend.abilities)
    await recorder.close()
    assert backend.closed


async def test_a_recording_can_be_read_by_a_person(tmp_path: Path) -> None:
    (file,) = await recorded(tmp_path, (body("hi", system="Be brief."), HELLO))
    told = json.loads(file.read_text())
    assert told["question"]["system"] == [{"type": "text", "text": "Be brief."}]
    assert told["question"]["messages"] == [{"role": "user", "content": [{"type": "text", "text": "hi"}]}]
    assert [line[1:] for line in told["answer"]][1] == ["Text", {"text": "Hel"}]
    times = [line[0] for line in told["answer"]]
    assert times == sorted(times) and times[0] >= 0
    assert any(line.strip(" ,").endswith('"Text",{"text":"Hel"}]') for line in file.read_text().splitlines())


async def test_only_its_owner_may_read_a_recording_and_nothing_else_is_left(tmp_path: Path) -> None:
    (file,) = await recorded(tmp_path / "new" / "folder", (body("hi"), HELLO))
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700


async def test_what_authorises_is_masked_and_does_not_hinder_a_match(tmp_path: Path) -> None:
    def with_token(token: str) -> dict[str, Any]:
        return body("hi", mcp_servers=[{"type": "url", "name": "s", "url": "https://s", "authorization_token": token}])

    (file,) = await recorded(tmp_path, (with_token("hush-1"), HELLO))
    assert "hush-1" not in file.read_text()
    assert await said(Replayer(tmp_path), with_token("hush-2")) == HELLO


async def test_a_folder_that_is_lost_costs_the_recording_and_not_the_answer(tmp_path: Path) -> None:
    folder = tmp_path / "recordings"
    recorder = Recorder(Scripted(HELLO), folder)
    folder.rmdir()
    assert await said(recorder, body("hi")) == HELLO


@pytest.mark.parametrize(
    "error",
    [
        Overloaded(retry_after=2.5),
        RateLimited("Slow down", retry_after=1, should_retry=False, details={"error_code": "ramp_limit_exceeded"}),
        ApiError(),
    ],
)
@pytest.mark.parametrize("before", [[], [d.Text("Hel")]], ids=["at once", "in the middle"])
async def test_errors_are_played_too(tmp_path: Path, error: ApiError, before: Script) -> None:
    await recorded(tmp_path, (body("hi"), [*before, error]))
    heard, again = await broken(Replayer(tmp_path), body("hi"))
    assert heard == before
    assert type(again) is type(error)
    assert (again.type, again.status, again.message) == (error.type, error.status, error.message)
    assert (again.retry_after, again.should_retry, again.details) == (
        error.retry_after,
        error.should_retry,
        error.details,
    )


async def test_an_error_of_a_type_and_status_of_its_own_keeps_both(tmp_path: Path) -> None:
    error = ApiError("Precondition failed")
    error.type, error.status = "memory_precondition_failed_error", 412
    await recorded(tmp_path, (body("hi"), [error]))
    with pytest.raises(ApiError) as raised:
        await said(Replayer(tmp_path), body("hi"))
    assert (raised.value.type, raised.value.status) == ("memory_precondition_failed_error", 412)


LONG = "01AAAAAAAAAAAAAAAAAAAAAA"
CACHED = {"cache_control": {"type": "ephemeral"}}
SAME: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("order of keys", body("hi", system="s"), dict(reversed(body("hi", system="s").items()))),
    ("order of tools", body("hi", tools=[WEATHER, {**WEATHER, "name": "b"}]),
     body("hi", tools=[{**WEATHER, "name": "b"}, WEATHER])),
    ("stream", body("hi"), body("hi", stream=True)),
    ("metadata", body("hi"), body("hi", metadata={"user_id": "u"})),
    ("cache marks", body({"role": "user", "content": [{"type": "text", "text": "hi", **CACHED}]}, **CACHED),
     body({"role": "user", "content": [{"type": "text", "text": "hi"}]})),
    ("a string or a block", body("hi", system="s"),
     body({"role": "user", "content": [{"type": "text", "text": "hi"}]}, system=[{"type": "text", "text": "s"}])),
    ("blanks at ends", body("hi"), body(" hi\n")),
    ("Claude Code's billing header", body("hi", system=[
        {"type": "text", "text": "x-anthropic-billing-header: cc_version=1; cc_entrypoint=cli;"},
        {"type": "text", "text": "s"}]), body("hi", system="s")),
    ("signatures", body("hi", {"role": "assistant", "content": [
        {"type": "thinking", "thinking": "t", "signature": "one"}, {"type": "text", "text": "x"}]}, "and?"),
     body("hi", {"role": "assistant", "content": [
         {"type": "thinking", "thinking": "t", "signature": "two"}, {"type": "text", "text": "x"}]}, "and?")),
    ("ids of calls", body("hi", call("toolu_1"), result("toolu_1")), body("hi", call("call-7"), result("call-7"))),
    ("ids of calls in texts", body("hi", call("toolu_1"), result("toolu_1", "by toolu_1")),
     body("hi", call("call_7"), result("call_7", "by call_7"))),
    ("order of keys that hold ids", body("hi", called({"a": f"msg_{LONG}A", "b": f"msg_{LONG}B"}), result("t")),
     body("hi", called({"b": f"msg_{LONG}D", "a": f"msg_{LONG}C"}), result("t"))),
    ("ids in texts", body(f"see /tmp/toolu_{LONG}.txt and msg_{LONG}"),
     body(f"see /tmp/toolu_{LONG[::-1]}.txt and msg_{LONG}B")),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [row[1:] for row in SAME], ids=[row[0] for row in SAME])
async def test_what_varies_does_not_count(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    await recorded(tmp_path, (first, HELLO))
    assert await said(Replayer(tmp_path), second) == HELLO


OTHER: list[tuple[str, dict[str, Any], dict[str, Any]]] = [
    ("a word", body("hi"), body("ho")),
    ("a blank inside", body("a b"), body("a  b")),
    ("the model", body("hi"), body("hi", model="n")),
    ("max_tokens", body("hi"), body("hi", max_tokens=101)),
    ("the system prompt", body("hi", system="a"), body("hi")),
    ("a tool", body("hi", tools=[WEATHER]), body("hi", tools=[{**WEATHER, "description": "d"}])),
    ("thinking", body("hi"), body("hi", thinking={"type": "adaptive"})),
    ("one message more", body("hi"), body("hi", "ho", "hi")),
    ("which call is answered", body("hi", {"role": "assistant", "content": [
        *call("toolu_1")["content"], *call("toolu_2")["content"]]}, result("toolu_1")),
     body("hi", {"role": "assistant", "content": [
         *call("toolu_1")["content"], *call("toolu_2")["content"]]}, result("toolu_2"))),
    ("an id that is an input", body("hi", called({"id": "ticket-1"}), result("t")),
     body("hi", called({"id": "ticket-2"}), result("t"))),
]  # fmt: skip


@pytest.mark.parametrize(("first", "second"), [row[1:] for row in OTHER], ids=[row[0] for row in OTHER])
async def test_all_else_counts(tmp_path: Path, first: dict[str, Any], second: dict[str, Any]) -> None:
    await recorded(tmp_path, (first, HELLO))
    replayer = Replayer(tmp_path)
    assert await said(replayer, first) == HELLO
    with pytest.raises(InvalidRequest):
        await said(replayer, second)


async def test_patterns_and_presets_are_left_out_when_asked(tmp_path: Path) -> None:
    old = body("It is 2026-11-21T03:04:05Z in /tmp/x1, 0a1b2c3d-0000-4000-8000-0123456789ab")
    new = body("It is 2027-01-02 03:04 in /tmp/x2, ffffffff-0000-4000-8000-0123456789ab")
    await recorded(tmp_path, (old, HELLO))
    assert await said(Replayer(tmp_path, ignore=["dates", "uuids", r"/tmp/\w+"]), new) == HELLO
    with pytest.raises(InvalidRequest):
        await said(Replayer(tmp_path, ignore=["dates", "uuids"]), new)
    with pytest.raises(ValueError, match=r"ignore: '\(' is no pattern"):
        Replayer(tmp_path, ignore=["("])


async def test_the_same_again_gets_the_next_recording_and_the_last_one_stays(tmp_path: Path) -> None:
    first, second = [d.Text("1")], [d.Text("2")]
    await recorded(tmp_path, (body("hi"), first), (body("hi"), second), (body("ho"), HELLO))
    replayer = Replayer(tmp_path)
    answers = [await said(replayer, body(word)) for word in ("hi", "ho", "hi", "hi", "ho")]
    assert answers == [first, HELLO, second, second, HELLO]


async def test_a_conversation_goes_on_from_what_was_played(tmp_path: Path) -> None:
    assert isinstance(CALL[0], d.ToolCall)
    id = CALL[0].id
    turns = [body("Rome?"), body("Rome?", call(id), result(id))]
    await recorded(tmp_path, (turns[0], CALL), (turns[1], HELLO))
    replayer = Replayer(tmp_path)
    played = await said(replayer, turns[0])
    assert played == CALL and isinstance(played[0], d.ToolCall)
    assert await said(replayer, body("Rome?", call(played[0].id), result(played[0].id))) == HELLO


async def test_an_answer_speaks_of_calls_by_the_ids_of_its_client(tmp_path: Path) -> None:
    late: Script = [
        d.Whole(r.CodeResult("toolu_1", r.CodeRun("out of toolu_1", "", 0, []))),
        d.Text("Not 1 but toolu_1, not toolu_12"),
    ]
    await recorded(tmp_path, (body("hi", call("toolu_1"), result("toolu_1")), late))
    here = 'toolu_"quoted"\\1'
    again = await said(Replayer(tmp_path), body("hi", call(here), result(here)))
    assert again == [
        d.Whole(r.CodeResult(here, r.CodeRun(f"out of {here}", "", 0, []))),
        d.Text(f"Not 1 but {here}, not toolu_12"),
    ]


async def test_what_a_turn_has_said_since_is_part_of_the_question(tmp_path: Path) -> None:
    search = [b.ServerToolUse("srvtoolu_1", "web_search", {"query": "x"})]

    def second(text: str) -> Prompt:
        found = r.WebSearchResult("srvtoolu_1", [r.SearchHit("https://x", text, "e")])
        asked = prompt(body("hi"))
        return replace(asked, items=[*asked.items, Item("assistant", [*search, found])])

    recorder = Recorder(Scripted([d.Text("1")], [d.Text("2")]), tmp_path)
    for one in (prompt(body("hi")), second("found")):
        _ = [delta async for delta in recorder.generate(one)]
    replayer = Replayer(tmp_path)
    assert [delta async for delta in replayer.generate(second("found"))] == [d.Text("2")]
    assert [delta async for delta in replayer.generate(prompt(body("hi")))] == [d.Text("1")]
    with pytest.raises(InvalidRequest, match=r"messages\.1\.content\.1"):
        _ = [delta async for delta in replayer.generate(second("other"))]


async def test_a_prefill_is_what_the_client_said(tmp_path: Path) -> None:
    await recorded(tmp_path, (body("hi", "The answer"), HELLO))
    (file,) = files(tmp_path)
    assert len(json.loads(file.read_text())["question"]["messages"]) == 2
    assert await said(Replayer(tmp_path), body("hi", "The answer")) == HELLO


async def test_a_miss_names_the_nearest_recording_and_the_first_difference(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    paris, rome = body("How is the weather in Paris?"), body("How is the weather in Rome?")
    names = [
        file.name
        for file in await recorded(
            tmp_path, (paris, HELLO), (body("Tell me a joke about cats"), HELLO), (body("one", "two", "three"), HELLO)
        )
    ]
    with pytest.raises(InvalidRequest) as raised:
        await said(Replayer(tmp_path), rome)
    message = raised.value.message
    assert names[0] in message and names[1] not in message and names[2] not in message
    differs = 'recorded "How is the weather in Paris?", asked "How is the weather in Rome?"'
    assert f"messages.0.content.0.text: {differs}" in message
    assert raised.value.should_retry is False
    assert message in caplog.text


async def test_a_miss_shows_little_of_much(tmp_path: Path) -> None:
    filler = "word " * 20_000
    await recorded(tmp_path, (body(f"{filler}old{filler}", system="a", max_tokens=7, stop_sequences=["x"]), HELLO))
    many = [{**WEATHER, "name": f"tool_{n}"} for n in range(50)]
    with pytest.raises(InvalidRequest) as raised:
        await said(Replayer(tmp_path), body(f"{filler}new{filler}", "and", "so", system="b", tools=many))
    message = raised.value.message
    assert len(message) < 1000
    assert "old" in message and "new" in message and message.endswith("and more")


async def test_a_miss_says_what_is_only_on_one_side(tmp_path: Path) -> None:
    await recorded(tmp_path, (body("a", "b", "c"), HELLO))
    with pytest.raises(InvalidRequest, match=r"messages\.1 is only in the recording; messages\.2 is only in the rec"):
        await said(Replayer(tmp_path), body("a"))
    with pytest.raises(InvalidRequest, match=r"messages\.3 is only in the request"):
        await said(Replayer(tmp_path), body("a", "b", "c", "d"))


async def test_pauses_are_kept_in_the_share_that_is_asked_for(tmp_path: Path) -> None:
    """The pauses are written into the file here, so long that only one that is left out lets the test end."""
    (file,) = await recorded(tmp_path, (body("hi"), HELLO))
    told = json.loads(file.read_text())
    for at, line in enumerate(told["answer"]):
        line[0] = 1000.0 * at
    file.write_text(json.dumps(told))
    for pace in (None, 0, 1e-6):
        assert await said(Replayer(tmp_path, pace), body("hi")) == HELLO
    async with aclosing(Replayer(tmp_path, 1).generate(prompt(body("hi")))) as deltas:
        assert await anext(deltas) == HELLO[0]
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(deltas), 0.05)


async def test_two_at_once_do_not_disturb_each_other(tmp_path: Path) -> None:
    scripts = [[d.Text(f"{name}{n}") for n in range(200)] for name in "abcd"]
    asks = [body("same"), body("same"), body("other"), body("third")]
    await recorded(tmp_path, *zip(asks, scripts, strict=True))
    replayer = Replayer(tmp_path)
    assert await asyncio.gather(*(said(replayer, asked) for asked in asks)) == scripts


async def test_an_answer_that_its_client_left_is_played_only_for_want_of_a_whole_one(tmp_path: Path) -> None:
    recorder = Recorder(Scripted(HELLO, HELLO, CALL), tmp_path)
    for asked in (body("hi"), body("ho")):
        async with aclosing(recorder.generate(prompt(asked))) as deltas:
            assert await anext(deltas) == HELLO[0]
            assert await anext(deltas) == HELLO[1]
    await said(recorder, body("hi"))
    replayer = Replayer(tmp_path)
    assert await said(replayer, body("hi")) == CALL
    heard, error = await broken(replayer, body("ho"))
    assert heard == HELLO[:2]
    assert "its client left" in error.message


async def test_a_recording_of_who_was_cancelled_is_kept_too(tmp_path: Path) -> None:
    class Silent(Scripted):
        async def generate(self, prompt: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
            yield d.Text("Hel")
            await asyncio.Event().wait()

    task = asyncio.create_task(said(Recorder(Silent(), tmp_path), body("hi")))
    while not task.done():
        await asyncio.sleep(0)
        task.cancel()
    (file,) = files(tmp_path)
    assert json.loads(file.read_text())["answer"][-1][1:] == ["left", {}]


async def test_counts_are_played_where_they_were_recorded(tmp_path: Path) -> None:
    asked = {key: value for key, value in body("hi").items() if key != "max_tokens"}
    recorder = Recorder(Scripted(HELLO, tokens=42), tmp_path)
    assert await recorder.count(prompt(asked, counting=True)) == 42
    await said(recorder, body("hi"))
    replayer = Replayer(tmp_path)
    assert await replayer.count(prompt(asked, counting=True)) == 42
    assert await replayer.count(prompt({**asked, "system": "s"}, counting=True)) is None
    assert await said(replayer, body("hi")) == HELLO


async def test_what_cannot_be_counted_is_not_recorded(tmp_path: Path) -> None:
    assert await Recorder(Scripted(), tmp_path).count(prompt(body("hi"))) is None
    assert files(tmp_path) == []


async def test_the_replayer_is_as_able_as_the_engine_that_was_recorded(tmp_path: Path) -> None:
    for able in (PLAIN, SIGNING):
        folder = tmp_path / str(able.signs)
        await said(Recorder(Scripted(HELLO, able=able), folder), body("hi"))
        assert Replayer(folder).abilities == able
        (file,) = files(folder)
        file.rename(tmp_path / f"{able.signs}.json")
    with pytest.raises(ValueError, match=r"False.json and True.json are of engines of different abilities"):
        Replayer(tmp_path)


THINKS = body("hi", thinking={"type": "enabled", "budget_tokens": 1024}, max_tokens=2000)
LED = Abilities(thinking=False)
LIMITED = Abilities(resumes=True)
LONGER: Script = [d.Thinking(f"thought {n} of many, " * 40) for n in range(20)]


@pytest.mark.parametrize(
    ("able", "scripts"),
    [
        (LED, [[d.Text(word), d.Spent(output=3), d.Stop("end_turn")] for word in ("draft", "review", "new", "done")]),
        (LIMITED, [LONGER, HELLO]),
    ],
    ids=["led", "limited"],
)  # fmt: skip
async def test_thinking_that_takes_several_answers_is_played_as_it_went(
    tmp_path: Path, able: Abilities, scripts: list[Script]
) -> None:
    asked = replace(prompt(THINKS), thought=Thought("enabled", 1024), max_tokens=2000)
    live = [delta async for delta in speak(Recorder(Scripted(*scripts, able=able), tmp_path), asked)]
    replayer = Replayer(tmp_path)
    assert len(files(tmp_path)) == len(scripts)
    for _ in range(2):
        assert [delta async for delta in speak(replayer, asked)] == live


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "is no recording"),
        ("[]", "is no recording"),
        ('{"sijo": 2, "at": "", "backend": "b", "question": {}}', "format 2, this is 1"),
        ('{"at": "", "backend": "b", "question": {"messages": []}, "answer": [[0, "Sing", {}]]}', "no line of an an"),
        ('{"at": "", "backend": "b", "question": {"messages": []}, "answer": [[0, "Text", {}]]}', "no line of an an"),
    ],
)
def test_a_file_that_is_no_recording_is_named_at_the_start(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "bad.json").write_text(text)
    with pytest.raises(ValueError, match=words):
        Replayer(tmp_path)


def test_a_folder_without_recordings_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".half.json").write_text("{")
    (tmp_path / "README.md").write_text("What these are.")
    with pytest.raises(ValueError, match="holds no recordings"):
        Replayer(tmp_path)
    with pytest.raises(FileNotFoundError):
        Replayer(tmp_path / "nowhere")


async def test_a_recording_that_is_gone_says_so(tmp_path: Path) -> None:
    (file,) = await recorded(tmp_path, (body("hi"), HELLO))
    replayer = Replayer(tmp_path)
    file.unlink()
    with pytest.raises(ApiError, match=f"{file.name} can no longer be read"):
        await said(replayer, body("hi"))


def conversation(url: str) -> list[Message]:
    """A question, the tool that is called for it, and the answer, as a client has them in the end."""
    answers: list[Message] = []
    messages: list[MessageParam] = [{"role": "user", "content": "How is the weather in Rome?"}]
    schema: dict[str, object] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tools: list[ToolParam] = [{"name": "weather", "input_schema": schema}]
    choices: list[ToolChoiceParam] = [{"type": "any"}, {"type": "none"}]
    with Anthropic(base_url=url, api_key="any", max_retries=0) as client:
        for choice in choices:
            with client.messages.stream(
                model="claude-sonnet-5", max_tokens=500, messages=messages, tools=tools, tool_choice=choice
            ) as stream:
                answer = stream.get_final_message()
            answers.append(answer)
            results: list[ToolResultBlockParam] = [
                {"type": "tool_result", "tool_use_id": block.id, "content": "Sun"}
                for block in answer.content
                if block.type == "tool_use"
            ]
            messages += [{"role": "assistant", "content": answer.content}, {"role": "user", "content": results}]
    return answers


def test_a_conversation_with_the_server_is_played_without_its_engine(tmp_path: Path) -> None:
    folder = str(tmp_path / "recordings")
    with serving(tmp_path, "--model", "simulator", "--record", folder) as server:
        live = conversation(server.url)
    with serving(tmp_path, "--replay", folder) as server:
        played = conversation(server.url)
        assert [answer.stop_reason for answer in live] == ["tool_use", "end_turn"]
        for before, after in zip(live, played, strict=True):
            assert [block.model_dump(exclude={"signature"}) for block in before.content] == [
                block.model_dump(exclude={"signature"}) for block in after.content
            ]
            assert before.usage == after.usage
        with (
            Anthropic(base_url=server.url, api_key="any", max_retries=0) as client,
            pytest.raises(BadRequestError, match="The nearest is"),
        ):
            client.messages.create(model="claude-sonnet-5", max_tokens=5, messages=[{"role": "user", "content": "Hm?"}])
