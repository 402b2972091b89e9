"""How a search is run in the test suite: the same examples each time, and nothing kept of them."""

from hypothesis import HealthCheck, Phase, settings


def same(examples: int) -> settings:
    return settings(
        max_examples=examples,
        phases=(Phase.generate, Phase.shrink),
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
