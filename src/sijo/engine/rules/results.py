"""What results of client tools may hold, above all those of toolsets. Which belong to which calls is for `turns`."""

from collections.abc import Collection, Iterator

from sijo.engine.rules import media
from sijo.engine.rules.facts import Facts
from sijo.errors import InvalidRequest
from sijo.wire import blocks as b
from sijo.wire.sources import ImageBase64

TABS = frozenset({"new_tab", "list_tabs", "switch_tab", "close_tab"})
"""Members whose whole result is the state of the browser."""
HOLDS = {"computer": (b.Text, b.Image), "browser": (b.Text, b.Image, b.BrowserState)}
"""What the results of each toolset's members may hold."""


def check(block: b.ToolResult, call: tuple[str, str] | None, path: str, facts: Facts) -> None:
    """A result against its call: the toolset and the member, None for any other tool. Raises InvalidRequest."""
    if block.is_error and not block.content and facts.holds("error_content"):
        raise InvalidRequest(f"{path}.tool_result: content cannot be empty if `is_error` is true")
    toolset, member = call or (None, "")
    if block.toolset_name != toolset and facts.holds("toolset_echo"):
        wanted = f"must be '{toolset}', as in its `tool_use` block" if toolset else "its `tool_use` block has none"
        raise InvalidRequest(f"{path}.tool_result.toolset_name: {wanted}")
    if not facts.holds("toolset_results"):
        return
    parts = block.content if isinstance(block.content, list) else []
    if toolset not in HOLDS:
        for at, part in enumerate(parts):
            if isinstance(part, b.BrowserState):
                words = "'browser_state' blocks are only permitted in results of the browser toolset"
                raise InvalidRequest(f"{path}.tool_result.content.{at}: {words}")
        return
    for at, part in enumerate(parts):
        inner = f"{path}.tool_result.content.{at}"
        if not isinstance(part, HOLDS[toolset]):
            words = f"'{part.__struct_config__.tag}' blocks are not permitted in results of the {toolset} toolset"
            raise InvalidRequest(f"{inner}: {words}")
        if isinstance(part, b.Image) and isinstance(part.source, ImageBase64):
            media.fits(part.source, inner, facts)
    _states(block, [part for part in parts if isinstance(part, b.BrowserState)], member, path)


def _states(block: b.ToolResult, states: Collection[b.BrowserState], member: str, path: str) -> None:
    if member in TABS and not block.is_error and len(states) != 1:
        raise InvalidRequest(f"{path}.tool_result.content: a result of '{member}' must hold one 'browser_state' block")
    if states and block.is_error:
        raise InvalidRequest(f"{path}.tool_result.content: 'browser_state' blocks are not permitted in an error")
    if len(states) > 1:
        raise InvalidRequest(f"{path}.tool_result.content: at most one 'browser_state' block is permitted")
    for state in states:
        for words in _faults(state):
            raise InvalidRequest(f"{path}.tool_result.content: browser_state: {words}")


def _faults(state: b.BrowserState) -> Iterator[str]:
    ids = {tab.tab_id for tab in state.tabs}
    if len(ids) < len(state.tabs):
        yield "tab ids must be unique"
    if state.tabs and sum(tab.active for tab in state.tabs) != 1:
        yield "exactly one tab must be active"
    if state.state_changes == []:
        yield "state_changes must not be empty"
    for change in state.state_changes or ():
        if isinstance(change, b.TabOpened) and change.tab_id not in ids:
            yield f"tab '{change.tab_id}' was opened and is not among the tabs"


def unfinished(id: str, name: str) -> str:
    """What is said of a call that ran on the server, and whose result is not where it must be."""
    result = "tool_search" if name.startswith("tool_search") else name
    return f"`{name}` tool use with id `{id}` was found without a corresponding `{result}_tool_result` block"
