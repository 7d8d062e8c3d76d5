"""The calls that a fetch plan may hold; pure, rules layer.

Whoever carries out a plan matches over FetchCall and ends with `assert_never`, so that
a new kind of call cannot be planned without being made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class GetEach:
    """Read these orders one by one, in this order; there are tokens for all."""

    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchPages:
    """Search what changed from `after` to `before`; up to `pages` are worth a token.

    They show the orders of `order_ids`, as far as events told right. With
    `to_ship_only` only the merchant's open orders are asked for.
    """

    after: datetime
    before: datetime
    pages: int
    order_ids: frozenset[str]
    to_ship_only: bool = False


@dataclass(frozen=True, slots=True)
class RequestReport:
    """Ask for the report of what changed in this window.

    Following and reading it is the work of the job of reports, which then wakes the
    fetch.
    """

    start: datetime
    end: datetime


FetchCall = GetEach | SearchPages | RequestReport


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What to call now, in this order; without calls, when to plan again."""

    calls: tuple[FetchCall, ...]
    replan_at: datetime | None
