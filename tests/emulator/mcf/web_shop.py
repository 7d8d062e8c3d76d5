"""A web shop that lets Amazon fulfil its orders (test support)."""

from __future__ import annotations

from typing import Any

from channels_amazon.emulator.model.entities import EmulatedFbaStock
from channels_amazon.emulator.server import Emulator

from ..caller import US, Caller, Reply

OLD = "/fba/outbound/2020-07-01/fulfillmentOrders"
TRACKING = "/fba/outbound/2020-07-01/tracking"
NEW = "/fulfillment/outbound/2026-07-04/orders"
PREVIEWS = "/fulfillment/outbound/2026-07-04/previews"
ADDRESS = {
    "name": "Testa Example",
    "addressLine1": "1 Example Street",
    "city": "Sampletown",
    "stateOrRegion": "WA",
    "postalCode": "98000",
    "countryCode": "US",
}
JAPAN = {
    "name": "見本 太郎",
    "addressLine1": "見本町1丁目1-1",
    "stateOrRegion": "東京都",
    "postalCode": "100-0000",
    "countryCode": "JP",
}


def stocked(
    emulator: Emulator, units: int = 10, region: str = "na"
) -> EmulatedFbaStock:
    """Return the FBA stock of a SKU in the region's first pool, filled up."""
    with emulator.state.lock:
        seller = emulator.state.seller_of_region(region)
        listing = next(
            each
            for each in emulator.state.seller_listings(seller.seller_id)
            if each.is_fba
        )
        stock = emulator.state.stock_for(
            seller.seller_id, listing.sku, seller.marketplace_ids[0]
        )
        assert stock is not None
        stock.fulfillable, stock.pending_customer_orders = units, 0
        return stock


def old_body(sku: str, units: int = 3, **over: Any) -> dict[str, Any]:
    """Return a body for createFulfillmentOrder."""
    body = {
        "marketplaceId": US,
        "sellerFulfillmentOrderId": "web-1",
        "displayableOrderId": "WEB 1",
        "displayableOrderDate": "2026-01-02T03:04:05Z",
        "displayableOrderComment": "Thank you.",
        "shippingSpeedCategory": "Standard",
        "destinationAddress": ADDRESS,
        "items": [
            {"sellerSku": sku, "sellerFulfillmentOrderItemId": "1", "quantity": units}
        ],
    }
    return body | over


def new_body(sku: str, units: str = "3", **over: Any) -> dict[str, Any]:
    """Return a body for createOrder."""
    line = {
        "lineItemId": "1",
        "product": {"productIdentifier": {"amazonSku": sku}},
        "amount": {"unit": "EACHES", "value": units},
    }
    body = {
        "orderId": "web-1",
        "lineItems": [line],
        "destination": {"deliveryAddress": ADDRESS},
    }
    return body | over


def create(caller: Caller, sku: str, units: int = 3, **over: Any) -> Reply:
    """Create an order in the older way."""
    return caller.send("POST", OLD, body=old_body(sku, units, **over))


def status(caller: Caller, order_id: str = "web-1") -> tuple[str, str]:
    """Return the status of an order in the words of both versions."""
    old = caller.get(f"{OLD}/{order_id}").json["payload"]["fulfillmentOrder"]
    new = caller.get(f"{NEW}/{order_id}").json["order"]
    return old["fulfillmentOrderStatus"], new["status"]
