"""What a backlog comes to for getOrder and pages of searchOrders; pure, rules layer.

Which pages are worth their token now, when all can be complete, and what follows from
that for the order in which single orders are read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from channels_amazon.rules.order_fetch.priority import FreshOrder, StaleOrder
from channels_amazon.rules.order_fetch.windows import (
    PAGE_SIZE,
    PageWindow,
    Quota,
    cover,
    finish,
)

# Search shows nothing younger than two minutes; the rest is for clocks that differ.
SEARCH_LAG = timedelta(minutes=2, seconds=3)
# An order's time in an event and in a search may differ by so much.
SLACK = timedelta(milliseconds=1)
# A page must save so many seconds of getOrder's, in calls at most and at least so many;
# with the last token, what getOrder brings until the token has grown back.
SAVING = 10.0
MOST_WANTED, LEAST_WANTED = 5, 2
# Below this fill of search's bucket, or where all its tokens are needed, up to so many
# pages are read together, for fuller ones.
SCARCE = 1 / 3
LONGEST_RUN = 10
# While more comes, they must not be thinned by taking the newest then. Neither while
# more than twice as much comes as getOrder can bring.
FLOOD_TIME = timedelta(seconds=10)
# A page that may still fill is read all the same when it could be so long.
PAGE_PATIENCE = timedelta(minutes=2)
# A backlog matters to parcels that are due within so many times what it takes.
# Where pages bring it no sooner by so many seconds, all are read by ship-by alone.
HORIZON, SHORTEST_HORIZON = 3, timedelta(minutes=15)
SOONER = 1.0
LONGEST_BACKLOG = 86_400.0


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


def least_gain(rate: float) -> float:
    """Return how many orders a page must bring at least, at getOrder's rate."""
    return max(LEAST_WANTED, min(MOST_WANTED, SAVING * rate))


@dataclass(frozen=True)
class Backlog:
    """Orders that getOrder and pages have to bring, by when they changed.

    `changed` (of `order_ids`) and `fresh` are sorted, in seconds from now, so mostly
    below 0; `count` is of all the orders, of which a page may never show some.
    """

    now: datetime
    changed: list[float]
    order_ids: list[str]
    fresh: list[float]
    count: int
    get: Quota
    search: Quota
    to_ship_only: bool

    @cached_property
    def ends_in(self) -> float:
        """Return in how many seconds all of it can be complete."""
        windows = self._windows
        pages = sum(window.pages for window in windows)
        gain = sum(window.gain for window in windows) / pages if pages else 0.0
        lag = SEARCH_LAG.total_seconds()
        shown_in = [at + lag for at in self.changed]
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
    def too_new_from(self) -> datetime | None:
        """Return from when on orders changed that no page shows in time."""
        if self.is_flood or not self.is_paged:
            return None
        late = min(self.ends_in, LONGEST_BACKLOG) - SEARCH_LAG.total_seconds()
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
        takes_all = len(changed) > PAGE_SIZE * (self.search.available - 1)
        return coming > 0 and self.is_paged and takes_all

    @cached_property
    def _windows(self) -> list[PageWindow]:
        return self._cover(self.changed)

    def _cover(self, changed: Sequence[float]) -> list[PageWindow]:
        """Return windows that hold these orders: of one page each, but for dear pages.

        Windows of more pages waste fewer places, and are read later.
        """
        windows = cover(changed, self.fresh)
        pages = sum(window.pages for window in windows)
        if pages < self.search.available and self.search.fill >= SCARCE:
            return windows
        return cover(changed, self.fresh, min(LONGEST_RUN, self.search.available))

    def pages_now(self) -> list[PageWindow]:
        """Return the pages that are worth their tokens now, oldest first."""
        upper_bound = -SEARCH_LAG.total_seconds()
        visible = self.changed[: bisect_right(self.changed, upper_bound)]
        beyond = self.count - self.get.available
        if (
            beyond < least_gain(self.get.rate)
            or not visible
            or self.search.available < 1
        ):
            return []
        if len(visible) == len(self.changed) or self.ends_in <= 0.0:
            best = self._fewest(self._cover(visible), beyond)
        else:
            best = [
                window
                for window in self._windows
                if self._is_eligible(window, upper_bound)
            ]
            late = upper_bound - PAGE_PATIENCE.total_seconds()
            if not best and visible[0] <= late:
                best = cover(visible, self.fresh)[:1]
                best = [one for one in best if one.page_gain >= self._least_gain]
        best.sort(key=lambda window: -window.page_gain)
        return sorted(self._affordable(best), key=lambda window: window.first)

    def _is_eligible(self, window: PageWindow, upper_bound: float) -> bool:
        """Tell whether it is shown, and gets no better with what is not shown yet."""
        is_shown = window.is_full and window.last <= upper_bound
        return is_shown and window.page_gain >= self._least_gain

    def _affordable(self, windows: Sequence[PageWindow]) -> list[PageWindow]:
        """Return the first of these windows, the last maybe with fewer pages."""
        left = self.search.available
        chosen = []
        for window in windows:
            if left:
                pages = min(left, window.pages)
                gain = window.gain * pages // window.pages
                chosen.append(replace(window, pages=pages, gain=gain))
                left -= pages
        return chosen

    @property
    def _least_gain(self) -> float:
        """Return how many orders a page must bring; the dearer, the fewer tokens."""
        least = least_gain(self.get.rate)
        dearest = self.get.rate / self.search.rate if self.search.rate > 0 else least
        return max(least, dearest + (least - dearest) * self.search.fill)

    def _fewest(self, windows: Sequence[PageWindow], beyond: int) -> list[PageWindow]:
        """Return the best pages until getOrder can bring what is left."""
        chosen = []
        for window in sorted(windows, key=lambda window: -window.page_gain):
            if min(beyond, window.page_gain) < least_gain(self.get.rate):
                break
            chosen.append(window)
            beyond -= window.gain
        return chosen

    def searches(self, windows: Sequence[PageWindow]) -> list[SearchPages]:
        """Return the searches for these pages; pages that adjoin are one search."""
        runs: list[list[PageWindow]] = []
        for window in windows:
            if runs and not self._lies_between(runs[-1][-1].last, window.first):
                runs[-1].append(window)
            else:
                runs.append([window])
        return [
            SearchPages(
                after=self.now + timedelta(seconds=run[0].first) - SLACK,
                before=self.now + timedelta(seconds=run[-1].last) + SLACK,
                pages=sum(window.pages for window in run),
                order_ids=self._shown_by(run),
                to_ship_only=self.to_ship_only,
            )
            for run in runs
        ]

    def _lies_between(self, last: float, first: float) -> bool:
        """Tell whether an order lies there that would take a place on the page."""
        return any(
            bisect_left(times, first) > bisect_right(times, last)
            for times in (self.fresh, self.changed)
        )

    def _shown_by(self, windows: Sequence[PageWindow]) -> frozenset[str]:
        """Return the ids of the stale orders in these windows."""
        return frozenset(
            order_id
            for window in windows
            for order_id in self.order_ids[
                bisect_left(self.changed, window.first) : bisect_right(
                    self.changed, window.last
                )
            ]
        )


@dataclass(frozen=True, slots=True)
class Supplies:
    """What may be called now, and the orders that a page would show too.

    `search` is without the tokens that are left to the sweep.
    """

    get: Quota
    search: Quota
    fresh: Sequence[FreshOrder]


def backlog_of(
    orders: Sequence[StaleOrder],
    supplies: Supplies,
    now: datetime,
    *,
    to_ship_only: bool = False,
) -> Backlog:
    """Return what these orders come to for getOrder and pages.

    Where all of them are to be shipped, pages need not hold anything else.
    """
    to_ship_only = to_ship_only or all(order.needs_address for order in orders)
    read = [order.changed_at for order in supplies.fresh if not order.by_report]
    is_whole = bool(read) and all(at.microsecond == 0 for at in read)
    shown = sorted(
        (_seconds(order.changed_at, now, is_whole=is_whole), order.order_id)
        for order in orders
        if order.changed_at is not None
        and order.attempts == 0
        and (order.needs_address or not to_ship_only)
    )
    fresh = sorted(
        (order.changed_at - now).total_seconds()
        for order in supplies.fresh
        if order.needs_address or not to_ship_only
    )
    return Backlog(
        now=now,
        changed=[at for at, _order_id in shown],
        order_ids=[order_id for _at, order_id in shown],
        fresh=fresh,
        count=len(orders),
        get=supplies.get,
        search=supplies.search,
        to_ship_only=to_ship_only,
    )


def _seconds(at: datetime, now: datetime, *, is_whole: bool) -> float:
    """Return the time from now; in whole seconds where Amazon keeps no fractions."""
    return ((at.replace(microsecond=0) if is_whole else at) - now).total_seconds()
