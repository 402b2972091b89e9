"""Thinking on its way back in: opened, checked, and kept or dropped as the model's row says."""

from collections.abc import Sequence

import msgspec

from sijo.engine.models import Model
from sijo.engine.thinking.seal import Foreign, Seal, Sealed, Tampered
from sijo.errors import InvalidRequest
from sijo.wire.blocks import Block, RedactedThinking, Thinking, ToolResult
from sijo.wire.request import MessageParam

INVALID = "{}: Invalid `signature` in `thinking` block"
INVALID_DATA = "{}: Invalid `data` in `redacted_thinking` block"
CHANGED = (
    "{}: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified. "
    "These blocks must remain as they were in the original response."
)
KINDS = (Thinking, RedactedThinking)


def restored(messages: Sequence[MessageParam], seal: Seal, *, lenient: bool) -> Sequence[MessageParam]:
    """The messages with each thought as the model thought it, whatever of it was shown; themselves, if there is none.

    What was sealed here and changed since is refused: edited or cut anywhere, and, in the latest turn, out of order or
    with one missing before it; thinking of earlier turns may be left out. What was sealed elsewhere is refused, or,
    where `lenient`, left out: people switch servers in mid-conversation.
    """
    if not any(map(_thinks, messages)):
        return messages
    reader = _Reader(seal, lenient)
    latest = _latest(messages, last=_answer(messages))
    out = []
    for at, message in enumerate(messages):
        if isinstance(message.content, str) or message.role != "assistant":
            out.append(message)
            reader.turn = reader.turn if message.role == "assistant" else ""
            continue
        content: list[Block] = []
        reader.latest = at >= latest
        for n, block in enumerate(message.content):
            opened = reader.read(block, f"messages.{at}.content.{n}") if type(block) in KINDS else block
            content += [opened] if opened is not None else []
        out.append(msgspec.structs.replace(message, content=content))
    return out


def dropped(messages: Sequence[MessageParam], seal: Seal) -> list[dict[str, str]]:
    """The thoughts that `restored` leaves out where it is lenient, as the API tells of blocks that it leaves out."""
    return [
        {"type": "thinking_dropped", "path": f"messages.{at}.content.{n}", "reason": "organization_binding_mismatch"}
        for at, message in enumerate(messages)
        if message.role == "assistant" and _thinks(message)
        for n, block in enumerate(message.content)
        if isinstance(block, KINDS) and _foreign(block, seal)
    ]


def _foreign(block: Thinking | RedactedThinking, seal: Seal) -> bool:
    try:
        seal.open(block.signature if isinstance(block, Thinking) else block.data)
    except Foreign:
        return True
    return False


class _Reader:
    """Opens thoughts one after the other, and sees that those of one turn come in their order, none missing."""

    def __init__(self, seal: Seal, lenient: bool) -> None:
        self.seal, self.lenient = seal, lenient
        self.turn = ""
        self.next = 0
        self.latest = True

    def read(self, block: Block, path: str) -> Thinking | None:
        assert isinstance(block, Thinking | RedactedThinking)
        signature, invalid = (block.signature, INVALID) if isinstance(block, Thinking) else (block.data, INVALID_DATA)
        try:
            sealed = self.seal.open(signature)
        except (Foreign, Tampered) as error:
            if self.lenient and isinstance(error, Foreign):
                return None
            raise InvalidRequest(invalid.format(path)) from None
        self._follow(sealed, path)
        shown = sealed.thinking if sealed.shown is None else sealed.shown
        if isinstance(block, Thinking) and shown and block.thinking != shown:  # into an omitted one anything may be put
            raise InvalidRequest((CHANGED if self.latest else invalid).format(path))
        return Thinking(sealed.thinking, signature)

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
