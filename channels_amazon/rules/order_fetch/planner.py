"""Plans which calls bring the stale orders soonest; pure, rules layer.

getOrder brings one order of any age. A page of searchOrders brings a hundred, but
only what changed two minutes ago. A report brings everything, but without what a
parcel needs. So, whatever the load:

- getOrder's tokens are spent at once: on what is urgent, then on what no page would
  show before the backlog ends, the newest first. An idle account never waits.
- A page that holds all it can is read as soon as it is worth its token; the fewer
  tokens are left, the more it must bring. A page that may still fill waits, but no
  longer than the whole backlog needs anyway (`windows.seconds_until_done`): waiting
  delays nothing.
- A report is asked for where it shortens the backlog of orders that we need not ship.

The caller makes the calls, marks what they brought, and asks again until a plan has
no calls; then it comes back at `replan_at`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta

from channels_amazon.rules.order_fetch.backlog import (
    LONGEST_BACKLOG,
    Backlog,
    backlog_of,
)
from channels_amazon.rules.order_fetch.calls import (
    FetchCall,
    FetchPlan,
    GetEach,
    SearchPages,
)
from channels_amazon.rules.order_fetch.priority import by_urgency, eligible_at
from channels_amazon.rules.order_fetch.reports import ReportPlan, plan_report
from channels_amazon.rules.order_fetch.state import FetchState, StaleOrder

# Pending orders may wait, so they leave this share of getOrder's burst to the others.
LEFT_BY_PENDING = 1 / 2
# While orders are stale, the pause before the next plan is between these: long enough
# that rounding cannot make it loop, short enough to see soon what no message tells of.
LONGEST_PAUSE = timedelta(seconds=5)
SHORTEST_PAUSE = timedelta(milliseconds=100)


def plan(state: FetchState, now: datetime) -> FetchPlan:
    """Return the calls to make now, and when to plan again after them."""
    waiting = [order for order in state.stale if eligible_at(order) > now]
    eligible = [order for order in state.stale if eligible_at(order) <= now]
    report = _plan_report(eligible, state, now)
    backlog = _backlog_beside(report.awaited, eligible, state, now)
    searches = backlog.searches(backlog.pages_now())
    left = _left_to_single_calls(eligible, searches, report.awaited, backlog)
    each = left[: state.get.available]
    # Every order is worth a call at once while the bucket is half full.
    free = state.get.available - int(state.get.burst * LEFT_BY_PENDING)
    each += waiting[: max(0, free - len(each))]
    calls: list[FetchCall] = [report.request] if report.request else []
    calls += searches
    if each:
        calls.append(GetEach(tuple(order.order_id for order in each)))
    times = [eligible_at(order) for order in waiting]
    times += [report.replan_at] if report.replan_at else []
    return FetchPlan(tuple(calls), _replan_at(state, backlog, len(left), times))


def _plan_report(
    orders: Sequence[StaleOrder], state: FetchState, now: datetime
) -> ReportPlan:
    if state.reports is None:
        return ReportPlan()

    def ends_in(part: Sequence[StaleOrder]) -> float:
        return backlog_of(part, state, now).ends_in

    return plan_report(orders, state.reports, now, state.get, ends_in)


def _backlog_beside(
    awaited: frozenset[str],
    orders: Sequence[StaleOrder],
    state: FetchState,
    now: datetime,
) -> Backlog:
    """Return the backlog of the orders that no report is awaited to bring."""
    others = [order for order in orders if order.order_id not in awaited]
    backlog = backlog_of(others, state, now, to_ship_only=bool(awaited))
    if all(order.needs_address for order in state.fresh):
        return backlog
    # Fresh orders that we need not ship take up places on the pages. They do not if
    # only orders to ship are searched for, but then the stale ones of their kind are
    # not on the pages either.
    to_ship = backlog_of(others, state, now, to_ship_only=True)
    return min(backlog, to_ship, key=lambda one: one.ends_in)


def _left_to_single_calls(
    orders: Sequence[StaleOrder],
    searches: Iterable[SearchPages],
    awaited: frozenset[str],
    backlog: Backlog,
) -> list[StaleOrder]:
    """Return what getOrder should read, in this order, as far as its tokens go."""
    elsewhere = awaited.union(*(search.order_ids for search in searches))
    left = by_urgency(
        [order for order in orders if order.order_id not in elsewhere],
        backlog.now,
        backlog.horizon,
        rate=backlog.get.rate,
        newest_first=not backlog.is_flood,
        too_new_from=backlog.too_new_from,
    )
    # What a report will bring is read all the same where nothing else needs the token,
    # the newest first: the report with the newest is the last to be there.
    coming = [order for order in orders if order.order_id in awaited]
    coming.sort(key=lambda order: order.changed_at or backlog.now, reverse=True)
    return left + coming


def _replan_at(
    state: FetchState, backlog: Backlog, left: int, times: Sequence[datetime]
) -> datetime | None:
    """Return when something changes that no message tells of, as at these times.

    `left` orders wait for tokens of getOrder: the next plan is made when one is there
    that this plan does not spend, or when the backlog could end.
    """
    now, get = backlog.now, state.get
    times = list(times)
    if left and get.rate > 0:
        missing = get.available + 1 - max(0.0, get.tokens)
        times.append(now + timedelta(seconds=missing / get.rate))
        times.append(now + timedelta(seconds=min(backlog.ends_in, LONGEST_BACKLOG)))
    if not state.stale:
        return min(times, default=None)
    return max(now + SHORTEST_PAUSE, min([*times, now + LONGEST_PAUSE]))
