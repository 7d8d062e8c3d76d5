"""A listing as Listings Items 2021-08-01 shows it, data set by data set; emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedListing, EmulatedOffer
from ..model.places import FBA_CHANNELS, PLACES
from .order_view import money

Json = dict[str, Any]

DATA_SETS = (
    "summaries",
    "attributes",
    "issues",
    "offers",
    "fulfillmentAvailability",
    "procurement",
    "relationships",
    "productTypes",
)


def listing_view(
    listing: EmulatedListing, marketplace_ids: list[str], wanted: list[str]
) -> Json:
    """Return the listing with the wanted data sets for these marketplaces."""
    offers = [
        listing.offers[marketplace_id]
        for marketplace_id in marketplace_ids
        if marketplace_id in listing.offers
    ]
    view: Json = {"sku": listing.sku}
    makers: dict[str, Callable[[], object]] = {
        "summaries": lambda: [_summary(listing, offer) for offer in offers],
        "attributes": lambda: attributes(listing, offers),
        "issues": lambda: [issue for offer in offers for issue in offer.issues],
        "offers": lambda: [_offer(offer) for offer in offers if offer.price],
        "fulfillmentAvailability": lambda: _availability(listing),
        "procurement": list,
        "relationships": lambda: [
            {"marketplaceId": offer.marketplace_id, "relationships": []}
            for offer in offers
        ],
        "productTypes": lambda: [
            {
                "marketplaceId": offer.marketplace_id,
                "productType": listing.product_type,
            }
            for offer in offers
        ],
    }
    for name in wanted:
        view[name] = makers[name]()
    return view


def fba_channel(listing: EmulatedListing) -> str:
    """Return the channel code of Amazon's own fulfilment for this listing."""
    region = next(
        iter({PLACES[marketplace_id].region for marketplace_id in listing.offers}), "na"
    )
    return FBA_CHANNELS[region]


def attributes(listing: EmulatedListing, offers: list[EmulatedOffer]) -> Json:
    """Return the attributes as a seller would have sent them."""
    own: Json = {
        "item_name": [
            {
                "value": offer.title,
                "language_tag": PLACES[offer.marketplace_id].language,
                "marketplace_id": offer.marketplace_id,
            }
            for offer in offers
        ],
        "fulfillment_availability": availability_attribute(listing),
        "purchasable_offer": [
            _purchasable_offer(offer) for offer in offers if offer.price is not None
        ],
    }
    return own | listing.attributes


def availability_attribute(listing: EmulatedListing) -> list[Json]:
    """Return fulfillment_availability, handling time included where one is set."""
    rows: list[Json] = []
    if listing.quantity is not None:
        row: Json = {
            "fulfillment_channel_code": "DEFAULT",
            "quantity": listing.quantity,
        }
        if listing.handling_days is not None:
            row["lead_time_to_ship_max_days"] = listing.handling_days
        if listing.restock_date is not None:
            row["restock_date"] = listing.restock_date
        rows.append(row)
    if listing.is_fba:
        rows.append({"fulfillment_channel_code": fba_channel(listing)})
    return rows


def _purchasable_offer(offer: EmulatedOffer) -> Json:
    price = float(offer.price) if offer.price is not None else None
    return {
        "marketplace_id": offer.marketplace_id,
        "currency": offer.currency,
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": price}]}],
    }


def _summary(listing: EmulatedListing, offer: EmulatedOffer) -> Json:
    summary: Json = {
        "marketplaceId": offer.marketplace_id,
        "asin": listing.asin,
        "productType": listing.product_type,
        "conditionType": listing.condition,
        "status": list(offer.status),
        "itemName": offer.title,
        "createdDate": iso(listing.created_at),
        "lastUpdatedDate": iso(listing.updated_at),
    }
    if listing.fnsku:
        summary["fnSku"] = listing.fnsku
    return summary


def _offer(offer: EmulatedOffer) -> Json:
    view: Json = {"marketplaceId": offer.marketplace_id, "offerType": "B2C"}
    if offer.price is not None:
        view["price"] = money(offer.price, offer.currency)
    view["audience"] = {"value": "ALL", "displayName": "Sell on Amazon"}
    return view


def _availability(listing: EmulatedListing) -> list[Json]:
    rows: list[Json] = []
    if listing.quantity is not None:
        rows.append({"fulfillmentChannelCode": "DEFAULT", "quantity": listing.quantity})
    if listing.is_fba:
        rows.append({"fulfillmentChannelCode": fba_channel(listing)})
    return rows
