"""Patches the quantity of one listing at Amazon; sync layer.

Amazon resets what a patch leaves out, and the handling time may have been changed in
Seller Central: so the listing is read just before, unless the plan says that what was
read lately serves. Nothing is added to a listing that the merchant does not fulfil.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from django.db.models import QuerySet

from channels_amazon.models import Listing
from channels_amazon.rules.stock.push_calls import Patch, ReadThenPatch
from channels_amazon.services.catalog.listings import upsert_listings
from channels_amazon.services.jobs.backoff import item_backoff, unanswered_backoff
from channels_amazon.services.stock import push_state
from channels_amazon.services.stock.push_state import PushRefusal
from channels_amazon.spapi.apis.listings import (
    DEFAULT_DATA,
    ListingKey,
    ListingsItem,
    Submission,
    get_listings_item,
    merchant_element,
    patch_listings_item,
    quantity_patch,
)
from channels_amazon.spapi.errors import (
    InvalidRequest,
    NotFound,
    ServiceUnavailable,
    Throttled,
    UnexpectedResponse,
)
from channels_amazon.spapi.fields import JsonObject
from channels_amazon.sync.runtime.context import RunContext
from channels_amazon.sync.runtime.outage_detector import OutageDetector
from channels_amazon.wording import sentence

# What Amazon refuses now it will refuse again soon: the first pause is as long as after
# four failures of another kind (160 s instead of 10 s).
REFUSED_AHEAD = 4
INCLUDED = (*DEFAULT_DATA, "attributes")


@dataclass(frozen=True, slots=True)
class Patching:
    """What all patches of a run share.

    `waiting` are the account's listings whose quantity is to be sent. What would rise
    is held for `hold_for`, where that is not None.
    """

    ctx: RunContext
    waiting: QuerySet[Listing]
    sites: Sequence[str]
    outage: OutageDetector
    hold_for: timedelta | None

    def make(self, call: Patch | ReadThenPatch) -> None:
        """Send one quantity; a listing that Amazon refuses is quarantined."""
        patch = call.patch if isinstance(call, ReadThenPatch) else call
        # The plan may be seconds old: reload the row to send the present quantity.
        listing = self._present(patch.listing_id)
        if listing is None:
            return
        ctx, outage = self.ctx, self.outage
        key = ListingKey(
            ctx.account.seller_id, listing.seller_sku, (_site(listing, self.sites),)
        )
        try:
            item = None
            if isinstance(call, ReadThenPatch):
                item = self._read(listing, key)
                # Amazon may have said that the merchant does not fulfil the SKU.
                fresh = self._present(listing.pk)
                if fresh is None:
                    return
                listing = fresh
            if self.hold_for is not None and _would_raise(listing, item):
                outage.answered()
                push_state.hold_push(listing, ctx.now() + self.hold_for)
                return
            submission = patch_listings_item(ctx.client, key, [_patch(listing, item)])
        except (InvalidRequest, NotFound, UnexpectedResponse) as error:
            outage.answered()
            refusal = PushRefusal(error.amazon_code or error.code, error.message)
            self._quarantine(listing, refusal)
            return
        except ServiceUnavailable as error:
            until = ctx.now() + unanswered_backoff(listing.push_attempts)
            push_state.postpone_push(listing, until)
            outage.failed(error, partial(push_state.restore_push, listing, until))
            return
        outage.answered()
        self._note(listing, submission, repeats=patch.repeats_after_feed)

    def _note(self, listing: Listing, submission: Submission, *, repeats: bool) -> None:
        if not submission.is_accepted:
            self._quarantine(listing, _refusal(submission))
            return
        push_state.mark_acknowledged(
            listing, self.ctx.now(), repeats_after_feed=repeats
        )
        self.ctx.progress(rows=1, changed=1)

    def _present(self, pk: int) -> Listing | None:
        """Return the listing as it is now, None where it is not to be sent any more."""
        return self.waiting.filter(pk=pk).first()

    def _read(self, listing: Listing, key: ListingKey) -> ListingsItem | None:
        """Read and store the listing; None without quota if we know its handling time.

        The quota may have gone to others since the plan was made.
        """
        try:
            item = get_listings_item(self.ctx.client, key, INCLUDED)
        except Throttled:
            if listing.handling_days is None and listing.merchant_element is None:
                raise
            return None
        upsert_listings(self.ctx.account, key.marketplace_ids[0], [item])
        return item

    def _quarantine(self, listing: Listing, refusal: PushRefusal) -> None:
        """Keep Amazon's reason with the listing, and try again ever more rarely."""
        ctx = self.ctx
        until = ctx.now() + item_backoff(listing.push_attempts + REFUSED_AHEAD)
        push_state.quarantine_push(listing, refusal, until=until, run=ctx.run)
        ctx.progress(rows=1, quarantined=1)


def stored_patch(listing: Listing) -> JsonObject:
    """Return the patch of a listing that was not read just now, by the last reading."""
    return quantity_patch(
        listing.desired_quantity or 0,
        listing.handling_days,
        element=listing.merchant_element,
        beside_fba=listing.is_fba,
    )


def _patch(listing: Listing, item: ListingsItem | None) -> JsonObject:
    if item is None:
        return stored_patch(listing)
    return quantity_patch(
        listing.desired_quantity or 0,
        listing.handling_days,
        element=merchant_element(item),
        beside_fba=listing.is_fba,
    )


def _would_raise(listing: Listing, item: ListingsItem | None) -> bool:
    """Tell whether the quantity is above what Amazon has now, or may be."""
    if item is None or listing.observed_quantity is None:
        return bool(listing.desired_quantity)
    return (listing.desired_quantity or 0) > listing.observed_quantity


def _site(listing: Listing, sites: Sequence[str]) -> str:
    """Return a marketplace where the SKU is offered; its quantity counts for all."""
    offered = set(listing.offers.values_list("marketplace_id", flat=True))
    selected = [site for site in sites if site in offered]
    return next(iter([*selected, *sorted(offered), *sites]))


def _refusal(submission: Submission) -> PushRefusal:
    issues = sorted(submission.issues, key=lambda issue: issue.severity != "ERROR")
    if not issues:
        answer = sentence("Amazon answered %(status)s.", status=submission.status)
        return PushRefusal(submission.status, answer)
    return PushRefusal(issues[0].code, issues[0].message)
