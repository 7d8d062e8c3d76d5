"""A listing as Listings Items 2021-08-01 shows it, data set by data set; emulator."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedListing, EmulatedOffer
from ..model.places import FBA_CHANNELS, PLACES
from ..model.state import World
from ..protocol.amounts import money
from .families import relationships_of
from .offers import BUSINESS, EVERYBODY, OUR_PRICE, amount

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
    world: World,
    listing: EmulatedListing,
    marketplace_ids: list[str],
    wanted: list[str],
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
        "offers": lambda: [view for offer in offers for view in _prices(offer)],
        "fulfillmentAvailability": lambda: _availability(listing),
        "procurement": list,
        "relationships": lambda: _relationships(world, listing, offers),
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
            element for offer in offers for element in _purchasable_offer(offer)
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


def _relationships(
    world: World, listing: EmulatedListing, offers: list[EmulatedOffer]
) -> list[Json]:
    found = relationships_of(world, listing)
    return [
        {"marketplaceId": offer.marketplace_id, "relationships": found}
        for offer in offers
    ]


def _purchasable_offer(offer: EmulatedOffer) -> list[Json]:
    """Return the terms that the seller sent, or the price alone where none were."""
    if offer.terms or offer.price is None:
        return list(offer.terms.values())
    price = [{"schedule": [{"value_with_tax": float(offer.price)}]}]
    return [
        {
            "marketplace_id": offer.marketplace_id,
            "currency": offer.currency,
            "audience": EVERYBODY,
            "our_price": price,
        }
    ]


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


def _prices(offer: EmulatedOffer) -> list[Json]:
    """Return what each audience pays."""
    views: list[Json] = []
    if offer.price is not None:
        views.append(
            {
                "marketplaceId": offer.marketplace_id,
                "offerType": "B2C",
                "price": money(offer.price, offer.currency),
                "audience": {"value": EVERYBODY, "displayName": "Sell on Amazon"},
            }
        )
    terms = offer.terms.get(BUSINESS, {})
    price = amount(terms, OUR_PRICE)
    if price is not None:
        views.append(
            {
                "marketplaceId": offer.marketplace_id,
                "offerType": "B2B",
                "price": money(price, str(terms["currency"])),
                "audience": {"value": BUSINESS},
            }
        )
    return views


def _availability(listing: EmulatedListing) -> list[Json]:
    rows: list[Json] = []
    if listing.quantity is not None:
        rows.append({"fulfillmentChannelCode": "DEFAULT", "quantity": listing.quantity})
    if listing.is_fba:
        rows.append({"fulfillmentChannelCode": fba_channel(listing)})
    return rows
