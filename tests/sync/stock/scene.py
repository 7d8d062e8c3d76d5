"""Listings with counted units, and what the local Amazon has of them."""

from __future__ import annotations

from urllib.parse import unquote

from django.utils import timezone

from channels_amazon.emulator.model.entities import EmulatedListing
from channels_amazon.emulator.server import Emulator
from channels_amazon.models import AmazonAccount, Listing, Warehouse
from channels_amazon.services.catalog.listings import link_by_sku
from channels_amazon.services.stock import ledger
from tests.builders import make_variant


def merchant_listings(account: AmazonAccount, n: int) -> list[Listing]:
    """Return some listings that the merchant alone fulfils, each with a variant."""
    rows = Listing.objects.filter(account=account, is_mfn=True, is_fba=False)
    return [linked(row) for row in rows.order_by("seller_sku")[:n]]


def linked(listing: Listing) -> Listing:
    """Return the listing, linked to a variant of its SKU."""
    make_variant(listing.account.store, sku=listing.seller_sku)
    link_by_sku(listing.account, [listing.seller_sku])
    listing.refresh_from_db()
    return listing


def count(listing: Listing, quantity: int) -> None:
    """Count that many units of the listing's variant."""
    assert listing.variant
    warehouse = Warehouse.objects.get(store=listing.account.store)
    key = f"count:{listing.pk}:{timezone.now().isoformat()}"
    ledger.set_on_hand(listing.variant, warehouse, quantity, actor="ann", key=key)


def theirs(emulator: Emulator, listing: Listing) -> EmulatedListing:
    """Return the listing as Amazon has it now."""
    emulator.flush()
    return emulator.state.listings[listing.account.seller_id, listing.seller_sku]


def patched(emulator: Emulator) -> list[str]:
    """Return the SKUs that were patched, in their order."""
    return [
        unquote(call.path.rsplit("/", 1)[-1])
        for call in emulator.state.requests
        if call.operation == "patchListingsItem"
    ]
