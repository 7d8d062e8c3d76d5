"""Stores what Amazon says of listings and offers; services layer."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, TypedDict

from django.db import DataError, IntegrityError, transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Listing, Offer, Variant
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    record,
    record_once,
)
from channels_amazon.services.orders import intake
from channels_amazon.services.stock import drift, publication
from channels_amazon.services.stock.sku_matching import variants_of_loose_listings
from channels_amazon.spapi.apis.listings import (
    MERCHANT_CHANNEL,
    ListingIssue,
    ListingsItem,
    merchant_element,
)
from channels_amazon.spapi.fields import JsonObject
from channels_amazon.spapi.unreadable import UnreadableListing
from channels_amazon.wording import listed, sentence

logger = logging.getLogger(__name__)

# The price column's limit: a price beyond it is stored as unknown, not cut.
_HIGHEST_PRICE = Decimal(10) ** 10
# Each pass finds an unreadable listing again: log it once a day.
_LOG_AGAIN_AFTER = timedelta(days=1)
UNREADABLE_DETAIL = "listings.unreadable_detail"
_MOST_REASONS = 5


class StoredIssue(TypedDict):
    """What Amazon finds wrong with an offer, in Amazon's words: `Offer.issues`."""

    code: str
    message: str
    severity: str
    attributes: list[str]
    categories: list[str]
    enforcements: list[str]


@dataclass(frozen=True)
class Upserted:
    """How many rows a page had, how many differed, how many were quarantined."""

    rows: int = 0
    changed: int = 0
    quarantined: int = 0


def upsert_listings(
    account: AmazonAccount,
    marketplace_id: str,
    items: Sequence[ListingsItem | UnreadableListing],
) -> Upserted:
    """Store one page of one site's listings and link new ones by exact SKU.

    Each listing is a transaction of its own: one that cannot be read or stored is
    quarantined with its reason, and the rest go on.
    """
    changed = quarantined = 0
    to_refresh: list[int] = []
    stored: list[str] = []
    for item in items:
        if isinstance(item, UnreadableListing):
            quarantined += 1
            _quarantine(account, marketplace_id, item)
            continue
        try:
            with transaction.atomic():
                is_changed, has_moved = _upsert(account, marketplace_id, item)
        except (DataError, IntegrityError, ArithmeticError) as error:
            quarantined += 1
            _record_import_failure(account, item.sku, error)
            continue
        stored.append(item.sku)
        if item.unread:
            _tell_unread(account, item)
        changed += is_changed
        if has_moved is not None:
            to_refresh.append(has_moved)
    link_by_sku(account, stored)
    if to_refresh:
        publication.refresh_desired(to_refresh)
    return Upserted(rows=len(items), changed=changed, quarantined=quarantined)


def link_by_sku(account: AmazonAccount, skus: Iterable[str] | None = None) -> int:
    """Link unlinked listings (of `skus`, else all) to variants of the very same SKU.

    Linked variants get their quantity computed anew, and order lines that waited for
    them are matched. Returns how many listings were linked.
    """
    found = variants_of_loose_listings(account, skus)
    linked: list[int] = []
    with transaction.atomic():
        for listing_id, variant_id in found.items():
            free = Listing.objects.filter(pk=listing_id, variant__isnull=True)
            if free.update(variant_id=variant_id):
                linked.append(variant_id)
        if linked:
            publication.refresh_desired(linked)
    for variant in Variant.objects.filter(pk__in=linked):
        intake.match_lines(variant)
    return len(linked)


def close_missing_offers(
    account: AmazonAccount, marketplace_id: str, since: datetime
) -> int:
    """Mark as gone the site's offers that a whole pass since then did not show."""
    gone = Offer.objects.filter(
        listing__account=account,
        marketplace_id=marketplace_id,
        seen_at__lt=since,
        is_discoverable=True,
    ) | Offer.objects.filter(
        listing__account=account,
        marketplace_id=marketplace_id,
        seen_at__lt=since,
        is_buyable=True,
    )
    # By pk: an UPDATE cannot join the listing's table.
    pks = list(gone.values_list("pk", flat=True))
    rows = Offer.objects.filter(pk__in=pks, seen_at__lt=since)
    return int(rows.update(is_buyable=False, is_discoverable=False))


def _upsert(
    account: AmazonAccount, marketplace_id: str, item: ListingsItem
) -> tuple[bool, int | None]:
    """Write one listing and its offer.

    Returns whether anything changed, and the linked variant whose published quantity
    depends on the change, if any.
    """
    now = timezone.now()
    before = Listing.objects.filter(account=account, seller_sku=item.sku).first()
    listing = before or Listing(account=account, seller_sku=item.sku, seen_at=now)
    facts = _listing_facts(listing, marketplace_id, item)
    old = {name: getattr(listing, name) for name in facts}
    for name, value in facts.items():
        setattr(listing, name, value)
    listing.seen_at = now
    if "observed_quantity" in facts:
        listing.observed_at = now
    if "merchant_element" in facts:
        listing.read_at = now
    if before is None:
        if not _insert(listing):
            return _upsert(account, marketplace_id, item)
    else:
        # Only the columns of Amazon's facts: a push may write its own right now.
        listing.save(update_fields=[*facts, "seen_at", "observed_at", "read_at"])
        if old.get("observed_quantity") != facts.get("observed_quantity"):
            drift.look_at_difference(listing, now)
    is_changed = _upsert_offer(listing, marketplace_id, item, now) or old != facts
    channels = ("is_mfn", "is_fba", "handling_days")
    has_moved = any(name in facts and old[name] != facts[name] for name in channels)
    return is_changed, listing.variant_id if has_moved else None


def _insert(listing: Listing) -> bool:
    """Store a new listing; False when another process has stored it meanwhile.

    FBA units of a SKU that nobody has seen make one, beside a first pull's listings.
    """
    try:
        with transaction.atomic():
            listing.save(force_insert=True)
    except IntegrityError:
        same = Listing.objects.filter(
            account=listing.account, seller_sku=listing.seller_sku
        )
        if same.exists():
            return False
        raise
    return True


def _listing_facts(
    listing: Listing, marketplace_id: str, item: ListingsItem
) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    summary = next(
        (row for row in item.summaries if row.marketplace_id == marketplace_id), None
    )
    if summary is not None:
        facts["title"] = listing.title or (summary.item_name or "")[:500]
        facts["asin"] = summary.asin or listing.asin
        facts["fnsku"] = summary.fn_sku or listing.fnsku
    if item.availability:
        own = [a for a in item.availability if a.channel_code == MERCHANT_CHANNEL]
        facts["is_mfn"] = bool(own)
        facts["is_fba"] = len(own) < len(item.availability)
        if own and own[0].quantity is not None:
            facts["observed_quantity"] = own[0].quantity
    return facts | _merchant_facts(item)


def _merchant_facts(item: ListingsItem) -> dict[str, Any]:
    """Return what the merchant's channel says of itself; nothing if not told.

    A patch of the quantity has to repeat all of it: Amazon resets what is left out.
    """
    element = merchant_element(item)
    if element is None:
        return {}
    days = element.get("lead_time_to_ship_max_days")
    is_days = isinstance(days, int) and 0 <= days < 1000
    return {
        "handling_days": days if is_days else None,
        "merchant_element": _kept(element),
    }


def _kept(element: JsonObject) -> JsonObject | None:
    """Return the element as a column holds it, None for one that no column can.

    The quantity changes with each sale, and is the one thing that is never repeated.
    """
    rest = {name: value for name, value in element.items() if name != "quantity"}
    try:
        text = json.dumps(rest)
    except TypeError:
        # A broken number is a Decimal, which would come back as another one.
        return None
    # PostgreSQL keeps no NUL.
    return None if "\\u0000" in text else rest


def _upsert_offer(
    listing: Listing, marketplace_id: str, item: ListingsItem, now: datetime
) -> bool:
    facts = _offer_facts(marketplace_id, item)
    offer = Offer.objects.filter(listing=listing, marketplace_id=marketplace_id).first()
    if offer is None:
        Offer.objects.create(
            listing=listing, marketplace_id=marketplace_id, seen_at=now, **facts
        )
        return True
    is_changed = any(getattr(offer, name) != value for name, value in facts.items())
    Offer.objects.filter(pk=offer.pk).update(seen_at=now, **facts)
    return is_changed


def _offer_facts(marketplace_id: str, item: ListingsItem) -> dict[str, Any]:
    facts: dict[str, Any] = {"issues": [_issue(issue) for issue in item.issues]}
    for row in item.summaries:
        if row.marketplace_id == marketplace_id:
            facts |= {
                "asin": row.asin or "",
                "title": (row.item_name or "")[:500],
                "product_type": row.product_type[:80],
                "is_buyable": "BUYABLE" in row.statuses,
                "is_discoverable": "DISCOVERABLE" in row.statuses,
                "updated_at": row.last_updated_at,
            }
    facts |= {"price": None, "currency": ""}
    for offer in item.offers:
        is_here = offer.marketplace_id == marketplace_id and offer.offer_type == "B2C"
        if is_here and offer.price is not None:
            facts["price"] = _price(offer.price.amount)
            facts["currency"] = offer.price.currency
    return facts


def _price(amount: Decimal | None) -> Decimal | None:
    if amount is None or not amount.is_finite() or not 0 <= amount < _HIGHEST_PRICE:
        return None
    return amount.quantize(Decimal("0.01"))


def _issue(issue: ListingIssue) -> StoredIssue:
    return StoredIssue(
        code=issue.code,
        message=issue.message,
        severity=issue.severity,
        attributes=list(issue.attribute_names),
        categories=list(issue.categories),
        enforcements=list(issue.enforcements),
    )


def _quarantine(
    account: AmazonAccount, marketplace_id: str, found: UnreadableListing
) -> None:
    """Log a listing that cannot be read; what we know of it stays as it is."""
    logger.warning("listing unreadable account=%s %s", account.pk, found.raw_redacted)
    if found.sku:
        # Amazon did show it, so its offer must not count as gone.
        shown = Offer.objects.filter(
            listing__account=account,
            listing__seller_sku=found.sku.replace("\x00", ""),
            marketplace_id=marketplace_id,
        )
        shown.update(seen_at=timezone.now())
    record_once(
        Entry(
            code="listings.unreadable",
            level=Level.WARNING,
            account=account,
            reference=found.sku or "",
            message=sentence(
                "The listing %(sku)s cannot be read: %(reason)s.",
                sku=found.sku or "?",
                reason=found.reason,
            ),
            fix=sentence(
                "What was known of it stays, and the other listings went on. Compare "
                "it with Seller Central, and report this with the log."
            ),
        ),
        _LOG_AGAIN_AFTER,
    )


def _tell_unread(account: AmazonAccount, item: ListingsItem) -> None:
    """Say, once a day, what of a listing cannot be read; the rest of it is stored."""
    record_once(
        Entry(
            code=UNREADABLE_DETAIL,
            level=Level.WARNING,
            account=account,
            reference=item.sku,
            message=sentence(
                "A part of the listing %(sku)s cannot be read and is left out: "
                "%(reasons)s.",
                sku=item.sku,
                reasons=listed(list(dict.fromkeys(item.unread))[:_MOST_REASONS]),
            ),
            fix=sentence(
                "The listing is stored all the same. Look in Seller Central for what "
                "lacks."
            ),
        ),
        _LOG_AGAIN_AFTER,
    )


def _record_import_failure(account: AmazonAccount, sku: str, error: Exception) -> None:
    record(
        Entry(
            code="listings.import_failed",
            account=account,
            reference=sku,
            message=sentence(
                "The listing %(sku)s could not be stored: %(error)s.",
                sku=sku,
                error=type(error).__name__,
            ),
            fix=sentence("The other listings went on. Report this with the log."),
        )
    )
