"""Plays the fetch planner against arrivals in virtual time, without any network.

Amazon is played at its least kind: the orders of a search come in any order, nothing
younger than two minutes is shown, and that a report is ready only shows when it is
polled: no notification tells of it. Amazon may keep its times in whole seconds, as its
reports always do; an event's have fractions.

What is played is what ships: plans are carried out as `sync/orders/fetch.py` does it,
and reports are polled by the rule of `sync/order_reports/requesting.py`. A plan is made
when orders arrive, at most once in BETWEEN_PLANS, when a plan asks for the next one,
and when a report was read, since its job wakes the fetch.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right, insort
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import assert_never

from bench.oracle import AmazonLimits, Arrival, Supply
from channels_amazon.rules.order_fetch.calls import (
    FetchCall,
    GetEach,
    RequestReport,
    SearchPages,
)
from channels_amazon.rules.order_fetch.planner import plan
from channels_amazon.rules.order_fetch.state import (
    USUAL_REPORT_TIME,
    FetchState,
    FreshOrder,
    PendingReport,
    Quota,
    Reports,
    StaleOrder,
)
from channels_amazon.rules.order_reports.requesting import next_poll_at

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Seconds; orders that arrive within them are planned for together.
BETWEEN_PLANS = 0.1
# createReport's bucket at Amazon's default quota.
REPORTS = Supply(15, ((0.0, 0.0167),))
# Seconds of virtual time after which a planner is taken to have stalled.
GIVE_UP = 86_400.0
# More plans than that at one moment are a planner that never has enough.
MOST_PLANS = 20


@dataclass(frozen=True, slots=True)
class Sale:
    """An arrival with what the planner goes by: ship-by in seconds from the start."""

    arrival: Arrival
    ship_by: float | None = None

    def is_due_in(self, seconds: float) -> bool:
        """Tell whether it is to be shipped within so many seconds of its arrival."""
        return self.ship_by is not None and self.ship_by <= self.arrival.at + seconds


@dataclass(slots=True)
class _Bucket:
    supply: Supply
    tokens: float
    at: float = 0.0

    def grow(self, now: float) -> None:
        grown = self.supply.grown(self.at, now)
        self.tokens, self.at = min(self.supply.burst, self.tokens + grown), now

    def quota(self) -> Quota:
        return Quota(self.tokens, self.supply.rate(self.at), self.supply.burst)

    def take(self, count: int) -> None:
        if count > self.tokens + 1e-6:
            raise AssertionError("A plan asked for more than there is.")
        self.tokens -= count


@dataclass(slots=True)
class SimulationResult:
    """When each order was complete, and what was called how often."""

    done: dict[int, float] = field(default_factory=dict)
    # By Amazon's name of the operation.
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def makespan(self) -> float:
        """Return when the last order was complete."""
        return max(self.done.values(), default=0.0)

    def waits(self, sales: Sequence[Sale]) -> list[float]:
        """Return how long each order waited, sorted."""
        return sorted(at - sales[n].arrival.at for n, at in self.done.items())


@dataclass(slots=True)
class _AskedReport:
    """A report under way, as the job of reports follows it."""

    asked: PendingReport
    ready_at: datetime
    next_poll_at: datetime


class Simulation:
    """One account with its backlog, its buckets and its reports."""

    def __init__(
        self,
        sales: Sequence[Sale],
        limits: AmazonLimits,
        seed: int = 0,
        *,
        whole_seconds: bool = False,
    ) -> None:
        self.sales = sorted(sales, key=lambda sale: sale.arrival.at)
        self.times = [sale.arrival.at for sale in self.sales]
        # When each changed, as a search states it.
        self.shown = [float(int(at)) if whole_seconds else at for at in self.times]
        self.limits = limits
        self.result = SimulationResult()
        self.now = 0.0
        self._chance = random.Random(seed)
        self._get = _Bucket(limits.get, limits.get.burst)
        self._search = _Bucket(limits.search, limits.search.burst)
        self._create = _Bucket(REPORTS, REPORTS.burst)
        self._stale: dict[int, StaleOrder] = {}
        self._fresh: list[tuple[float, FreshOrder]] = []
        self._asked: list[_AskedReport] = []
        self._covered_until: datetime | None = None
        # How long reports took of late: here they all take the same time.
        self._took: timedelta | None = None

    def run(self) -> SimulationResult:
        """Play until every order is complete; a planner that stalls is an error."""
        arrived = 0
        replan_at: float | None = None
        while arrived < len(self.sales) or self._stale:
            self.now = max(self.now, self._next_event(arrived, replan_at))
            upto = bisect_right(self.times, self.now)
            for n in range(arrived, upto):
                self._stale[n] = self._order(n)
            was_read = self._poll_reports()
            is_due = replan_at is not None and replan_at <= self.now
            if upto > arrived or was_read or is_due:
                replan_at = self._carry_out_plans()
            arrived = upto
        return self.result

    def _next_event(self, arrived: int, replan_at: float | None) -> float:
        """Return when the next orders arrive, a plan is due or a report is polled."""
        due = [_seconds(report.next_poll_at) for report in self._asked]
        due += [] if replan_at is None else [replan_at]
        if arrived < len(self.sales):
            arrives_at = self.times[arrived]
            # Those of one moment are planned for together.
            due.append(max(arrives_at, self.now + BETWEEN_PLANS if self.now else 0.0))
        if not due or self.now > GIVE_UP:
            raise AssertionError("The planner has stopped asking for plans.")
        return min(due)

    def _order(self, n: int) -> StaleOrder:
        sale = self.sales[n]
        changed_at = _moment(sale.arrival.at)
        ship_by = None if sale.ship_by is None else _moment(sale.ship_by)
        return StaleOrder(
            str(n), changed_at, changed_at, ship_by, sale.arrival.needs_address
        )

    def _carry_out_plans(self) -> float | None:
        """Make plans until one has no calls; return when it wants the next."""
        for _ in range(MOST_PLANS):
            for bucket in (self._get, self._search, self._create):
                bucket.grow(self.now)
            chosen = plan(self._state(), _moment(self.now))
            if not chosen.calls:
                return None if chosen.replan_at is None else _seconds(chosen.replan_at)
            for call in chosen.calls:
                self._make(call)
        raise AssertionError("The planner never has enough.")

    def _state(self) -> FetchState:
        oldest = self.shown[min(self._stale)] if self._stale else self.now
        at = bisect_left(self._fresh, oldest, key=lambda fresh: fresh[0])
        reports = Reports(
            create=self._create.quota(),
            pending=tuple(report.asked for report in self._asked),
            covered_until=self._covered_until,
            takes=self._took or USUAL_REPORT_TIME,
        )
        return FetchState(
            stale=list(self._stale.values()),
            get=self._get.quota(),
            search=self._search.quota(),
            fresh=[order for _at, order in self._fresh[at:]],
            reports=None if self.limits.report_takes is None else reports,
        )

    def _make(self, call: FetchCall) -> None:
        match call:
            case GetEach():
                self._get.take(len(call.order_ids))
                self.result.calls["getOrder"] += len(call.order_ids)
                for order_id in call.order_ids:
                    self._complete(int(order_id))
            case SearchPages():
                self._search_pages(call)
            case RequestReport():
                self._request_report(call)
            case _:
                assert_never(call)

    def _search_pages(self, call: SearchPages) -> None:
        first = bisect_left(self.shown, _seconds(call.after))
        upper_bound = min(_seconds(call.before), self.now - self.limits.search_lag)
        found = [
            n
            for n in range(first, bisect_right(self.shown, upper_bound))
            if self.sales[n].arrival.needs_address or not call.to_ship_only
        ]
        self._chance.shuffle(found)
        pages = max(1, min(call.pages, -(-len(found) // self.limits.page)))
        self._search.take(pages)
        self.result.calls["searchOrders"] += pages
        for n in found[: pages * self.limits.page]:
            self._complete(n)

    def _request_report(self, call: RequestReport) -> None:
        self._create.take(1)
        self.result.calls["createReport"] += 1
        now = _moment(self.now)
        self._asked.append(
            _AskedReport(
                PendingReport(call.start, call.end, now),
                ready_at=now + timedelta(seconds=self.limits.report_takes or 0.0),
                next_poll_at=next_poll_at(now, now, self._took),
            )
        )

    def _poll_reports(self) -> bool:
        """Poll the reports that are due, read those that are ready; tell if any was."""
        now = _moment(self.now)
        due = [report for report in self._asked if report.next_poll_at <= now]
        self.result.calls["getReport"] += len(due)
        for report in due:
            requested_at = report.asked.requested_at
            if report.ready_at <= now:
                self._asked.remove(report)
                self._took = report.ready_at - requested_at
                self._read(report.asked)
            else:
                report.next_poll_at = next_poll_at(requested_at, now, self._took)
        return any(report.ready_at <= now for report in due)

    def _read(self, report: PendingReport) -> None:
        self.result.calls["getReportDocument"] += 1
        self._covered_until = max(self._covered_until or report.end, report.end)
        first = bisect_left(self.times, _seconds(report.start))
        for n in range(first, bisect_right(self.times, _seconds(report.end))):
            if not self.sales[n].arrival.needs_address:
                self._complete(n, by_report=True)

    def _complete(self, n: int, *, by_report: bool = False) -> None:
        order = self._stale.pop(n, None)
        if order is None:
            return
        self.result.done[n] = self.now
        at = float(int(self.times[n])) if by_report else self.shown[n]
        fresh = FreshOrder(_moment(at), order.needs_address, by_report)
        insort(self._fresh, (at, fresh), key=lambda one: one[0])


def _moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _seconds(at: datetime) -> float:
    return (at - START).total_seconds()
