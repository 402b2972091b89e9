"""What clients are told of the cache: the rules' figures in place of the engine's, for one turn.

`Cache` is what all turns share, an `Account` belongs to one. The total is what the engine counted, where it tells, else
what was counted here; how it is divided is for `charge`. What the engine itself says of its cache goes to `Reuse`.
"""

import time
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from functools import lru_cache
from hashlib import blake2b
from typing import ClassVar

from msgspec.structs import replace

from sijo.engine import deltas as d
from sijo.engine.cache import charge, diagnose
from sijo.engine.cache.index import Index
from sijo.engine.cache.layout import Layout, lay
from sijo.engine.cache.walk import Mark
from sijo.engine.filters import Filter, ended, push
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b
from sijo.wire.base import Json

Deltas = AsyncGenerator[d.AnyDelta]
SILENT = (d.Spent, d.About)


@dataclass(frozen=True, slots=True)
class Cache:
    """Without an `index` nothing is accounted. `secret` keeps an organization's prefixes apart from those of others,
    and what is stored from being guessed at; `clock` gives Unix seconds."""

    index: Index | None = None
    secret: bytes = b""
    clock: Callable[[], float] = time.time

    SALT: ClassVar[bytes] = b"salt"

    def root(self, workspace: str | None, model: str) -> bytes:
        """What the digests of a workspace begin with."""
        return keyed(self.secret, b"root", workspace, model)

    def salt(self, workspace: str | None) -> str:
        """What tells an engine to keep a workspace's prefixes apart, without naming it. The default one has none."""
        return "" if workspace is None else keyed(self.secret, self.SALT, workspace, "").hex()

    def note_key(self, workspace: str | None, message: str) -> bytes:
        """Under what the note on a message is kept."""
        return keyed(self.secret, b"note", workspace, message)

    def account(self, prompt: Prompt, workspace: str | None) -> "Account | None":
        """The account of a turn, from its prompt before anything is lowered."""
        if self.index is None:
            return None
        request = prompt.request
        automatic = None if request.cache_control is None else request.cache_control.ttl or "5m"
        root = self.root(workspace, prompt.model.id)
        layout = lay(prompt, root, automatic=automatic)
        return Account(self, self.index, prompt, workspace, root, layout, self.clock())


@lru_cache(1024)
def keyed(secret: bytes, use: bytes, workspace: str | None, name: str) -> bytes:
    """A digest that only who has the secret can make."""
    key = blake2b(secret).digest()[:32]
    words = repr((workspace, name)).encode()
    return blake2b(words, key=key, person=use, digest_size=16).digest()


@dataclass(slots=True)
class Account:
    """One turn's. `expected` is what to announce before the engine has counted; it may be another than the layout's,
    for the engine is given a prompt in other words. None: the layout's, counted from the prefix on that is found. What
    an engine said of that is nearer to the truth than the estimate, and costs nothing."""

    cache: Cache
    index: Index
    prompt: Prompt
    workspace: str | None
    root: bytes
    layout: Layout
    started: float
    expected: int | None = None
    begun: bool = False
    found: charge.Finding | None = None
    """What was looked for already."""

    async def foreseen(self) -> int:
        """Tokens of the input that would be read from the cache now."""
        self.found = await self._look(self.layout)
        return min(self.input(), self.found.tokens)

    def input(self) -> int:
        """Tokens of the whole input, as they are counted before the engine does."""
        return self.layout.tokens if self.expected is None else self.expected

    async def told(self, deltas: Deltas, filters: Sequence[Filter], content: Sequence[b.Block], message: str) -> Deltas:
        """What a model says, passed through its filters, with the input side of its usage accounted. It comes after
        `content` of the same turn.

        The prefixes are there for others as soon as the first word is. (The filters are not left to `through`: one more
        generator on the way would be felt in each event.)
        """
        first, self.begun = not self.begun, True
        layout = self._after(content) if content else self.layout
        async with aclosing(deltas) as source:
            found, about = await self._opened(layout, message if first else "")
            if about is not None:
                yield d.About({"diagnostics": about})
            bill = Bill(self, layout, found, layout.tokens if content else self.input())
            async for said in source:
                for delta in push(filters, (said,)) if filters else (said,):
                    if not bill.open and type(delta) not in SILENT:
                        yield await bill.opened()
                    if (due := bill.heard(delta) if type(delta) is d.Spent else delta) is not None:
                        yield due
                if filters and any(one.done for one in filters):
                    break
            for delta in ended(filters):
                if not bill.open and type(delta) not in SILENT:
                    yield await bill.opened()
                if (due := bill.heard(delta) if type(delta) is d.Spent else delta) is not None:
                    yield due
            yield await bill.closed()

    async def _opened(self, layout: Layout, message: str) -> tuple[charge.Finding, Json | None]:
        found = self.found if layout is self.layout and self.found is not None else await self._look(layout)
        if found.renewed:
            await self.index.save(found.renewed, self.started)
        about = None
        if message and diagnose.asked(self.prompt) is not None:
            about = await self._diagnosed(layout, found, message)
        return found, about

    async def _look(self, layout: Layout) -> charge.Finding:
        if not layout.digests:
            return charge.Finding()
        there = await self.index.find(layout.digests.values(), self.started)
        found = charge.finding(layout, there, self.started)
        if self.expected is None and found.renewed:
            layout.goes_on(found.at, found.tokens)
        return found

    async def _diagnosed(self, layout: Layout, found: charge.Finding, message: str) -> Json:
        """Why the prefix of the request before is not that of this one. Leaves a note for the next."""
        index, now = self.index, self.started
        here = diagnose.fingerprint(self.prompt, layout)
        await index.note(self.cache.note_key(self.workspace, message), diagnose.encode(here), now + diagnose.KEPT)
        asked = diagnose.asked(self.prompt)
        if asked is None or asked.previous_message_id is None:
            return {"cache_miss_reason": None}
        note = await index.recall(self.cache.note_key(self.workspace, asked.previous_message_id), now)
        before = None if note is None else diagnose.decode(note)
        return {"cache_miss_reason": diagnose.reason(before, here, self.prompt, found.tokens)}

    def _after(self, content: Sequence[b.Block]) -> Layout:
        """The layout of the same prompt with what this turn has said: between its rounds the prefix is kept for five
        minutes without being asked for."""
        prompt = replace(self.prompt, items=[*self.prompt.items, Item("assistant", list(content))])
        return lay(prompt, self.root, automatic="5m" if self.layout.marks else None)


class Bill:
    """The charge of one speaker: as it is known when it begins, and set right when its engine has counted."""

    def __init__(self, account: Account, layout: Layout, found: charge.Finding, expected: int) -> None:
        self.account, self.layout, self.found = account, layout, found
        self.open = False
        self._total, self._expected = 0, expected
        self._told = charge.Charge()
        self._marks: Sequence[Mark] = ()
        self._given = False

    def heard(self, spent: d.Spent) -> d.Spent | None:
        """What is left of a usage when its input is taken out, to be divided by the rules, or all of it where it is to
        be told as it is."""
        if self._given or spent.told:
            self._given = True
            return spent
        input = spent.input + spent.cache_read + spent.cache_5m + spent.cache_1h
        if not input:
            return spent
        self._total += input
        return d.Spent(output=spent.output, thinking=spent.thinking) if spent.output or spent.thinking else None

    async def opened(self) -> d.Spent:
        """The answer begins: what was written can be read from now on."""
        self.open = True
        total = self._total or self._expected
        if self.layout.marks:
            self._marks = charge.written(self.layout, self.found, self.account.prompt.model.cache_minimum, total)
        return await self._settle(total)

    async def closed(self) -> d.Spent:
        """What is to be added, or taken back, where the engine counted otherwise."""
        if not self._total or self._total == self._told.total:
            return d.Spent()
        return await self._settle(self._total)

    async def _settle(self, total: int) -> d.Spent:
        account, told = self.account, self._told
        self._told, entries = charge.charged(self.layout, self.found, self._marks, total, account.started)
        if entries:
            await account.index.save(entries, account.started)
        if self._given:
            return d.Spent()
        due = self._told
        return d.Spent(
            input=due.input - told.input,
            cache_read=due.read - told.read,
            cache_5m=due.written_5m - told.written_5m,
            cache_1h=due.written_1h - told.written_1h,
        )
