"""Plays the fetch planner against arrivals in virtual time, without any network.

Amazon is played at its least kind: the orders of a search come in any order, nothing
younger than two minutes is shown, and how long a report takes is only known when it is
there. It may keep its times in whole seconds, as its reports always do; an event's have
fractions. Looks happen when an order arrives, at most once a second, and when a plan
asks for one.
"""

from __future__ import annotations

import random
from bisect import bisect_left, bisect_right, insort
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from bench.oracle import AmazonLimits, Arrival, Supply
from channels_amazon.rules.order_fetch.planner import (
    Call,
    CheckReport,
    FetchState,
    FreshOrder,
    GetEach,
    PendingReport,
    Quota,
    ReadReport,
    Reports,
    RequestReport,
    SearchPages,
    StaleOrder,
    plan,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
LOOK = 0.1
REPORTS = Supply(15, ((0.0, 0.0167),))
GIVE_UP = 86_400.0


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

    def settle(self, now: float) -> None:
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
    calls: dict[str, int] = field(default_factory=dict)

    @property
    def makespan(self) -> float:
        """Return when the last order was complete."""
        return max(self.done.values(), default=0.0)

    def waits(self, sales: Sequence[Sale]) -> list[float]:
        """Return how long each order waited, sorted."""
        return sorted(at - sales[n].arrival.at for n, at in self.done.items())


class Simulation:
    """One account with its backlog, its buckets and its reports."""

    def __init__(
        self,
        sales: Sequence[Sale],
        world: AmazonLimits,
        seed: int = 0,
        *,
        whole_seconds: bool = False,
    ) -> None:
        self.sales = sorted(sales, key=lambda sale: sale.arrival.at)
        self.times = [sale.arrival.at for sale in self.sales]
        # When each changed, as a search states it.
        self.shown = [float(int(at)) if whole_seconds else at for at in self.times]
        self.world = world
        self.result = SimulationResult()
        self.now = 0.0
        self._chance = random.Random(seed)
        self._get = _Bucket(world.get, world.get.burst)
        self._search = _Bucket(world.search, world.search.burst)
        self._create = _Bucket(REPORTS, REPORTS.burst)
        self._stale: dict[int, StaleOrder] = {}
        self._fresh: list[tuple[float, FreshOrder]] = []
        self._reports = Reports(self._create.quota())
        self._ready: dict[str, float] = {}

    def run(self) -> SimulationResult:
        """Play until every order is complete; a planner that stalls is an error."""
        arrived = 0
        look: float | None = None
        while arrived < len(self.sales) or self._stale:
            coming = [] if arrived == len(self.sales) else [self.times[arrived]]
            wanted = [*coming, *([] if look is None else [look])]
            if not wanted or self.now > GIVE_UP:
                raise AssertionError("The planner has stopped looking.")
            soonest = min(wanted)
            if coming and soonest == coming[0] and self.now > 0:
                # Arrivals of one second are looked at together.
                soonest = max(soonest, min(self.now + LOOK, look or soonest))
            self.now = max(self.now, soonest)
            upto = bisect_right(self.times, self.now)
            for n in range(arrived, upto):
                self._stale[n] = self._order(n)
            arrived = upto
            look = self._look()
        return self.result

    def _order(self, n: int) -> StaleOrder:
        sale = self.sales[n]
        changed_at = _moment(sale.arrival.at)
        ship_by = None if sale.ship_by is None else _moment(sale.ship_by)
        return StaleOrder(
            str(n), changed_at, changed_at, ship_by, sale.arrival.needs_address
        )

    def _look(self) -> float | None:
        for _ in range(20):
            for bucket in (self._get, self._search, self._create):
                bucket.settle(self.now)
            chosen = plan(self._state(), _moment(self.now))
            for call in chosen.calls:
                self._make(call)
            if not chosen.calls:
                if chosen.replan_at is None:
                    return None
                return (chosen.replan_at - START).total_seconds()
        raise AssertionError("The planner never has enough.")

    def _state(self) -> FetchState:
        oldest = self.shown[min(self._stale)] if self._stale else self.now
        at = bisect_left(self._fresh, oldest, key=lambda fresh: fresh[0])
        self._reports = replace(self._reports, create=self._create.quota())
        return FetchState(
            stale=list(self._stale.values()),
            get=self._get.quota(),
            search=self._search.quota(),
            fresh=[order for _at, order in self._fresh[at:]],
            reports=None if self.world.report_takes is None else self._reports,
        )

    def _make(self, call: Call) -> None:
        name = type(call).__name__
        made = 1
        if isinstance(call, GetEach):
            made = len(call.order_ids)
            self._get.take(made)
            for order_id in call.order_ids:
                self._complete(int(order_id))
        elif isinstance(call, SearchPages):
            made = self._search_pages(call)
        else:
            self._use_report(call)
        self.result.calls[name] = self.result.calls.get(name, 0) + made

    def _search_pages(self, call: SearchPages) -> int:
        first = bisect_left(self.shown, _seconds(call.after))
        upper_bound = min(_seconds(call.before), self.now - self.world.search_lag)
        found = [
            n
            for n in range(first, bisect_right(self.shown, upper_bound))
            if self.sales[n].arrival.needs_address or not call.to_ship_only
        ]
        self._chance.shuffle(found)
        pages = max(1, min(call.pages, -(-len(found) // self.world.page)))
        self._search.take(pages)
        for n in found[: pages * self.world.page]:
            self._complete(n)
        return pages

    def _use_report(self, call: RequestReport | CheckReport | ReadReport) -> None:
        known = self._reports
        if isinstance(call, RequestReport):
            self._create.take(1)
            report_id = f"r{len(self._ready)}"
            takes = self.world.report_takes or 0.0
            self._ready[report_id] = self.now + takes
            made = PendingReport(report_id, call.start, call.end, _moment(self.now))
            self._reports = replace(known, underway=(*known.underway, made))
            return
        report = next(r for r in known.underway if r.report_id == call.report_id)
        others = tuple(r for r in known.underway if r is not report)
        if isinstance(call, CheckReport):
            is_ready = self._ready[call.report_id] <= self.now
            seen = replace(report, checked_at=_moment(self.now), is_ready=is_ready)
            self._reports = replace(known, underway=(*others, seen))
            return
        takes = self._ready[call.report_id] - _seconds(report.requested_at)
        self._reports = replace(
            known,
            underway=others,
            covered_until=report.end,
            takes=timedelta(seconds=takes),
        )
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
