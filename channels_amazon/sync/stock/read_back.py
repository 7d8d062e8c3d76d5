"""Reads back what Amazon accepted, twenty listings a token; sync layer.

What follows from a number that differs is said in `rules/stock/drift.py`. Of an account
that is not live nothing is read back: its numbers at Amazon are not ours to keep.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Min, QuerySet
from django.utils.translation import gettext_lazy as _

from channels_amazon.models import Listing, Permission, SyncJob
from channels_amazon.rules.stock.drift import LOOK_AT_TOLD
from channels_amazon.services.catalog.listings import upsert_listings
from channels_amazon.services.installation import catching_up
from channels_amazon.services.jobs.registry import HALF_A_DAY, reconciler
from channels_amazon.services.stock.drift import read_again, take_readings
from channels_amazon.spapi.apis.listings import (
    DEFAULT_DATA,
    ListingsSearch,
    search_listings_items,
)
from channels_amazon.spapi.errors import InvalidRequest
from channels_amazon.sync.runtime.context import Result, RunContext
from channels_amazon.sync.runtime.marketplaces import (
    active_marketplaces,
    has_marketplaces,
    without_marketplaces,
)

# As many identifiers as one searchListingsItems takes.
SKUS_A_CALL = 20
# A site whose SKUs Amazon refuses to search is asked again then.
REFUSED_FOR = timedelta(hours=1)
# The attributes hold the handling time, which a push must not lose.
INCLUDED = (*DEFAULT_DATA, "attributes")


def due_accounts(now: datetime) -> QuerySet[Any, Any]:
    """Return the ids of the accounts that have a listing to read back now."""
    rows = _due(now).filter(has_marketplaces())
    return rows.order_by().values("account_id")


@reconciler(
    SyncJob.Kind.READ_BACK,
    needs_marketplaces=True,
    title=_("Read-back"),
    interval=HALF_A_DAY,
    permission=Permission.Name.CATALOG_ITEMS,
    due_accounts=due_accounts,
)
def reconcile(ctx: RunContext) -> Result:
    """Read every listing that is due, as far as time goes."""
    sites = active_marketplaces(ctx)
    if not sites:
        return without_marketplaces(ctx)
    while batches := _batches(ctx, sites):
        for site, keys in batches.items():
            if not ctx.has_time():
                return Result(next_due=ctx.now(), is_complete=False)
            ctx.keep_lease()
            _read_back(ctx, site, keys)
    return Result(next_due=_next_due(ctx))


def _waiting() -> QuerySet[Listing]:
    rows: QuerySet[Listing] = Listing.objects.of_live_accounts()
    return rows.filter(
        is_mfn=True,
        push_due=False,
        read_back_at__isnull=False,
        desired_quantity__isnull=False,
    )


def _due(now: datetime) -> QuerySet[Listing]:
    return _waiting().filter(read_back_at__lte=now)


def _next_due(ctx: RunContext) -> datetime | None:
    waiting = _waiting().filter(account=ctx.account)
    first: datetime | None = waiting.aggregate(first=Min("read_back_at"))["first"]
    return first


def _batches(ctx: RunContext, sites: list[str]) -> dict[str, list[int]]:
    """Return the keys of the next listings to read, by a marketplace that offers them.

    Those that have waited longest come first; no marketplace gets more than one call.
    """
    rows = _due(ctx.now()).filter(account=ctx.account).prefetch_related("offers")
    found: dict[str, list[int]] = defaultdict(list)
    for listing in rows.order_by("read_back_at", "pk")[: SKUS_A_CALL * len(sites)]:
        offered = {offer.marketplace_id for offer in listing.offers.all()}
        site = next((one for one in sites if one in offered), sites[0])
        if len(found[site]) < SKUS_A_CALL:
            found[site].append(listing.pk)
    return found


def _read_back(ctx: RunContext, site: str, keys: Collection[int]) -> None:
    """Read listings of one marketplace, and do what follows."""
    skus = list(
        Listing.objects.filter(pk__in=keys).values_list("seller_sku", flat=True)
    )
    search = ListingsSearch(
        seller_id=ctx.account.seller_id,
        marketplace_ids=(site,),
        identifiers=tuple(skus),
        identifiers_type="SKU",
        included_data=INCLUDED,
    )
    now = ctx.now()
    rows = Listing.objects.filter(pk__in=keys)
    try:
        page = search_listings_items(ctx.client, search)
    except InvalidRequest:
        # One bad SKU must not have the same call made again and again.
        read_again(keys, now + REFUSED_FOR)
        raise
    upsert_listings(ctx.account, site, page.items)
    reading = catching_up.readings([ctx.account]).get(ctx.account.pk)
    until = reading.up_to if reading and not reading.is_stopped else None
    read = list(rows.filter(observed_at__gte=now).select_related("account"))
    differing = take_readings(read, until, now)
    # What Amazon does not show, or no number of, is looked at again.
    unread = set(keys) - {one.pk for one in read}
    read_again(unread, now + LOOK_AT_TOLD)
    ctx.progress(rows=len(keys), changed=differing)
