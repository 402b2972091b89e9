"""A call as the model wrote it: as it is where it is good, repaired where that is certain, else with what is wrong."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sijo.engine.calls.body import spelt
from sijo.engine.calls.fit import Fit
from sijo.engine.calls.mend import Unsure, loads, mended, sound
from sijo.engine.calls.names import meant
from sijo.wire.tools import AnyTool, Custom

LISTED = 40
"""Names of tools that are told to a model that called an unknown one."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """`input` is JSON text. `complaint` says, to the model, what is wrong; empty: the call is good."""

    name: str
    input: str
    repaired: bool = False
    complaint: str = ""


class Known:
    """The tools of a request, by name; those with a schema of their own are checked against it.

    `only` is the one that may be called. `hidden` ones are called by their very name, or through the tool `caller`;
    those that were `found` also by a name that means them.
    """

    def __init__(
        self,
        tools: Sequence[AnyTool],
        only: str | None = None,
        *,
        hidden: Sequence[AnyTool] = (),
        found: Sequence[str] = (),
        caller: str = "",
    ) -> None:
        shown = by_name(tools)
        self.tools: Mapping[str, AnyTool] = {
            name: tool for name, tool in (by_name(hidden) | shown).items() if only in (None, name)
        }
        self.names: Sequence[str] = [name for name in (*shown, *found) if name in self.tools]
        self._shown = shown.keys()
        self._caller = caller
        self._fits: dict[str, Fit] = {}

    def meant(self, name: str) -> str | None:
        """The tool that a name means."""
        return name if name in self.tools else meant(name, self.names)

    def properties(self, name: str) -> Mapping[str, object]:
        """The properties of a tool's input, in order."""
        tool = self.tools.get(self.meant(name) or "")
        found = tool.input_schema.get("properties") if isinstance(tool, Custom) else None
        return found if isinstance(found, dict) else {}

    def fit(self, name: str) -> Fit | None:
        tool = self.tools[name]
        if name not in self._fits and isinstance(tool, Custom):
            self._fits[name] = Fit(tool.input_schema, name)
        return self._fits.get(name)

    def judged(self, name: str, input: str) -> Verdict:
        """What is to become of a call whose input was written like this."""
        tool = self.meant(name)
        if tool == self._caller and self._caller and (inner := self._called(input)) is not None:
            return self.judged(*inner)
        if tool is None:
            more = ", ..." if len(self.names) > LISTED else ""
            listed = ", ".join(self.names[:LISTED]) + more
            return Verdict(name, input, complaint=f"There is no tool named `{name[:100]}`. The tools are: {listed}.")
        try:
            text = mended(input) if input.strip() else "{}"
        except Unsure as error:
            return Verdict(tool, input, complaint=f"The input of `{tool}` is no JSON object: {error}.")
        value, wrong = loads(text), list[str]()
        fit = self.fit(tool)
        made = value
        if fit is not None:
            made, wrong = fit.fitted(value)
        if not wrong and not isinstance(made, dict):
            wrong = ["it is no JSON object"]
        if wrong:
            return Verdict(tool, input, complaint=f"The input of `{tool}` does not fit: {'; '.join(wrong)}.")
        if made is not value:
            text = json.dumps(made, ensure_ascii=False)
        elif sound(input) or not input.strip():
            text = input
        return Verdict(tool, text, repaired=tool != name or text != input)

    def _called(self, input: str) -> tuple[str, str] | None:
        """What is called through the tool that calls others, where that is a hidden one."""
        try:
            found = [one for one in spelt(mended(input)) if one[0] in self.tools and one[0] not in self._shown]
        except Unsure:
            return None
        return found[0] if len(found) == 1 else None

    def named(self, name: str, _: str) -> bool:
        """Whether a tool has this very name."""
        return name in self.tools

    def sure(self, name: str, input: str) -> bool:
        """Whether this can only be a call: a tool's very name, and an input that fits it."""
        return name in self.tools and bool(input.strip()) and not self.judged(name, input).complaint


def by_name(tools: Sequence[AnyTool]) -> dict[str, AnyTool]:
    return {name: tool for tool in tools if (name := getattr(tool, "name", ""))}
