"""Reckons how many orders pages bring, and by when all are there; pure, rules layer.

Times are seconds from now, so those of what has changed are 0 or less. An order is
only the time at which it changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from channels_amazon.rules.order_fetch.state import Quota

# The most orders that a page of searchOrders holds.
PAGE_SIZE = 100
# Pages that are filled to this share count as full: no longer window is tried.
FULL_SHARE = 0.99
# A window may begin up to MOST_LEFT_OUT orders later, if each order left out makes room
# for at least ROOM others: orders that are hard to page are read one by one.
ROOM, MOST_LEFT_OUT = 5, 4
# Seconds by which a reckoned end may be wrong: the halving stops there.
_PRECISION = 0.25


@dataclass(frozen=True, slots=True)
class PageWindow:
    """A span of changes, from `first` to `last`, that fits on `pages` pages.

    `gain` is how many stale orders lie in it; it is full if no more fit on its pages.
    """

    first: float
    last: float
    gain: int
    pages: int
    is_full: bool

    @property
    def page_gain(self) -> float:
        """Return how many stale orders a page of it brings."""
        return self.gain / self.pages


def cover(
    stale: Sequence[float], fresh: Sequence[float], most: int = 1
) -> list[PageWindow]:
    """Return windows of few pages that hold the stale orders, oldest first.

    Both lists are sorted. Pages hold what changed in their window, stale or fresh, in
    any order, and a search cannot tell apart what changed at one moment: so a window
    ends where the next moment's orders would not all fit into it. Up to `most` pages
    make one window where fewer would leave too many places empty. Beginning each at the
    oldest stale order left is the best there is, but for the few orders that are left
    out because too many fresh ones follow them.
    """
    windows = []
    at = 0
    while at < len(stale):
        start, end, pages = _best_run(stale, fresh, at, most)
        is_full = end - start >= PAGE_SIZE * pages or end < len(stale)
        window = PageWindow(stale[start], stale[end - 1], end - start, pages, is_full)
        windows.append(window)
        at = end
    return windows


def _best_run(
    stale: Sequence[float], fresh: Sequence[float], at: int, most: int
) -> tuple[int, int, int]:
    """Return start and end of the next window's stale orders, and its pages."""
    fewest = -(-_count(stale, fresh, at, stale[at]) // PAGE_SIZE)
    best, best_gain = (at, at, fewest), 0.0
    for pages in range(fewest, max(fewest, most) + 1):
        start, end = _run(stale, fresh, at, pages)
        gain = (end - start) / pages
        if gain > best_gain:
            best, best_gain = (start, end, pages), gain
        if gain >= FULL_SHARE * PAGE_SIZE or end == len(stale):
            break
    return best


def _run(
    stale: Sequence[float], fresh: Sequence[float], at: int, pages: int
) -> tuple[int, int]:
    """Return the run of stale orders, from `at` or a little later, on these pages."""
    best, best_end = at, _run_end(stale, fresh, at, pages)
    if best_end - at >= PAGE_SIZE * pages:
        return best, best_end
    for later in range(at + 1, min(at + 1 + MOST_LEFT_OUT, len(stale))):
        if stale[later] == stale[later - 1]:
            continue
        end = _run_end(stale, fresh, later, pages)
        if end - later >= best_end - best + ROOM * (later - best):
            best, best_end = later, end
    return best, best_end


def _run_end(
    stale: Sequence[float], fresh: Sequence[float], at: int, pages: int
) -> int:
    """Return the end of the longest run of stale orders that fits on these pages."""
    low, high = at, min(len(stale), at + PAGE_SIZE * pages)
    while low < high:
        middle = (low + high + 1) // 2
        if _count(stale, fresh, at, stale[middle - 1]) <= PAGE_SIZE * pages:
            low = bisect_right(stale, stale[middle - 1])
        else:
            high = bisect_left(stale, stale[middle - 1])
    return low


def _count(stale: Sequence[float], fresh: Sequence[float], at: int, last: float) -> int:
    """Return how many orders changed from the stale one at `at` to `last`."""
    others = bisect_right(fresh, last) - bisect_left(fresh, stale[at])
    return bisect_right(stale, last) - at + others


def seconds_until_done(
    shown_in: Sequence[float], others: int, gain: float, get: Quota, search: Quota
) -> float:
    """Return in how many seconds all orders can be complete if no more come.

    `shown_in` says, sorted, in how many seconds a page can show each order (0 or less
    for now), `others` how many no page ever shows; a page brings `gain` orders. The
    result is infinite where getOrder has no rate and too few tokens.
    """
    count = len(shown_in) + others
    if get.rate <= 0:
        return float("inf") if count > get.available else 0.0

    def is_enough(seconds: float) -> bool:
        shown = bisect_right(shown_in, seconds)
        left = max(0.0, shown - gain * search.within(seconds))
        return count - shown + left <= get.within(seconds)

    if is_enough(0.0):
        return 0.0
    low, high = 0.0, (count - get.tokens) / get.rate + 1.0
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
