"""An answer as deltas, within what the request allows: `max_tokens` and its stop sequences.

A delta stands for a token. When they come is for `pace`.
"""

import hashlib
from collections.abc import Iterable, Sequence

import msgspec

from sijo import ids
from sijo.backends.simulator.answer import Answer, Piece
from sijo.backends.simulator.pace import pieces
from sijo.backends.simulator.scene import Scene
from sijo.engine import deltas as d
from sijo.engine import toolsets
from sijo.wire import blocks as b
from sijo.wire.tools import SERVER, Toolset

SERVER_TOOLS = frozenset(
    {
        "web_search", "web_fetch", "code_execution", "bash_code_execution", "text_editor_code_execution",
        "tool_search_tool_regex", "tool_search_tool_bm25", "advisor",
    }
)  # fmt: skip
"""What the tools that run here are called by; with none of them in the request, a client's own tool has the name."""


class Played(msgspec.Struct):
    """What to say, how it ends, and how many tokens it is, the thinking alone too."""

    deltas: Sequence[d.AnyDelta]
    stop: d.Stop
    output: int
    thinking: int


def play(answer: Answer, scene: Scene) -> Played:
    """The deltas of an answer, cut where the request wants it cut."""
    prompt = scene.prompt
    out: list[d.AnyDelta] = []
    spent = thinking = 0
    for at, piece in enumerate(answer.blocks):
        thought = piece.thinking is not None or piece.redacted is not None
        if thought and prompt.thought.mode == "off":
            continue
        whole = piece.text or ""
        text, found = _until(whole, prompt.stops) if prompt.stops else (whole, "")
        said = _said(piece, text, scene, at)
        if out and said and type(said[0]) in (d.Text, d.Thinking) and type(out[-1]) in (type(said[0]), d.Cited):
            out.append(d.Close())  # two blocks of one kind stay two
        room = prompt.max_tokens - spent
        out += said[:room]
        spent += min(len(said), room)
        if thought:
            thinking += min(len(said), room)
        if len(said) > room:
            return Played(out, d.Stop("max_tokens"), spent, thinking)
        out += map(d.Cited, piece.citations)
        if found:
            return Played(out, d.Stop("stop_sequence", found), spent, thinking)
    return Played(out, answer.stop(), spent, thinking)


def recited(answer: Answer) -> Played | None:
    """The deltas of an answer that is the same whoever asks: nothing but texts; else None."""
    if any(piece.text is None for piece in answer.blocks):
        return None
    out: list[d.AnyDelta] = []
    spent = 0
    for piece in answer.blocks:
        if out and piece.text:
            out.append(d.Close())  # two blocks of one kind stay two
        said = _cut(piece.text or "")
        out += (*said, *map(d.Cited, piece.citations))
        spent += len(said)
    return Played(out, answer.stop(), spent, 0)


def _until(text: str, stops: Iterable[str]) -> tuple[str, str]:
    """The text before the first stop sequence, and which one that is."""
    at, found = min(((i, stop) for stop in stops if (i := text.find(stop)) >= 0), default=(len(text), ""))
    return text[:at], found


def _said(piece: Piece, text: str, scene: Scene, at: int) -> list[d.AnyDelta]:
    if piece.tool is None:
        if piece.thinking is not None:
            return [d.Thinking(part) for part in pieces(piece.thinking)]
        if piece.redacted is not None:
            return [d.Whole(b.RedactedThinking(piece.redacted))]
        return _cut(text)
    if toolset := _toolset(piece, scene):
        call = b.ToolUse(piece.id or _id(scene.key + bytes([at % 256])), piece.tool, {}, toolset_name=toolset)
        return [d.Open(call), d.ToolInput(msgspec.json.encode(piece.input).decode())]
    server = piece.tool in SERVER_TOOLS and any(isinstance(tool, SERVER) for tool in scene.prompt.tools)
    id = piece.id or (ids.new("srvtoolu") if server else _id(scene.key + bytes([at % 256])))
    json = msgspec.json.encode(piece.input).decode()
    return [d.ToolCall(id, piece.tool, server), *(d.ToolInput(part) for part in pieces(json))]


def _cut(text: str) -> list[d.AnyDelta]:
    return list(map(d.Text, pieces(text)))


def _toolset(piece: Piece, scene: Scene) -> str | None:
    """The toolset of which a call's tool is a member, if no tool of the request has the name for itself."""
    if piece.toolset is not None:
        return piece.toolset
    families = [tool for tool in scene.prompt.tools if isinstance(tool, Toolset)]
    if not families or any(getattr(tool, "name", None) == piece.tool for tool in scene.prompt.tools):
        return None
    return next((toolsets.NAMES[type(tool)] for tool in families if piece.tool in toolsets.enabled(tool)), None)


def _id(key: bytes) -> str:
    """The id of a call to the client's tool: the same for the same conversation. Nothing is kept under it here."""
    return f"toolu_01{hashlib.blake2b(key, digest_size=ids.BYTES).hexdigest()}"
