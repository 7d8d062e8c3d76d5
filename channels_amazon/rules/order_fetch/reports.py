"""When a report brings a backlog sooner than single calls and pages; pure, rules.

A report has all orders of its window, but no recipient and no item ids: what we have
to ship must be read again, everything else is complete by it. How long Amazon takes
is not promised, so the last one's time is what the next is expected to take.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.rules.order_fetch.priority import StaleOrder
from channels_amazon.rules.order_fetch.windows import Quota

USUAL_TIME = timedelta(seconds=30)
# Tokens of createReport that are left for reconciling and for other reports.
REPORT_RESERVE = 2.0
# The backlog must take so much of the report's time without it.
LEAST_TIME = 0.75
# While it is made, single calls bring some orders: surely what they bring in so much of
# the time expected. While tokens are plenty, it may as well take so much longer.
SURE, SLOW, PLENTY = 0.7, 2.5, 1 / 2
# A report may be late by this share of what the backlog takes in all.
LATE = 0.05
# Orders wait so long at most while tokens are plenty; longer, the fewer there are.
LONGEST_WAIT = timedelta(seconds=15)
LEAST_FILL = 1 / 4
# The first look at a report, and each next one, as shares of the time expected and the
# time waited. Only the oldest is looked at so often: Amazon makes them in turn.
FIRST_CHECK, NEXT_CHECK, NEXT_CHECK_BEHIND = 0.6, 0.03, 0.15
SHORTEST_CHECK = timedelta(seconds=1)
# One that takes so many times as long is no longer waited for.
PATIENCE = 3
SLACK = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class PendingReport:
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
    underway: tuple[PendingReport, ...] = ()
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


@dataclass(frozen=True, slots=True)
class ReportPlan:
    """The calls to make, the ids that reports will complete, and when to look again."""

    calls: tuple[ReportCall, ...] = ()
    order_ids: frozenset[str] = frozenset()
    replan_at: datetime | None = None


def plan(
    orders: Sequence[StaleOrder],
    reports: Reports,
    now: datetime,
    get: Quota,
    ends_in: EndsIn,
) -> ReportPlan:
    """Return what to do about reports; `get` is what else brings the orders."""
    calls = _calls_for_underway(reports, now)
    awaited = _brought_by_reports(orders, reports, now)
    others = [order for order in orders if order.order_id not in awaited]
    free = _free(others, reports, now)
    ask_at = _ask_at(others, free, reports, get)
    times = [at for at in (ask_at, _replan_at(reports)) if at is not None and at > now]
    if ask_at is not None and ask_at <= now and _is_worth_it(others, reports, ends_in):
        calls.append(RequestReport(_oldest(free) - SLACK, now))
        awaited |= {order.order_id for order in free}
    return ReportPlan(tuple(calls), frozenset(awaited), min(times, default=None))


def _is_worth_it(
    orders: Sequence[StaleOrder], reports: Reports, ends_in: EndsIn
) -> bool:
    return ends_in(orders) >= LEAST_TIME * reports.takes.total_seconds()


def _ask_at(
    orders: Sequence[StaleOrder],
    free: Sequence[StaleOrder],
    reports: Reports,
    get: Quota,
) -> datetime | None:
    """Return when to ask for a report of the free ones of these orders.

    While it is made, getOrder brings some of them; the newest that it does not bring
    tells since when the report could have been under way. Waiting any longer makes the
    backlog longer, asking at once would take a report for each few orders of a flow. So
    it is asked for once it is late by a small share of the whole: soon after a flow has
    stopped or ebbed.
    """
    create = reports.create.minus(REPORT_RESERVE)
    if create.available < 1 or not free:
        return None
    others = len(orders) - len(free)
    changed = sorted(order.changed_at for order in free if order.changed_at)
    times = []
    for share in (SURE, SLOW) if create.fill >= PLENTY else (SURE,):
        takes = share * reports.takes
        calls = max(0, get.after(takes.total_seconds()) - others)
        if calls < len(changed):
            # Solved for the moment: moment - newest = LATE * (moment - oldest + takes).
            newest = changed[-1 - calls]
            whole = newest - changed[0] + max(takes, reports.takes)
            times.append(newest + LATE * whole / (1 - LATE))
    if not times:
        return None
    longest = LONGEST_WAIT / max(LEAST_FILL, create.fill) ** 2
    soonest = min(*times, changed[0] + longest)
    return max(soonest, reports.rest_until) if reports.rest_until else soonest


def _free(
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


def _oldest(orders: Sequence[StaleOrder]) -> datetime:
    return min(order.changed_at for order in orders if order.changed_at)


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
    for report, check_at in _checks(reports):
        if report.is_ready:
            calls.append(ReadReport(report.report_id))
        elif check_at <= now:
            calls.append(CheckReport(report.report_id))
    return calls


def _replan_at(reports: Reports) -> datetime | None:
    """Return when a report under way is to be looked at."""
    return min((check_at for _report, check_at in _checks(reports)), default=None)


def _is_complete_by_report(order: StaleOrder) -> bool:
    return not order.needs_address and order.changed_at is not None


def _holds(report: PendingReport, changed_at: datetime | None) -> bool:
    return changed_at is not None and report.start <= changed_at <= report.end


def _checks(reports: Reports) -> list[tuple[PendingReport, datetime]]:
    """Return the reports under way, each with when it is to be looked at."""
    underway = sorted(reports.underway, key=lambda report: report.requested_at)
    oldest = next((report for report in underway if not report.is_ready), None)
    return [
        (report, _check_at(report, reports.takes, is_next=report is oldest))
        for report in underway
    ]


def _check_at(report: PendingReport, takes: timedelta, *, is_next: bool) -> datetime:
    if report.is_ready:
        return report.requested_at
    if report.checked_at is None:
        return report.requested_at + FIRST_CHECK * takes
    waited = report.checked_at - report.requested_at
    share = NEXT_CHECK if is_next else NEXT_CHECK_BEHIND
    check_at = report.checked_at + max(SHORTEST_CHECK, share * waited)
    expected = report.requested_at + takes
    return expected if report.checked_at < expected < check_at else check_at
