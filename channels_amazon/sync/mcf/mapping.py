"""Writes store orders as Amazon's outbound API wants them, and back; sync layer."""

from __future__ import annotations

from collections.abc import Mapping

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import FulfillmentOrder, Listing, StoreOrder
from channels_amazon.rules.mcf import choice, terms
from channels_amazon.rules.mcf.terms import Candidate, SpeedOffer
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.outbound import (
    Destination,
    NewOutboundOrder,
    OutboundItem,
    OutboundPreview,
    PreviewRequest,
    Speed,
)

_AT_AMAZON = {
    terms.Speed.STANDARD: Speed.STANDARD,
    terms.Speed.EXPEDITED: Speed.EXPEDITED,
    terms.Speed.PRIORITY: Speed.PRIORITY,
}
_OURS = {theirs: ours for ours, theirs in _AT_AMAZON.items()}
# Amazon offers priority in these countries only (ISO 3166), and refuses a preview that
# asks for it elsewhere.
_PRIORITY_COUNTRIES = frozenset({"CA", "IN", "MX"})
_CHANNEL = "Shoplink"


def preview_request(
    order: StoreOrder,
    facts: terms.OrderFacts,
    candidate: Candidate,
    parts: Mapping[str, str],
) -> PreviewRequest | None:
    """Return the question whether the candidate's pool can serve the order.

    None when a line has no listing in the pool any more.
    """
    units = choice.units_by_listing(facts, candidate)
    if units is None:
        return None
    listings = Listing.objects.in_bulk(list(units))
    country = _country(candidate.marketplace_id)
    speeds = [
        speed
        for speed in _AT_AMAZON.values()
        if speed is not Speed.PRIORITY or country in _PRIORITY_COUNTRIES
    ]
    return PreviewRequest(
        marketplace_id=candidate.marketplace_id,
        destination=destination(parts),
        items=[
            OutboundItem(
                line_id=str(place),
                sku=listings[listing_id].seller_sku,
                quantity=count,
                declared_value=_value(order),
            )
            for place, (listing_id, count) in enumerate(units.items(), 1)
        ],
        speeds=speeds,
        ship_from_country=country,
    )


def new_order(row: FulfillmentOrder, parts: Mapping[str, str]) -> NewOutboundOrder:
    """Return the order to place, under the store's own number."""
    order = row.order
    return NewOutboundOrder(
        order_id=order.number,
        marketplace_id=row.marketplace_id,
        destination=destination(parts),
        items=[
            OutboundItem(
                line_id=line.line.number,
                sku=line.listing.seller_sku,
                quantity=line.quantity,
                declared_value=_value(order),
            )
            for line in row.lines.select_related("line", "listing").order_by("pk")
        ],
        ordered_at=order.placed_at,
        speed=_AT_AMAZON[terms.Speed(row.speed)],
        shown_order_id=order.number,
        comment=order.store.name,
        ship_from_country=_country(row.marketplace_id),
        channel=_CHANNEL,
    )


def offer(preview: OutboundPreview) -> SpeedOffer:
    """Return one speed of Amazon's preview as the rules know it."""
    return SpeedOffer(
        speed=_OURS.get(preview.speed, str(preview.speed).lower()),
        is_fulfillable=preview.is_fulfillable,
        fee=preview.fee.amount if preview.fee else None,
        currency=preview.fee.currency if preview.fee else "",
    )


def destination(parts: Mapping[str, str]) -> Destination:
    """Return the address; Amazon has no field for a company, so it leads the lines."""
    lines = [
        parts.get(name, "")
        for name in ("companyName", "addressLine1", "addressLine2", "addressLine3")
    ]
    given = [text for text in lines if text]
    if len(given) > 3:
        given = [*given[:2], ", ".join(given[2:])]
    line1, line2, line3 = [*given, "", "", ""][:3]
    return Destination(
        name=parts.get("name", ""),
        line1=line1,
        line2=line2,
        line3=line3,
        city=parts.get("city", ""),
        district=parts.get("districtOrCounty", ""),
        state=parts.get("stateOrRegion", ""),
        postal_code=parts.get("postalCode", ""),
        country_code=parts.get("countryCode", ""),
        phone=parts.get("phone", ""),
    )


def _country(marketplace_id: str) -> str:
    known = MARKETPLACES.get(marketplace_id)
    return known.country_code if known else ""


def _value(order: StoreOrder) -> Money | None:
    """Return the declared value of a unit, which Amazon demands in India alone."""
    if order.country_code != "IN" or order.total is None:
        return None
    units = sum(line.quantity for line in order.lines.all())
    return Money(round(order.total / units, 2), order.currency)
