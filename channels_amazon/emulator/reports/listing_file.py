"""The report of all listings: its columns and rows; emulator.

Columns, the two forms of open-date (US and UK), the condition 11 and the product id of
an FBA listing are as sellers have published them. What is not known stays empty.
"""

from __future__ import annotations

import zlib
from datetime import datetime
from zoneinfo import ZoneInfo

from ..model.entities import EmulatedListing, EmulatedOffer, EmulatedReport
from ..model.places import FBA_CHANNELS, PLACES
from ..model.state import World
from ..model.statuses import OfferStatus

ALL_LISTINGS = "GET_MERCHANT_LISTINGS_ALL_DATA"
COLUMNS = (
    "item-name",
    "item-description",
    "listing-id",
    "seller-sku",
    "price",
    "quantity",
    "open-date",
    "image-url",
    "item-is-marketplace",
    "product-id-type",
    "zshop-shipping-fee",
    "item-note",
    "item-condition",
    "zshop-category1",
    "zshop-browse-path",
    "zshop-storefront-feature",
    "asin1",
    "asin2",
    "asin3",
    "will-ship-internationally",
    "expedited-shipping",
    "zshop-boldface",
    "product-id",
    "bid-for-featured-placement",
    "add-delete",
    "pending-quantity",
    "fulfillment-channel",
    "merchant-shipping-group",
    "status",
)
# Columns that files of some marketplaces lack; `status` went missing in May 2026.
SPARSE = frozenset(
    {
        "item-description",
        "image-url",
        "item-is-marketplace",
        "zshop-shipping-fee",
        "zshop-category1",
        "zshop-browse-path",
        "zshop-storefront-feature",
        "asin1",
        "asin2",
        "asin3",
        "zshop-boldface",
        "bid-for-featured-placement",
        "add-delete",
        "status",
    }
)
EXTRA = "Minimum order quantity"
_ZONES = {
    "GB": "Europe/London",
    "DE": "Europe/Berlin",
    "FR": "Europe/Paris",
    "IT": "Europe/Rome",
    "ES": "Europe/Madrid",
    "JP": "Asia/Tokyo",
}
_AMERICAN_ZONE = "America/Los_Angeles"
_CONDITION_NEW = "11"
_ASIN_TYPE = "1"


def listing_rows(world: World, report: EmulatedReport) -> list[dict[str, str]]:
    """Return a row for each SKU of the first marketplace; Amazon takes no other."""
    marketplace_id = report.marketplace_ids[0]
    return [
        _row(listing, listing.offers[marketplace_id])
        for listing in world.seller_listings(report.seller_id)
        if marketplace_id in listing.offers
    ]


def _row(listing: EmulatedListing, offer: EmulatedOffer) -> dict[str, str]:
    place = PLACES[offer.marketplace_id]
    row = {
        "item-name": " ".join(offer.title.split()),
        "listing-id": _listing_id(listing, offer),
        "seller-sku": listing.sku,
        "price": "" if offer.price is None else str(offer.price),
        "open-date": _date(listing.created_at, place.country_code, place.region),
        "item-is-marketplace": "y",
        "product-id-type": _ASIN_TYPE,
        "item-condition": _CONDITION_NEW if listing.condition == "new_new" else "",
        "asin1": listing.asin,
        "product-id": listing.asin,
        "merchant-shipping-group": "Migrated Template",
        "status": _status(offer),
    }
    if listing.is_fba:
        return row | {"fulfillment-channel": FBA_CHANNELS[place.region]}
    quantity = "" if listing.quantity is None else str(listing.quantity)
    return row | {
        "fulfillment-channel": "DEFAULT",
        "quantity": quantity,
        "pending-quantity": "0",
    }


def _listing_id(listing: EmulatedListing, offer: EmulatedOffer) -> str:
    """Return an id of Amazon's for the offer, always the same."""
    name = f"{listing.seller_id}/{listing.sku}/{offer.marketplace_id}"
    return f"{listing.created_at:%m%d}{zlib.crc32(name.encode()):07X}"[:11]


def _status(offer: EmulatedOffer) -> str:
    if offer.price is None:
        return "Incomplete"
    return "Active" if OfferStatus.BUYABLE in offer.status else "Inactive"


def _date(moment: datetime, country_code: str, region: str) -> str:
    local = moment.astimezone(ZoneInfo(_ZONES.get(country_code, _AMERICAN_ZONE)))
    day = "%d/%m/%Y" if region == "eu" else "%Y-%m-%d"
    return local.strftime(f"{day} %H:%M:%S %Z")
