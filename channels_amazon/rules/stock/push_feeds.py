"""When a feed brings a backlog of changes sooner than patches; pure, rules layer.

A feed carries up to 25,000 changes, but nobody knows when Amazon works on it. So a feed
pays only where patches alone would take longer than a feed does, and it carries just so
many that the patches of the others end when it does. It carries the least urgent ones,
and never a zero.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from channels_amazon.rules.stock.push_calls import SubmitFeed
from channels_amazon.rules.stock.push_state import DueListing, PushState

# Amazon's limits of one JSON_LISTINGS_FEED, and how many it takes of a seller in a
# region within so much time. Of the file's 10 MiB its header needs a part.
MOST_MESSAGES = 25_000
MOST_BYTES = 10 * 1024 * 1024 - 4096
MOST_SUBMISSIONS, SUBMISSION_WINDOW = 5, timedelta(minutes=5)
# Tokens of createFeed that are left to other feeds.
CREATE_RESERVE = 1.0
# A feed has to save so many seconds, and such a share of the time without it: it takes
# more calls than one patch does, and how long it takes is not known for sure.
LEAST_SAVED, LEAST_SAVED_SHARE = 10.0, 0.05
# Changes that keep coming share a feed. It is submitted when none came for so much of
# the time it takes, within LONGEST_QUIET, or when one has waited for LONGEST_WAIT.
QUIET_SHARE, LONGEST_QUIET = 0.05, timedelta(seconds=5)
LONGEST_WAIT = SUBMISSION_WINDOW / MOST_SUBMISSIONS
# The more feeds were submitted within the window, the longer the next one waits: so
# much for each. While createFeed's bucket is filled to less than PLENTY, it waits for a
# token of its own, so that one is there when everything changes at once.
PAUSE_FOR_EACH = timedelta(seconds=15)
PLENTY = 1 / 2


@dataclass(frozen=True, slots=True)
class FeedPlan:
    """The feeds to submit now, and when one could be that now cannot."""

    feeds: tuple[SubmitFeed, ...] = ()
    replan_at: datetime | None = None


def plan_feeds(
    waiting: Sequence[DueListing],
    spent: frozenset[int],
    state: PushState,
    now: datetime,
) -> FeedPlan:
    """Return the feeds that pay.

    `waiting` is sorted by urgency; those whose ids are in `spent` are patched now.
    """
    count = len(waiting) - len(spent)
    busy = _busy(state, now)
    if not _pays(count, count, state, busy):
        return FeedPlan()
    best = _best_count(count, state, busy)
    submit_at = max(_possible_at(state, now), _settled_at(waiting, best, state))
    if submit_at > now:
        return FeedPlan(replan_at=submit_at)
    left = [one for one in waiting if one.listing_id not in spent]
    # The least urgent first.
    able = [one for one in reversed(left) if one.may_go_by_feed]
    wanted = min(len(able), best)
    if not _pays(count, wanted, state, busy):
        return FeedPlan()
    most = min(
        MOST_SUBMISSIONS - len(_recent(state, now)),
        state.create_feed.minus(CREATE_RESERVE).available,
    )
    feeds = list(_split(able[:wanted]))[:most]
    return FeedPlan(tuple(feeds))


def _settled_at(
    waiting: Sequence[DueListing], wanted: int, state: PushState
) -> datetime:
    """Return when a feed has waited long enough for others to join it.

    It is told by the first and the last of the `wanted` least urgent ones: within one
    degree of urgency they are the oldest and the newest.
    """
    ends = waiting[-max(1, wanted)].due_since, waiting[-1].due_since
    quiet = min(QUIET_SHARE * state.feed_time.fixed, LONGEST_QUIET)
    if wanted >= MOST_MESSAGES:
        return min(ends)
    return min(max(ends) + quiet, min(ends) + LONGEST_WAIT)


def _busy(state: PushState, now: datetime) -> float:
    """Return for how many seconds Amazon works on the feeds under way.

    It works on one feed of a seller after the other.
    """
    ends = [(state.overdue_at(feed) - now).total_seconds() for feed in state.feeds]
    return max([0.0, *ends])


def _pays(count: int, by_feed: int, state: PushState, busy: float) -> bool:
    """Tell whether so many changes are done sooner with `by_feed` of them in feeds.

    With all of them it tells whether any number could. Amazon begins in `busy` seconds.
    """
    rate = state.patch.rate
    if by_feed <= 0:
        return False
    if rate <= 0:
        return True
    alone = count / rate
    messages = min(by_feed, _best_count(count, state, busy))
    feed = busy + state.feed_time.of(messages).total_seconds()
    saved = alone - max(feed, (count - messages) / rate)
    return saved >= max(LEAST_SAVED, LEAST_SAVED_SHARE * alone)


def _best_count(count: int, state: PushState, busy: float) -> int:
    """Return how many of the changes a feed carries, so that both ways end at once.

    Solved for the messages: busy + fixed + messages * each = (count - messages) / rate.
    """
    rate = state.patch.rate
    if rate <= 0:
        return count
    fixed = busy + state.feed_time.fixed.total_seconds()
    each = state.feed_time.per_message.total_seconds()
    return max(0, math.ceil((count - rate * fixed) / (1 + rate * each)))


def _possible_at(state: PushState, now: datetime) -> datetime:
    """Return when the next feed may be submitted."""
    create = state.create_feed.minus(CREATE_RESERVE)
    times = [state.no_feed_until or now]
    if create.available < 1:
        # Where no token ever comes, there is nothing to wait for: look again then.
        seconds = (1 - create.tokens) / create.rate if create.rate > 0 else 3600.0
        times.append(now + timedelta(seconds=seconds))
    recent = _recent(state, now)
    if len(recent) >= MOST_SUBMISSIONS:
        times.append(recent[-MOST_SUBMISSIONS] + SUBMISSION_WINDOW)
    if recent:
        pause = len(recent) * PAUSE_FOR_EACH
        if create.fill < PLENTY and create.rate > 0:
            pause = max(pause, timedelta(seconds=1 / create.rate))
        times.append(recent[-1] + pause)
    return max(times)


def _recent(state: PushState, now: datetime) -> list[datetime]:
    """Return when feeds were submitted within Amazon's window, the newest last."""
    return sorted(at for at in state.submitted if at > now - SUBMISSION_WINDOW)


def _split(listings: Sequence[DueListing]) -> Iterator[SubmitFeed]:
    """Yield feeds of the listings, each within Amazon's limits."""
    ids: list[int] = []
    size = 0
    for one in listings:
        if ids and (len(ids) == MOST_MESSAGES or size + one.message_bytes > MOST_BYTES):
            yield SubmitFeed(tuple(ids))
            ids, size = [], 0
        ids.append(one.listing_id)
        size += one.message_bytes
    if ids:
        yield SubmitFeed(tuple(ids))
