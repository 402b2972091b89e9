"""A token bucket: it fills by the second, each request takes out of it, and what it lacks tells how long to wait."""

MINUTE = 60.0
SLACK = 1e-6
"""What sums of small fractions may be short by: a client that waited as long as it was told is not sent away again."""


class Bucket:
    """`limit` a minute, of which `size` at most can wait for a burst. Full at first. `now`: seconds of any clock.

    What is taken may leave it below zero: what was spent already is only known afterwards, and is paid for by waiting.
    """

    __slots__ = ("at", "level", "limit", "name", "rate", "size")

    def __init__(self, name: str, limit: int, now: float, burst: float = MINUTE) -> None:
        self.name = name
        self.at = now
        self.level = float("inf")
        self.resize(limit, burst)

    def resize(self, limit: int, burst: float = MINUTE) -> None:
        """Another limit from now on."""
        self.limit = limit
        self.rate = limit / MINUTE
        self.size = max(min(1.0, limit), limit * min(burst, MINUTE) / MINUTE)
        self.level = min(self.level, self.size)

    def fill(self, now: float) -> float:
        """What is in it. A clock that was set back gives nothing, and takes nothing."""
        if now != self.at:
            if now > self.at:
                level = self.level + (now - self.at) * self.rate
                self.level = level if level < self.size else self.size
            self.at = now
        return self.level

    def wait(self, amount: float, now: float) -> float:
        """Seconds until so much is in it: 0 where it is; for more than it ever holds, until it is full, and not 0."""
        lacking = amount - self.fill(now)
        if lacking <= SLACK:
            return 0.0
        return max(min(lacking, self.size - self.level) / self.rate, SLACK) if self.rate else MINUTE

    def take(self, amount: float) -> None:
        """What is given back (negative) does not overflow."""
        level = self.level - amount
        self.level = level if level < self.size else self.size

    remaining = fill
    """What is in it for all who share it."""
