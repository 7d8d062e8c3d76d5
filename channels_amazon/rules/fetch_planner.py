"""Which calls bring the stale orders soonest; pure, rules layer.

getOrder brings one order at any age; a page of searchOrders brings a hundred for one
token, but only what changed two minutes ago or earlier.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

PAGE = 100
# Search shows nothing younger; the rest is for a clock that is a little off.
SEARCH_EDGE = timedelta(minutes=2, seconds=10)
# Tokens of searchOrders that are left for the sweep.
SPARED_SEARCHES = 3.0
# A page must save at least so many calls, since its quota grows by one in 179 s.
LEAST_GAIN = 10


@dataclass(frozen=True, slots=True)
class StaleOrder:
    """An order to read again, and when Amazon changed it last, as far as is known."""

    order_id: str
    changed_at: datetime


@dataclass(frozen=True, slots=True)
class Quota:
    """Tokens there now, and how many come a second."""

    tokens: float
    rate: float


@dataclass(frozen=True, slots=True)
class GetEach:
    """Read these orders one by one, in this order."""

    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchPages:
    """Search by last update from `after`; up to `pages` pages are worth their token."""

    after: datetime
    pages: int


Plan = GetEach | SearchPages


def plan(stale: Sequence[StaleOrder], now: datetime, get: Quota, search: Quota) -> Plan:
    """Return what to do next; `stale` comes in order of urgency.

    What getOrder's burst can bring at once it brings. Beyond it a page is searched,
    if enough of the orders are old enough to be on it; what neither brings waits for
    getOrder's own rate.
    """
    each = GetEach(tuple(order.order_id for order in stale))
    beyond = len(stale) - int(get.tokens)
    shown = [order for order in stale if now - order.changed_at >= SEARCH_EDGE]
    if min(beyond, len(shown)) < LEAST_GAIN:
        return each
    pages = min(-(-len(shown) // PAGE), int(search.tokens - SPARED_SEARCHES))
    if pages < 1:
        return each
    oldest = min(order.changed_at for order in shown)
    return SearchPages(after=oldest - timedelta(seconds=1), pages=pages)
