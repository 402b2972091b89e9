"""One answer as it comes: what is known to be good passes, what is not is held and judged. Sans-I/O.

A call is held until it is whole and known to be good, unless its tool is eager or held to its schema by the engine; a
text, where it must be a document or must not be. What is broken never passes; it is kept for the model, which is asked
again.
"""

from dataclasses import dataclass

from sijo.engine import deltas as d
from sijo.engine.assemble import tool_input
from sijo.engine.calls.document import document
from sijo.engine.calls.judge import Verdict
from sijo.engine.calls.mend import loads, sound
from sijo.engine.calls.terms import Tally, Terms
from sijo.engine.estimate import tokens
from sijo.wire import blocks as b
from sijo.wire.base import Json

ENDED = ("end_turn", "tool_use")
"""Ends that the model itself has chosen. At any other an answer may be incomplete, as the API documents."""
NO_CALL = "No tool was called, and one must be. Call it now."
NO_DOCUMENT = (
    "This is not the JSON document that was asked for: {}. Answer again, with the whole document and nothing else."
)


@dataclass(slots=True)
class Bad:
    """A call that could not be read, and what to say of it."""

    call: b.ToolUse
    complaint: str


class Attempt:
    """`again`: the model was asked again, so what it says beside its calls is to us."""

    def __init__(self, terms: Terms, tally: Tally, *, again: bool) -> None:
        self.terms, self.tally, self.again = terms, tally, again
        self.good: list[b.ToolUse] = []
        self.bad: list[Bad] = []
        self.said: list[str] = []
        self.thought: list[str] = []
        self.stop: d.Stop | None = None
        self.complaint = ""
        """What is wrong beside calls."""
        self._spent = self._words = 0
        self._call: d.ToolCall | None = None
        self._input: list[str] = []
        self._passing = False
        self._silent = again or terms.forced or terms.format is not None

    @property
    def spent(self) -> int:
        """Tokens of the answer; estimated where the engine has not told."""
        return self._spent or self._words

    @property
    def settled(self) -> bool:
        """Whether nothing has to be asked again."""
        return not self.bad and not self.complaint

    def feed(self, delta: d.AnyDelta) -> list[d.AnyDelta]:
        """What may be told of it at once."""
        match delta:
            case d.ToolInput():
                self._input.append(delta.json)
                return [delta] if self._passing else []
            case d.Spent():
                self._spent += delta.output
                return [delta]
            case d.Text() if self._call is None:
                return self._text(delta)
            case _:
                out = self._called(cut=isinstance(delta, d.Stop) and delta.reason not in ENDED)
        match delta:
            case d.ToolCall():
                return [*out, *self._begin(delta)]
            case d.Text():
                return [*out, *self._text(delta)]
            case d.Stop():
                self.stop = delta
                return out
            case d.Thinking():
                self.thought.append(delta.text)
                self._words += tokens(delta.text)
                return out if self.again else [*out, delta]
            case _:
                return [*out, delta]

    def end(self) -> list[d.AnyDelta]:
        """The rest: the text that was held, if it is what was asked for. Sets `complaint` if it is not."""
        reason = self.stop.reason if self.stop else "end_turn"
        ended = reason in ENDED
        out = self._called()
        if not ended:
            self.bad.clear()  # there is no room, or no will, to write them again
            return [*out, *self._held()]
        if self.terms.format is not None:
            return [*out, *self._document()]
        if self.bad or self.good:
            return out
        if self.terms.forced:
            self.complaint = NO_CALL
            return out
        return [*out, *self._held()]

    def _text(self, delta: d.Text) -> list[d.AnyDelta]:
        self.said.append(delta.text)
        self._words += tokens(delta.text)
        return [] if self._silent else [delta]

    def _held(self) -> list[d.AnyDelta]:
        text = "".join(self.said)
        return [d.Text(text)] if self._silent and text and not self.terms.forced else []

    def _document(self) -> list[d.AnyDelta]:
        assert self.terms.format is not None
        text = "".join(self.said)
        made, wrong = document(text, self.terms.format)
        if made is not None:
            if made != text.strip():
                self.tally.add("document repaired")
            return [d.Text(made)]
        if not self.good and not self.bad:
            self.complaint = NO_CALL if self.terms.forced else NO_DOCUMENT.format(wrong)
        return []

    def _begin(self, call: d.ToolCall) -> list[d.AnyDelta]:
        self._call, self._input = call, []
        name, terms = call.name, self.terms
        self._passing = call.server or (name in terms.known.tools and (name in terms.eager or self._guaranteed(call)))
        return [call] if self._passing else []

    def _guaranteed(self, call: d.ToolCall) -> bool:
        return call.name in self.terms.held and not call.written

    def _called(self, cut: bool = False) -> list[d.AnyDelta]:
        """The call that was open is over. `cut`: the model could not go on, so it may be incomplete."""
        call, input = self._call, "".join(self._input)
        if call is None:
            return []
        self._call = None
        if self._passing:
            self._passing = False
            self.good.append(b.ToolUse(call.id, call.name, tool_input(input)))
            return []
        self._words += tokens(input)
        if self.terms.single and self.good:
            return []
        verdict = self.terms.known.judged(call.name, input)
        if verdict.complaint and not cut:
            self.bad.append(Bad(b.ToolUse(call.id, call.name, shown(input)), verdict.complaint))
            return []
        if verdict.complaint and (verdict.name not in self.terms.known.tools or sound(input)):
            return []  # complete and wrong: it is left out
        return self._tell(call, verdict)

    def _tell(self, call: d.ToolCall, verdict: Verdict) -> list[d.AnyDelta]:
        if verdict.repaired:
            self.tally.add("call repaired")
        self.good.append(b.ToolUse(call.id, verdict.name, tool_input(verdict.input)))
        return [d.ToolCall(call.id, verdict.name), *([d.ToolInput(verdict.input)] if verdict.input else ())]


def shown(input: str) -> Json:
    """An input as the model is shown it again: what is no object under the name that the API has for that."""
    value = loads(input) if sound(input) else None
    return value if isinstance(value, dict) else {"INVALID_JSON": input}
