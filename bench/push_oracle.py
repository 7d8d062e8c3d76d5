"""What was possible: the least time in which known changes can be at Amazon.

The bound knows every change in advance and how long a feed takes, and leaves out what
can only cost time: calls take no time, and any number of feeds can be under way. Each
condition below holds for every schedule, so no planner can be faster.

A schedule that is done at T has, for every moment s, to send what changed from s on
with what there is from s on: patches (no more than the bucket holds at s and what comes
until T), and feeds. A feed that carries such a change is submitted after it, and has to
end by T. Zeros go by patch. Every condition gets easier as T grows, so halving finds
the least T that meets them all.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from bench.oracle import Supply

# Seconds by which a bound may be wrong: the halving stops there.
_PRECISION = 0.01


@dataclass(frozen=True, slots=True)
class Change:
    """A number that changed: when, and whether a feed may carry it."""

    at: float
    by_feed: bool = True


@dataclass(frozen=True, slots=True)
class PushLimits:
    """Amazon's quota of patchListingsItem, and how long a feed takes it.

    `feed_takes` is in seconds, None where no feed is used. Amazon works on the messages
    of an account's feeds one after another, each in `message_takes` seconds.
    """

    patch: Supply
    feed_takes: float | None = None
    message_takes: float = 0.0


def makespan(changes: Sequence[Change], limits: PushLimits) -> float:
    """Return a time before which not all of the changes can be at Amazon."""
    if not changes:
        return 0.0
    low = max(change.at for change in changes)
    if _is_possible(changes, limits, low):
        return low
    step = 1.0
    while not _is_possible(changes, limits, low + step):
        low, step = low + step, step * 2
    high = low + step
    while high - low > _PRECISION:
        middle = (low + high) / 2
        if _is_possible(changes, limits, middle):
            high = middle
        else:
            low = middle
    return low


def _is_possible(changes: Sequence[Change], limits: PushLimits, end: float) -> bool:
    times = sorted(change.at for change in changes)
    able = sorted(change.at for change in changes if change.by_feed)
    takes = limits.feed_takes
    # Changes after this moment are in no feed that ends in time.
    latest = float("-inf") if takes is None else end - takes
    within = bisect_right(able, latest)
    for place, start in enumerate(times):
        if place and times[place - 1] == start:
            continue
        by_feed = max(0, within - bisect_left(able, start))
        if limits.message_takes > 0:
            most = (latest - start) / limits.message_takes
            by_feed = min(by_feed, max(0, int(most + 1e-9)))
        if len(times) - place - by_feed > limits.patch.most(start, end):
            return False
    return True
