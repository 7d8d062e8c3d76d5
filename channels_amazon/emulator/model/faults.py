"""Faults to inject into answers: errors, silence, slowness, cut bodies; emulator."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

KINDS = (
    "status_500",
    "status_503",
    "html_503",
    "timeout",
    "slow",
    "cut_body",
    "close",
    # the request takes effect, its answer is lost
    "lost_answer",
    "not_json",
    "forbidden",
    "throttle",
)


@dataclass
class Fault:
    """One rule: which operation, what happens, how often."""

    operation: str
    kind: str
    # strike this many times more; None: no limit
    count: int | None = None
    # share of the matching requests that are struck
    rate: float = 1.0
    # real seconds for `slow` and `timeout`
    seconds: float = 1.0
    struck: int = 0

    def matches(self, operation: str) -> bool:
        """Tell whether the rule still applies to an operation."""
        if self.count is not None and self.struck >= self.count:
            return False
        return self.operation in ("*", operation)


@dataclass
class Faults:
    """Keep the rules; the first that strikes decides."""

    rules: list[Fault] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def add(self, fault: Fault) -> None:
        """Add a rule; raises ValueError for an unknown kind."""
        if fault.kind not in KINDS:
            raise ValueError(f"There is no fault {fault.kind}.")
        self.rules.append(fault)

    def clear(self) -> None:
        """Drop all rules."""
        self.rules.clear()

    def strike(self, operation: str) -> Fault | None:
        """Return the fault that hits this request, or None."""
        for rule in self.rules:
            if rule.matches(operation) and self._random.random() < rule.rate:
                rule.struck += 1
                return rule
        return None
