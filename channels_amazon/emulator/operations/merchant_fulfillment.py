"""Merchant Fulfillment v0, as far as permission probes go; emulator."""

from __future__ import annotations

import re
from typing import Any

from ..protocol.calling import ApiReply, Call, Route, field_text, invalid, not_found

_SHIPMENT_ID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_REQUIRED = (
    "ItemList",
    "ShipFromAddress",
    "PackageDimensions",
    "Weight",
    "ShippingServiceOptions",
)


def get_shipment(call: Call) -> ApiReply:
    """Serve getShipment; no label is ever bought here, so none is found."""
    shipment_id = call.path["shipmentId"]
    if not _SHIPMENT_ID.fullmatch(shipment_id):
        raise invalid(f"Invalid shipment id {shipment_id}.")
    raise not_found(f"Shipment {shipment_id} is not found.")


def get_eligible_shipment_services(call: Call) -> ApiReply:
    """Serve getEligibleShipmentServices: known orders have no offer of a label."""
    details: Any = call.json().get("ShipmentRequestDetails")
    if not isinstance(details, dict):
        raise invalid("Missing required field ShipmentRequestDetails.")
    order_id = field_text(details, "AmazonOrderId")
    for name in _REQUIRED:
        if not details.get(name):
            raise invalid(f"Missing required field {name}.")
    order = call.world.orders.get(order_id)
    if order is None or order.seller_id != call.seller.seller_id:
        raise invalid(f"Order {order_id} is not found.")
    return ApiReply(200, {"payload": {"ShippingServiceList": []}})


ROUTES = (
    Route(
        "getShipment",
        "GET",
        "/mfn/v0/shipments/{shipmentId}",
        get_shipment,
        restricted=True,
    ),
    Route(
        "getEligibleShipmentServices",
        "POST",
        "/mfn/v0/eligibleShippingServices",
        get_eligible_shipment_services,
    ),
)
