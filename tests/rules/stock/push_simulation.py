"""Plays the push planner against changes in virtual time, without any network.

Amazon is played at its least kind: it works on all messages of a feed at the very end
of the time it takes, so that it overwrites what was patched meanwhile; and it may end a
feed without having done anything.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import assert_never

from bench.oracle import Supply
from bench.push_oracle import Change, PushLimits
from channels_amazon.rules.quota import Quota
from channels_amazon.rules.stock.push_calls import (
    Patch,
    PushCall,
    ReadThenPatch,
    SubmitFeed,
)
from channels_amazon.rules.stock.push_planner import plan
from channels_amazon.rules.stock.push_state import (
    DueListing,
    DueListings,
    FeedTime,
    FeedUnderWay,
    PushState,
    danger_of,
    urgency,
)

START = datetime(2026, 11, 23, 12, tzinfo=UTC)
# Amazon's quotas by default.
PATCH = Supply(5, ((0.0, 5.0),))
GET = Supply(10, ((0.0, 5.0),))
CREATE = Supply(15, ((0.0, 0.0083),))
# How long a feed takes where Amazon never ends it: weeks.
NEVER = 1e6
# Seconds; changes that come within them are planned for together.
BETWEEN_PLANS = 0.1
# Seconds of virtual time after which a planner is taken to have stalled.
GIVE_UP = 86_400.0
# More plans than that at one moment are a planner that never has enough.
MOST_PLANS = 20
# Seconds without a feed after one that Amazon ended as fatal.
REST_AFTER_FATAL = 600.0
# What every listing shows at the start.
AT_FIRST = 50


@dataclass(frozen=True, slots=True)
class Wish:
    """The quantity that a listing should show from a moment on."""

    at: float
    listing_id: int
    quantity: int
    is_by_person: bool = False

    @property
    def change(self) -> Change:
        """Return the change as the oracle knows it."""
        return Change(self.at, by_feed=self.quantity > 0)


@dataclass(slots=True)
class _Bucket:
    supply: Supply
    tokens: float
    at: float = 0.0

    def quota(self, now: float) -> Quota:
        grown = self.supply.grown(self.at, now)
        self.tokens, self.at = min(self.supply.burst, self.tokens + grown), now
        return Quota(self.tokens, self.supply.rate(now), self.supply.burst)

    def take(self) -> None:
        if self.tokens < 1 - 1e-6:
            raise AssertionError("A plan asked for more than there is.")
        self.tokens -= 1


@dataclass(slots=True)
class _Feed:
    under_way: FeedUnderWay
    ends_at: float
    wishes: dict[int, Wish]


@dataclass(slots=True)
class _Row:
    """A listing as our rows know it."""

    wish: Wish
    accepted: Wish | None = None
    patched: Wish | None = None
    feed: _Feed | None = None


@dataclass(slots=True)
class PushResult:
    """What Amazon shows in the end, when each wish was there, and what it took."""

    shown: dict[int, int] = field(default_factory=dict)
    # By listing: when the last wish was accepted and nothing could overwrite it.
    done: dict[int, float] = field(default_factory=dict)
    # Each call that was made: when, and on which listing.
    patched: list[tuple[float, Wish]] = field(default_factory=list)
    feeds: list[tuple[float, int]] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)

    @property
    def makespan(self) -> float:
        """Return when the last wish was there."""
        return max(self.done.values(), default=0.0)


class PushSimulation:
    """One account with its due listings, its buckets and its feeds."""

    def __init__(
        self,
        wishes: Iterable[Wish],
        limits: PushLimits,
        *,
        measured: FeedTime | None = None,
        fresh: bool = True,
        fails: int = 0,
    ) -> None:
        """`measured` is the feed's time as the planner knows it, by default the true.

        The first `fails` feeds end without having done anything.
        """
        self.wishes = sorted(wishes, key=lambda wish: wish.at)
        self.limits = limits
        self.result = PushResult()
        self.now = -BETWEEN_PLANS
        takes = NEVER if limits.feed_takes is None else limits.feed_takes
        self._takes = takes
        self._measured = measured or FeedTime(
            timedelta(seconds=takes), timedelta(seconds=limits.message_takes)
        )
        self._is_fresh = fresh
        self._fails = fails
        self._rows: dict[int, _Row] = {}
        self._due: dict[int, DueListing] = {}
        self._parts: tuple[list[DueListing], ...] = ([], [], [])
        self._feeds: list[_Feed] = []
        self._submitted: list[datetime] = []
        self._no_feed_until: datetime | None = None
        self._patch = _Bucket(limits.patch, limits.patch.burst)
        self._get = _Bucket(GET, GET.burst)
        self._create = _Bucket(CREATE, CREATE.burst)

    def run(self) -> PushResult:
        """Play until nothing is due; a planner that stalls is an error."""
        come = 0
        replan_at: float | None = None
        while come < len(self.wishes) or self._due:
            times = [feed.ends_at for feed in self._feeds]
            if come < len(self.wishes):
                times.append(max(self.wishes[come].at, self.now + BETWEEN_PLANS))
            times += [] if replan_at is None else [replan_at]
            self.now = max(self.now, min(times, default=GIVE_UP * 2))
            if self.now > GIVE_UP:
                raise AssertionError("The planner has stopped asking for plans.")
            while come < len(self.wishes) and self.wishes[come].at <= self.now:
                self._want(self.wishes[come])
                come += 1
            for feed in [one for one in self._feeds if one.ends_at <= self.now]:
                self._end(feed)
            replan_at = self._carry_out_plans()
        return self.result

    def _want(self, wish: Wish) -> None:
        row = self._rows.setdefault(wish.listing_id, _Row(wish))
        row.wish = wish
        self.result.shown.setdefault(wish.listing_id, AT_FIRST)
        self._place(wish.listing_id)

    def _place(self, listing_id: int) -> None:
        """Put the listing among the due ones, where it belongs now."""
        before = self._due.pop(listing_id, None)
        if before is not None:
            part = self._part(before)
            del part[bisect_left(part, urgency(before), key=urgency)]
        row = self._rows[listing_id]
        wish, feed = row.wish, row.feed
        is_newer = feed is not None and feed.wishes[listing_id] != wish
        if row.accepted == wish and not is_newer:
            self.result.done[listing_id] = self.now
            return
        self.result.done.pop(listing_id, None)
        due = DueListing(
            listing_id=listing_id,
            due_since=_moment(wish.at),
            danger=danger_of(wish.quantity, self.result.shown[listing_id], 0.0),
            is_by_person=wish.is_by_person,
            is_fresh=self._is_fresh,
            feed_id=feed.under_way.feed_id if feed else "",
            is_newer=is_newer,
            is_patched=row.patched == wish,
        )
        self._due[listing_id] = due
        insort(self._part(due), due, key=urgency)

    def _part(self, due: DueListing) -> list[DueListing]:
        return self._parts[0 if not due.feed_id else 1 if due.is_newer else 2]

    def _carry_out_plans(self) -> float | None:
        """Make plans until one has no calls; return when it wants the next."""
        for _ in range(MOST_PLANS):
            state = PushState(
                due=DueListings(*self._parts),
                patch=self._patch.quota(self.now),
                get=self._get.quota(self.now),
                create_feed=self._create.quota(self.now),
                feeds=tuple(feed.under_way for feed in self._feeds),
                submitted=tuple(self._submitted[-10:]),
                feed_time=self._measured,
                no_feed_until=self._no_feed_until,
            )
            chosen = plan(state, _moment(self.now))
            if not chosen.calls:
                return None if chosen.replan_at is None else _seconds(chosen.replan_at)
            for call in chosen.calls:
                self._make(call)
        raise AssertionError("The planner never has enough.")

    def _make(self, call: PushCall) -> None:
        match call:
            case Patch():
                self._send(call)
            case ReadThenPatch():
                self._get.take()
                self.result.calls["getListingsItem"] += 1
                self._send(call.patch)
            case SubmitFeed():
                self._submit(call.listing_ids)
            case _:
                assert_never(call)

    def _send(self, patch: Patch) -> None:
        self._patch.take()
        self.result.calls["patchListingsItem"] += 1
        row = self._rows[patch.listing_id]
        due = self._due[patch.listing_id]
        assert patch.repeats_after_feed is due.is_newer
        if row.feed is not None and not due.is_newer:
            # Only a late feed's own number may be sent beside it.
            takes = self._measured.of(len(row.feed.wishes))
            assert row.feed.under_way.submitted_at + takes <= _moment(self.now)
        self.result.patched.append((self.now, row.wish))
        self.result.shown[patch.listing_id] = row.wish.quantity
        row.accepted = row.patched = row.wish
        self._place(patch.listing_id)

    def _submit(self, listing_ids: Sequence[int]) -> None:
        self._create.take()
        self.result.calls["createFeed"] += 1
        self.result.feeds.append((self.now, len(listing_ids)))
        begins = max([self.now + self._takes, *(one.ends_at for one in self._feeds)])
        under_way = FeedUnderWay(
            f"feed {len(self._submitted)}", _moment(self.now), len(listing_ids)
        )
        feed = _Feed(
            under_way,
            begins + len(listing_ids) * self.limits.message_takes,
            {one: self._rows[one].wish for one in listing_ids},
        )
        self._submitted.append(under_way.submitted_at)
        self._feeds.append(feed)
        for listing_id in listing_ids:
            row = self._rows[listing_id]
            assert row.feed is None
            assert row.wish.quantity > 0
            row.feed = feed
            self._place(listing_id)

    def _end(self, feed: _Feed) -> None:
        """Let Amazon end a feed: its numbers overwrite whatever is shown."""
        self._feeds.remove(feed)
        is_done = self._fails <= 0
        self._fails -= 1
        if not is_done:
            self._no_feed_until = _moment(self.now + REST_AFTER_FATAL)
        for listing_id, wish in feed.wishes.items():
            row = self._rows[listing_id]
            row.feed = None
            if is_done:
                self.result.shown[listing_id] = wish.quantity
                row.accepted = wish
            self._place(listing_id)


def recent(wishes: Iterable[Wish]) -> dict[int, int]:
    """Return the quantity that each listing is to show in the end."""
    last = sorted(wishes, key=lambda wish: wish.at)
    return {wish.listing_id: wish.quantity for wish in last}


def _moment(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def _seconds(at: datetime) -> float:
    return (at - START).total_seconds()
