"""How long feeds take, by those that ended, and when to ask for one; pure, rules layer.

Amazon says nothing of it, and it differs by the hour: the newest feeds tell best.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from statistics import fmean, median

from channels_amazon.rules.stock.push_state import FeedTime

# So many of the newest feeds are told by.
SAMPLE = 5
# While a feed may be there at any moment, it is asked for once in this share of the
# time that has passed, within these: so a late answer makes it so much later at most.
POLL_SHARE = 1 / 32
SHORTEST_POLL, LONGEST_POLL = timedelta(seconds=2), timedelta(seconds=30)
# Before this share of the time that it is expected to take, it is not asked for.
EARLIEST_SHARE = 0.75


def feed_time(ended: Sequence[tuple[int, timedelta]]) -> FeedTime:
    """Return how long a feed takes, by (messages, time) of those that ended.

    The line through them that fits best; where they are alike in size, or the larger
    ones were no slower, the size is taken not to matter.
    """
    if not ended:
        return FeedTime()
    sizes = [float(messages) for messages, _took in ended]
    times = [took.total_seconds() for _messages, took in ended]
    size, time = fmean(sizes), fmean(times)
    spread = sum((one - size) ** 2 for one in sizes)
    each = 0.0
    if spread > 0:
        pairs = zip(sizes, times, strict=True)
        each = sum((one - size) * (took - time) for one, took in pairs) / spread
    if each <= 0:
        return FeedTime(timedelta(seconds=median(times)))
    # A line that begins below zero would call a small feed free.
    each = min(each, time / size)
    fixed = max(0.0, time - each * size)
    return FeedTime(timedelta(seconds=fixed), timedelta(seconds=each))


def next_poll_at(
    submitted_at: datetime, now: datetime, expected: timedelta | None
) -> datetime:
    """Return when to ask Amazon whether the feed has ended.

    `expected` is how long it is to take, None where no feed was measured yet.
    """
    pause = min(max((now - submitted_at) * POLL_SHARE, SHORTEST_POLL), LONGEST_POLL)
    if expected is None:
        return now + pause
    return max(now + pause, submitted_at + EARLIEST_SHARE * expected)
