"""When a report brings a backlog sooner than single calls and pages; pure, rules.

A report has all orders of its window, but no recipient and no item ids: what we have
to ship must be read again, everything else is complete by it. How long Amazon takes
is not promised, so the last one's time is what the next is expected to take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.rules.fetch_costs import Quota
from channels_amazon.rules.fetch_orders import StaleOrder

USUAL_TIME = timedelta(seconds=45)
# Tokens of createReport that are left for reconciling and for other reports.
SPARED_REPORTS = 2.0
# It must bring so many, and more where few tokens are left.
LEAST_ORDERS, LEAST_WHERE_SCARCE = 5, 150
SCARCE = 1 / 3
# It must be ready before so much of the time that the backlog takes otherwise. Where
# tokens are plenty it may take longer: the backlog may grow while it is made.
MOST_TIME, MOST_TIME_WHERE_SCARCE = 1.5, 0.8
# While orders keep coming, the next is asked for after this share of a report's time;
# after a shorter one, and with the last token too, once no more come than getOrder
# bears: it is the one that ends the backlog.
PAUSE, LULL_PAUSE = 0.25, 0.1
LULL = timedelta(seconds=3)
# It is looked at first after this share of its time, then after so much of what it was
# waited for: that adds little to any wait, in few calls.
FIRST_CHECK, CHECK_PAUSE = 0.6, 0.05
SHORTEST_CHECK = timedelta(seconds=1)
# One that takes so many times as long is no longer waited for.
PATIENCE = 3
SLACK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class Report:
    """A report under way: its window, and how far it is."""

    report_id: str
    start: datetime
    end: datetime
    requested_at: datetime
    checked_at: datetime | None = None
    is_ready: bool = False


@dataclass(frozen=True, slots=True)
class Reports:
    """What is known of reports: createReport's quota, and those under way.

    Up to `covered_until` one was read: what it lacked is not asked for again.
    `takes` is what the last one took. Before `rest_until` none is asked for, as after
    one that failed.
    """

    create: Quota
    underway: tuple[Report, ...] = ()
    covered_until: datetime | None = None
    takes: timedelta = USUAL_TIME
    rest_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class RequestReport:
    """Ask for the report of what changed in this window."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True)
class CheckReport:
    """Ask whether the report is ready."""

    report_id: str


@dataclass(frozen=True, slots=True)
class ReadReport:
    """Read the report's document and store it."""

    report_id: str


ReportCall = RequestReport | CheckReport | ReadReport
# In how many seconds these orders are complete without a report.
EndsIn = Callable[[Sequence[StaleOrder]], float]


def plan(
    orders: Sequence[StaleOrder],
    reports: Reports,
    now: datetime,
    ends_in: EndsIn,
    bears: float,
) -> tuple[list[ReportCall], set[str]]:
    """Return the calls to make, and the ids of the orders that reports will complete.

    `bears` is how many orders a second getOrder brings.
    """
    calls = _calls_for_underway(reports, now)
    awaited = _brought_by_reports(orders, reports, now)
    others = [order for order in orders if order.order_id not in awaited]
    asked, more = _request(others, reports, now, ends_in, bears)
    if asked is not None:
        calls.append(asked)
    return calls, awaited | more


def _brought_by_reports(
    orders: Sequence[StaleOrder], reports: Reports, now: datetime
) -> set[str]:
    """Return the ids of the orders that a report under way will complete."""
    live = [
        report
        for report in reports.underway
        if report.is_ready or now - report.requested_at < PATIENCE * reports.takes
    ]
    return {
        order.order_id
        for order in orders
        if _is_complete_by_report(order)
        and any(_holds(report, order.changed_at) for report in live)
    }


def _calls_for_underway(reports: Reports, now: datetime) -> list[ReportCall]:
    """Return the calls that bring the reports under way further."""
    calls: list[ReportCall] = []
    for report in reports.underway:
        if report.is_ready:
            calls.append(ReadReport(report.report_id))
        elif _check_at(report, reports) <= now:
            calls.append(CheckReport(report.report_id))
    return calls


def _request(
    orders: Sequence[StaleOrder],
    reports: Reports,
    now: datetime,
    ends_in: EndsIn,
    bears: float,
) -> tuple[RequestReport | None, set[str]]:
    """Return the report to ask for, if it is worth it, and the ids it completes.

    `orders` are those that no report under way brings.
    """
    covered = reports.covered_until
    # A change at this very moment might be left out of the window.
    free = [
        order
        for order in orders
        if _is_complete_by_report(order)
        and order.changed_at is not None
        and (covered is None or covered < order.changed_at)
        and order.changed_at <= now
    ]
    if not _may_ask(free, reports, now, is_lull=_is_lull(orders, now, bears)):
        return None, set()
    ids = {order.order_id for order in free}
    others = [order for order in orders if order.order_id not in ids]
    takes = reports.takes.total_seconds()
    is_scarce = reports.create.fill < SCARCE
    share = MOST_TIME_WHERE_SCARCE if is_scarce else MOST_TIME
    if max(takes, ends_in(others)) > share * ends_in(orders):
        return None, set()
    oldest = min(order.changed_at for order in free if order.changed_at)
    return RequestReport(oldest - SLACK, now), ids


def look_at(reports: Reports, now: datetime) -> datetime | None:
    """Return when a report under way is to be looked at."""
    times = [_check_at(report, reports) for report in reports.underway]
    return max(now, min(times)) if times else None


def _may_ask(
    free: Sequence[StaleOrder], reports: Reports, now: datetime, *, is_lull: bool
) -> bool:
    quota = reports.create.spare(SPARED_REPORTS)
    least = LEAST_ORDERS if quota.fill >= SCARCE else LEAST_WHERE_SCARCE
    if quota.whole < 1 or len(free) < least:
        return False
    if reports.rest_until is not None and now < reports.rest_until:
        return False
    if not reports.underway:
        return True
    since = now - max(report.requested_at for report in reports.underway)
    if since >= PAUSE * reports.takes:
        return quota.whole >= 2 or is_lull
    return is_lull and since >= LULL_PAUSE * reports.takes


def _is_lull(orders: Sequence[StaleOrder], now: datetime, bears: float) -> bool:
    """Tell whether no more comes than getOrder bears."""
    since = now - LULL
    coming = sum(order.waits_since > since for order in orders)
    return coming <= max(1.0, LULL.total_seconds() * bears)


def _is_complete_by_report(order: StaleOrder) -> bool:
    return not order.needs_address and order.changed_at is not None


def _holds(report: Report, changed_at: datetime | None) -> bool:
    return changed_at is not None and report.start <= changed_at <= report.end


def _check_at(report: Report, reports: Reports) -> datetime:
    if report.is_ready:
        return report.requested_at
    if report.checked_at is None:
        return report.requested_at + FIRST_CHECK * reports.takes
    waited = report.checked_at - report.requested_at
    return report.checked_at + max(SHORTEST_CHECK, CHECK_PAUSE * waited)
