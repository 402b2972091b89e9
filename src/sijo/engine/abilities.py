"""What a backend can do, as opposed to what the model's name promises. For engines it comes of `data/engines.toml`.

What is promised and not native is lowered: a pure step on the prompt on the way in, a filter of deltas on the way out.
"""

from typing import Literal

import msgspec


class Abilities(msgspec.Struct, frozen=True, kw_only=True):
    """What the turn itself needs to know; the rest of an engine's row is for its adapter."""

    images: bool = True
    image_urls: bool = True
    documents: bool = False
    """PDFs as they are; all other documents become text for every engine."""
    search_results: bool = False
    system_anywhere: bool = False
    thinking: bool = True
    """It reasons by itself when asked to. Otherwise it is led to: draft, review, revision."""
    budget: bool = False
    """It keeps to a budget of thinking tokens by itself."""
    effort: bool = False
    """It knows effort levels."""
    asks: bool = False
    """A short question costs it little, for it keeps the prompt in its cache: it may be asked whether to think."""
    resumes: bool = False
    """It can go on after a thought that was cut off and closed (`Prompt.begun`), from the same prefix."""
    holds: bool = False
    """It can be held to a schema."""
    keeps: Literal["", "grammar", "own", "raw", "json"] = ""
    """How it is held so that its answer need not be checked: by a grammar of ours, or by a schema, its patterns said in
    this dialect. Empty: what it answers is checked."""
    holds_thinking: bool = True
    """Held to a schema, it still thinks freely before it."""
    holds_calls: bool = True
    """Held to a schema, it may still call tools instead."""
    strict: bool = False
    """It holds the input of a strict tool to its schema: such a call need not be checked."""
    optional: bool = True
    """It does so where properties are optional too."""
    signs: bool = False
    """Its thinking comes signed, its input and stops as the API has them: its deltas pass as they are."""
    found: Literal["inline", "listed"] = "listed"
    """Where a deferred tool that was found is shown: in the place of the result, or after all other tools."""
    truncates: bool = False
    """It drops the start of a prompt that is too long, without a word: so it is counted here first."""
    exact: bool = False
    """Our count of a prompt is the last word on it: there is no engine that counts otherwise."""
    everything: bool = False
    """The backend takes the request as it is (a relay, the simulator): nothing is lowered."""
