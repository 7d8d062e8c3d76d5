"""Takes over the units Amazon holds, each pool once; services layer."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, FbaStock, Listing
from channels_amazon.rules.mcf.pools import pool_of
from channels_amazon.services.diagnostics.entries import Entry, Level, record_once
from channels_amazon.services.mcf.commitments import lock_pools, release_shown
from channels_amazon.spapi.apis.fba_inventory import InventorySummary
from channels_amazon.spapi.unreadable import UnreadableListing
from channels_amazon.wording import listed, sentence

logger = logging.getLogger(__name__)

_UNITS = (
    "fulfillable",
    "inbound_working",
    "inbound_shipped",
    "inbound_receiving",
    "reserved",
    "unfulfillable",
    "researching",
    "total",
)
# Each pass finds it again; it is logged once a day.
_LOG_AGAIN = timedelta(days=1)


def upsert_fba_stock(
    account: AmazonAccount,
    marketplace_id: str,
    summaries: Sequence[InventorySummary],
    *,
    pass_began: datetime,
    asked_at: datetime | None = None,
) -> int:
    """Store one page of one site's FBA units; return how many rows changed.

    Sites of one pool report the same units again, and a site where the SKU is not
    offered may report fewer: within one pass the highest report of a pool stands. What
    it counts as gone, by when it was asked for, is no longer held for our own orders.
    """
    pool = pool_of(marketplace_id)
    now = timezone.now()
    changed = 0
    with transaction.atomic():
        listings = _listings(account, summaries)
        known = lock_pools([listing.pk for listing in listings.values()], pool)
        stored: set[int] = set()
        for summary in summaries:
            listing = listings[summary.seller_sku]
            if summary.unread:
                _tell_unread(account, summary)
            facts = _facts(summary, marketplace_id)
            row = known.get(listing.pk)
            if row is None:
                known[listing.pk] = FbaStock.objects.create(
                    listing=listing, pool=pool, seen_at=now, **facts
                )
                changed += 1
                stored.add(listing.pk)
            elif _stands(row, marketplace_id, facts, pass_began):
                changed += _differs(row, facts)
                FbaStock.objects.filter(pk=row.pk).update(seen_at=now, **facts)
                stored.add(listing.pk)
        if asked_at is not None:
            release_shown(account.pk, pool, stored, asked_at=asked_at)
    return changed


def record_unreadable(
    account: AmazonAccount, marketplace_id: str, found: UnreadableListing
) -> None:
    """Log whose units cannot be read; the last known numbers stay."""
    logger.warning("FBA units unreadable account=%s %s", account.pk, found.raw_redacted)
    if found.sku:
        # They were shown, if unreadably: they are not gone.
        shown = FbaStock.objects.filter(
            pool=pool_of(marketplace_id),
            listing__account=account,
            listing__seller_sku=found.sku.replace("\x00", ""),
        )
        shown.update(seen_at=timezone.now())
    record_once(
        Entry(
            code="fba_stock.unreadable",
            level=Level.WARNING,
            account=account,
            reference=found.sku or "",
            message=sentence(
                "The FBA units of %(sku)s cannot be read: %(reason)s.",
                sku=found.sku or "?",
                reason=found.reason,
            ),
            fix=sentence(
                "The last known numbers stay, and the other units went on. Compare "
                "them with Seller Central, and report this with the log."
            ),
        ),
        _LOG_AGAIN,
    )


def _tell_unread(account: AmazonAccount, summary: InventorySummary) -> None:
    """Say, once a day, what beside the units cannot be read; these are stored."""
    record_once(
        Entry(
            code="fba_stock.unreadable_detail",
            level=Level.WARNING,
            account=account,
            reference=summary.seller_sku,
            message=sentence(
                "A part of what Amazon says of the FBA units of %(sku)s cannot be read "
                "and is left out: %(reasons)s.",
                sku=summary.seller_sku,
                reasons=listed(list(dict.fromkeys(summary.unread))),
            ),
            fix=sentence("Nothing is to be done: the units themselves are stored."),
        ),
        _LOG_AGAIN,
    )


def empty_missing(account: AmazonAccount, pools: set[str], since: datetime) -> int:
    """Set to zero what a whole pass over the pools since then did not show."""
    gone = FbaStock.objects.filter(
        listing__account=account, pool__in=pools, seen_at__lt=since, total__gt=0
    )
    pks = list(gone.values_list("pk", flat=True))
    rows = FbaStock.objects.filter(pk__in=pks, seen_at__lt=since)
    held = list(rows.filter(promised__gt=0).values_list("pool", "listing_id"))
    emptied = int(rows.update(**dict.fromkeys(_UNITS, 0)))
    for pool in {pool for pool, _listing_id in held}:
        listing_ids = {listing_id for of, listing_id in held if of == pool}
        release_shown(account.pk, pool, listing_ids, asked_at=since)
    return emptied


def _listings(
    account: AmazonAccount, summaries: Sequence[InventorySummary]
) -> dict[str, Listing]:
    """Return the listings by SKU; units of an unknown SKU make one."""
    skus = {summary.seller_sku: summary for summary in summaries}
    found = Listing.objects.filter(account=account, seller_sku__in=skus)
    known = {listing.seller_sku: listing for listing in found}
    for sku, summary in skus.items():
        if sku not in known:
            # In a first pull the listings are read beside it, and may bring it first.
            known[sku], _is_new = Listing.objects.get_or_create(
                account=account,
                seller_sku=sku,
                defaults={
                    "title": (summary.product_name or "")[:500],
                    "asin": summary.asin or "",
                    "fnsku": summary.fn_sku or "",
                    "is_fba": True,
                    "seen_at": timezone.now(),
                },
            )
        elif summary.fn_sku and known[sku].fnsku != summary.fn_sku:
            known[sku].fnsku = summary.fn_sku
            known[sku].save(update_fields=["fnsku"])
    return known


def _facts(summary: InventorySummary, marketplace_id: str) -> dict[str, Any]:
    facts: dict[str, Any] = {name: getattr(summary, name) or 0 for name in _UNITS}
    return facts | {
        "seen_marketplace_id": marketplace_id,
        "amazon_updated_at": summary.last_updated_at,
    }


def _stands(
    row: FbaStock, marketplace_id: str, facts: dict[str, Any], pass_began: datetime
) -> bool:
    if row.seen_at < pass_began or row.seen_marketplace_id == marketplace_id:
        return True
    return bool(facts["total"] > row.total)


def _differs(row: FbaStock, facts: dict[str, Any]) -> bool:
    return any(getattr(row, name) != facts[name] for name in _UNITS)
