"""What the models that are aware of their context are told: how large it is, and how much of it is used.

The words are the hosted API's. The size stands at the end of the system prompt, the use behind the last result of each
round of tools. Both are counted from what stands before them alone, so that they say the same in every later turn: the
prefix that an engine has in its cache stays as it is.

A plain question, without tools or a system prompt, is passed on as it is: some chat templates know no system prompt.
"""

import msgspec
from msgspec.structs import replace

from sijo.engine.abilities import Abilities
from sijo.engine.count import prompt_tokens
from sijo.engine.estimate import tokens
from sijo.engine.prompt import Item, Prompt
from sijo.wire import blocks as b

BUDGET = "<budget:token_budget>{}</budget:token_budget>"
WARNING = "<system_warning>Token usage: {}/{}; {} remaining</system_warning>"


def told(prompt: Prompt, _: Abilities) -> Prompt:
    """The prompt with those words, where there is a window to be told of (`Prompt.window`)."""
    window = prompt.window
    if not window or not (prompt.system or prompt.tools):
        return prompt
    system = [*prompt.system, b.Text(BUDGET.format(window))]
    used = prompt_tokens(replace(prompt, system=system, items=()), tokens)
    alone = replace(prompt, system=(), tools=(), format=None, hidden=0)
    items: list[Item] = []
    strips = prompt.model.keeps_thinking == "last"  # what goes with the next question would change all that follows
    for item in prompt.items:
        counted = Item(item.role, [part for part in item.content if type(part) is not b.Thinking]) if strips else item
        used += prompt_tokens(replace(alone, items=(counted,)), tokens)
        items.append(warned(item, WARNING.format(used, window, max(0, window - used))))
    return replace(prompt, system=system, items=items)


def warned(item: Item, words: str) -> Item:
    """The turn with the words inside its last result: behind it they would look like a question of the user's."""
    at = next((n for n in reversed(range(len(item.content))) if isinstance(item.content[n], b.ToolResult)), None)
    if at is None:
        return item
    result = item.content[at]
    assert isinstance(result, b.ToolResult)
    said = result.content if isinstance(result.content, list) else [b.Text(result.content)] if result.content else []
    marked = msgspec.structs.replace(result, content=[*said, b.Text(words)])
    return Item(item.role, [*item.content[:at], marked, *item.content[at + 1 :]])
