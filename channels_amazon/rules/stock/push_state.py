"""What a push plan follows from: due listings, tokens and feeds; pure, rules layer."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import IntEnum

from channels_amazon.rules.quota import Quota

# How long Amazon is expected to take for a feed while none was measured yet.
USUAL_FEED_TIME = timedelta(minutes=15)
# Bytes of one message of a feed, as large as one with a quantity and some prices.
USUAL_MESSAGE_BYTES = 600
# A quantity that goes down is of low cover with so few units, or with fewer than sell
# in so many seconds.
LOW_UNITS = 3
LOW_COVER_SECONDS = 86_400.0
# A reading serves so long for the next patch: what getListingsItem shows may itself be
# minutes old at Amazon, so that a new one would hardly tell more.
FRESH_FOR = timedelta(minutes=1)


class Danger(IntEnum):
    """What may happen while Amazon does not have our number; the lowest goes first."""

    # Nothing is left: each sale is one too many.
    ZERO = 0
    # Soon nothing is left.
    LOW_COVER = 1
    REST = 2
    # It goes up: Amazon only sells less meanwhile.
    RISE = 3


def danger_of(quantity: int | None, shown: int | None, velocity: float) -> Danger:
    """Return the danger of a quantity that is due, None where only a price is.

    `shown` is what Amazon has, None for unknown; `velocity` is in units a second.
    """
    if quantity is None:
        return Danger.REST
    if quantity <= 0:
        return Danger.ZERO
    if shown is not None and quantity > shown:
        return Danger.RISE
    low = max(LOW_UNITS, math.ceil(velocity * LOW_COVER_SECONDS))
    return Danger.LOW_COVER if quantity <= low else Danger.REST


def is_fresh(read_at: datetime | None, now: datetime) -> bool:
    """Tell whether what was read of a listing then may go into a patch now."""
    # A clock that was ahead has been set back.
    return read_at is not None and timedelta(0) <= now - read_at <= FRESH_FOR


@dataclass(frozen=True, slots=True)
class DueListing:
    """A listing whose quantity or prices Amazon is to get, as they are wanted now.

    `is_fresh` says that a reading is at hand which shows the handling time as it is
    now; `knows_handling_time` that an older one does. `feed_id` is the feed under way
    that carries the listing, due or not since; with `is_newer` it carries an older
    wish, and `is_patched` says that the present one was patched meanwhile.
    """

    listing_id: int
    due_since: datetime
    danger: Danger = Danger.REST
    is_by_person: bool = False
    has_quantity: bool = True
    has_prices: bool = False
    is_fresh: bool = False
    knows_handling_time: bool = True
    message_bytes: int = USUAL_MESSAGE_BYTES
    feed_id: str = ""
    is_newer: bool = False
    is_patched: bool = False

    @property
    def needs_reading(self) -> bool:
        """Tell whether the listing is read before the patch, if there is a token.

        Amazon resets what a patch of the quantity leaves out. Prices are merged.
        """
        return self.has_quantity and not self.is_fresh

    @property
    def may_be_sent_unread(self) -> bool:
        """Tell whether it can be sent where nothing is read before."""
        return not self.needs_reading or self.knows_handling_time

    @property
    def may_go_by_feed(self) -> bool:
        """Tell whether a feed may carry it: nobody knows when a feed is worked on."""
        return self.danger is not Danger.ZERO and self.may_be_sent_unread


def urgency(one: DueListing) -> tuple[int, int, datetime, int]:
    """Return what orders due listings: zeros, a person's, low cover, the rest, rises.

    Within each the most dangerous first, then the one that has waited longest.
    """
    if one.danger is Danger.ZERO:
        group = 0
    elif one.is_by_person:
        group = 1
    else:
        group = 1 + one.danger
    return group, one.danger, one.due_since, one.listing_id


@dataclass(frozen=True, slots=True)
class DueListings:
    """The due listings in three parts, each sorted by `urgency`.

    `waiting` are in no feed under way. `superseded` are in one with an older wish, and
    `carried` in one with the present wish.
    """

    waiting: Sequence[DueListing] = ()
    superseded: Sequence[DueListing] = ()
    carried: Sequence[DueListing] = ()

    @classmethod
    def of(cls, listings: Iterable[DueListing]) -> DueListings:
        """Return the parts of these listings."""
        found = sorted(listings, key=urgency)
        return cls(
            waiting=[one for one in found if not one.feed_id],
            superseded=[one for one in found if one.feed_id and one.is_newer],
            carried=[one for one in found if one.feed_id and not one.is_newer],
        )

    def __bool__(self) -> bool:
        return bool(self.waiting or self.superseded or self.carried)


@dataclass(frozen=True, slots=True)
class FeedTime:
    """How long a feed takes from its submission until its report is read."""

    fixed: timedelta = USUAL_FEED_TIME
    per_message: timedelta = timedelta(0)

    def of(self, messages: int) -> timedelta:
        """Return the time for a feed of so many messages."""
        return self.fixed + messages * self.per_message


@dataclass(frozen=True, slots=True)
class FeedUnderWay:
    """A feed that was submitted and whose report was not read yet."""

    feed_id: str
    submitted_at: datetime
    messages: int


@dataclass(frozen=True, slots=True)
class PushState:
    """All that a plan follows from, for one account.

    `patch`, `get` and `create_feed` are the quotas of patchListingsItem,
    getListingsItem and createFeed. `submitted` is when JSON_LISTINGS_FEED feeds were
    submitted of late, ended ones too. `feed_time` is as measured. No feed is submitted
    before `no_feed_until`, for instance after one that Amazon ended as fatal.
    """

    due: DueListings
    patch: Quota
    get: Quota
    create_feed: Quota
    feeds: tuple[FeedUnderWay, ...] = ()
    submitted: tuple[datetime, ...] = ()
    feed_time: FeedTime = FeedTime()
    no_feed_until: datetime | None = None

    def overdue_at(self, feed: FeedUnderWay) -> datetime:
        """Return when the feed should have ended."""
        return feed.submitted_at + self.feed_time.of(feed.messages)
