"""Which engine a model's name leads to."""

import pytest

from sijo.backends.simulator import Simulator
from sijo.engine.catalog import Catalog, Engine
from sijo.engine.models import models


@pytest.mark.parametrize(
    ("pattern", "asked", "leads"),
    [
        ("claude-sonnet-4-5", "claude-sonnet-4-5", True),
        ("claude-sonnet-4-5", "claude-sonnet-4-5-20250929", True),
        ("claude-sonnet-4-5-20250929", "claude-sonnet-4-5", True),
        ("claude-3-7-sonnet-latest", "claude-3-7-sonnet-20250219", True),
        ("claude-sonnet-*", "claude-sonnet-4-5", True),
        ("claude-sonnet-4-5", "claude-sonnet-4-6", False),
        ("qwen3", "qwen3", True),
        ("qwen3", "qwen3-coder", False),
    ],
)
def test_a_route_knows_a_model_by_all_its_names(pattern: str, asked: str, leads: bool) -> None:
    engines = {name: Engine(Simulator(), {}) for name in ("one", "other")}
    catalog = Catalog(models(), engines, [(pattern, "one"), ("*", "other")])
    assert (catalog.find(asked).backend is engines["one"].backend) is leads
