"""Writes what became of a listing's quantity at Amazon; services layer.

`publication.py` says what Amazon should show (`desired_*`, `push_due`), this file what
Amazon answered (`acknowledged_*`, `push_*`). Each write names the desired quantity that
was sent by its time, not its number: a number that changed and changed back has to be
sent again, since Amazon may have sold units in between.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import F, Q, QuerySet

from channels_amazon.models import PUSH_HELD, Listing, ListingFeedMessage, SyncRun
from channels_amazon.rules.stock.drift import LOOK_FOR_RISES, SETTLING
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.wording import sentence, together


@dataclass(frozen=True, slots=True)
class PushRefusal:
    """Why Amazon did not take a quantity: its code and its words."""

    code: str
    message: str


def mark_acknowledged(
    listing: Listing, now: datetime, *, repeats_after_feed: bool = False
) -> None:
    """Keep what Amazon accepted; where another quantity is wanted now, it stays due.

    With `repeats_after_feed` a feed under way may still overwrite it: it stays due, and
    is sent once more when that feed has ended.

    Accepted is not done: it is read back once Amazon had time to show it, and sooner
    where another account's part waits for it to go down (`rules/stock/rises.py`).
    """
    time = LOOK_FOR_RISES if listing.holds_rises else SETTLING
    row = Listing.objects.filter(pk=listing.pk, desired_quantity__isnull=False)
    accepted = {
        "acknowledged_quantity": listing.desired_quantity,
        "acknowledged_at": now,
        "read_back_at": now + time,
        "push_attempts": 0,
        "push_code": "",
        "push_error": "",
    }
    as_sent = row.filter(desired_at=listing.desired_at)
    ended = {"push_due": repeats_after_feed, "push_after": None}
    if not as_sent.update(**ended, push_by_person=False, **accepted):
        row.update(push_due=True, **accepted)
    elif repeats_after_feed:
        carried = ListingFeedMessage.objects.filter(listing=listing.pk, is_open=True)
        carried.update(patched_wish=listing.desired_at)


def postpone_push(listing: Listing, until: datetime) -> None:
    """Have the quantity sent again then, unless another one is wanted by now."""
    as_sent = Listing.objects.filter(pk=listing.pk, desired_at=listing.desired_at)
    as_sent.update(push_after=until, push_attempts=F("push_attempts") + 1)


def restore_push(listing: Listing, until: datetime) -> None:
    """Take back that it was put off `until` then: it was not the listing's fault.

    The listing is as it was read; what another process wrote since stays.
    """
    as_put_off = Listing.objects.filter(
        pk=listing.pk, desired_at=listing.desired_at, push_after=until
    )
    as_put_off.update(
        push_after=listing.push_after, push_attempts=listing.push_attempts
    )


def hold_push(listing: Listing, until: datetime) -> None:
    """Keep the quantity from being sent until then, since it would raise Amazon's."""
    as_read = Listing.objects.filter(
        pk=listing.pk, desired_at=listing.desired_at, push_due=True
    )
    _hold(as_read, until)


def hold_raised(due: QuerySet[Listing], until: datetime) -> None:
    """Hold those of the listings of which we know that they would rise at Amazon.

    That is above what Amazon accepted last; or what was held before, above what Amazon
    has had since.
    """
    is_above = Q(desired_quantity__gt=F("acknowledged_quantity"))
    was_held = Q(push_code=PUSH_HELD, desired_quantity__gt=F("observed_quantity"))
    _hold(due.filter(is_above | was_held), until)


def _hold(listings: QuerySet[Listing], until: datetime) -> None:
    listings.update(
        push_after=until,
        push_code=PUSH_HELD,
        push_error=sentence(
            "It would raise Amazon's quantity: it is sent once all orders that were "
            "not read meanwhile are read."
        ),
    )


def quarantine_push(
    listing: Listing, refusal: PushRefusal, *, until: datetime, run: SyncRun
) -> None:
    """Keep why Amazon refused the quantity, say so once, and try it again then."""
    code = clean(refusal.code, 80)
    is_known = listing.push_code == code
    fix = sentence("Open the listing in Seller Central; it is tried again by itself.")
    Listing.objects.filter(pk=listing.pk).update(
        push_code=code, push_error=clean(together(refusal.message, fix), 500)
    )
    postpone_push(listing, until)
    if is_known:
        return
    record(
        Entry(
            code="stock.push_refused",
            level=Level.WARNING,
            account=listing.account,
            run=run,
            reference=listing.seller_sku,
            message=sentence(
                "Amazon refused the quantity %(quantity)s of %(sku)s: %(reason)s "
                "(%(code)s)",
                quantity=listing.desired_quantity or 0,
                sku=listing.seller_sku,
                reason=refusal.message,
                code=refusal.code,
            ),
            fix=fix,
        )
    )
