"""Gathers what the push planner decides by: due listings, tokens, feeds; sync layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db.models import Case, F, FilteredRelation, Q, QuerySet, Value, When

from channels_amazon.models import PUSH_HELD, AmazonAccount, Listing, ListingFeed
from channels_amazon.rules.quota import Quota
from channels_amazon.rules.stock.feed_times import SAMPLE, feed_time
from channels_amazon.rules.stock.push_feeds import LEAST_SAVED, SUBMISSION_WINDOW
from channels_amazon.rules.stock.push_state import (
    DueListing,
    DueListings,
    FeedTime,
    FeedUnderWay,
    PushState,
    danger_of,
    is_fresh,
)
from channels_amazon.services.amazon_client.quota_status import Quotas
from channels_amazon.services.stock import listing_feeds
from channels_amazon.spapi import operations
from channels_amazon.spapi.client import LONGEST_WAIT

# The most urgent ones are planned for, as many as one feed takes: who has more waiting
# has them planned as these go.
MOST_PLANNED = 25_000
# After a feed that brought nothing, patches alone bring what is due for so long.
FEED_REST = timedelta(minutes=10)
# What comes of quota in the next seconds is planned for too, where a token grows sooner
# than the client waits for one: each plan looks at everything that is due. A zero that
# comes meanwhile waits so long at most.
AHEAD_SECONDS = 2.0


class _Row(NamedTuple):
    """What of a due listing decides when and how it goes."""

    pk: int
    desired_at: datetime | None
    desired_quantity: int
    acknowledged_quantity: int | None
    observed_quantity: int | None
    velocity: float
    push_by_person: bool
    push_code: str
    handling_days: int | None
    has_element: bool
    read_at: datetime | None
    feed: int | None
    carried_wish: datetime | None
    patched_wish: datetime | None


@dataclass(frozen=True, slots=True)
class PushInputs:
    """What to plan by, and how many patches of it need not wait for quota."""

    state: PushState
    patches_at_once: int


def push_inputs(
    account: AmazonAccount,
    due: QuerySet[Listing],
    now: datetime,
    *,
    holds_rises: bool,
) -> PushInputs | None:
    """Return what to plan by for these listings of the account; None without any.

    While the account `holds_rises`, each listing is read before it is patched, and no
    feed is sent: whether a number would rise is not known otherwise.
    """
    listings = DueListings.of(
        _due_listing(row, now, holds_rises=holds_rises) for row in _rows(due)
    )
    if not listings:
        return None
    quotas = Quotas(account, now)
    patch = quotas.of(operations.PATCH_LISTINGS_ITEM)
    recent: list[ListingFeed] = []
    measured = FeedTime()
    # Fewer are sent by patches sooner than any feed pays.
    are_many = len(listings.waiting) > patch.rate * LEAST_SAVED
    if are_many or listings.superseded or listings.carried:
        since = now - max(SUBMISSION_WINDOW, FEED_REST)
        recent = listing_feeds.feeds_since(account, since)
        measured = feed_time(listing_feeds.times_taken(account, SAMPLE))
    state = PushState(
        due=listings,
        patch=_ahead(patch),
        get=_ahead(quotas.of(operations.GET_LISTINGS_ITEM)),
        create_feed=quotas.of(operations.CREATE_FEED),
        feeds=tuple(_under_way(recent)),
        submitted=tuple(one.submitted_at for one in recent if one.submitted_at),
        feed_time=measured,
        no_feed_until=_no_feed_until(recent, now, holds_rises=holds_rises),
    )
    return PushInputs(state, patch.available)


def _rows(due: QuerySet[Listing]) -> list[_Row]:
    """Return the most urgent of the due listings; the planner puts them in order."""
    carried = FilteredRelation(
        "feed_messages", condition=Q(feed_messages__is_open=True)
    )
    urgency = Case(
        # A feed brings it as it is wanted: nothing is to be done meanwhile.
        When(carried__desired_at=F("desired_at"), then=Value(4)),
        When(desired_quantity=0, then=Value(0)),
        When(push_by_person=True, then=Value(1)),
        When(desired_quantity__gt=F("acknowledged_quantity"), then=Value(3)),
        default=Value(2),
    )
    rows = due.annotate(carried=carried).order_by(urgency, "desired_at", "pk")
    found = rows.values_list(
        "pk",
        "desired_at",
        "desired_quantity",
        "acknowledged_quantity",
        "observed_quantity",
        "velocity",
        "push_by_person",
        "push_code",
        "handling_days",
        Case(When(merchant_element__isnull=False, then=Value(True)), default=False),
        "read_at",
        "carried__feed_id",
        "carried__desired_at",
        "carried__patched_wish",
    )
    return [_Row._make(row) for row in found[:MOST_PLANNED]]


def _due_listing(row: _Row, now: datetime, *, holds_rises: bool) -> DueListing:
    is_held = holds_rises and row.push_code == PUSH_HELD
    shown = row.acknowledged_quantity
    if shown is None:
        shown = row.observed_quantity
    return DueListing(
        listing_id=row.pk,
        # What was held before comes last: it has cost a look already.
        due_since=now if is_held or row.desired_at is None else row.desired_at,
        danger=danger_of(row.desired_quantity, shown, row.velocity),
        is_by_person=row.push_by_person,
        is_fresh=_serves(row, now) and not holds_rises,
        knows_handling_time=_goes_unread(row),
        feed_id="" if row.feed is None else str(row.feed),
        is_newer=row.feed is not None and row.carried_wish != row.desired_at,
        is_patched=row.feed is not None and row.patched_wish == row.desired_at,
    )


def _serves(row: _Row, now: datetime) -> bool:
    """Tell whether the listing can be patched by what was read of it lately.

    What Amazon refused is read anew: it may have been put right meanwhile.
    """
    return row.has_element and not row.push_code and is_fresh(row.read_at, now)


def _goes_unread(row: _Row) -> bool:
    """Tell whether the row says all that is sent, and by which time it was wanted."""
    is_known = row.handling_days is not None or row.has_element
    return is_known and row.desired_at is not None


def _ahead(quota: Quota) -> Quota:
    """Return the quota with what comes while the calls of a plan are made."""
    if quota.rate * LONGEST_WAIT < 1:
        return quota
    tokens = quota.tokens + quota.rate * AHEAD_SECONDS
    return Quota(tokens, quota.rate, quota.burst)


def _under_way(feeds: Sequence[ListingFeed]) -> list[FeedUnderWay]:
    return [
        FeedUnderWay(str(feed.pk), feed.submitted_at, feed.messages_sent)
        for feed in feeds
        if feed.state in ListingFeed.OPEN and feed.submitted_at is not None
    ]


def _no_feed_until(
    feeds: Sequence[ListingFeed], now: datetime, *, holds_rises: bool
) -> datetime | None:
    """Return until when no feed is sent, after one that brought nothing."""
    if holds_rises:
        return now + FEED_REST
    brought_nothing = [
        feed.ended_at
        for feed in feeds
        if feed.ended_at is not None
        and (feed.state == ListingFeed.State.FAILED or feed.unsure)
    ]
    return max(brought_nothing) + FEED_REST if brought_nothing else None
