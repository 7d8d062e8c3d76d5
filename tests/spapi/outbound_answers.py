"""Makes Amazon's words on outbound orders for tests, in both versions."""

from __future__ import annotations

from typing import Any

from channels_amazon.spapi.outbound import (
    Destination,
    NewOutboundOrder,
    OutboundItem,
    PreviewRequest,
    Speed,
)
from tests.spapi.conftest import NOW

DE = "A1PA6795UKMFR9"
OLD, NEW = "2020-07-01", "2026-07-04"
ADDRESS = {
    "name": "Canary Name",
    "addressLine1": "Canary Str. 1",
    "city": "Canary City",
    "postalCode": "10115",
    "countryCode": "DE",
}


def place(**over: Any) -> Destination:
    """Return where to ship."""
    given = {
        "name": "Canary Name",
        "line1": "Canary Str. 1",
        "city": "Canary City",
        "postal_code": "10115",
        "country_code": "DE",
    }
    return Destination(**{**given, **over})


def order(**over: Any) -> NewOutboundOrder:
    """Return an order to be shipped, of two lines."""
    given: dict[str, Any] = {
        "order_id": "SHOP-1001",
        "marketplace_id": DE,
        "destination": place(),
        "items": [OutboundItem("1", "SKU/1", 2), OutboundItem("2", "SKU-2", 1)],
        "ordered_at": NOW,
    }
    return NewOutboundOrder(**{**given, **over})


def question(**over: Any) -> PreviewRequest:
    """Return what to ask for: the same order, at two speeds."""
    given: dict[str, Any] = {
        "marketplace_id": DE,
        "destination": place(),
        "items": order().items,
        "speeds": (Speed.STANDARD, Speed.EXPEDITED),
    }
    return PreviewRequest(**{**given, **over})


def amount(units: int | str) -> dict[str, str]:
    """Return units as version 2026-07-04 writes them."""
    return {"unit": "EACHES", "value": str(units)}


def euros(number: str, name: str = "amount") -> dict[str, str]:
    """Return money, the number under the name that the version gives it."""
    return {"currencyCode": "EUR", name: number}


def old_preview(speed: str, **over: Any) -> dict[str, Any]:
    """Return one preview of version 2020-07-01."""
    item = {
        "sellerSku": "SKU/1",
        "quantity": 2,
        "sellerFulfillmentOrderItemId": "1",
    }
    shipment = {
        "earliestShipDate": "2026-11-21T08:00:00Z",
        "latestShipDate": "2026-11-21T20:00:00Z",
        "earliestArrivalDate": "2026-11-23T08:00:00Z",
        "latestArrivalDate": "2026-11-24T20:00:00Z",
        "fulfillmentPreviewItems": [item],
    }
    fees = [("FBAPerUnitFulfillmentFee", "3.10"), ("FBATransportationFee", "1.15")]
    return {
        "shippingSpeedCategory": speed,
        "isFulfillable": True,
        "isCODCapable": False,
        "marketplaceId": DE,
        "estimatedFees": [
            {"name": name, "amount": euros(fee, "value")} for name, fee in fees
        ],
        "fulfillmentPreviewShipments": [shipment],
        **over,
    }


def new_offer(tier: str, price: str, day: int = 21) -> dict[str, Any]:
    """Return one offer of version 2026-07-04, shipped on a day of November."""
    level = {
        "serviceTier": tier,
        "shipInterval": {
            "startTime": f"2026-11-{day}T08:00:00Z",
            "endTime": f"2026-11-{day}T20:00:00Z",
        },
        "deliveryInterval": {
            "startTime": f"2026-11-{day + 2}T08:00:00Z",
            "endTime": f"2026-11-{day + 3}T20:00:00Z",
        },
    }
    part = {"type": "MCFTransportationFee", "value": euros(price)}
    return {
        "estimatedPrice": {"rollupPrices": [part], "totalPrice": euros(price)},
        "fulfillmentConfiguration": {"serviceLevel": level},
    }


def new_shipment(sku: str, units: int, *offers: dict[str, Any]) -> dict[str, Any]:
    """Return one planned shipment of version 2026-07-04."""
    item = {"productIdentifier": {"amazonSku": sku}, "amount": amount(f"{units}.0")}
    return {"items": [item], "offers": list(offers)}


def old_order(status: str = "Processing", /, **shipment: Any) -> dict[str, Any]:
    """Return getFulfillmentOrder's answer; `shipment` changes its only shipment."""
    item = {"sellerSku": "SKU/1", "sellerFulfillmentOrderItemId": "1", "quantity": 2}
    shipped = {
        "amazonShipmentId": "S1",
        "fulfillmentCenterId": "BER1",
        "fulfillmentShipmentStatus": "SHIPPED",
        "shippingDate": "2026-11-21T10:00:00Z",
        "fulfillmentShipmentItem": [{**item, "packageNumber": 7}],
        "fulfillmentShipmentPackage": [
            {
                "packageNumber": 7,
                "carrierCode": "DHL",
                "trackingNumber": "T7",
                "estimatedArrivalDate": "2026-11-23T10:00:00Z",
            }
        ],
        **shipment,
    }
    return {
        "payload": {
            "fulfillmentOrder": {
                "sellerFulfillmentOrderId": "SHOP-1001",
                "marketplaceId": DE,
                "displayableOrderId": "1001",
                "displayableOrderDate": "2026-11-20T12:00:00Z",
                "displayableOrderComment": "1001",
                "shippingSpeedCategory": "Standard",
                "destinationAddress": ADDRESS,
                "receivedDate": "2026-11-20T12:01:00Z",
                "fulfillmentOrderStatus": status,
                "statusUpdatedDate": "2026-11-21T09:00:00Z",
            },
            "fulfillmentOrderItems": [
                {**item, "cancelledQuantity": 0, "unfulfillableQuantity": 1}
            ],
            "fulfillmentShipments": [shipped],
            "returnItems": [],
            "returnAuthorizations": [],
        }
    }


def tracking(status: str | None = "DELIVERED") -> dict[str, Any]:
    """Return getPackageTrackingDetails' answer."""
    told = {} if status is None else {"currentStatus": status}
    return {
        "payload": {
            "packageNumber": 7,
            "trackingNumber": "T7",
            "customerTrackingLink": "https://track.example/T7",
            "shipToAddress": {"city": "Canary", "state": "", "country": "DE"},
            **told,
        }
    }


def new_order(status: str = "PROCESSING", /, **shipment: Any) -> dict[str, Any]:
    """Return getOrder's answer; `shipment` changes its only shipment."""
    product = {"productIdentifier": {"amazonSku": "SKU/1"}}
    shipped = {
        "amazonShipmentId": "S1",
        "amazonFacility": {"facilityId": "BER1"},
        "status": "SHIPPED",
        "shipTime": "2026-11-21T10:00:00Z",
        "items": [
            {**product, "lineItemId": "1", "amount": amount("2.0"), "packageId": "7"}
        ],
        "packages": [
            {
                "packageId": "7",
                "status": "DELIVERED",
                "deliveryTime": "2026-11-23T10:00:00Z",
                "tracking": {
                    "carrier": {
                        "carrierCode": "DHL",
                        "trackingNumber": "T7",
                        "trackingUrl": "https://track.example/T7",
                    }
                },
            }
        ],
        **shipment,
    }
    return {
        "order": {
            "orderId": "SHOP-1001",
            "receiveTime": "2026-11-20T12:01:00Z",
            "status": status,
            "statusUpdateTime": "2026-11-21T09:00:00Z",
            "destination": {"deliveryAddress": ADDRESS},
            "lineItems": [
                {
                    "lineItemId": "1",
                    "product": product,
                    "amount": amount("2.0"),
                    "cancelledAmount": amount("0.0"),
                    "unfulfillableAmount": amount("1.0"),
                }
            ],
            "shipments": [shipped],
        }
    }
