"""Behind an engine that counts by itself, a prompt is counted from the end of the prefix that is found."""

import dataclasses
from collections.abc import Mapping

import pytest

from sijo.engine import catalog
from sijo.engine import deltas as d
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.models import models
from sijo.engine.turn import collect, run
from sijo.wire import events as e
from tests.cache.ask import LONG, MODEL, SOON, Json, Platform, call, result, said, text, tool, used, user
from tests.cache.test_engines import ANSWER, Engine

PARTS: Json = result("a", [text("One part."), text("And another.", SOON)])
BODIES: Mapping[str, tuple[Json, Json]] = {
    "a longer talk": (
        {"system": LONG, "messages": [user("Hi")]},
        {"system": LONG, "messages": [user("Hi"), said("Hello."), user("And what is it about?")]},
    ),
    "the same again": ({"messages": [user(LONG)]}, {"messages": [user(LONG)]}),
    "a prefix of tools": (
        {"tools": [tool("read", SOON)], "messages": [user("Hi")]},
        {"tools": [tool("read", SOON)], "system": "Be brief.", "messages": [user("Something else")]},
    ),
    "calls and results": (
        {"tools": [tool("read")], "messages": [user(LONG, "Read it."), said(call("a")), user(result("a"))]},
        {
            "tools": [tool("read")],
            "messages": [
                *(user(LONG, "Read it."), said(call("a")), user(result("a"))),
                *(said("Now the other.", call("b")), user(result("b", LONG))),
            ],
        },
    ),
    "inside of a result": (
        {"tools": [tool("read")], "messages": [user("Read it."), said(call("a")), user(PARTS)]},
        {"tools": [tool("read")], "messages": [user("Read it."), said(call("a")), user(PARTS, LONG)]},
    ),
}


def proxied(*says: d.AnyDelta) -> Platform:
    platform = Platform()
    platform.intake = dataclasses.replace(platform.intake, catalog=before(Engine(*says)))
    return platform


def before(engine: Engine, window: int | None = None) -> catalog.Catalog:
    own = {MODEL: window} if window is not None else {}
    return catalog.Catalog(models(), {"engine": catalog.Engine(engine, own, False)}, [("*", "engine")])


@pytest.mark.parametrize("name", BODIES)
async def test_it_comes_to_what_the_whole_would(name: str) -> None:
    first, second = ({"cache_control": SOON, **body} for body in BODIES[name])
    platform = proxied(*ANSWER)
    written = await platform.ask(first)
    assert written.five > 512
    turn = platform.turn(second)
    assert turn.account is not None
    read = await turn.account.foreseen()
    assert turn.asked is not None
    whole = prompt_tokens(turn.asked, tokens)
    assert read >= 512
    assert abs(turn.input() - whole) <= 3 + whole / 100
    assert used(await collect(platform.turn(second))).read == read


async def test_what_the_engine_made_of_the_prefix_counts() -> None:
    first, second = ({"cache_control": SOON, **body} for body in BODIES["a longer talk"])
    platform = proxied(*ANSWER, d.Spent(9_000, 3))
    assert (await platform.ask(first)).total == 9_000
    events = [event async for event in run(platform.turn(second))]
    start = next(event for event in events if isinstance(event, e.MessageStart))
    assert used(start.message).read > 8_900
    assert 9_000 < used(start.message).total < 9_100


async def test_where_there_may_be_no_room_all_of_it_is_counted() -> None:
    """What counts is whether there is room, not what was found."""
    body = {"cache_control": SOON, "messages": [user(LONG)]}
    platform = proxied(*ANSWER, d.Spent(9_000, 3))
    await platform.ask(body)
    platform.intake = dataclasses.replace(platform.intake, catalog=before(Engine(*ANSWER), 4_000))
    turn = platform.turn(body, max_tokens=3_900)
    assert turn.prompt.max_tokens == 4_000 - turn.input()
