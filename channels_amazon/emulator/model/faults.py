"""Faults to inject into answers: errors, silence, slowness, cut bodies; emulator."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from enum import StrEnum


class FaultKind(StrEnum):
    """What can go wrong with an answer.

    TIMEOUT and CLOSE hang up before the operation takes effect. With LOST_ANSWER and
    CUT_BODY it has taken effect, and the client cannot know. DRIP sends a byte of the
    body each time the fault's seconds have passed.
    """

    STATUS_500 = "status_500"
    STATUS_503 = "status_503"
    HTML_503 = "html_503"
    TIMEOUT = "timeout"
    SLOW = "slow"
    CUT_BODY = "cut_body"
    DRIP = "drip"
    CLOSE = "close"
    LOST_ANSWER = "lost_answer"
    NOT_JSON = "not_json"
    FORBIDDEN = "forbidden"
    THROTTLE = "throttle"


@dataclass
class Fault:
    """One rule: which operation, what happens, how often."""

    # the name of an operation, or `*` for all
    operation: str
    # a FaultKind; `Faults.add` refuses any other word
    kind: str
    # how many requests it may hit in all; None: no limit
    count: int | None = None
    # share of the matching requests that it hits, 0 to 1
    rate: float = 1.0
    # how long SLOW, TIMEOUT and DRIP wait, in real seconds, whatever the clock's speed
    seconds: float = 1.0
    # how many requests it has hit
    struck: int = 0

    def matches(self, operation: str) -> bool:
        """Tell whether the rule still applies to an operation."""
        if self.count is not None and self.struck >= self.count:
            return False
        return self.operation in ("*", operation)


@dataclass
class Faults:
    """Keep the rules; the first one that hits a request decides."""

    rules: list[Fault] = field(default_factory=list)
    _random: random.Random = field(default_factory=lambda: random.Random(7))

    def add(self, fault: Fault) -> None:
        """Add a rule; raises ValueError for an unknown kind."""
        if fault.kind not in tuple(FaultKind):
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
