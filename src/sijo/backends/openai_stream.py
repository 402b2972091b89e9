"""The bytes of a streamed chat completion, as deltas. Sans-I/O: whoever has the connection feeds it.

Engines differ in all that the format leaves open: where thinking stands, whether calls come in pieces, when usage is
told, how it ends. What a thing means is decided here; what an error means, in `openai_errors`.
"""

import json
from collections.abc import Collection

import msgspec

from sijo import ids
from sijo.backends.engines import Answer
from sijo.backends.foreign import NO_JSON, deep
from sijo.backends.lines import Broken, Lines
from sijo.backends.openai_chunks import Call, Chunk, Function, Said, Usage, decode, mend
from sijo.backends.openai_errors import Fault
from sijo.backends.think import Tags
from sijo.engine import deltas as d
from sijo.errors import BY_TYPE, ApiError
from sijo.wire.events import StopDetails

SLACK = 16
"""Tokens by which an engine's window may be counted otherwise than ours."""
MIXED = "The engine mixed the input of a tool call with something else."
UNOFFERED = "The engine called a tool that it was not given, with an input that is no JSON object."
ALIEN = "The engine sent something that is no chat completion."


class Reader:
    """Reads one answer: `feed` it what comes until it is `done`, then `end` it.

    `tags` finds thinking in the text; `stops` are the sequences that the engine was told; `single` drops all calls but
    the first; without `offered` tools nobody looks at a call later, so its input is told when it is whole and right;
    `max_tokens` is what the client asked for, `context` the engine's window: where that was full before, it is the
    reason; `secret` is never repeated in an error.
    """

    def __init__(
        self,
        answer: Answer,
        *,
        tags: Tags | None = None,
        lines: Lines | None = None,
        stops: Collection[str] = (),
        single: bool = False,
        offered: bool = True,
        max_tokens: int = 0,
        context: int | None = None,
        secret: str | None = None,
    ) -> None:
        self.done = False
        """No more is wanted: it is complete, or it failed."""
        self._answer, self._stops = answer, stops
        self._tags, self._lines = tags or Tags(), lines or Lines()
        self._max_tokens, self._context, self._secret = max_tokens, context, secret
        self._calls = Calls(single, offered)
        self._usage: Usage | None = None
        self._told: d.Spent | None = None
        self._error: ApiError | None = None
        self.fault: Fault | None = None
        """An error that the engine has told in its answer."""
        self._finish = self._matched = self._half = ""
        self._refused = self._ending = False

    def feed(self, data: bytes) -> list[d.AnyDelta]:
        """What the next bytes say."""
        out: list[d.AnyDelta] = []
        try:
            for payload in self._lines.feed(data):
                self._read(payload, out)
        except ApiError as error:  # what was said before it still counts
            self._fail(error)
        return out

    def end(self) -> list[d.AnyDelta]:
        """What is left to say, the rest of the usage and the reason why it stopped.

        Raises an ApiError if that was an error of the engine's, or if the end is missing.
        """
        out: list[d.AnyDelta] = []
        self._ending = True
        for payload in self._lines.end():
            self._read(payload, out)
        if self._error:
            raise self._error
        if not (self.done or self._finish):
            raise Broken
        self._calls.end(out, cut=self._answer.finish.get(self._finish) == "max_tokens")
        if self._half:
            self._text("", out)
        out += self._tags.end()
        stop = self._stop()
        if self._usage:
            out.append(self._rest(self._usage.spent()))
        out.append(stop)
        return out

    def _read(self, payload: bytes, out: list[d.AnyDelta]) -> None:
        if self.done:
            return
        try:
            chunk = decode(payload)
        except NO_JSON as error:
            self._odd(payload, error, out)
        else:
            self._chunk(chunk, out)

    def _chunk(self, chunk: Chunk, out: list[d.AnyDelta]) -> None:
        if chunk.usage is not None:
            self._usage = chunk.usage
            if self._told is None and not out and not self._finish and chunk.usage.prompt_tokens:
                self._told = msgspec.structs.replace(chunk.usage.spent(), output=0, thinking=0)
                out.append(self._told)
        for choice in chunk.choices or ():
            said = choice.delta or choice.message
            if said is not None:
                self._said(said, out)
            if choice.text:
                self._said(Said(choice.text), out)
            if choice.finish_reason:
                self._finish = choice.finish_reason
            for word in (choice.stop_reason, choice.matched_stop):
                if isinstance(word, str):
                    self._matched = word
        if chunk.error is not None:
            self.fault = Fault.told(chunk.error, self._secret)
            self._fail(self.fault.error(max_tokens=self._max_tokens, context=self._context))
        elif chunk.choices is None and chunk.usage is None:
            self._fail(ApiError(ALIEN))

    def _said(self, said: Said, out: list[d.AnyDelta]) -> None:
        if thinking := said.reasoning_content or said.reasoning:
            self._tags.thought()
            if not self._calls.over:
                self._calls.end(out)
            out.append(d.Thinking(thinking))
        if text := said.content:
            if self._tags.plain and not self._half:
                out.append(d.Text(text))
            else:
                self._text(text, out)
        if said.refusal:
            self._refused = True
            self._text(said.refusal, out)
        if said.tool_calls or said.function_call:
            out += self._tags.pause()
            for call in said.tool_calls or (Call(0, None, said.function_call),):
                self._calls.feed(call, out)

    def _text(self, text: str, out: list[d.AnyDelta]) -> None:
        if self._half:
            text, self._half = "\ufffd" + text, ""
        if told := self._tags.feed(text):  # after a call the text comes this way, however plain it is
            if not self._calls.over:
                self._calls.end(out)
            out += told

    def _odd(self, payload: bytes, error: Exception, out: list[d.AnyDelta]) -> None:
        """What is no chunk: the end, an empty line, half a character, or nonsense."""
        bare = payload.strip()
        if bare == b"[DONE]":
            self.done = True
        elif b"\\ud" in bare.lower() and not isinstance(error, msgspec.ValidationError):
            self._halves(bare, out)
        elif bare:
            self._fail(Broken() if self._ending else ApiError(ALIEN))

    def _halves(self, payload: bytes, out: list[d.AnyDelta]) -> None:
        """A chunk with half a surrogate pair, which no strict decoder takes; its other half may come in the next."""
        try:
            value = json.loads(payload)
            mended, half = mend(value, self._half)
            chunk = msgspec.convert(mended, Chunk)
        except (ValueError, RecursionError):
            self._fail(ApiError(ALIEN))
            return
        self._half = ""
        self._chunk(chunk, out)
        self._half = half

    def _fail(self, error: ApiError) -> None:
        self._error, self.done = error, True

    def _rest(self, spent: d.Spent) -> d.Spent:
        """What was spent beyond what was told. Below zero where the engine told first of the cache in the end."""
        told = self._told or d.Spent()
        return d.Spent(
            input=spent.input - told.input,
            output=spent.output,
            cache_read=spent.cache_read - told.cache_read,
            cache_5m=spent.cache_5m - told.cache_5m,
            thinking=spent.thinking,
        )

    def _stop(self) -> d.Stop:
        meaning = self._answer.finish.get(self._finish, "end_turn")
        if meaning.startswith("!"):
            raise BY_TYPE[meaning[1:]](f"The engine ended its answer with `{self._finish}`.")
        if self._refused or meaning == "refusal":
            return d.Stop("refusal", details=StopDetails())
        if meaning == "max_tokens":
            return d.Stop("model_context_window_exceeded" if self._full() else "max_tokens")
        if self._calls.made:
            return d.Stop("tool_use")
        if self._matched in self._stops:
            return d.Stop("stop_sequence", self._matched)
        return d.Stop("end_turn")

    def _full(self) -> bool:
        """It stopped for its length before it was as long as it was allowed to be, and at the end of the window."""
        usage, context = self._usage, self._context
        if usage is None or context is None or not usage.completion_tokens:
            return False
        total = (usage.prompt_tokens or 0) + usage.completion_tokens
        return usage.completion_tokens < self._max_tokens and total + SLACK >= context


class Calls:
    """The tool calls of one answer, each in as many pieces as it comes.

    A piece belongs to the call with its `index`; without one it goes on with the last, unless it has a name. Two calls
    under one index differ in their ids. The API's ids are new ones: engines count theirs anew in each answer.
    """

    def __init__(self, single: bool = False, offered: bool = True) -> None:
        self.made = 0
        self.over = True
        """None is open: something else was said since."""
        self._single, self._offered = single, offered
        self._index: int | None = None
        self._id: str | None = None
        self._named = False
        self._early: list[str] = []
        self._held: list[str] = []
        self._seen: set[int] = set()

    def feed(self, piece: Call, out: list[d.AnyDelta]) -> None:
        """Raises ApiError for a piece of a call that has ended, and for one that belongs to none."""
        function = piece.function or Function()
        if self._begins(piece, function):
            self.end(out)
            self._index, self._id, self._named, self._early = piece.index, piece.id, False, []
            self.over = False
        elif self.over and function.arguments:
            raise ApiError(MIXED)
        if function.name and not self._named:
            self._named = True
            self.made += 1
            if not self._dropped:
                out.append(d.ToolCall(ids.new("toolu"), function.name))
            self._input("".join(self._early), out)
        if arguments := function.arguments:
            self._input(arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode(), out)

    def end(self, out: list[d.AnyDelta], *, cut: bool = False) -> None:
        """The call that is open is over; `cut`: for want of room. Raises ApiError for an input that is none."""
        self.over = True
        text, self._held = "".join(self._held), []
        if text and not cut and not sound(text):
            raise ApiError(UNOFFERED)
        if text:
            out.append(d.ToolInput(text))

    @property
    def _dropped(self) -> bool:
        return self._single and self.made > 1

    def _begins(self, piece: Call, function: Function) -> bool:
        if piece.index is None:
            return bool(function.name)
        if piece.index == self._index:
            return bool(function.name and piece.id and self._id and piece.id != self._id)
        if piece.index in self._seen and not function.name:
            raise ApiError(MIXED)
        self._seen.add(piece.index)
        return True

    def _input(self, text: str, out: list[d.AnyDelta]) -> None:
        if not self._named:
            self._early.append(text)
        elif text and not self._dropped:
            if self._offered:
                out.append(d.ToolInput(text))
            else:
                self._held.append(text)


def sound(text: str) -> bool:
    """Whether it is a JSON object, and none that is too deep."""
    try:
        value = msgspec.json.decode(text)
    except NO_JSON:
        return False
    return isinstance(value, dict) and not deep(value)
