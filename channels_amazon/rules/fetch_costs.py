"""What calls bring how many orders by when: the fetch planner's sums; pure, rules.

Times here are seconds from now; orders are told by when they changed.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

PAGE = 100
# A page begins later when each order left out makes room for so many others.
ROOM, MOST_LEFT_OUT = 5, 4
_CLOSE_ENOUGH = 0.25


@dataclass(frozen=True, slots=True)
class Quota:
    """Tokens there now, how many come a second, and how many there can be."""

    tokens: float
    rate: float
    burst: float = 0.0

    def spare(self, kept: float) -> Quota:
        """Return the quota without the tokens that are kept for others."""
        return Quota(self.tokens - kept, self.rate, self.burst - kept)

    @property
    def whole(self) -> int:
        """Return how many calls may be made now."""
        return max(0, int(self.tokens))

    @property
    def fill(self) -> float:
        """Return how full the bucket is, from 0 to 1."""
        return max(0.0, min(1.0, self.tokens / self.burst)) if self.burst > 0 else 0.0

    def after(self, seconds: float) -> int:
        """Return how many calls can be made until then, from now on."""
        return max(0, int(self.tokens + self.rate * seconds + 1e-9))


@dataclass(frozen=True, slots=True)
class Window:
    """Orders that changed from `first` to `last`: at most what one page holds.

    `gain` is how many of them are stale; the page is full if no other fits on it.
    """

    first: float
    last: float
    gain: int
    is_full: bool


def cover(stale: Sequence[float], known: Sequence[float]) -> list[Window]:
    """Return the fewest pages that hold the stale orders, oldest first.

    Both lists are sorted. A page is full of what changed in its window, stale or
    known; beginning each at the oldest stale order left is the best there is. Single
    orders among known ones are on no page.
    """
    windows = []
    at = 0
    while at < len(stale):
        at, end = _page(stale, known, at)
        first = stale[at]
        last = stale[end - 1]
        is_full = end - at >= PAGE or end < len(stale)
        windows.append(Window(first, last, end - at, is_full))
        at = end
    return windows


def _page(stale: Sequence[float], known: Sequence[float], at: int) -> tuple[int, int]:
    """Return the run of stale orders, from `at` or a little later, of the next page."""
    best, best_end = at, _page_end(stale, known, at)
    if best_end - at >= PAGE:
        return best, best_end
    for later in range(at + 1, min(at + 1 + MOST_LEFT_OUT, len(stale))):
        end = _page_end(stale, known, later)
        if end - later >= best_end - best + ROOM * (later - best):
            best, best_end = later, end
    return best, best_end


def _page_end(stale: Sequence[float], known: Sequence[float], at: int) -> int:
    """Return the end of the longest run of stale orders that fits on a page."""
    seen = bisect_left(known, stale[at])
    low, high = at + 1, min(len(stale), at + PAGE)
    while low < high:
        middle = (low + high + 1) // 2
        others = bisect_right(known, stale[middle - 1]) - seen
        if middle - at + others <= PAGE:
            low = middle
        else:
            high = middle - 1
    return low


def finish(
    shown_in: Sequence[float], others: int, gain: float, get: Quota, search: Quota
) -> float:
    """Return in how many seconds all can be complete if nothing more comes.

    `shown_in` says, sorted, in how many seconds each order is on a page (0 or less
    for now), `others` how many never are; a page brings `gain` of them.
    """
    count = len(shown_in) + others
    if get.rate <= 0:
        return float("inf") if count > get.whole else 0.0

    def is_enough(seconds: float) -> bool:
        shown = bisect_right(shown_in, seconds)
        left = max(0.0, shown - gain * search.after(seconds))
        return count - shown + left <= get.after(seconds)

    if is_enough(0.0):
        return 0.0
    low, high = 0.0, (count - get.tokens) / get.rate + 1.0
    while high - low > _CLOSE_ENOUGH:
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return high
