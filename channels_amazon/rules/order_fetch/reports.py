"""When a report brings a backlog sooner than single calls and pages; pure, rules.

A report has all orders of its window, but no recipient and no item ids: what we have
to ship must be read again, everything else is complete by it. Amazon does not promise
how long it takes, so a report is expected to take as long as the last ones did.

Only asking for it is decided here. Following and reading it is the work of the job of
reports, which does so for every purpose a report has.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.rules.order_fetch.calls import RequestReport
from channels_amazon.rules.order_fetch.state import Quota, Reports, StaleOrder

# Tokens of createReport that are left to the daily reconciliation and other reports.
CREATE_RESERVE = 2.0
# A report pays only if the backlog takes at least so much of the report's time
# without it.
LEAST_TIME_SHARE = 0.75
# While a report is made, getOrder brings the newest orders, so the report need not wait
# for them: surely those that it brings in SURE_SHARE of the time expected. While
# createReport's bucket is filled to PLENTY or more, a report is also asked for as early
# as suits one that takes SLOW_SHARE of that time.
SURE_SHARE, SLOW_SHARE, PLENTY = 0.7, 2.5, 1 / 2
# Waiting for more orders may delay the end of the backlog by so much of what it takes.
DELAY_SHARE = 0.05
# An order waits at most so long for more orders to share its report. The fewer tokens
# there are the longer it is, as if the bucket were never emptier than LEAST_FILL.
LONGEST_WAIT = timedelta(seconds=15)
LEAST_FILL = 1 / 4
# A report that takes so many times as long as expected is no longer waited for.
PATIENCE = 3
# Added before the oldest order: a report's window is in whole seconds.
WINDOW_SLACK = timedelta(seconds=1)

# In how many seconds these orders are complete without a report.
EndsIn = Callable[[Sequence[StaleOrder]], float]


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """The report to ask for, the ids that reports will bring, when to plan again."""

    request: RequestReport | None = None
    awaited: frozenset[str] = frozenset()
    replan_at: datetime | None = None


def plan_report(
    orders: Sequence[StaleOrder],
    reports: Reports,
    now: datetime,
    get: Quota,
    ends_in: EndsIn,
) -> ReportPlan:
    """Return which report to ask for; `get` is what else brings the orders."""
    awaited = _brought_by_reports(orders, reports, now)
    others = [order for order in orders if order.order_id not in awaited]
    reportable = _reportable(others, reports, now)
    ask_at = _ask_at(others, reportable, reports, get)
    if ask_at is None or ask_at > now:
        return ReportPlan(None, frozenset(awaited), ask_at)
    if ends_in(others) < LEAST_TIME_SHARE * reports.takes.total_seconds():
        return ReportPlan(None, frozenset(awaited))
    oldest = min(order.changed_at for order in reportable if order.changed_at)
    awaited |= {order.order_id for order in reportable}
    return ReportPlan(RequestReport(oldest - WINDOW_SLACK, now), frozenset(awaited))


def _ask_at(
    orders: Sequence[StaleOrder],
    reportable: Sequence[StaleOrder],
    reports: Reports,
    get: Quota,
) -> datetime | None:
    """Return when to ask for a report of the reportable ones of these orders.

    While it is made, getOrder brings some of them; the newest that it does not bring
    tells since when the report could have been under way. Waiting any longer makes the
    backlog longer, asking at once would take a report for each few orders of a flow. So
    it is asked for once it is late by a small share of the whole: soon after a flow has
    stopped or ebbed.
    """
    create = reports.create.minus(CREATE_RESERVE)
    if create.available < 1 or not reportable:
        return None
    others = len(orders) - len(reportable)
    changed = sorted(order.changed_at for order in reportable if order.changed_at)
    times = []
    for share in (SURE_SHARE, SLOW_SHARE) if create.fill >= PLENTY else (SURE_SHARE,):
        takes = share * reports.takes
        calls = max(0, get.within(takes.total_seconds()) - others)
        if calls < len(changed):
            # Solved for the moment at which to ask:
            # moment - newest = DELAY_SHARE * (moment - oldest + takes).
            newest = changed[-1 - calls]
            whole = newest - changed[0] + max(takes, reports.takes)
            times.append(newest + DELAY_SHARE * whole / (1 - DELAY_SHARE))
    if not times:
        return None
    longest = LONGEST_WAIT / max(LEAST_FILL, create.fill) ** 2
    soonest = min(*times, changed[0] + longest)
    return max(soonest, reports.rest_until) if reports.rest_until else soonest


def _reportable(
    orders: Sequence[StaleOrder], reports: Reports, now: datetime
) -> list[StaleOrder]:
    """Return the orders that a report asked for now would complete."""
    covered = reports.covered_until
    # A change at this very moment might be left out of the window.
    return [
        order
        for order in orders
        if _is_complete_by_report(order)
        and order.changed_at is not None
        and (covered is None or covered < order.changed_at)
        and order.changed_at <= now
    ]


def _brought_by_reports(
    orders: Sequence[StaleOrder], reports: Reports, now: datetime
) -> set[str]:
    """Return the ids of the orders that a pending report will complete."""
    live = [
        report
        for report in reports.pending
        if report.is_ready or now - report.requested_at < PATIENCE * reports.takes
    ]
    return {
        order.order_id
        for order in orders
        if _is_complete_by_report(order)
        and order.changed_at is not None
        and any(report.start <= order.changed_at <= report.end for report in live)
    }


def _is_complete_by_report(order: StaleOrder) -> bool:
    return not order.needs_address
