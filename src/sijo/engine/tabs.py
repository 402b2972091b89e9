"""What a call of the browser toolset did to the browser, in words: the model never sees a `browser_state` itself."""

from collections.abc import Iterator

from sijo.wire import blocks as b


def told(state: b.BrowserState, call: b.ToolUse | None) -> str:
    """The state after a call; `call` is None where it is not known any more."""
    member = call.name if call is not None else ""
    active = next((tab for tab in state.tabs if tab.active), None)
    asked = str(call.input.get("tab_id", "")) if call is not None else ""
    match member:
        case "switch_tab":
            first = f"Switched to tab {active.tab_id if active else asked}"
        case "close_tab":
            first = f"Closed tab {asked}"
        case "new_tab" if active is not None:
            first = f"Created new tab with tab_id: {active.tab_id}, URL: {active.url}. It is now the current tab."
        case _:
            first = listed(state)
    known = {active.tab_id} if member == "new_tab" and active else set()
    return "\n".join([first, *(line for line in changes(state, known))])


def listed(state: b.BrowserState) -> str:
    """All tabs, a line each."""
    if not state.tabs:
        return "No tabs available"
    lines = (f"- {tab.tab_id}: {tab.title} ({tab.url}){' [active]' * tab.active}" for tab in state.tabs)
    return "\n".join(["Available tabs:", *lines])


def changes(state: b.BrowserState, known: set[str]) -> Iterator[str]:
    """What happened besides, a line each, but for tabs that are `known` already."""
    for change in state.state_changes or ():
        match change:
            case b.TabOpened(tab_id=id):
                if id not in known:
                    yield f"Opened tab {id}"
            case b.DownloadStarted(download_id=id, url=url):
                yield f"Download {id} started: {url}"
            case b.DownloadCompleted(download_id=id, url=url):
                size = f", {change.size_bytes} bytes" if change.size_bytes is not None else ""
                yield f"Download {id} completed: {url}{f', saved as {change.path}' if change.path else ''}{size}"
            case b.DownloadFailed(download_id=id, url=url):
                yield f"Download {id} failed: {url}{f': {change.error}' if change.error else ''}"
