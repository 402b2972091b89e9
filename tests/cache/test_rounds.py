"""Server tools: several rounds in one request, each with its own input, and the server's breakpoint between them."""

from collections.abc import AsyncGenerator, Sequence

from sijo.engine import deltas as d
from sijo.engine.abilities import Abilities
from sijo.engine.prompt import Prompt
from sijo.engine.servertool import Call
from sijo.engine.turn import Turn, collect
from sijo.wire import blocks as b
from sijo.wire import results as r
from sijo.wire import tools as t
from tests.cache.ask import HOUR, LONG, SOON, Json, Platform, text, used, user

TALK: Json = {"system": [text(LONG, SOON)], "messages": [user(LONG)]}


class Searches:
    """Calls the search as often as is said, then answers."""

    name = "searches"
    abilities = Abilities(everything=True, exact=True)

    def __init__(self, rounds: int) -> None:
        self.left = rounds

    async def generate(self, _: Prompt, /) -> AsyncGenerator[d.AnyDelta]:
        self.left -= 1
        if self.left < 0:
            yield d.Text("Found.")
            yield d.Stop("end_turn")
            return
        yield d.ToolCall(f"srvtoolu_{self.left}", "web_search", server=True)
        yield d.ToolInput('{"query":"mills"}')
        yield d.Stop("tool_use")

    async def count(self, _: Prompt, /) -> int | None:
        return None

    async def close(self) -> None:
        return None


class Search:
    functions: Sequence[t.Custom] = (t.Custom(name="web_search", input_schema={"type": "object"}),)

    def begin(self, turn: Turn, /) -> None:
        return None

    def opened(self, name: str, id: str, /) -> d.ToolCall:
        return d.ToolCall(id, name, server=True)

    def failed(self, call: Call, code: str, /) -> b.Block:
        return r.WebSearchResult(call.id, r.SearchError(code))

    async def run(self, call: Call, turn: Turn, /) -> AsyncGenerator[d.AnyDelta]:
        hit = r.SearchHit("https://example.com", f"{call.id} {turn.id[:3]}", LONG)
        yield d.Whole(r.WebSearchResult(call.id, [hit]))


def searching(platform: Platform, body: Json, rounds: int) -> Turn:
    turn = platform.turn(body)
    turn.backend, turn.sessions = Searches(rounds), [Search()]
    return turn


async def alone(body: Json) -> tuple[int, int]:
    """The tokens of the request before anything was said: of the whole, and of what it marks."""
    one = await Platform().ask(body)
    return one.total, one.five + one.hour


async def test_rounds_add_up_and_the_later_ones_read_what_the_earlier_wrote(platform: Platform) -> None:
    total, marked = await alone(TALK)
    turn = searching(platform, TALK, 2)
    got = used(await collect(turn))
    # the first writes what is marked; the second reads that and writes all that was said; the third reads all of it
    second = await whole(platform, turn, 2)
    third = await whole(platform, turn, 4)
    assert got.read == marked + second
    assert got.five == marked + (second - marked) + (third - second)
    assert got.input == total - marked
    assert got.total == total + second + third


async def whole(platform: Platform, turn: Turn, blocks: int) -> int:
    """The tokens of the prompt with the first blocks of what the turn has said."""
    assert turn.account is not None
    return turn.account._after(turn.message.content[:blocks]).tokens


async def test_the_servers_own_is_for_five_minutes_behind_an_hour(platform: Platform) -> None:
    body = {**TALK, "system": [text(LONG, HOUR)]}
    _, marked = await alone(body)
    got = used(await collect(searching(platform, body, 1)))
    assert got.hour == marked and got.five > 0 and got.read == marked


async def test_without_a_mark_there_is_none_between_rounds(platform: Platform) -> None:
    plain = {"system": [text(LONG)], "messages": [user(LONG)]}
    got = used(await collect(searching(platform, plain, 2)))
    assert got[1:] == (0, 0, 0)


async def test_the_next_request_reads_what_the_last_round_wrote(platform: Platform) -> None:
    turn = searching(platform, TALK, 1)
    message = await collect(turn)
    said = [block for block in message.content if not isinstance(block, b.Text)]
    turn = searching(platform, TALK, 0)
    assert turn.account is not None
    layout = turn.account._after([*said, b.Text("Found.")])
    found = await turn.account.index.find(layout.digests.values(), platform.now)
    assert layout.digests[layout.marks[-1][0] - 1] in found
