"""Keeps which feeds of quantities are under way, and settles them; services layer.

A feed's row and its messages come before any call, so that whoever finds them after a
process died knows what Amazon may have of us. Each step is a compare-and-set on the
feed's state. A message is settled once: what it says of its listing is written together
with the end of the message.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import (
    Case,
    Exists,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)

from channels_amazon.models import (
    AmazonAccount,
    Listing,
    ListingFeed,
    ListingFeedMessage,
)
from channels_amazon.rules.stock.drift import LOOK_FOR_RISES, SETTLING
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.wording import counted, sentence

State = ListingFeed.State

# Rows of one INSERT: far below what SQLite takes of parameters.
_ROWS_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class FeedFailure:
    """Why a feed brought nothing, for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class FeedCounts:
    """How many messages were accepted, refused, or ended nobody knows how."""

    accepted: int
    refused: int
    unsure: int


def prepare_feed(
    account: AmazonAccount, marketplace_id: str, listings: Sequence[Listing]
) -> ListingFeed:
    """Write the feed that is about to be sent, with a message for each listing.

    The messages say what the listings are to show as they were read.
    """
    with transaction.atomic():
        feed: ListingFeed = ListingFeed.objects.create(
            account=account,
            marketplace_id=marketplace_id,
            messages_sent=len(listings),
        )
        messages = (
            ListingFeedMessage(
                feed=feed,
                message_id=number,
                listing=listing,
                seller_sku=listing.seller_sku,
                quantity=listing.desired_quantity or 0,
                desired_at=listing.desired_at or feed.created_at,
            )
            for number, listing in enumerate(listings, start=1)
        )
        ListingFeedMessage.objects.bulk_create(messages, batch_size=_ROWS_AT_ONCE)
    return feed


def drop_unsent(account: AmazonAccount) -> int:
    """Delete feeds that a dead process prepared and never submitted; return how many.

    Their listings are due as before.
    """
    unsent = ListingFeed.objects.filter(account=account, state=State.PREPARED)
    pks = list(unsent.values_list("pk", flat=True))
    if pks:
        unsent.filter(pk__in=pks).delete()
    return len(pks)


def begin_submission(
    feed: ListingFeed, document_id: str, now: datetime, look_at: datetime
) -> bool:
    """Note that createFeed is about to be called; False when another process does so.

    Should the answer be lost, the feed is looked for at `look_at`.
    """
    prepared = ListingFeed.objects.filter(pk=feed.pk, state=State.PREPARED)
    feed.submitted_at = now
    return bool(
        prepared.update(
            state=State.SUBMITTING,
            document_id=document_id[:200],
            submitted_at=now,
            next_poll_at=look_at,
        )
    )


def note_submitted(feed: ListingFeed, feed_id: str, next_poll_at: datetime) -> bool:
    """Note under which id Amazon has the feed, and when to ask for its state."""
    asked = ListingFeed.objects.filter(pk=feed.pk, state=State.SUBMITTING)
    return bool(
        asked.update(
            state=State.SUBMITTED, feed_id=feed_id[:80], next_poll_at=next_poll_at
        )
    )


def poll_later(feed: ListingFeed, at: datetime) -> None:
    """Note when to go on with the feed."""
    ListingFeed.objects.filter(pk=feed.pk, state=feed.state).update(next_poll_at=at)


def note_reported(feed: ListingFeed, report_document_id: str, now: datetime) -> bool:
    """Note where Amazon's report on the feed lies."""
    asked = ListingFeed.objects.filter(pk=feed.pk, state=State.SUBMITTED)
    return bool(
        asked.update(
            state=State.REPORTED,
            report_document_id=report_document_id[:200],
            next_poll_at=now,
        )
    )


def open_feeds(account: AmazonAccount) -> list[ListingFeed]:
    """Return the account's feeds under way, the oldest first."""
    rows = ListingFeed.objects.filter(account=account, state__in=ListingFeed.OPEN)
    return list(rows.order_by("pk"))


def feeds_since(account: AmazonAccount, since: datetime) -> list[ListingFeed]:
    """Return the feeds that are under way, or were submitted or ended since then."""
    is_recent = Q(submitted_at__gt=since) | Q(ended_at__gt=since)
    rows = ListingFeed.objects.filter(account=account)
    return list(rows.filter(is_recent | Q(state__in=ListingFeed.OPEN)).order_by("pk"))


def times_taken(account: AmazonAccount, most: int) -> list[tuple[int, timedelta]]:
    """Return (messages, time) of the newest feeds of which Amazon made a report."""
    rows = ListingFeed.objects.filter(
        account=account,
        state=State.DONE,
        submitted_at__isnull=False,
        ended_at__isnull=False,
    )
    columns = ("messages_sent", "submitted_at", "ended_at")
    return [
        (messages, max(ended_at - submitted_at, timedelta(0)))
        for messages, submitted_at, ended_at in rows.values_list(*columns)[:most]
    ]


def sent_skus(feed: ListingFeed) -> dict[int, str]:
    """Return the SKU of each message of the feed, settled or not, by its id."""
    return dict(feed.messages.values_list("message_id", "seller_sku"))


def accept_messages(
    feed: ListingFeed, message_ids: Collection[int], now: datetime
) -> None:
    """Keep that Amazon accepted these messages of the feed; settled ones stay.

    A listing of which another quantity is wanted by now stays due. They are read back
    as after a patch (`push_state.mark_acknowledged`).
    """
    with transaction.atomic():
        taken = _still_open(feed, message_ids)
        listings = Listing.objects.filter(
            pk__in=taken.values("listing_id"), desired_quantity__isnull=False
        )
        # In the order in which `publication.py` writes them.
        locked = listings.select_for_update(no_key=True).order_by("pk")
        list(locked.values_list("pk", flat=True))
        mine = taken.filter(listing=OuterRef("pk"))
        quantity = Subquery(mine.values("quantity")[:1])
        accepted = {
            "acknowledged_quantity": quantity,
            "acknowledged_at": now,
            "read_back_at": Case(
                When(holds_rises=True, then=Value(now + LOOK_FOR_RISES)),
                default=Value(now + SETTLING),
            ),
            "push_attempts": 0,
            "push_code": "",
            "push_error": "",
        }
        as_sent = Exists(mine.filter(desired_at=OuterRef("desired_at")))
        listings.filter(~as_sent).update(push_due=True, **accepted)
        listings.filter(as_sent).update(
            push_due=False, push_after=None, push_by_person=False, **accepted
        )
        taken.update(is_open=False)


def close_messages(feed: ListingFeed, message_ids: Collection[int]) -> None:
    """End these messages: what they wanted is sent again, where it is still wanted."""
    _still_open(feed, message_ids).update(is_open=False)


def finish_feed(feed: ListingFeed, counts: FeedCounts, now: datetime) -> None:
    """Note that all messages of the feed are settled."""
    _end(
        feed,
        state=State.DONE,
        ended_at=now,
        accepted=counts.accepted,
        refused=counts.refused,
        unsure=counts.unsure,
    )


def fail_feed(
    feed: ListingFeed, failure: FeedFailure, now: datetime, *, was_sent: bool
) -> None:
    """End a feed of which nobody knows what it did; its listings are due again.

    Where it `was_sent`, the diagnostic log says so.
    """
    _end(
        feed,
        state=State.FAILED,
        ended_at=now,
        error_code=clean(failure.code, 60),
        error_message=clean(failure.message, 500),
        **({} if was_sent else {"submitted_at": None}),
    )
    if not was_sent:
        return
    record(
        Entry(
            code="stock.feed_failed",
            level=Level.WARNING,
            account=feed.account,
            reference=feed.feed_id,
            message=counted(
                "The feed with %(count)d quantity ended without a result: %(reason)s",
                "The feed with %(count)d quantities ended without a result: %(reason)s",
                feed.messages_sent,
                reason=failure.message,
            ),
            fix=sentence(
                "Nothing is lost by it: the quantities are sent again, one by one."
            ),
        )
    )


def listings_of(
    feed: ListingFeed, message_ids: Iterable[int]
) -> dict[int, tuple[Listing, datetime]]:
    """Return the listing of each unsettled message, and which wish the feed carried."""
    rows = _still_open(feed, list(message_ids)).filter(listing__isnull=False)
    return {
        row.message_id: (row.listing, row.desired_at)
        for row in rows.select_related("listing__account__store")
        if row.listing is not None
    }


def _still_open(
    feed: ListingFeed, message_ids: Collection[int]
) -> QuerySet[ListingFeedMessage]:
    rows: QuerySet[ListingFeedMessage] = ListingFeedMessage.objects.filter(
        feed=feed, message_id__in=message_ids, is_open=True
    )
    return rows.order_by()


def _end(feed: ListingFeed, **columns: object) -> None:
    """End the feed with its messages, in one step."""
    with transaction.atomic():
        under_way = ListingFeed.objects.filter(pk=feed.pk, state__in=ListingFeed.OPEN)
        under_way.update(next_poll_at=None, **columns)
        ListingFeedMessage.objects.filter(feed=feed).delete()
