"""Thinking on its way back in: opened, checked, and kept or dropped as the model's row says."""

from collections.abc import Sequence

import msgspec

from sijo.engine.models import Model
from sijo.engine.thinking.bind import CHECKED, Bond, Opened, Reason, hold, origin
from sijo.engine.thinking.prefix import Prefix
from sijo.engine.thinking.seal import Foreign, Origin, Seal, Sealed, Tampered
from sijo.errors import InvalidRequest
from sijo.wire.blocks import Block, RedactedThinking, Thinking, ToolResult
from sijo.wire.request import CountRequest, MessageParam
from sijo.wire.tools import AnyTool

INVALID = "{}: Invalid `signature` in `thinking` block"
INVALID_DATA = "{}: Invalid `data` in `redacted_thinking` block"
CHANGED = (
    "{}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
    "These blocks must remain as they were in the original response."
)
KINDS = (Thinking, RedactedThinking)


class Past(msgspec.Struct):
    """A conversation with its thinking opened. `told` is what became of thoughts that are left out, or that do not fit
    and are kept; `after` names the last one that is kept. `prefix` is there if it was needed."""

    messages: Sequence[MessageParam]
    told: list[dict[str, str]] = []
    after: str = ""
    prefix: Prefix | None = None

    def bind(self, request: CountRequest, tools: Sequence[AnyTool], model: Model) -> None:
        """Take the digest of the conversation, if its model is one that checks it."""
        if self.prefix is None and model.binding in CHECKED:
            self.prefix = Prefix(request, tools)
            self.prefix.settle()

    def origin(self, request: CountRequest, tools: Sequence[AnyTool], model: Model) -> Origin:
        """What the thoughts of the answer are bound to."""
        self.bind(request, tools, model)
        return origin(model, self.prefix, self.after)


def thinks(messages: Sequence[MessageParam]) -> bool:
    """Whether there is a thought anywhere."""
    return any(map(_thinks, messages))


def restored(messages: Sequence[MessageParam], seal: Seal, *, lenient: bool, bond: Bond | None = None) -> Past:
    """The messages with each thought as the model thought it, whatever of it was shown; themselves, if there is none.

    What was sealed here and changed since is refused: edited or cut anywhere, and, in the latest turn, out of order or
    with one missing before it; thinking of earlier turns may be left out. What was sealed elsewhere is refused, or,
    where `lenient`, left out: people switch servers in mid-conversation. So is what the model does not read, or was
    made for another conversation, as the `bond` has it.
    """
    thoughts = _opened(messages, seal, lenient)
    if not thoughts:
        return Past(messages)
    prefix = hold(thoughts, bond) if bond is not None else None
    places = {one.place: one.block if one.kept else None for one in thoughts}
    out = []
    for at, message in enumerate(messages):
        if not _thinks(message) or message.role != "assistant":
            out.append(message)
            continue
        content: list[Block] = []
        for n, block in enumerate(message.content):
            kept = places.get((at, n), block)
            content += [kept] if kept is not None else []  # type: ignore[list-item]
        out.append(msgspec.structs.replace(message, content=content))
    last = next((one.sealed.name for one in reversed(thoughts) if one.sealed is not None and one.kept), "")
    return Past(out, [one.told() for one in thoughts if one.reason is not None], last, prefix)


def _opened(messages: Sequence[MessageParam], seal: Seal, lenient: bool) -> list[Opened]:
    """All thoughts, in order. Raises InvalidRequest for one that was changed, or is not to be read here."""
    found = []
    reader = _Reader(seal, lenient)
    latest = _latest(messages, last=_answer(messages))
    for at, message in enumerate(messages):
        if message.role != "assistant":
            reader.turn = ""
        elif _thinks(message):
            reader.latest = at >= latest
            for n, block in enumerate(message.content):
                if isinstance(block, Thinking | RedactedThinking):
                    path = f"messages.{at}.content.{n}"
                    thought, sealed = reader.read(block, path)
                    reason: Reason | None = None if sealed is not None else ELSEWHERE
                    found.append(Opened(path, (at, n), thought, sealed, reason))
    return found


ELSEWHERE: Reason = "organization_binding_mismatch"


class _Reader:
    """Opens thoughts one after the other, and sees that those of one turn come in their order, none missing."""

    def __init__(self, seal: Seal, lenient: bool) -> None:
        self.seal, self.lenient = seal, lenient
        self.turn = ""
        self.next = 0
        self.latest = True

    def read(self, block: Thinking | RedactedThinking, path: str) -> tuple[Thinking, Sealed | None]:
        """The thought in full and what was sealed; the latter is None where it was sealed elsewhere."""
        signature, invalid = (block.signature, INVALID) if isinstance(block, Thinking) else (block.data, INVALID_DATA)
        try:
            sealed = self.seal.open(signature)
        except (Foreign, Tampered) as error:
            if self.lenient and isinstance(error, Foreign):
                return Thinking("", signature), None
            raise InvalidRequest(invalid.format(path)) from None
        self._follow(sealed, path)
        shown = sealed.thinking if sealed.shown is None else sealed.shown
        if isinstance(block, Thinking) and shown and block.thinking != shown:  # into an omitted one anything may be put
            raise InvalidRequest((CHANGED if self.latest else invalid).format(path))
        return Thinking(sealed.thinking, signature), sealed

    def _follow(self, sealed: Sealed, path: str) -> None:
        expected = self.next if sealed.turn == self.turn else 0
        if self.latest and sealed.turn and sealed.index != expected:
            raise InvalidRequest(CHANGED.format(path))
        self.turn, self.next = sealed.turn, sealed.index + 1


def kept(messages: Sequence[MessageParam], model: Model, mode: str) -> Sequence[MessageParam]:
    """The messages with the thinking that the model is to see again.

    Some models keep all of it; others lose that of earlier turns as soon as the user says something new, which a tool's
    result is not. With thinking off none is sent.
    """
    if mode != "off" and model.keeps_thinking == "all":
        return messages
    start = len(messages) if mode == "off" else _latest(messages, last=len(messages) - 1)
    return [_without(message) if at < start else message for at, message in enumerate(messages)]


def _thinks(message: MessageParam) -> bool:
    """Whether there is a thought in it."""
    return type(message.content) is list and any(type(block) in KINDS for block in message.content)


def _answer(messages: Sequence[MessageParam]) -> int:
    """Where the assistant spoke last."""
    return max((at for at, message in enumerate(messages) if message.role == "assistant"), default=0)


def _latest(messages: Sequence[MessageParam], *, last: int) -> int:
    """Where the turn that `last` is in begins: at the user message before it that holds more than tool results."""
    for at in range(last, -1, -1):
        content = messages[at].content
        if messages[at].role == "user" and (
            isinstance(content, str) or not all(isinstance(block, ToolResult) for block in content)
        ):
            return at
    return 0


def _without(message: MessageParam) -> MessageParam:
    if not _thinks(message):
        return message
    left: list[Block] = [block for block in message.content if type(block) not in KINDS]  # type: ignore[misc]
    return msgspec.structs.replace(message, content=left)
