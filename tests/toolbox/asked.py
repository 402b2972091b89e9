"""How the tests call a tool: as the SDK's runner does."""

from typing import Any

import pytest

from sijo.toolbox import Runnable, ToolError


def said(tool: Runnable, **input: Any) -> str:
    """The result's text."""
    result = tool.call(input)
    assert isinstance(result, str)
    return result


def refused(tool: Runnable, **input: Any) -> str:
    """The text of a result with `is_error`."""
    with pytest.raises(ToolError) as caught:
        tool.call(input)
    assert isinstance(caught.value.content, str)
    return caught.value.content
