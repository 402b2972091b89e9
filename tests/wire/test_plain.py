"""Requests of a few fields are spared the rules about all others: no field may be forgotten there."""

import msgspec

from sijo.engine.rules.order import ANSWERED, COUNTED, PLAIN, RULES
from sijo.wire.request import CountRequest, MessageRequest

OWN = {"model", "messages", "tools", "max_tokens"}
"""What the rules that are left look at."""
NOBODY = {"metadata", "service_tier", "stream", "diagnostics", "safeguards"}
"""What no rule looks at but that on a length of 0."""


def fields(kind: type[msgspec.Struct]) -> set[str]:
    return set(kind.__struct_fields__)


def test_every_field_is_looked_at_or_meant_not_to_be() -> None:
    assert fields(CountRequest) - OWN - NOBODY == set(COUNTED)
    assert fields(MessageRequest) - OWN - NOBODY == set(ANSWERED)


def test_the_order_stays() -> None:
    assert [rule for rule in RULES if rule in PLAIN] == list(PLAIN)
