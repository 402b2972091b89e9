"""What a thought that comes back is bound to: the models that read it, and the conversation that it was made for.

On models that check the prefix, all before a thought must be what it was when the thought was made: the system prompt,
the tools, the messages, and the thoughts too, of which those at the start or the end may be left out, but none between
others. What of a conversation counts is for `prefix`.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec

from sijo.engine.models import Model
from sijo.engine.thinking.prefix import FORM, HEAD, Prefix
from sijo.engine.thinking.seal import Origin, Sealed
from sijo.errors import InvalidRequest
from sijo.wire.blocks import Thinking
from sijo.wire.request import Adaptive, CountRequest, Enabled
from sijo.wire.tools import AnyTool

BETA = "thinking-binding-controls-2026-08-01"
CHECKED = ("prefix", "strict")
"""Bindings with which the conversation is checked; a thought is sealed with it then."""
Action = Literal["error", "drop_block", "allow"]
Reason = Literal["organization_binding_mismatch", "model_binding_mismatch", "prefix_binding_mismatch"]
MISMATCH = (
    "{}: Invalid `signature` in `thinking` block. The block is bound to a different conversation. Remove the block, or "
    'set `thinking.block_binding.prefix_mismatch_behavior` to "drop_block".'
)
NEEDS_BETA = f" That setting requires the `{BETA}` value in the `anthropic-beta` header."
HEAD_CHANGED = "`system` or `tools` changed after the block was made."
SHORTER = "Messages or blocks before it are missing."
LONGER = "There are new messages between it and those that it followed."
CHANGED = "A message before it was changed after the block was made."
OUT_OF_ORDER = "Thinking blocks before it are missing or in another order."


class Opened(msgspec.Struct):
    """A thought that came back. `sealed` is None where another server has signed it. `reason` says to what it does not
    fit: it is left out then, or `allowed` all the same."""

    path: str
    place: tuple[int, int]
    block: Thinking
    sealed: Sealed | None
    reason: Reason | None = None
    allowed: bool = False

    @property
    def kept(self) -> bool:
        return self.reason is None or self.allowed

    def told(self) -> dict[str, str]:
        """How the API tells of it, where it does not fit."""
        kind = "thinking_mismatch_allowed" if self.allowed else "thinking_dropped"
        return {"type": kind, "path": self.path, "reason": self.reason or ""}


class Bond(msgspec.Struct):
    """What the thinking of a request is held to. `action` is what becomes of a thought that was made for another
    conversation; None: that is not looked at. `known` says whether the request can ask for something else."""

    model: Model
    request: CountRequest
    tools: Sequence[AnyTool]
    action: Action | None
    known: bool = True


def action(request: CountRequest, model: Model, *, strict: bool, enforced: bool | None) -> Action | None:
    """What becomes of thinking of another conversation. What the request asks for counts; without it the setting of the
    server does (`enforced`; None: as it is strict or not). A lenient server refuses nothing on its own account."""
    if model.binding not in CHECKED:
        return None
    thinking = request.thinking
    binding = thinking.block_binding if isinstance(thinking, Enabled | Adaptive) else None
    asked = binding.prefix_mismatch_behavior if binding is not None else None
    enforced = (strict if enforced is None else enforced) or (strict and model.binding == "strict")
    if asked == "drop_block" or enforced:
        return asked or "error"
    return "error" if asked and strict else "allow"


def hold(thoughts: Sequence[Opened], bond: Bond) -> Prefix | None:
    """Note of each thought whether it fits. Raises InvalidRequest where that is the action. Returns the prefix, if one
    had to be made."""
    for one in thoughts:
        if one.sealed is not None and one.sealed.origin.model in bond.model.unread:
            one.reason = "model_binding_mismatch"
    bound = [one.sealed.origin.length for one in thoughts if one.sealed is not None and bound_by(one.sealed.origin)]
    if not bound or bond.action is None:
        return None
    prefix = Prefix(bond.request, bond.tools)
    prefix.settle(bound)
    _compare(thoughts, bond, prefix)
    return prefix


def bound_by(origin: Origin) -> bool:
    """Whether it binds to a conversation, in the form that is known here."""
    return origin.form == FORM and bool(origin.prefix)


def _compare(thoughts: Sequence[Opened], bond: Bond, prefix: Prefix) -> None:
    last, before, lost = "", set[str](), False
    for one in thoughts:
        if one.sealed is None:
            continue
        if one.kept:
            change = change_of(one.sealed, prefix.places.get(one.place), prefix.digests, last, before)
            if change and bond.action == "error":
                needs = "" if bond.known else NEEDS_BETA
                raise InvalidRequest(f"{MISMATCH.format(one.path)}{needs} {change}")
            if change or lost:
                one.reason, one.allowed = "prefix_binding_mismatch", bond.action == "allow"
                lost = bond.action == "drop_block"
        last = one.sealed.name
        before.add(last)


def change_of(
    sealed: Sealed, place: tuple[int, int] | None, digests: Mapping[int, bytes], last: str, before: set[str]
) -> str:
    """How the conversation is another than the one of a thought, in a sentence; nothing where it is the same.

    `place` is where the assistant begins to speak and where the thought stands, in blocks; `last` is the thought before
    it and `before` are all of them.
    """
    origin = sealed.origin
    if not bound_by(origin) or place is None:
        return ""
    begins, stands = place
    if digests[0][:HEAD] != origin.head:
        return HEAD_CHANGED
    if origin.length > stands:
        return SHORTER
    if origin.length < begins:
        return LONGER
    if digests[origin.length] != origin.prefix:
        return CHANGED
    if not before:  # those at the start may be left out
        return ""
    if sealed.index:
        return "" if last == f"{sealed.turn}/{sealed.index - 1}" else OUT_OF_ORDER
    moved = last.startswith(f"{sealed.turn}/") or (origin.after and origin.after not in before)
    return OUT_OF_ORDER if moved else ""


def origin(model: Model, prefix: Prefix | None, after: str) -> Origin:
    """What a turn's own thoughts are bound to. `after` names the thought before them that the model has seen."""
    if prefix is None:
        return Origin(model.id)
    length = prefix.length
    return Origin(model.id, prefix.digests[length], prefix.digests[0][:HEAD], length, after, FORM)
