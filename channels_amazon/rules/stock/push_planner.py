"""Plans which calls bring the due quantities and prices soonest; pure, rules layer.

patchListingsItem sends one listing at once. A feed sends thousands, but Amazon works on
it when it likes. So:

- patchListingsItem's tokens are spent at once, on the most urgent first: zeros, then a
  person's changes, then low cover, then the rest and last what only goes up; within
  each what has waited longest.
- The listing is read before, since Amazon resets what a patch leaves out, unless a
  fresh reading is at hand. Where getListingsItem has no token, it is sent unread if its
  handling time is known; no token of patchListingsItem waits for one that is not.
- Feeds carry what they bring sooner than patches would (`push_feeds.py`).
- What a feed under way carries is not patched, unless the feed is late and tokens are
  left. A newer wish for it waits for the feed's end, unless waiting is dangerous or a
  person waits: then it is patched now, and once more after the feed, which may have
  overwritten it.

The caller makes the calls, marks what they brought, and asks again until a plan has no
calls; then it comes back at `replan_at`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta
from heapq import merge

from channels_amazon.rules.quota import Quota
from channels_amazon.rules.stock.push_calls import (
    Patch,
    PushCall,
    PushPlan,
    ReadThenPatch,
)
from channels_amazon.rules.stock.push_feeds import plan_feeds
from channels_amazon.rules.stock.push_state import (
    Danger,
    DueListing,
    PushState,
    urgency,
)

# The pause before the next plan is between these: long enough that rounding cannot make
# it loop, short enough to see soon what no message tells of.
SHORTEST_PAUSE = timedelta(milliseconds=100)
LONGEST_PAUSE = timedelta(seconds=60)
# Seconds by which a token is waited for longer: a moment that is rounded down would
# find all but the whole of it.
ROUNDING = 0.001


def plan(state: PushState, now: datetime) -> PushPlan:
    """Return the calls to make now, and when to plan again after them."""
    overdue_at = {feed.feed_id: state.overdue_at(feed) for feed in state.feeds}
    late = {feed_id for feed_id, at in overdue_at.items() if at <= now}
    calls = _Calls(state, frozenset(overdue_at))
    calls.take(_by_urgency(state, frozenset(overdue_at), late))
    feeds = plan_feeds(state.due.waiting, frozenset(calls.taken), state, now)
    times = [at for at in overdue_at.values() if at > now]
    times += [feeds.replan_at] if feeds.replan_at else []
    times += calls.tokens_at(now)
    made: tuple[PushCall, ...] = (*calls.made, *feeds.feeds)
    if not state.due:
        return PushPlan(made, None)
    soonest = min([*times, now + LONGEST_PAUSE])
    return PushPlan(made, max(now + SHORTEST_PAUSE, soonest))


def _by_urgency(
    state: PushState, under_way: Collection[str], late: Collection[str]
) -> Iterator[DueListing]:
    """Yield what may be patched now, the most urgent first.

    What a late feed carries comes last: it may arrive at any moment.
    """
    newer = [one for one in state.due.superseded if _goes_now(one, under_way, late)]
    yield from merge(state.due.waiting, newer, key=urgency)
    for one in state.due.carried:
        if one.feed_id in late or one.feed_id not in under_way:
            yield one


def _goes_now(
    one: DueListing, under_way: Collection[str], late: Collection[str]
) -> bool:
    """Tell whether the newer wish of a listing in a feed is patched now."""
    if one.feed_id not in under_way:
        return True
    is_pressing = one.danger < Danger.REST or one.is_by_person
    return not one.is_patched and (is_pressing or one.feed_id in late)


class _Calls:
    """Patches, as far as the tokens go."""

    def __init__(self, state: PushState, under_way: Collection[str]) -> None:
        self.made: list[Patch | ReadThenPatch] = []
        # What is in no feed, of it.
        self.taken: set[int] = set()
        self._patch, self._get = state.patch, state.get
        self._under_way = under_way
        self._patches, self._reads = state.patch.available, state.get.available
        self._lacks_patch = self._lacks_read = False

    def take(self, listings: Iterable[DueListing]) -> None:
        """Patch these, in their order, until there is no token for the next one."""
        for one in listings:
            if not self._patches:
                self._lacks_patch = True
                return
            is_newer = one.is_newer and one.feed_id in self._under_way
            patch = Patch(one.listing_id, one.has_quantity, one.has_prices, is_newer)
            if one.needs_reading and self._reads:
                self._reads -= 1
                self.made.append(ReadThenPatch(patch))
            elif one.may_be_sent_unread:
                self.made.append(patch)
            else:
                self._lacks_read = True
                continue
            self._patches -= 1
            if not one.feed_id:
                self.taken.add(one.listing_id)

    def tokens_at(self, now: datetime) -> list[datetime]:
        """Return when the tokens come that were missing."""
        missing = [(self._patch, self._patches)] if self._lacks_patch else []
        missing += [(self._get, self._reads)] if self._lacks_read else []
        return [
            now + timedelta(seconds=_seconds_until_next(quota, quota.available - left))
            for quota, left in missing
            if quota.rate > 0
        ]


def _seconds_until_next(quota: Quota, spent: int) -> float:
    """Return when one token is there, after so many of those there now were spent."""
    return max(0.0, spent + 1 - quota.tokens) / quota.rate + ROUNDING
