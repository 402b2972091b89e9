"""Every request that is refused, with the exact words: by a strict server, and by a lenient one where it is no matter
of strictness."""

import pytest

from sijo.app import server_tools
from sijo.engine import rules
from sijo.engine.betas import betas as registry
from sijo.engine.models import models
from sijo.engine.servertool import Own
from sijo.errors import InvalidRequest
from sijo.wire.request import CountRequest, MessageRequest
from tests.wire.bad_bodies import BASE, Row, rows

ROWS = rows()
OWN = Own(server_tools())


def sent(row: Row, *, strict: bool) -> str | None:
    """The words with which a request is refused, or None."""
    betas = registry().parse(row.betas, strict=False)

    def closed(name: str) -> frozenset[str]:
        model = models().get(name)
        return registry().closed(betas, row.version, model.opens if model else ()) if strict else frozenset()

    try:
        kind = CountRequest if row.count else MessageRequest
        request = rules.read(rules.parse(row.sent), kind, closed=closed, lenient=not strict, betas=bool(betas))
        tools = rules.tools(request.tools)
        model = models().get(request.model) or models().generic(request.model, 32_000, 32_000)
        facts = rules.Facts(model=model, betas=betas, version=row.version, strict=strict, own=OWN.types)
        rules.check(request, tools, facts)
        OWN.check(tools, facts)
    except InvalidRequest as error:
        return error.message
    return None


@pytest.mark.parametrize("row", ROWS, ids=str)
def test_a_strict_server_refuses_it_with_these_words(row: Row) -> None:
    assert sent(row, strict=True) == row.says


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule is None], ids=str)
def test_a_lenient_server_refuses_what_makes_no_sense(row: Row) -> None:
    assert sent(row, strict=False) == (row.lenient or row.says)


@pytest.mark.parametrize("row", [row for row in ROWS if row.rule is not None], ids=str)
def test_a_lenient_server_takes_what_only_the_hosted_api_minds(row: Row) -> None:
    assert sent(row, strict=False) is None


def test_every_strict_only_rule_has_a_row_and_every_row_a_rule_that_exists() -> None:
    assert {row.rule for row in ROWS if row.rule} == set(rules.STRICT_ONLY)


def test_every_inner_thing_that_needs_a_beta_is_minded_or_not_served_at_all() -> None:
    minded = {
        "thinking.display=updates",
        "thinking.block_binding",
        "output_config.task_budget",
        "messages.*.output_config",
        "messages.*.clear_at",
        "cache_control.scope",
        "context_management.edits.*.type=clear_tool_uses_20250919",
        "context_management.edits.*.type=clear_thinking_20251015",
        "context_management.edits.*.type=compact_20260112",
    }
    unserved = {
        "mcp_servers.*.tool_configuration",
        "fallbacks=default",
        "fallback_credit_token.token",
        "messages.*.content.*.tool.type=tool_definition",
    }
    assert registry().closed_paths(frozenset()) == minded | unserved


def test_the_base_of_all_rows_is_good() -> None:
    base = Row(says="", model=BASE["model"])
    assert sent(base, strict=True) is None
    assert sent(base, strict=False) is None


def test_there_is_no_row_twice() -> None:
    seen = [(row.sent, row.betas, row.version) for row in ROWS]
    assert len(set(seen)) == len(seen)
