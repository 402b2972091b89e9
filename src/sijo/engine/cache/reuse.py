"""What an engine says of a cache of its own: kept for the owner, who sees both figures."""

from sijo.engine import deltas as d


class Reuse:
    """Tokens that the engine says it had in its cache, over a turn."""

    __slots__ = ("tokens",)

    def __init__(self) -> None:
        self.tokens = 0

    def noted(self, spent: d.Spent) -> d.Spent:
        """What was spent, as if there were no such cache. What is `told` stays as it is."""
        cached = spent.cache_read + spent.cache_5m + spent.cache_1h
        if not cached or spent.told:
            return spent
        self.tokens += spent.cache_read
        return d.Spent(spent.input + cached, spent.output, thinking=spent.thinking)
