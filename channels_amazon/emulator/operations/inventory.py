"""FBA Inventory v1: summaries for a marketplace, out of its pool; emulator."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedFbaStock, EmulatedListing
from ..protocol.calling import ApiReply, Call, Route, invalid
from ..protocol.paging import make_token, read_token

Json = dict[str, Any]

# Summaries a page, fixed by Amazon.
PAGE_SIZE = 50
PAGE_PARAMETER = "nextToken"
# Amazon's limits: a page token expires in 30 s, startDateTime is 18 months back at
# most.
TOKEN_LIFETIME = timedelta(seconds=30)
OLDEST_START = timedelta(days=548)


def get_inventory_summaries(call: Call) -> ApiReply:
    """Serve getInventorySummaries; marketplaces of one pool repeat the same units."""
    if call.text("granularityType", ("Marketplace",)) is None:
        raise invalid("Missing required parameter granularityType.")
    (marketplace_id,) = call.marketplaces(most=1)
    if call.text("granularityId") != marketplace_id:
        raise invalid("granularityId must be the marketplace of marketplaceIds.")
    details = call.flag("details")
    state = read_token(call, PAGE_PARAMETER, set(), TOKEN_LIFETIME)
    rows = _rows(call, marketplace_id)
    if state is not None:
        rows = [row for row in rows if row[0].sku > state["last"]]
    shown = rows[:PAGE_SIZE]
    body: Json = {
        "payload": {
            "granularity": {
                "granularityType": "Marketplace",
                "granularityId": marketplace_id,
            },
            "inventorySummaries": [
                _summary(listing, stock, marketplace_id, details=details)
                for listing, stock in shown
            ],
        }
    }
    if len(rows) > PAGE_SIZE:
        last = {"last": shown[-1][0].sku}
        token = make_token(call, PAGE_PARAMETER, set(), last)
        body["pagination"] = {"nextToken": token}
    return ApiReply(200, body)


def _rows(
    call: Call, marketplace_id: str
) -> list[tuple[EmulatedListing, EmulatedFbaStock]]:
    start = call.moment("startDateTime")
    if start is not None and start < call.world.now() - OLDEST_START:
        raise invalid("startDateTime must not be more than 18 months in the past.")
    skus = set(call.values("sellerSkus", most=50))
    one = call.text("sellerSku")
    if one is not None:
        skus.add(one)
    rows = []
    for listing in call.world.seller_listings(call.seller.seller_id):
        stock = call.world.stock_for(listing.seller_id, listing.sku, marketplace_id)
        if stock is None or marketplace_id not in listing.offers:
            continue
        # Amazon ignores sellerSkus where startDateTime is given.
        wanted = stock.updated_at >= start if start else listing.sku in skus
        if wanted or (start is None and not skus):
            rows.append((listing, stock))
    return rows


def _summary(
    listing: EmulatedListing,
    stock: EmulatedFbaStock,
    marketplace_id: str,
    *,
    details: bool,
) -> Json:
    summary: Json = {
        "asin": listing.asin,
        "fnSku": listing.fnsku or "",
        "sellerSku": listing.sku,
        "condition": "NewItem",
        "lastUpdatedTime": iso(stock.updated_at),
        "productName": listing.offers[marketplace_id].title,
        "totalQuantity": stock.total,
        "stores": [],
    }
    if details:
        summary["inventoryDetails"] = _details(stock)
    return summary


def _details(stock: EmulatedFbaStock) -> Json:
    return {
        "fulfillableQuantity": stock.fulfillable,
        "inboundWorkingQuantity": stock.inbound_working,
        "inboundShippedQuantity": stock.inbound_shipped,
        "inboundReceivingQuantity": stock.inbound_receiving,
        "reservedQuantity": {
            "totalReservedQuantity": stock.reserved,
            "pendingCustomerOrderQuantity": stock.pending_customer_orders,
            "pendingTransshipmentQuantity": stock.pending_transshipment,
            "fcProcessingQuantity": stock.fc_processing,
        },
        "researchingQuantity": {
            "totalResearchingQuantity": stock.researching,
            "researchingQuantityBreakdown": [
                {
                    "name": "researchingQuantityInShortTerm",
                    "quantity": stock.researching,
                },
                {"name": "researchingQuantityInMidTerm", "quantity": 0},
                {"name": "researchingQuantityInLongTerm", "quantity": 0},
            ],
        },
        "unfulfillableQuantity": {
            "totalUnfulfillableQuantity": stock.unfulfillable,
            "customerDamagedQuantity": stock.customer_damaged,
            "warehouseDamagedQuantity": stock.warehouse_damaged,
            "distributorDamagedQuantity": 0,
            "carrierDamagedQuantity": 0,
            "defectiveQuantity": stock.defective,
            "expiredQuantity": 0,
        },
    }


ROUTES = (
    Route(
        "getInventorySummaries",
        "GET",
        "/fba/inventory/v1/summaries",
        get_inventory_summaries,
    ),
)
