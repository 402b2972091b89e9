"""What a model's answer must keep to: the tools that it may call, how their input comes, and the form of a document."""

from dataclasses import dataclass

from sijo.engine import schemas
from sijo.engine.abilities import Abilities
from sijo.engine.calls.fit import Fit
from sijo.engine.calls.judge import Known
from sijo.engine.prompt import Prompt
from sijo.wire.base import Json
from sijo.wire.request import AnyTool as MustCall
from sijo.wire.request import Named, NoTools
from sijo.wire.tools import Custom, Typed

EAGER = "fine-grained-tool-streaming-2025-05-14"


class Tally(dict[str, int]):
    """What had to be done about the calls and documents of one turn, and how often: `call repaired` and so on."""

    def add(self, what: str) -> None:
        self[what] = self.get(what, 0) + 1


@dataclass(frozen=True, slots=True)
class Terms:
    """`eager` tools are streamed as their input comes, and `held` ones the engine itself holds to their schema: neither
    is checked. `forced`: an answer without a call is none. `format` is None where the engine holds to it."""

    known: Known
    eager: frozenset[str]
    held: frozenset[str]
    forced: bool
    single: bool
    format: Fit | None


def terms(prompt: Prompt, able: Abilities, whole: Prompt | None = None) -> Terms | None:
    """What has to be looked after in the answer to a prompt, or None: nothing. `whole` has tools that are not shown."""
    format = None if prompt.format is None or holds(prompt.format.schema, able) else Fit(prompt.format.schema)
    if not prompt.tools or isinstance(prompt.choice, NoTools):
        return None if format is None else Terms(Known(()), frozenset(), frozenset(), False, False, format)
    only = prompt.choice.name if isinstance(prompt.choice, Named) else None
    hidden = whole.tools if whole is not None and prompt.caller else ()
    held = {tool.name for tool in prompt.tools if isinstance(tool, Custom) and tool.strict and guarantees(tool, able)}
    return Terms(
        known=Known(prompt.tools, only, hidden=hidden, found=prompt.found, caller=prompt.caller),
        eager=eager(prompt) if whole is None else eager(whole),
        held=frozenset(held),
        forced=isinstance(prompt.choice, MustCall | Named),
        single=getattr(prompt.choice, "disable_parallel_tool_use", False),
        format=format,
    )


def holds(schema: Json, able: Abilities) -> bool:
    """Whether an answer is sure to keep to a schema: what no grammar is made of is checked, whoever the engine is."""
    if able.keeps == "grammar":
        return schemas.held(schema)
    return able.keeps != "" and (able.optional or schemas.complete(schema)) and schemas.kept(schema, able.keeps)


def guarantees(tool: Custom, able: Abilities) -> bool:
    """The same of the input of a strict tool."""
    return able.strict and able.keeps != "grammar" and holds(tool.input_schema, able)


def eager(prompt: Prompt) -> frozenset[str]:
    """The tools whose input streams as it comes."""
    every = EAGER in prompt.betas
    return frozenset(
        tool.name
        for tool in prompt.tools
        if isinstance(tool, Custom | Typed)
        and (tool.eager_input_streaming or (every and tool.eager_input_streaming is None))
    )
