"""What a prompt asks and the engine behind cannot take, said in what it can: a fold of pure steps, as `STEPS` has them.

What cannot be said otherwise is refused aloud. Only a redacted thought, which nobody here can read, is left out.
"""

from collections.abc import Callable, Iterable, Sequence

import msgspec
from msgspec.structs import replace

from sijo.engine import awareness, deferred, documents
from sijo.engine.abilities import Abilities
from sijo.engine.clienttools import as_custom, remembered
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.members import toolsets_lowered
from sijo.engine.prompt import Item, Prompt
from sijo.engine.tabs import told
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire import tools as t
from sijo.wire.request import Adaptive, CountRequest, MessageParam
from sijo.wire.results import ToolReference
from sijo.wire.sources import PdfBase64, Url

BILLING = "x-anthropic-billing-header:"
Step = Callable[[Prompt, Abilities], Prompt]


def merged(messages: Iterable[MessageParam]) -> list[Item]:
    """Neighbours of one role are one turn; a string is one text block. What is empty is not there."""
    items: list[Item] = []
    grows: list[b.Block] | None = None  # the last one's content, once it is a list of our own
    for message in messages:
        if not message.content:
            continue
        content: Sequence[b.Block] = message.content if isinstance(message.content, list) else [b.Text(message.content)]
        if not items or items[-1].role != message.role:
            items.append(Item(message.role, content))
            grows = None
        elif grows is None:
            grows = [*items[-1].content, *content]
            items[-1] = Item(message.role, grows)
        else:
            grows += content
    return items


def system_blocks(system: str | list[b.Text]) -> list[b.Text]:
    """The system prompt, without what would never be the same twice.

    Claude Code's first line names the client and a fingerprint of the request. It is not for the model, and it would
    make every prefix new: the hosted API leaves it out too. It is a block of its own, or stands before another text.
    """
    if isinstance(system, str):
        system = [b.Text(system)] if system else []
    if not (system and system[0].text.startswith(BILLING)):
        return system
    rest = system[0].text.partition("\n")[2].lstrip("\n")
    return [replace(system[0], text=rest), *system[1:]] if rest else system[1:]


def tools_lowered(prompt: Prompt, _: Abilities) -> Prompt:
    """The API's own tools, as the ordinary ones that they are to an engine: the client's, and those that run here."""
    if prompt.own:
        tools = [one for tool in prompt.tools for one in functions(tool, prompt)]
    else:
        tools = [as_custom(tool) for tool in prompt.tools]
    return replace(prompt, system=remembered(prompt), tools=tools)


def functions(tool: t.AnyTool, prompt: Prompt) -> Sequence[t.AnyTool]:
    session = next((session for entry, session in prompt.own if entry is tool), None)
    return (as_custom(tool),) if session is None else session.functions


def budget_told(prompt: Prompt, _: Abilities) -> Prompt:
    """How much of a task's budget is left, where one was given: a countdown that the model can see.

    What was said, called and answered since the user's last question is the task so far. It stands at the end of each
    turn of the user's, counted from what stands before it alone: so it says the same in every later request, and the
    prefix stays the same. A caller who counts himself tells only what is left now.
    """
    total, left = task_budget(prompt.request)
    if total is None or not prompt.items or prompt.items[-1].role != "user":
        return prompt
    if left is not None:
        return replace(prompt, items=[*prompt.items[:-1], counted_down(prompt.items[-1], left, total)])
    alone, items, used = replace(prompt, system=(), tools=(), format=None, hidden=0), list[Item](), 0
    for item in prompt.items:
        used = 0 if asks(item) else used + prompt_tokens(replace(alone, items=(item,)), tokens)
        items.append(counted_down(item, max(0, total - used), total) if item.role == "user" else item)
    return replace(prompt, items=items)


def counted_down(item: Item, left: int, total: int) -> Item:
    note = b.Text(f"<task_budget>{left} of {total} tokens remain for this task.</task_budget>")
    return Item(item.role, [*item.content, note])


def task_budget(request: CountRequest) -> tuple[int | None, int | None]:
    """A task's budget in tokens, and what is left of it by the caller's own count."""
    if isinstance(request.thinking, Adaptive) and request.thinking.task_budget is not None:
        return request.thinking.task_budget, None
    budget = request.output_config.task_budget if request.output_config else None
    return (None, None) if budget is None else (budget.total, budget.remaining)


def asks(item: Item) -> bool:
    """Whether a turn holds more than the results of tools."""
    return item.role == "user" and not all(isinstance(block, b.ToolResult) for block in item.content)


def system_lowered(prompt: Prompt, able: Abilities) -> Prompt:
    """System messages inside the conversation, for engines that take them only at its start."""
    if able.system_anywhere or all(item.role != "system" for item in prompt.items):
        return prompt
    params = [
        MessageParam("user", [b.Text(f"<system-reminder>\n{texts(item.content)}\n</system-reminder>")])
        if item.role == "system"
        else MessageParam(item.role, list(item.content))
        for item in prompt.items
        if item.role != "system" or item.content
    ]
    return replace(prompt, items=merged(params))


def content_lowered(prompt: Prompt, able: Abilities) -> Prompt:
    """Documents, search results and images, for engines that do not take them."""
    rich = [at for at, item in enumerate(prompt.items) if any(type(block) not in PLAIN for block in item.content)]
    if not rich:
        return prompt
    items = list(prompt.items)
    found = (data for at in rich for data in documents.pdfs(items[at].content))
    known = {} if able.documents else documents.read(found)
    for at in rich:
        items[at] = item_lowered(items[at], able, f"messages.{at}.content", prompt.request.messages, known)
    return replace(prompt, items=items)


def item_lowered(item: Item, able: Abilities, path: str, sent: Sequence[MessageParam], known: documents.Known) -> Item:
    """One turn. What is refused of it is named by where it was `sent`: neighbours of one role are one turn by now."""
    content: list[b.Block] = []
    for n, block in enumerate(item.content):
        try:
            content += lowered(block, able, f"{path}.{n}", known)
        except InvalidRequest as error:
            place = sent_at(block, sent) or f"{path}.{n}"
            raise InvalidRequest(place + error.message.removeprefix(f"{path}.{n}")) from error
    return Item(item.role, content)


def sent_at(block: b.Block, messages: Sequence[MessageParam]) -> str | None:
    """The place of this very block in the request; None where it was changed on its way."""
    for at, message in enumerate(messages):
        for n, one in enumerate(message.content):
            if one is block:
                return f"messages.{at}.content.{n}"
    return None


PLAIN = frozenset({b.Text, b.ToolUse, b.Thinking})


def lowered(block: b.Block, able: Abilities, path: str, known: documents.Known) -> list[b.Block]:
    """One block, as blocks that the engine takes. `known`: what was made of its PDFs."""
    match block:
        case b.ToolResult(content=list() as parts):
            inside = f"{path}.tool_result.content"
            inner = [out for n, part in enumerate(parts) for out in lowered(part, able, f"{inside}.{n}", known)]
            return [msgspec.structs.replace(block, content=inner)]
        case b.Image():
            return [picture(block, able, path)]
        case b.Document() if not (able.documents and isinstance(block.source, PdfBase64)):
            return [out for part in documents.blocks(block, path, known) for out in lowered(part, able, path, known)]
        case b.SearchResult() if not able.search_results:
            return [b.Text(documents.search_text(block))]
        case ToolReference():
            return [b.Text(f"The tool `{block.tool_name}` was found and can be called now.")]
        case b.BrowserState():
            return [b.Text(told(block, None))]
        case b.RedactedThinking():
            return []
        case _:
            return [block]


def picture(block: b.Image, able: Abilities, path: str) -> b.Image:
    """An image that the engine takes; else the request is refused, for it cannot be said in words."""
    if not able.images:
        raise InvalidRequest(f"{path}.image.source: Could not process image: the engine behind this model takes none")
    if isinstance(block.source, Url) and not able.image_urls:
        raise InvalidRequest(
            f"{path}.image.source.url: Could not process image: the engine behind this model takes base64 only"
        )
    return block


def texts(content: Sequence[b.Block]) -> str:
    return "\n".join(block.text for block in content if isinstance(block, b.Text))


STEPS: tuple[Step, ...] = (
    toolsets_lowered, tools_lowered, deferred.shown, system_lowered, content_lowered, awareness.told, budget_told,
)  # fmt: skip


def lower(prompt: Prompt, able: Abilities, steps: Sequence[Step] = STEPS) -> Prompt:
    """The fold. What takes everything is given everything."""
    if able.everything:
        return prompt
    for step in steps:
        prompt = step(prompt, able)
    return prompt
