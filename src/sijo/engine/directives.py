"""What system messages in a conversation ask for beside what they say: an effort from there on, and to be shown for one
turn alone. Whether they may is for `rules`.
"""

from collections.abc import Sequence

from sijo.wire.request import Adaptive, CountRequest, MessageParam


def asked_effort(request: CountRequest) -> str | None:
    """The effort that a request asks for as a whole, which is the one that the cache knows."""
    inside = request.thinking.effort if isinstance(request.thinking, Adaptive) else None
    return inside or (request.output_config.effort if request.output_config else None)


def told_effort(messages: Sequence[MessageParam]) -> str | None:
    """The effort that the last message to name one names."""
    for item in reversed(messages):
        if item.output_config is not None and item.output_config.effort is not None:
            return item.output_config.effort
    return None


def shown(messages: Sequence[MessageParam]) -> list[MessageParam]:
    """The messages without those that were for a turn of the user's which is over."""
    last = max((at for at, item in enumerate(messages) if item.role == "user"), default=-1)
    return [item for at, item in enumerate(messages) if at > last or item.clear_at != "next_user_message"]
