"""What a planner may spend of an operation's token bucket; pure, rules layer."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Quota:
    """Tokens there now, how many come a second, and how many there can be."""

    tokens: float
    rate: float
    burst: float = 0.0

    def minus(self, reserve: float) -> Quota:
        """Return the quota without the tokens that are reserved for others."""
        return Quota(self.tokens - reserve, self.rate, self.burst - reserve)

    @property
    def available(self) -> int:
        """Return how many calls may be made now."""
        return max(0, int(self.tokens))

    @property
    def fill(self) -> float:
        """Return how full the bucket is, from 0 to 1."""
        return max(0.0, min(1.0, self.tokens / self.burst)) if self.burst > 0 else 0.0

    def within(self, seconds: float) -> int:
        """Return how many calls can be made in the next `seconds`."""
        # A token that is there but for rounding counts.
        return max(0, int(self.tokens + self.rate * seconds + 1e-9))
