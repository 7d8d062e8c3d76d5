"""Reckons what getOrder and pages of searchOrders make of a backlog; pure, rules layer.

Which pages are worth their token now, when all can be complete, and what follows from
that for the order in which single orders are read.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property

from channels_amazon.rules.order_fetch.calls import SearchPages
from channels_amazon.rules.order_fetch.state import FetchState, Quota, StaleOrder
from channels_amazon.rules.order_fetch.windows import (
    PAGE_SIZE,
    PageWindow,
    cover,
    seconds_until_done,
)

# A search shows nothing that changed less than two minutes ago (Amazon refuses a later
# "before" time); the three seconds are for clocks that differ.
SEARCH_LAG = timedelta(minutes=2, seconds=3)
# By so much an order's time in an event and in a search may differ.
SLACK = timedelta(milliseconds=1)
# A page must bring as many orders as getOrder does in PAGE_SAVING seconds, but never
# more than MOST_WANTED nor fewer than LEAST_WANTED.
PAGE_SAVING = 10.0
MOST_WANTED, LEAST_WANTED = 5, 2
# Where search's bucket is filled to less than SCARCE, or the backlog needs all of its
# tokens, up to LONGEST_RUN pages are read as one search: they leave fewer places empty.
SCARCE = 1 / 3
LONGEST_RUN = 10
# Orders still come in if any changed within FLOOD_TIME. They come in too fast for
# getOrder if they are more than twice what it brings in that time.
FLOOD_TIME = timedelta(seconds=10)
# A page that may still fill is read all the same once its oldest order could have been
# on a page for so long.
PAGE_PATIENCE = timedelta(minutes=2)
# A parcel is urgent if it is due within HORIZON times what the backlog takes, or within
# SHORTEST_HORIZON if that is longer.
HORIZON, SHORTEST_HORIZON = 3, timedelta(minutes=15)
# Pages must end the backlog sooner by so many seconds than getOrder alone would. If
# they do not, every parcel is urgent and orders are read by ship-by alone.
PAGES_ARE_SOONER = 1.0
# In seconds; what takes longer is taken as this, since a timedelta has an end.
LONGEST_BACKLOG = 86_400.0


def least_gain(rate: float) -> float:
    """Return how many orders a page must bring at least, at getOrder's rate."""
    return max(LEAST_WANTED, min(MOST_WANTED, PAGE_SAVING * rate))


@dataclass(frozen=True)
class Backlog:
    """Orders that getOrder and pages have to bring, by when they changed.

    `changed` has the stale orders that a page can show, each the time of the order at
    the same place in `order_ids`, and `fresh` the others that a page would show. Both
    are sorted, in seconds from now, so mostly below 0. `count` is of all the stale
    orders, also those that no page shows. `search` is without the sweep's reserve.
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
        """Return in how many seconds all the orders can be complete."""
        windows = self._windows
        pages = sum(window.pages for window in windows)
        gain = sum(window.gain for window in windows) / pages if pages else 0.0
        lag = SEARCH_LAG.total_seconds()
        shown_in = [at + lag for at in self.changed]
        others = self.count - len(self.changed)
        return seconds_until_done(shown_in, others, gain, self.get, self.search)

    @property
    def horizon(self) -> timedelta:
        """Return how soon a parcel must be due to be urgent."""
        if not self.is_paged:
            return timedelta.max / 2
        takes = min(self.ends_in, LONGEST_BACKLOG)
        return max(SHORTEST_HORIZON, timedelta(seconds=takes) * HORIZON)

    @property
    def too_new_from(self) -> datetime | None:
        """Return after which time changes are shown by no page before the backlog ends.

        None where getOrder is not to take the newest orders first.
        """
        if self.is_flood or not self.is_paged:
            return None
        takes = timedelta(seconds=min(self.ends_in, LONGEST_BACKLOG))
        return self.now + takes - SEARCH_LAG

    @property
    def is_paged(self) -> bool:
        """Tell whether pages end the backlog sooner than getOrder alone."""
        if self.get.rate <= 0:
            return True
        alone = (self.count - self.get.tokens) / self.get.rate
        return self.ends_in < alone - PAGES_ARE_SOONER

    @property
    def is_flood(self) -> bool:
        """Tell whether getOrder must not take the newest orders first.

        Pages that are still filling would then hold fewer stale orders than they could.
        """
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
        """Return windows that hold these orders.

        Each is of one page, so that it is full and read soon. Where tokens are scarce
        (SCARCE) a window may be of several, which leave fewer places empty.
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
        if beyond < least_gain(self.get.rate) or not visible:
            return []
        if self.search.available < 1:
            return []
        if len(visible) == len(self.changed) or self.ends_in <= 0.0:
            best = self._fewest(self._cover(visible), beyond)
        else:
            best = [
                window
                for window in self._windows
                if self._is_eligible(window, upper_bound)
            ]
            waited = visible[0] <= upper_bound - PAGE_PATIENCE.total_seconds()
            if not best and waited:
                best = cover(visible, self.fresh)[:1]
                best = [one for one in best if one.page_gain >= self._least_gain]
        best.sort(key=lambda window: -window.page_gain)
        return sorted(self._affordable(best), key=lambda window: window.first)

    def _is_eligible(self, window: PageWindow, upper_bound: float) -> bool:
        """Tell whether a search shows all of it, and no later order would fit in."""
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
        """Return how many orders a page must bring to be worth its token.

        With a full bucket `least_gain`; the emptier it is the more, up to what getOrder
        brings while one token of searchOrders grows.
        """
        least = least_gain(self.get.rate)
        most = self.get.rate / self.search.rate if self.search.rate > 0 else least
        return max(least, most + (least - most) * self.search.fill)

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


def backlog_of(
    orders: Sequence[StaleOrder],
    state: FetchState,
    now: datetime,
    *,
    to_ship_only: bool = False,
) -> Backlog:
    """Return the backlog of these orders for getOrder and pages.

    With `to_ship_only`, or where all of them are to be shipped, pages hold nothing
    else.
    """
    to_ship_only = to_ship_only or all(order.needs_address for order in orders)
    read = [order.changed_at for order in state.fresh if not order.by_report]
    whole_seconds = bool(read) and all(at.microsecond == 0 for at in read)
    shown = sorted(
        (_seconds(order.changed_at, now, whole_seconds=whole_seconds), order.order_id)
        for order in orders
        if order.changed_at is not None
        and order.attempts == 0
        and (order.needs_address or not to_ship_only)
    )
    fresh = sorted(
        (order.changed_at - now).total_seconds()
        for order in state.fresh
        if order.needs_address or not to_ship_only
    )
    return Backlog(
        now=now,
        changed=[at for at, _order_id in shown],
        order_ids=[order_id for _at, order_id in shown],
        fresh=fresh,
        count=len(orders),
        get=state.get,
        search=state.search_budget,
        to_ship_only=to_ship_only,
    )


def _seconds(at: datetime, now: datetime, *, whole_seconds: bool) -> float:
    """Return the time in seconds from now, as a search states it.

    An event's time has fractions; Amazon may keep `whole_seconds` only.
    """
    stated = at.replace(microsecond=0) if whole_seconds else at
    return (stated - now).total_seconds()
