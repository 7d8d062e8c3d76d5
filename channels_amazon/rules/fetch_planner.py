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
no calls; then it comes back at `look_at`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from channels_amazon.rules import fetch_reports
from channels_amazon.rules.fetch_costs import PAGE, Quota, Window, cover, finish
from channels_amazon.rules.fetch_orders import (
    KnownOrder,
    StaleOrder,
    by_urgency,
    ripe_at,
)
from channels_amazon.rules.fetch_reports import (
    CheckReport,
    ReadReport,
    Report,
    Reports,
    RequestReport,
)

__all__ = [
    "CheckReport",
    "GetEach",
    "KnownOrder",
    "Plan",
    "Quota",
    "ReadReport",
    "Report",
    "Reports",
    "RequestReport",
    "SearchPages",
    "StaleOrder",
    "State",
    "plan",
]

# Search shows nothing younger than two minutes; the rest is for clocks that differ.
SEARCH_EDGE = timedelta(minutes=2, seconds=3)
# An order's time in an event and in a search may differ by so much.
SLACK = timedelta(milliseconds=1)
# The token of searchOrders that is left for the sweep, as a rule.
SPARED_SEARCHES = 1.0
# A page must save so many seconds of getOrder's, in calls at most and at least so many;
# with the last token, what getOrder brings until the token has grown back.
SAVING = 10.0
MOST_WANTED, LEAST_WANTED = 5, 2
# Below this fill of search's bucket, or where all its tokens are needed, pages must not
# be thinned by taking the newest.
SCARCE = 1 / 3
# Neither while more than twice as much comes as getOrder can bring.
FLOOD_TIME = timedelta(seconds=10)
# A page that may still fill is read all the same when it could be so long.
PAGE_PATIENCE = timedelta(minutes=2)
# Of getOrder's burst so much is left by pending orders, which may wait.
LEFT_BY_PENDING = 1 / 2
# A backlog matters to parcels that are due within so many times what it takes.
# Where pages bring it no sooner by so many seconds, all are read by ship-by alone.
HORIZON, SHORTEST_HORIZON = 6, timedelta(minutes=15)
SOONER = 1.0
LONGEST_BACKLOG = 86_400.0
LONGEST_LOOK = timedelta(seconds=5)
SHORTEST_LOOK = timedelta(milliseconds=100)


@dataclass(frozen=True, slots=True)
class GetEach:
    """Read these orders one by one, in this order; there are tokens for all."""

    order_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SearchPages:
    """Search what changed from `after` to `before`; up to `pages` are worth a token.

    With `to_ship_only` only the merchant's open orders are asked for.
    """

    after: datetime
    before: datetime
    pages: int
    to_ship_only: bool = False


Call = GetEach | SearchPages | RequestReport | CheckReport | ReadReport


@dataclass(frozen=True, slots=True)
class Plan:
    """What to call now, in this order; without calls, when to look again."""

    calls: tuple[Call, ...]
    look_at: datetime | None


@dataclass(frozen=True, slots=True)
class State:
    """All that a plan follows from; `known` are orders that a page would show too.

    Without `reports` none is asked for. `spared_searches` are left to the sweep.
    """

    stale: Sequence[StaleOrder]
    get: Quota
    search: Quota
    known: Sequence[KnownOrder] = ()
    reports: Reports | None = None
    spared_searches: float = SPARED_SEARCHES


def plan(state: State, now: datetime) -> Plan:
    """Return the calls to make now, and when to look again after them."""
    waiting = [order for order in state.stale if ripe_at(order) > now]
    ripe = [order for order in state.stale if ripe_at(order) <= now]
    calls: list[Call] = []
    awaited: set[str] = set()
    if state.reports is not None:
        asked, awaited = fetch_reports.plan(
            ripe,
            state.reports,
            now,
            lambda part: _backlog(part, state, now).ends_in,
            state.get.rate,
        )
        calls += asked
    orders = [order for order in ripe if order.order_id not in awaited]
    backlog = _backlog(orders, state, now, to_ship_only=bool(awaited))
    if any(not order.needs_address for order in state.known):
        # They need not take up places on the pages, but then no page brings their like.
        without = _backlog(orders, state, now, to_ship_only=True)
        backlog = min(backlog, without, key=lambda one: one.ends_in)
    windows = backlog.pages_now()
    calls += backlog.searches(windows)
    brought = backlog.brought_by(windows)
    left = by_urgency(
        [order for order in orders if order.order_id not in brought],
        now,
        backlog.horizon,
        rate=state.get.rate,
        newest_first=not backlog.is_flood,
        late_from=backlog.late_from,
    )
    # What a report will bring is read all the same where nothing else needs the token.
    left += [order for order in ripe if order.order_id in awaited]
    # Every order is worth a call at once while the bucket is half full.
    free = state.get.whole - int(state.get.burst * LEFT_BY_PENDING)
    each = left[: state.get.whole]
    each += waiting[: max(0, free - len(each))]
    if each:
        calls.append(GetEach(tuple(order.order_id for order in each)))
    return Plan(tuple(calls), _look_at(state, now, backlog, len(left), waiting))


def least_gain(rate: float) -> float:
    """Return how many orders a page must bring at least, at getOrder's rate."""
    return max(LEAST_WANTED, min(MOST_WANTED, SAVING * rate))


def _look_at(
    state: State,
    now: datetime,
    backlog: _Backlog,
    left: int,
    waiting: Sequence[StaleOrder],
) -> datetime | None:
    """Return when something changes that no message tells of."""
    times = [ripe_at(order) for order in waiting]
    if left and state.get.rate > 0:
        missing = state.get.whole + 1 - max(0.0, state.get.tokens)
        times.append(now + timedelta(seconds=missing / state.get.rate))
        times.append(now + timedelta(seconds=min(backlog.ends_in, LONGEST_BACKLOG)))
    if state.reports is not None:
        check = fetch_reports.look_at(state.reports, now)
        times += [check] if check else []
    if not state.stale:
        return min(times, default=None)
    return max(now + SHORTEST_LOOK, min([*times, now + LONGEST_LOOK]))


@dataclass(frozen=True)
class _Backlog:
    """Orders that getOrder and pages have to bring, by when they changed.

    `changed` (of `order_ids`) and `known` are sorted, in seconds from now, so mostly
    below 0; `count` is of all the orders, of which a page may never show some.
    """

    now: datetime
    changed: list[float]
    order_ids: list[str]
    known: list[float]
    count: int
    get: Quota
    search: Quota
    to_ship_only: bool

    @cached_property
    def ends_in(self) -> float:
        """Return in how many seconds all of it can be complete."""
        pages = cover(self.changed, self.known)
        gain = sum(page.gain for page in pages) / len(pages) if pages else 0.0
        edge = SEARCH_EDGE.total_seconds()
        shown_in = [at + edge for at in self.changed]
        others = self.count - len(self.changed)
        return finish(shown_in, others, gain, self.get, self.search)

    @property
    def horizon(self) -> timedelta:
        """Return within what time a parcel must be due to be urgent."""
        if not self.is_paged:
            return timedelta.max / 2
        takes = min(self.ends_in, LONGEST_BACKLOG)
        return max(SHORTEST_HORIZON, timedelta(seconds=takes) * HORIZON)

    @property
    def late_from(self) -> datetime | None:
        """Return from when on orders changed that no page shows in time."""
        if self.is_flood or not self.is_paged:
            return None
        late = min(self.ends_in, LONGEST_BACKLOG) - SEARCH_EDGE.total_seconds()
        return self.now + timedelta(seconds=late)

    @property
    def is_paged(self) -> bool:
        """Tell whether pages bring the whole sooner than getOrder alone."""
        if self.get.rate <= 0:
            return True
        alone = (self.count - self.get.tokens) / self.get.rate
        return self.ends_in < alone - SOONER

    @property
    def is_flood(self) -> bool:
        """Tell whether taking the newest orders would thin out the pages too much."""
        changed, recent = self.changed, FLOOD_TIME.total_seconds()
        coming = len(changed) - bisect_right(changed, -recent)
        if coming > 2 + 2 * self.get.rate * recent or self.search.fill < SCARCE:
            return True
        return self.is_paged and len(changed) > PAGE * (self.search.whole - 1)

    def pages_now(self) -> list[Window]:
        """Return the pages that are worth their token now, oldest first."""
        edge = -SEARCH_EDGE.total_seconds()
        visible = self.changed[: bisect_right(self.changed, edge)]
        beyond = self.count - self.get.whole
        if beyond < least_gain(self.get.rate) or not visible or self.search.whole < 1:
            return []
        windows = cover(visible, self.known)
        if len(visible) == len(self.changed) or self.ends_in <= 0.0:
            best = self._fewest(windows, beyond)
        else:
            best = [page for page in self._full(edge) if page.gain >= self._least_gain]
            late = edge - PAGE_PATIENCE.total_seconds()
            if not best and windows[0].first <= late:
                best = [page for page in windows[:1] if page.gain >= self._least_gain]
        best.sort(key=lambda window: -window.gain)
        return sorted(best[: self.search.whole], key=lambda window: window.first)

    def _full(self, edge: float) -> list[Window]:
        """Return the shown pages that get no better with what is not shown yet."""
        pages = cover(self.changed, self.known)
        return [page for page in pages if page.is_full and page.last <= edge]

    @property
    def _least_gain(self) -> float:
        """Return how many orders a page must bring; the dearer, the fewer tokens."""
        least = least_gain(self.get.rate)
        dearest = self.get.rate / self.search.rate if self.search.rate > 0 else least
        return max(least, dearest + (least - dearest) * self.search.fill)

    def _fewest(self, windows: Sequence[Window], beyond: int) -> list[Window]:
        """Return the best pages until getOrder can bring what is left."""
        chosen = []
        for window in sorted(windows, key=lambda window: -window.gain):
            if min(beyond, window.gain) < least_gain(self.get.rate):
                break
            chosen.append(window)
            beyond -= window.gain
        return chosen

    def searches(self, windows: Sequence[Window]) -> list[SearchPages]:
        """Return the searches for these pages; pages that adjoin are one search."""
        runs: list[list[Window]] = []
        for window in windows:
            if runs and not self._lies_between(runs[-1][-1].last, window.first):
                runs[-1].append(window)
            else:
                runs.append([window])
        return [
            SearchPages(
                after=self.now + timedelta(seconds=run[0].first) - SLACK,
                before=self.now + timedelta(seconds=run[-1].last) + SLACK,
                pages=len(run),
                to_ship_only=self.to_ship_only,
            )
            for run in runs
        ]

    def _lies_between(self, last: float, first: float) -> bool:
        """Tell whether an order lies there that would take a place on the page."""
        known = bisect_right(self.known, first) - bisect_right(self.known, last)
        changed = self.changed
        return known + bisect_right(changed, first) - bisect_right(changed, last) > 1

    def brought_by(self, windows: Sequence[Window]) -> set[str]:
        """Return the ids of the orders on these pages."""
        return {
            order_id
            for window in windows
            for order_id in self.order_ids[
                bisect_left(self.changed, window.first) : bisect_right(
                    self.changed, window.last
                )
            ]
        }


def _backlog(
    orders: Sequence[StaleOrder],
    state: State,
    now: datetime,
    *,
    to_ship_only: bool = False,
) -> _Backlog:
    """Return what these orders come to for getOrder and pages.

    Where all of them are to be shipped, pages need not hold anything else.
    """
    to_ship_only = to_ship_only or all(order.needs_address for order in orders)
    is_whole = bool(state.known) and all(
        order.changed_at.microsecond == 0 for order in state.known
    )
    shown = sorted(
        (_seconds(order.changed_at, now, is_whole=is_whole), order.order_id)
        for order in orders
        if order.changed_at is not None
        and order.attempts == 0
        and (order.needs_address or not to_ship_only)
    )
    known = sorted(
        (order.changed_at - now).total_seconds()
        for order in state.known
        if order.needs_address or not to_ship_only
    )
    search = state.search.spare(state.spared_searches)
    return _Backlog(
        now=now,
        changed=[at for at, _order_id in shown],
        order_ids=[order_id for _at, order_id in shown],
        known=known,
        count=len(orders),
        get=state.get,
        search=search,
        to_ship_only=to_ship_only,
    )


def _seconds(at: datetime, now: datetime, *, is_whole: bool) -> float:
    """Return the time from now; in whole seconds where Amazon keeps no fractions."""
    return ((at.replace(microsecond=0) if is_whole else at) - now).total_seconds()
