"""Multi-channel fulfilment 2020-07-01: getFulfillmentOrder; emulator."""

from __future__ import annotations

from typing import Any

from ..calling import Answer, Call, Route, invalid, not_found
from ..clock import iso
from ..entities import McfOrder


def get_fulfillment_order(call: Call) -> Answer:
    """Serve getFulfillmentOrder."""
    order_id = call.path["sellerFulfillmentOrderId"]
    if len(order_id) > 40:
        raise invalid("The seller fulfillment order id has at most 40 characters.")
    order = call.world.mcf_orders.get((call.seller.seller_id, order_id))
    if order is None:
        raise not_found(f"Fulfillment order {order_id} is not found.")
    return Answer(200, {"payload": _view(order)})


def _view(order: McfOrder) -> dict[str, Any]:
    address = order.address
    created = iso(order.created_at)
    return {
        "fulfillmentOrder": {
            "sellerFulfillmentOrderId": order.order_id,
            "marketplaceId": order.marketplace_id,
            "displayableOrderId": order.order_id,
            "displayableOrderDate": created,
            "displayableOrderComment": "Thank you for your order.",
            "shippingSpeedCategory": "Standard",
            "destinationAddress": {
                "name": address.name,
                "addressLine1": address.line1,
                "city": address.city,
                "stateOrRegion": address.state,
                "postalCode": address.postal_code,
                "countryCode": address.country_code,
            },
            "receivedDate": created,
            "fulfillmentOrderStatus": order.status,
            "statusUpdatedDate": created,
        },
        "fulfillmentOrderItems": [
            {
                "sellerSku": sku,
                "sellerFulfillmentOrderItemId": f"{order.order_id}-{number}",
                "quantity": quantity,
                "cancelledQuantity": 0,
                "unfulfillableQuantity": 0,
            }
            for number, (sku, quantity) in enumerate(order.items.items(), 1)
        ],
        "fulfillmentShipments": [],
        "returnItems": [],
        "returnAuthorizations": [],
    }


ROUTES = (
    Route(
        "getFulfillmentOrder",
        "GET",
        "/fba/outbound/2020-07-01/fulfillmentOrders/{sellerFulfillmentOrderId}",
        get_fulfillment_order,
    ),
)
