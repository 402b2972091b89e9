"""From the bytes of a request to a turn that is ready to run, or to the count of its tokens.

What the API refuses is refused here; later only an engine's adapter does, what cannot be said to that engine.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import msgspec
from msgspec import UNSET
from msgspec.structs import replace

from sijo import ids
from sijo.engine import context, directives, lower, rules, thinking
from sijo.engine.betas import Betas
from sijo.engine.cache import UNAVAILABLE, Account, Cache, Reuse
from sijo.engine.caller import ANYBODY, Caller
from sijo.engine.calls import eager
from sijo.engine.catalog import Catalog, Served
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.filters import Filter, Keys, One, Silent, Stops
from sijo.engine.members import Members
from sijo.engine.meter import Meter
from sijo.engine.prompt import Prompt, Thought
from sijo.engine.servertool import Own, OwnCalls, unanswered
from sijo.engine.thinking.decide import next_thought
from sijo.engine.turn import Backend, Turn
from sijo.wire.request import Adaptive, CountRequest, Disabled, Enabled, MessageParam, MessageRequest
from sijo.wire.tools import AnyTool, Custom

Counter = Callable[[str], int]
NONE: frozenset[str] = frozenset()
LARGE = 1 << 20
"""Bytes of a body above which to read it would hold up everybody else: that is done in a thread."""
MOST_TOKENS = 1.06
"""For each byte of a body of words; the most are digits."""
# Betas with which a reply says more; another is `thinking.BETA`.
FAST_MODE, ESTIMATES = "fast-mode-2026-02-01", "thinking-token-count-2026-05-13"


class Terms(msgspec.Struct, frozen=True):
    """Under which terms a request came: its version, its betas, and who asks."""

    version: str
    betas: frozenset[str] = frozenset()
    caller: Caller = ANYBODY


@dataclass(frozen=True, slots=True)
class Intake:
    """Reads, checks and prepares. `counters` are tokenizers by backend name, where one is configured."""

    catalog: Catalog
    betas: Betas
    seal: thinking.Seal
    counters: Mapping[str, Counter] = field(default_factory=dict)
    summarizer: Backend | None = None
    """Who sums up thinking; without one an extract is shown."""
    screen: Sequence[re.Pattern[str]] = ()
    """What thinking may not be shown, and leaves redacted."""
    awareness: bool = True
    """Tell the models that are aware of their context how large it is and how much of it is used."""
    tool_prompt: bool = False
    """Count what the hosted API adds for tools, where our count is the last word."""
    own: Own = field(default_factory=Own)
    """The tools that run here."""
    cache: Cache = field(default_factory=Cache)
    """Prompt caching by the API's rules; without an index clients are told what engines say of a cache of their own."""
    enforced: bool | None = None
    """Hold thinking to the conversation that it was made for, on models that check it; None: where strict."""

    def turn(self, body: bytes, terms: Terms, found: Any = None) -> tuple[Turn, bool, Served]:
        """A turn, whether it is to stream, and who serves it. Raises the API's errors. `found` is the body's JSON,
        where it was parsed already."""
        found = rules.parse(body) if found is None else found
        request, whole, served, case, past = self._read(found, MessageRequest, terms)
        assert isinstance(request, MessageRequest)
        able = served.backend.abilities
        prompt = self._lowered(whole, served)
        counter = self.counters.get(served.backend.name, tokens)
        told = request.diagnostics is not None or (
            case.cached and not (MOST_TOKENS * len(body) < whole.model.cache_minimum and bare(body, whole))
        )
        account = self._account(whole, terms, served) if told else None
        expected: int | None = None
        if account is None or counter is not tokens or able.truncates:
            expected = prompt_tokens(prompt, counter)
        elif able.exact or whole.own or not context.roomy(prompt, served, body):
            expected = account.layout.tokens  # of the prompt as it was asked for: to count it twice would be felt
        if account is not None:
            account.expected = expected
        asked = prompt.max_tokens
        if expected is not None:
            prompt.counted = expected
            prompt = context.fitted(prompt, served, expected)
        id = ids.new("msg")
        thoughts: thinking.Thoughts | None = None
        if whole.thought.mode != "off" and not able.signs:
            if len(body) > LARGE:  # now, while nobody waits for it
                past.bind(request, whole.tools, whole.model)
            thoughts = thinking.Thoughts(self.seal, id, partial(past.origin, request, whole.tools, whole.model))
        sessions = [session for _, session in whole.own]
        reuse = None if self.cache.index is None or able.signs or able.exact else Reuse()
        turn = Turn(
            prompt,
            served.backend,
            id=id,
            asked=whole,
            sessions=sessions,
            filters=lambda now: self._filters(
                now, served, thoughts, asked - prompt.max_tokens + now.max_tokens, whole=whole, reuse=reuse
            ),
            expected=expected or 0,
            account=account,
            reuse=reuse,
            summarizer=self.summarizer if not able.everything else None,
            geo="not_available" if not served.model.geo else request.inference_geo or "global",
            speed=None if able.signs else speed(request, served, terms.betas),
            cites=case.cites and not able.signs,
        )
        if sessions:
            turn.resumed = unanswered(whole.items, turn.tools)
        if request.diagnostics is not None and account is None and not able.signs:
            turn.message.diagnostics = {"cache_miss_reason": UNAVAILABLE}
        if request.context_management is not None and not able.signs:
            turn.message.context_management = {"applied_edits": []}  # the edits that are served change nothing
        if thinking.BETA in terms.betas and not able.signs:
            turn.message.input_transformations = past.told
        return turn, request.stream, served

    def _account(self, whole: Prompt, terms: Terms, served: Served) -> Account | None:
        """Who divides the input between the cache and the caller. A relay's upstream keeps its own account."""
        return None if served.backend.abilities.signs else self.cache.account(whole, terms.caller.workspace)

    def counted(self, body: bytes, terms: Terms) -> tuple[Prompt, Served]:
        """A prompt whose tokens are asked for, and who would serve it. Raises the API's errors."""
        _, prompt, served, *_ = self._read(rules.parse(body), CountRequest, terms)
        return self._lowered(prompt, served), served

    async def count(self, prompt: Prompt, served: Served) -> int:
        """The tokens of a prompt: by the engine's own tokenizer, else a configured one, else by the estimate."""
        count = await served.backend.count(prompt)
        if count is None:
            count = prompt_tokens(prompt, self.counters.get(served.backend.name, tokens))
        return count

    def _read(
        self, found: Any, kind: type[CountRequest], terms: Terms
    ) -> tuple[CountRequest, Prompt, Served, rules.Case, thinking.Past]:
        lenient = not self.catalog.strict
        closed = NONE if lenient else partial(self._closed, terms)
        request = rules.read(found, kind, closed=closed, lenient=lenient, betas=bool(terms.betas))
        tools = rules.tools(request.tools) if request.tools else []
        served = self.catalog.find(request.model)
        able = served.backend.abilities
        facts = rules.Facts(
            model=served.model,
            betas=terms.betas,
            version=terms.version,
            strict=served.strict,
            relayed=able.signs,
            own=self.own.types,
        )
        case = rules.check(request, tools, facts)
        past = thinking.Past(request.messages)
        if not able.signs:
            if tools:
                self.own.check(tools, facts)
            if thinking.thinks(request.messages):
                bond = self._bond(request, tools, served, terms)
                past = thinking.restored(request.messages, self.seal, lenient=not served.strict, bond=bond)
        directed = case.turns.directed and not able.signs
        messages = directives.shown(past.messages) if directed else past.messages
        prompt = build(request, messages, tools, served, terms)
        if directed and (effort := directives.told_effort(request.messages)) is not None:
            prompt.thought = replace(prompt.thought, effort=effort)
        if tools and not able.signs:
            prompt.own = self.own.opened(prompt)
        if (workspace := terms.caller.workspace) is not None:
            prompt.salt = self.cache.salt(workspace)
        if self.awareness and served.model.context_aware:
            prompt.window = context.window(served, prompt.betas)
        if self.tool_prompt and able.exact:
            prompt.hidden = context.tool_prompt(prompt)
        return request, prompt, served, case, past

    def _bond(self, request: CountRequest, tools: Sequence[AnyTool], served: Served, terms: Terms) -> thinking.Bond:
        """What the thinking that came back is held to. Where none is sent on, its conversation does not matter."""
        model = served.model
        action = thinking.action(request, model, strict=served.strict, enforced=self.enforced)
        if thought(request, served).mode == "off":
            action = None
        return thinking.Bond(model, request, tools, action, known=thinking.BETA in terms.betas)

    def _lowered(self, prompt: Prompt, served: Served) -> Prompt:
        """What the backend is to continue now."""
        able, thinks = served.backend.abilities, prompt.thought
        if not able.signs and (now := next_thought(thinks, prompt)) is not thinks:
            prompt = replace(prompt, thought=now)
        return lower.lower(prompt, able)

    def _closed(self, terms: Terms, name: str) -> frozenset[str]:
        """The top-level fields that a request for this model may not have, where there are such."""
        model = self.catalog.models.get(name)
        return self.betas.closed(terms.betas, terms.version, model.opens if model else ())

    def _filters(
        self,
        prompt: Prompt,
        served: Served,
        thoughts: thinking.Thoughts | None,
        asked: int,
        *,
        whole: Prompt,
        reuse: Reuse | None,
    ) -> Sequence[Filter]:
        """What the model's words pass on their way out: nothing where a relay passes them as they are."""
        filters: list[Filter] = []
        able = served.backend.abilities
        if able.signs:
            return filters
        if prompt.max_tokens < asked or not able.everything or reuse is not None:
            count = self.counters.get(served.backend.name, tokens)
            filters.append(Meter(asked, partial(counted, prompt, count), count, reuse))
        if not asked:
            return (*filters, Silent())
        if thoughts is not None and prompt.thought.mode != "off":
            if self.screen:
                filters.append(thinking.Screen(thoughts, self.screen))
            estimates = ESTIMATES in prompt.betas
            filters.append(thinking.Show(thoughts, prompt.thought.display, estimates=estimates))
        elif not able.everything:
            filters.append(thinking.Hide())
        if prompt.tools:
            filters += calls(whole)
            filters.append(Keys(eager(whole)))
        if prompt.members:
            filters.append(Members(prompt.members))
        if prompt.stops:
            filters.append(Stops(prompt.stops))
        return filters


def speed(request: MessageRequest, served: Served, betas: frozenset[str]) -> str | None:
    """The speed of the answer, told to who asks for one. An engine has its own, and is no faster when it is asked."""
    if request.speed is None and FAST_MODE not in betas:
        return None
    fast = request.speed == "fast" and served.model.fast_mode == "yes" and served.backend.abilities.exact
    return "fast" if fast else "standard"


def counted(prompt: Prompt, count: Counter) -> int:
    """The tokens of a prompt, counted once at the most."""
    return prompt_tokens(prompt, count) if prompt.counted is None else prompt.counted


def bare(body: bytes, whole: Prompt) -> bool:
    """Whether a body has words alone: how many tokens it has at the most is told by its bytes then, and one too short
    for the cache is known at once."""
    told = body.find(b'"source"') < 0 and body.find(b"\\u") < 0
    return told and not whole.hidden and all(type(tool) is Custom for tool in whole.tools)


def build(
    request: CountRequest, messages: Sequence[MessageParam], tools: Sequence[AnyTool], served: Served, terms: Terms
) -> Prompt:
    """The prompt that a checked request asks for, before anything is lowered."""
    thinks = thought(request, served)
    if messages is not request.messages:  # then there may be thoughts in them
        messages = thinking.kept(messages, served.model, thinks.mode)
    config = request.output_config
    prompt = Prompt(
        model=served.model,
        request=request,
        system=lower.system_blocks(request.system),
        items=lower.merged(messages),
        tools=tools,
        choice=request.tool_choice or None,
        thought=thinks,
        format=(config.format if config else None) or request.output_format,
        betas=tuple(sorted(terms.betas)) if terms.betas else (),
        version=terms.version,
    )
    if isinstance(request, MessageRequest):
        prompt.max_tokens = request.max_tokens
        prompt.stops = tuple(request.stop_sequences)
        prompt.temperature = None if request.temperature is UNSET else request.temperature
        prompt.top_p = None if request.top_p is UNSET else request.top_p
        prompt.top_k = None if request.top_k is UNSET else request.top_k
    return prompt


def thought(request: CountRequest, served: Served) -> Thought:
    """Whether and how to think, by what was asked and by what the model does when nothing was."""
    model, asked = served.model, request.thinking
    effort = directives.asked_effort(request) or model.effort_default
    if asked is UNSET or isinstance(asked, Disabled):
        on = asked is UNSET and model.thinking_default == "on"
        return Thought("adaptive" if on else "off", None, effort, model.display)
    if isinstance(asked, Enabled):
        return Thought("enabled", asked.budget_tokens, effort, asked.display or model.display)
    if isinstance(asked, Adaptive):
        return Thought("adaptive", None, effort, asked.display or model.display)
    return Thought("between_tools", None, effort, model.display)


def calls(whole: Prompt) -> list[Filter]:
    """What makes the calls of an engine those that the client, or a tool here, is called with."""
    filters: list[Filter] = [OwnCalls([session for _, session in whole.own])] if whole.own else []
    if getattr(whole.choice, "disable_parallel_tool_use", False):
        filters.append(One())
    return filters
