"""Which calls bring the stale orders soonest, and when to look again; pure, rules.

getOrder brings one order of any age. A page of searchOrders brings a hundred, but
only what changed two minutes ago. A report brings everything, but without what a
parcel needs. So, whatever the load:

- getOrder's tokens are spent at once: on what is urgent, then on what no page would
  show before the backlog ends, the newest first. An idle account never waits.
- A page that holds all it can is read as soon as it is worth its token; the dearer,
  the fewer tokens are left. A page that may still fill waits, but no longer than the
  whole backlog needs anyway (`fetch_costs.finish`): waiting delays nothing.
- A report is asked for where it shortens the backlog of orders that we need not ship.

The caller makes the calls, marks what they brought, and asks again until a plan has
no calls; then it comes back at `replan_at`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.rules.order_fetch import reports
from channels_amazon.rules.order_fetch.backlog import (
    LONGEST_BACKLOG,
    Backlog,
    SearchPages,
    Supplies,
    backlog_of,
    least_gain,
)
from channels_amazon.rules.order_fetch.priority import (
    FreshOrder,
    StaleOrder,
    by_urgency,
    eligible_at,
)
from channels_amazon.rules.order_fetch.reports import (
    CheckReport,
    PendingReport,
    ReadReport,
    ReportPlan,
    Reports,
    RequestReport,
)
from channels_amazon.rules.order_fetch.windows import Quota

__all__ = [
    "CheckReport",
    "GetEach",
    "FreshOrder",
    "FetchPlan",
    "Quota",
    "ReadReport",
    "PendingReport",
    "Reports",
    "RequestReport",
    "SearchPages",
    "StaleOrder",
    "FetchState",
    "least_gain",
    "plan",
]

# The token of searchOrders that is left for the sweep, as a rule.
SEARCH_RESERVE = 1.0
# Of getOrder's burst so much is left by pending orders, which may wait.
LEFT_BY_PENDING = 1 / 2
LONGEST_PAUSE = timedelta(seconds=5)
SHORTEST_PAUSE = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class GetEach:
    """Read these orders one by one, in this order; there are tokens for all."""

    order_ids: tuple[str, ...]


Call = GetEach | SearchPages | RequestReport | CheckReport | ReadReport


@dataclass(frozen=True, slots=True)
class FetchPlan:
    """What to call now, in this order; without calls, when to look again."""

    calls: tuple[Call, ...]
    replan_at: datetime | None


@dataclass(frozen=True, slots=True)
class FetchState:
    """All that a plan follows from; `fresh` are orders that a page would show too.

    Without `reports` none is asked for. `search_reserve` are left to the sweep.
    """

    stale: Sequence[StaleOrder]
    get: Quota
    search: Quota
    fresh: Sequence[FreshOrder] = ()
    reports: Reports | None = None
    search_reserve: float = SEARCH_RESERVE


def plan(state: FetchState, now: datetime) -> FetchPlan:
    """Return the calls to make now, and when to look again after them."""
    waiting = [order for order in state.stale if eligible_at(order) > now]
    eligible = [order for order in state.stale if eligible_at(order) <= now]
    search = state.search.minus(state.search_reserve)
    supplies = Supplies(state.get, search, state.fresh)
    calls: list[Call] = []
    told = ReportPlan()
    if state.reports is not None:
        told = reports.plan(
            eligible,
            state.reports,
            now,
            state.get,
            lambda part: backlog_of(part, supplies, now).ends_in,
        )
    calls += told.calls
    awaited = told.order_ids
    orders = [order for order in eligible if order.order_id not in awaited]
    backlog = backlog_of(orders, supplies, now, to_ship_only=bool(awaited))
    if any(not order.needs_address for order in state.fresh):
        # They need not take up places on the pages, but then no page brings their like.
        without = backlog_of(orders, supplies, now, to_ship_only=True)
        backlog = min(backlog, without, key=lambda one: one.ends_in)
    searches = backlog.searches(backlog.pages_now())
    calls += searches
    brought = frozenset[str]().union(*(search.order_ids for search in searches))
    left = by_urgency(
        [order for order in orders if order.order_id not in brought],
        now,
        backlog.horizon,
        rate=state.get.rate,
        newest_first=not backlog.is_flood,
        too_new_from=backlog.too_new_from,
    )
    # What a report will bring is read all the same where nothing else needs the token,
    # the newest first: theirs comes last.
    coming = [order for order in eligible if order.order_id in awaited]
    left += sorted(coming, key=lambda one: one.changed_at or now, reverse=True)
    # Every order is worth a call at once while the bucket is half full.
    free = state.get.available - int(state.get.burst * LEFT_BY_PENDING)
    each = left[: state.get.available]
    each += waiting[: max(0, free - len(each))]
    if each:
        calls.append(GetEach(tuple(order.order_id for order in each)))
    times = [eligible_at(order) for order in waiting]
    times += [told.replan_at] if told.replan_at else []
    return FetchPlan(tuple(calls), _replan_at(state, now, backlog, len(left), times))


def _replan_at(
    state: FetchState,
    now: datetime,
    backlog: Backlog,
    left: int,
    times: Sequence[datetime],
) -> datetime | None:
    """Return when something changes that no message tells of, as at these times."""
    times = list(times)
    if left and state.get.rate > 0:
        missing = state.get.available + 1 - max(0.0, state.get.tokens)
        times.append(now + timedelta(seconds=missing / state.get.rate))
        times.append(now + timedelta(seconds=min(backlog.ends_in, LONGEST_BACKLOG)))
    if not state.stale:
        return min(times, default=None)
    return max(now + SHORTEST_PAUSE, min([*times, now + LONGEST_PAUSE]))
