"""FBA Inventory API v1: units in Amazon's warehouses; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from channels_amazon.rules.orders.limits import LONGEST_ASIN, LONGEST_SKU
from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import Details, JsonObject
from channels_amazon.spapi.unreadable import UnreadableListing, try_listing

_SKU = fields.identity(LONGEST_SKU)
# An FNSKU is as long as an ASIN.
_ASIN = fields.optional_identity(LONGEST_ASIN)


@dataclass(frozen=True, slots=True)
class InventorySummary:
    """The units of one SKU as one marketplace reports them.

    Sites of one pool report the same units again. Only `fulfillable` can be sold;
    `total` also counts what is inbound. Numbers are None when details were not asked.
    `unread` says what of Amazon's answer could not be read, and is None here.
    """

    seller_sku: str
    asin: str | None
    fn_sku: str | None
    condition: str | None
    product_name: str | None
    last_updated_at: datetime | None
    total: int
    fulfillable: int | None
    inbound_working: int | None
    inbound_shipped: int | None
    inbound_receiving: int | None
    reserved: int | None
    researching: int | None
    unfulfillable: int | None
    unread: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class InventoryPage:
    """Summaries, unreadable ones among them; `next_token` runs out after 30 seconds.

    `no_token` is why nobody knows the next page, "" where that is known.
    """

    summaries: tuple[InventorySummary | UnreadableListing, ...]
    next_token: str | None
    no_token: str = ""


@dataclass(frozen=True, slots=True)
class InventoryQuery:
    """Which units: one marketplace, then at most 50 SKUs, or what changed since."""

    marketplace_id: str
    details: bool = True
    seller_skus: Sequence[str] = ()
    changed_since: datetime | None = None


def get_inventory_summaries(
    client: SpApiClient, query: InventoryQuery, next_token: str | None = None
) -> InventoryPage:
    """Return one page of a marketplace's FBA units. Model: fbaInventory.json."""
    answer = client.call(
        operations.GET_INVENTORY_SUMMARIES,
        query={
            "granularityType": "Marketplace",
            "granularityId": query.marketplace_id,
            "marketplaceIds": (query.marketplace_id,),
            "details": query.details,
            "sellerSkus": tuple(query.seller_skus) or None,
            # Required on every page, also beside a nextToken.
            "startDateTime": query.changed_since,
            "nextToken": next_token,
        },
        marketplace_id=query.marketplace_id,
    )
    return fields.parse(answer, _page)


def _page(data: JsonObject) -> InventoryPage:
    payload = fields.required_object(data, "payload")
    listed = fields.entries(payload, "inventorySummaries")
    next_token, no_token = fields.next_page(data)
    return InventoryPage(
        summaries=tuple(try_listing(entry, "sellerSku", _summary) for entry in listed),
        next_token=next_token,
        no_token=no_token,
    )


def _units(data: JsonObject, name: str) -> int | None:
    return fields.optional_units(data, name, fields.MOST_IN_STOCK)


def _summary(data: JsonObject) -> InventorySummary:
    details = Details()
    counts = fields.json_object(data, "inventoryDetails")
    reserved = fields.json_object(counts, "reservedQuantity")
    researching = fields.json_object(counts, "researchingQuantity")
    unfulfillable = fields.json_object(counts, "unfulfillableQuantity")
    return InventorySummary(
        seller_sku=_SKU(data, "sellerSku"),
        asin=details.of(_ASIN, data, "asin"),
        fn_sku=details.of(_ASIN, data, "fnSku"),
        condition=details.text(data, "condition"),
        product_name=details.text(data, "productName"),
        last_updated_at=details.of(fields.optional_timestamp, data, "lastUpdatedTime"),
        total=_units(data, "totalQuantity") or 0,
        fulfillable=_units(counts, "fulfillableQuantity"),
        inbound_working=_units(counts, "inboundWorkingQuantity"),
        inbound_shipped=_units(counts, "inboundShippedQuantity"),
        inbound_receiving=_units(counts, "inboundReceivingQuantity"),
        reserved=_units(reserved, "totalReservedQuantity"),
        researching=_units(researching, "totalResearchingQuantity"),
        unfulfillable=_units(unfulfillable, "totalUnfulfillableQuantity"),
        unread=tuple(details.unread),
    )
