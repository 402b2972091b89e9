"""Random conversations, breakpoints, lifetimes, pauses and workspaces: the usage is always that of the reference."""

import asyncio
from copy import deepcopy
from typing import Any, NamedTuple

from hypothesis import event, given, settings
from hypothesis import strategies as st

from sijo.errors import InvalidRequest
from tests.cache.ask import HOUR, SOON, Json, Platform, call, result, said, text, tool, user
from tests.cache.reference import Reference

SHORT, WORDS = "A short one. ", "The mill stood by the river until the river moved away. "
SIZES = {"short": 1, "medium": 20, "long": 60}
KINDS = ["user", "user", "assistant", "result", "parts"]


class Step(NamedTuple):
    """A request: which conversation, how much of it, what is marked, when and by whom."""

    talk: int
    length: int
    marks: list[int]
    hours: int
    automatic: str | None
    forced: bool
    pause: int
    workspace: str | None


atoms = st.tuples(st.sampled_from(KINDS), st.sampled_from(list(SIZES)))
talks = st.lists(st.lists(atoms, min_size=1, max_size=25), min_size=1, max_size=2)
steps = st.builds(
    Step,
    talk=st.integers(0, 1),
    length=st.one_of(st.integers(0, 25), st.integers(18, 25)),
    marks=st.lists(st.one_of(st.integers(0, 60), st.integers(-24, -1)), max_size=4),  # these count from the end
    hours=st.integers(0, 4),
    automatic=st.sampled_from([None, None, "5m", "1h"]),
    forced=st.sampled_from([False, False, False, True]),
    pause=st.sampled_from([0, 1, 120, 299, 300, 301, 2000, 3600]),
    workspace=st.sampled_from([None, None, None, "wrkspc_1"]),
)


def body(talk: list[tuple[str, str]], step: Step) -> Json:
    """The request of a step: the first atoms of a conversation, and its marks on what they come to."""
    tools, system = [tool("read"), tool("write")], [text("Be brief."), text(WORDS * 30)]
    messages = [user("Begin.")]
    for n, (kind, size) in enumerate(talk[: step.length]):
        words = f"{n} " + (SHORT if size == "short" else WORDS * SIZES[size])
        match kind:
            case "user":
                messages.append(user(words))
            case "assistant":
                messages.append(said(words))
            case "result":
                messages += [said(call(f"toolu_{n}")), user(result(f"toolu_{n}", words))]
            case _:
                parts = [text(words), text(SHORT)]
                messages += [said(call(f"toolu_{n}")), user(result(f"toolu_{n}", parts))]
    messages.append(user("Go on."))
    made: Json = deepcopy({"tools": tools, "system": system, "messages": messages})
    blocks = [*made["tools"], *made["system"]]
    for block in (block for message in made["messages"] for block in message["content"]):
        blocks += [*(block["content"] if isinstance(block.get("content"), list) else []), block]
    most = 4 if step.automatic is None else 3
    for number, at in enumerate(sorted({mark % len(blocks) for mark in step.marks})[:most]):
        blocks[at]["cache_control"] = HOUR if number < step.hours else SOON
    if step.automatic is not None:
        made["cache_control"] = {"type": "ephemeral", "ttl": step.automatic}
    if step.forced:
        made["tool_choice"] = {"type": "any"}
    return made


@settings(max_examples=150, deadline=None)
@given(talks=talks, steps=st.lists(steps, min_size=2, max_size=8))
def test_usage_is_always_what_the_rules_give(talks: list[Any], steps: list[Step]) -> None:
    platform, reference = Platform(), Reference()

    async def run() -> None:
        for step in steps:
            platform.now += step.pause
            asked = body(talks[step.talk % len(talks)], step)
            try:
                used = await platform.ask(asked, workspace=step.workspace)
            except InvalidRequest as refused:
                if "ttl" not in refused.message:  # an hour behind five minutes, or two lifetimes for one block
                    raise
                event("refused")
                continue
            expected = reference.ask(asked, step.workspace, platform.now)
            assert used == expected
            event("read" if used.read else "written" if used.five or used.hour else "neither")

    asyncio.run(run())


@settings(max_examples=60, deadline=None)
@given(before=st.lists(atoms, max_size=4), gap=st.lists(atoms, min_size=12, max_size=20))
def test_a_gap_of_any_width_is_looked_back_through_or_not(before: list[Any], gap: list[Any]) -> None:
    """The breakpoint moves over many blocks at once: about twenty is where it matters."""
    platform, reference = Platform(), Reference()
    before = [*before, ("user", "long")]
    first, then = (Step(0, length, [], 0, "5m", False, 0, None) for length in (len(before), len(before) + len(gap)))

    async def run() -> None:
        for step in (first, then, then):
            asked = body([*before, *gap], step)
            if step is first:
                asked["messages"].pop()  # so that the breakpoint is on what the later ones have too
            assert await platform.ask(asked, workspace=None) == reference.ask(asked, None, platform.now)

    asyncio.run(run())
