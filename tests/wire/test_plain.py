"""A request is spared the rules about what it does not have: none may be forgotten that has something to say."""

import msgspec
import pytest

from sijo.engine import rules
from sijo.engine.models import models
from sijo.engine.rules import order
from sijo.engine.rules.case import Case
from sijo.errors import InvalidRequest
from sijo.wire.request import CountRequest, MessageRequest
from tests.wire.bad_bodies import Row, rows

OWN = {"model", "messages", "tools", "max_tokens"}
"""What makes rules apply by what is in it."""
NOBODY = {"metadata", "service_tier", "stream", "diagnostics", "safeguards"}
"""What no rule looks at but that on a length of 0."""


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return set(kind.__struct_fields__)


def test_every_field_is_looked_at_or_meant_not_to_be() -> None:
    assert fields(CountRequest) - OWN - NOBODY == set(order.COUNTED)
    assert fields(MessageRequest) - OWN - NOBODY == set(order.FIELDS)


@pytest.mark.parametrize("row", [*rows("bad_bodies"), *rows("good_bodies")], ids=lambda row: row.says[:60] or "good")
def test_all_rules_together_say_the_same(row: Row) -> None:
    for strict in (True, False):
        assert verdict(row.sent, strict, every=True) == verdict(row.sent, strict, every=False)


def verdict(body: bytes, strict: bool, *, every: bool) -> str | bool:
    """The words of a refusal, or whether caching is asked for; by `every` rule, or by those that are chosen."""
    try:
        request = rules.read(rules.parse(body), MessageRequest, lenient=not strict)
        tools = rules.tools(request.tools)
        model = models().get(request.model) or models().generic(request.model, 32_000, 32_000)
        facts = rules.Facts(model=model, strict=strict)
        if not every:
            return rules.check(request, tools, facts).cached
        case = Case(request, tools, facts)
        for rule, _ in order.RULES:
            rule(case)
        return case.cached
    except InvalidRequest as error:
        return error.message
