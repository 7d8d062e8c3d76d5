"""What was possible: the least time in which known arrivals can be complete.

The bounds know every arrival in advance and leave out what can only cost time: calls
take no time, pages are always full of orders that are still wanted, reports are free.
Each condition below holds for every schedule, so no planner can be faster.

One who knows what is to come may let an order wait, although there is a token for it,
and keep the token for a later one. A planner that does not know must not: an order is
to be complete within a second where the quota allows it. Schedules that let no order
wait while there is a token are called prompt, and have a bound of their own.

A schedule that is done at T has, for every moment s, to bring the orders that changed
from s on with what there is from s on: getOrder's tokens (no more than the burst at s
and what comes until T), and pages, which show such an order from s + search_lag on
only and hold a hundred each. Orders that a report can complete are left out where the
report can be there by T. Every condition gets easier as T grows, so halving finds the
least T that meets them all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from heapq import heappop, heappush
from itertools import combinations

# Seconds by which a bound may be wrong: the halving stops there.
_PRECISION = 0.01


@dataclass(frozen=True, slots=True)
class Supply:
    """A token bucket: full at the start; `rates` are (from second, tokens a second)."""

    burst: float
    rates: tuple[tuple[float, float], ...]

    def rate(self, at: float) -> float:
        """Return how many tokens a second come at that moment."""
        return [rate for start, rate in self.rates if start <= at][-1]

    def grown(self, start: float, end: float) -> float:
        """Return how many tokens come in between."""
        total = 0.0
        for at, (begins, rate) in enumerate(self.rates):
            is_last = at + 1 == len(self.rates)
            ends = end if is_last else min(end, self.rates[at + 1][0])
            total += max(0.0, ends - max(begins, start)) * rate
        return total

    def most(self, start: float, end: float, kept: float | None = None) -> int:
        """Return how many calls can at most be made in between.

        `kept` is how many tokens there are at the start, if not as many as can be.
        """
        there = self.burst if kept is None else min(self.burst, kept)
        return int(there + self.grown(start, end) + 1e-9) if end >= start else 0

    def when(self, start: float, tokens: float) -> float:
        """Return when so many tokens have come since `start`."""
        for at, (_begins, rate) in enumerate(self.rates):
            is_last = at + 1 == len(self.rates)
            ends = float("inf") if is_last else self.rates[at + 1][0]
            if ends <= start:
                continue
            if start + tokens / rate <= ends:
                return start + tokens / rate
            tokens -= (ends - start) * rate
            start = ends
        raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class Arrival:
    """An order: when it changed, whether we ship it, how much its delay matters."""

    at: float
    needs_address: bool = True
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class AmazonLimits:
    """Amazon's quotas and habits; `report_takes` is None where no report is used."""

    get: Supply
    search: Supply
    page: int = 100
    search_lag: float = 120.0
    report_takes: float | None = None


def makespan(
    arrivals: Sequence[Arrival],
    limits: AmazonLimits,
    *,
    is_prompt: bool = False,
    among: Sequence[Arrival] | None = None,
) -> float:
    """Return a time before which not all of the orders can be complete.

    With `is_prompt` by any schedule that lets no order wait while getOrder has a token:
    what is to come is not known, and what has come is not to wait for it. They may be
    some `among` all that arrive: the others wait for them, but for nothing else.
    """
    if not arrivals:
        return 0.0
    last = max(arrival.at for arrival in arrivals)
    kept = kept_tokens(among or arrivals, limits) if is_prompt else {}
    return _least(lambda end: _is_possible(arrivals, limits, end, kept), last)


def kept_tokens(
    arrivals: Sequence[Arrival], limits: AmazonLimits
) -> dict[float, float]:
    """Return the most tokens of getOrder a prompt schedule has left as orders arrive.

    Let every order leave for nothing as soon as a page could show it or a report could
    hold it: whoever has fewer waiting spends fewer tokens. Spend each token on the
    order that would leave last: the others leave sooner, so fewer wait at any later
    moment. Another schedule can be ahead by a part of one token only: it may come a
    moment too late for an order that then leaves for nothing. That token is added.
    """
    takes = limits.report_takes
    orders = sorted(arrivals, key=lambda arrival: arrival.at)
    kept: dict[float, float] = {}
    waiting: list[float] = []
    tokens, now = limits.get.burst, orders[0].at if orders else 0.0
    for order in orders:
        while waiting:
            due = limits.get.when(now, max(0.0, 1.0 - tokens))
            if due >= order.at:
                break
            tokens, now = max(tokens, 1.0), due
            if -waiting[0] <= now:
                waiting.clear()
            else:
                heappop(waiting)
                tokens -= 1.0
        tokens = min(limits.get.burst, tokens + limits.get.grown(now, order.at))
        now = order.at
        kept.setdefault(now, tokens + 1.0)
        is_reported = takes is not None and not order.needs_address
        leaves = (
            min(limits.search_lag, takes or 0.0) if is_reported else limits.search_lag
        )
        heappush(waiting, -(now + leaves))
    return kept


def weighted_completion(arrivals: Sequence[Arrival], limits: AmazonLimits) -> float:
    """Return a bound for the sum of each order's weight times when it is complete.

    By any moment no more orders are complete than had arrived and than the quotas
    allow; the k-th can be complete no sooner than that count reaches k. Giving the
    soonest of these times to the heaviest orders is the least sum there is.
    """
    times = sorted(arrival.at for arrival in arrivals)
    by_report = sorted(a.at for a in arrivals if not a.needs_address)

    def most_by(end: float) -> int:
        pages = limits.search.most(times[0] + limits.search_lag, end) * limits.page
        shown = bisect_right(times, end - limits.search_lag)
        reported = 0
        if limits.report_takes is not None:
            reported = bisect_right(by_report, end - limits.report_takes)
        brought = limits.get.most(times[0], end) + min(pages, shown) + reported
        return min(bisect_right(times, end), brought)

    def reaches(place: int, end: float) -> bool:
        return most_by(end) >= place

    total, soonest = 0.0, 0.0
    weights = sorted((arrival.weight for arrival in arrivals), reverse=True)
    for place, weight in enumerate(weights, start=1):
        soonest = max(soonest, times[0])
        if most_by(soonest) < place:
            soonest = _least(partial(reaches, place), soonest)
        total += weight * soonest
    return total


def exhaustive(
    arrivals: Sequence[Arrival],
    limits: AmazonLimits,
    longest: int,
    *,
    is_prompt: bool = False,
) -> int | None:
    """Return the least makespan in whole seconds, by trying every schedule.

    For a handful of orders that arrive at whole seconds; tokens count at the end of
    each second. None if `longest` is not enough. With `is_prompt` only schedules are
    tried that let no order wait while getOrder has a token. It checks the bounds, which
    must never be above it.
    """
    orders = sorted(arrivals, key=lambda arrival: arrival.at)
    everything = (1 << len(orders)) - 1
    states = {(0, limits.get.burst, limits.search.burst)}
    for now in range(longest + 1):
        reached = set()
        for done, get, search in states:
            reached |= _moves(
                orders, limits, now, (done, get, search), is_prompt=is_prompt
            )
        if any(done == everything for done, _get, _search in reached):
            return now
        states = {
            (
                done,
                min(limits.get.burst, get + limits.get.grown(now, now + 1)),
                min(limits.search.burst, search + limits.search.grown(now, now + 1)),
            )
            for done, get, search in reached
        }
    return None


def _moves(
    orders: Sequence[Arrival],
    limits: AmazonLimits,
    now: int,
    state: tuple[int, float, float],
    *,
    is_prompt: bool,
) -> set[tuple[int, float, float]]:
    """Return every state that calls of this second lead to."""
    done, get, search = state
    if limits.report_takes is not None:
        for at, order in enumerate(orders):
            if not order.needs_address and order.at + limits.report_takes <= now:
                done |= 1 << at
    found = set()
    for was, left in _after_pages(orders, limits, now, done, search):
        open_ = [n for n, o in enumerate(orders) if o.at <= now and not was & (1 << n)]
        most = min(len(open_), int(get + 1e-9))
        for count in range(most if is_prompt else 0, most + 1):
            for chosen in combinations(open_, count):
                found.add((was | _mask(chosen), get - count, left))
    return found


def _after_pages(
    orders: Sequence[Arrival], limits: AmazonLimits, now: int, done: int, search: float
) -> set[tuple[int, float]]:
    shown = [n for n, order in enumerate(orders) if order.at + limits.search_lag <= now]
    pages = [_mask(shown[at : at + limits.page]) for at in range(len(shown))]
    reached = {(done, search)}
    for _ in range(int(search)):
        reached |= {
            (was | page, left - 1)
            for was, left in reached
            for page in pages
            if left >= 1
        }
    return reached


def _mask(places: Iterable[int]) -> int:
    return sum(1 << place for place in places)


def _is_possible(
    arrivals: Sequence[Arrival],
    limits: AmazonLimits,
    end: float,
    kept: Mapping[float, float],
) -> bool:
    takes = limits.report_takes
    times = sorted(
        arrival.at
        for arrival in arrivals
        if takes is None or arrival.needs_address or arrival.at + takes > end
    )
    shown = bisect_right(times, end - limits.search_lag)
    for place, start in enumerate(times):
        if place and times[place - 1] == start:
            continue
        pages = limits.search.most(start + limits.search_lag, end) * limits.page
        unpaged = max(0, shown - bisect_left(times, start) - pages)
        hidden = len(times) - max(shown, place)
        if hidden + unpaged > limits.get.most(start, end, kept.get(start)):
            return False
    return True


def _least(is_enough: Callable[[float], bool], low: float) -> float:
    """Return the least time, from `low` on, that is enough."""
    if is_enough(low):
        return low
    step = 1.0
    while not is_enough(low + step):
        low, step = low + step, step * 2
    high = low + step
    while high - low > _PRECISION:
        middle = (low + high) / 2
        low, high = (low, middle) if is_enough(middle) else (middle, high)
    return low
