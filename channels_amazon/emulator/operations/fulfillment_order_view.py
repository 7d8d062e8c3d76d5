"""MCF orders as Fulfillment Outbound 2026-07-04 shows them; emulator."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from ..mcf.quotes import NO_DELIVERY, Quote
from ..model.clock import iso
from ..model.mcf_orders import (
    McfAction,
    McfItem,
    McfOrder,
    McfPackage,
    McfPolicy,
    McfShipment,
    McfShipmentStatus,
    McfSpeed,
    McfStatus,
    Price,
)
from ..model.places import PLACES

Json = dict[str, Any]

# This version's words for those of 2020, and back.
TIERS = {
    McfSpeed.STANDARD: "STANDARD",
    McfSpeed.EXPEDITED: "EXPEDITED",
    McfSpeed.PRIORITY: "PRIORITY",
    McfSpeed.SCHEDULED_DELIVERY: "SCHEDULED",
}
ACTIONS = {McfAction.SHIP: "SHIP", McfAction.HOLD: "HOLD"}
POLICIES = {
    McfPolicy.FILL_OR_KILL: "FILL_OR_KILL",
    McfPolicy.FILL_ALL: "FILL_ALL",
    McfPolicy.FILL_ALL_AVAILABLE: "FILL_ALL_AVAILABLE",
}
_STATUSES = {
    McfStatus.COMPLETE: "COMPLETE",
    McfStatus.COMPLETE_PARTIALLED: "COMPLETE_PARTIAL",
    McfStatus.CANCELLED: "CANCELLED",
    McfStatus.UNFULFILLABLE: "UNFULFILLABLE",
    McfStatus.INVALID: "INVALID",
}
_SHIPMENT_STATUSES = {
    McfShipmentStatus.PENDING: "PROCESSING",
    McfShipmentStatus.SHIPPED: "SHIPPED",
}
_FEES = {
    "FBAPerOrderFulfillmentFee": "MCFPerOrderFulfillmentFee",
    "FBAPerUnitFulfillmentFee": "MCFPerUnitFulfillmentFee",
    "FBATransportationFee": "MCFTransportationFee",
}


def status_of(order: McfOrder) -> str:
    """Return the status in this version's words; all early ones are one."""
    return _STATUSES.get(order.status, "PROCESSING")


def order_view(order: McfOrder, *, with_shipments: bool) -> Json:
    """Return an order, with its shipments where they are wanted."""
    destination: Json = {"deliveryAddress": order.destination}
    if order.delivery_notes:
        destination["deliveryNotes"] = order.delivery_notes
    view: Json = {
        "orderId": order.order_id,
        "receiveTime": iso(order.created_at),
        "status": status_of(order),
        "statusUpdateTime": iso(order.updated_at),
        "fulfillmentConfiguration": {
            "serviceLevel": {"serviceTiers": [TIERS[order.speed]]},
            "action": ACTIONS[order.action],
            "policy": POLICIES[order.policy],
        },
        "origin": {"countryCode": PLACES[order.marketplace_id].country_code},
        "destination": destination,
        "lineItems": [_item(item) for item in order.items],
    }
    if order.channel:
        view["channel"] = order.channel
    if with_shipments:
        view["shipments"] = [_shipment(order, each) for each in order.shipments]
    return view


def preview_view(quotes: list[Quote], *, with_fees: bool) -> Json:
    """Return what can be had at which speed, and what stands in the way."""
    possible = [quote for quote in quotes if quote.is_fulfillable]
    constraints: list[Json] = []
    for quote in quotes:
        for constraint in _constraints(quote):
            if constraint not in constraints:
                constraints.append(constraint)
    view: Json = {"plannedShipments": []}
    if possible:
        view["plannedShipments"].append(_planned(possible, with_fees=with_fees))
    if constraints:
        view["constraints"] = constraints
    return view


def _planned(quotes: list[Quote], *, with_fees: bool) -> Json:
    first = quotes[0]
    return {
        "estimatedShippingWeight": {"unit": "KG", "value": str(first.weight)},
        "items": [
            {
                "productIdentifier": {"amazonSku": line.sku},
                "amount": _amount(line.quantity),
            }
            for line in first.lines
        ],
        "offers": [_offer(quote, with_fees=with_fees) for quote in quotes],
    }


def _offer(quote: Quote, *, with_fees: bool) -> Json:
    level = {
        "serviceTier": TIERS[quote.speed],
        "deliveryInterval": {
            "startTime": iso(quote.arrive_by[0]),
            "endTime": iso(quote.arrive_by[1]),
        },
        "shipInterval": {
            "startTime": iso(quote.ship_by[0]),
            "endTime": iso(quote.ship_by[1]),
        },
    }
    view: Json = {"fulfillmentConfiguration": {"serviceLevel": level}}
    if with_fees:
        view["estimatedPrice"] = {
            "rollupPrices": [
                {"type": _FEES[name], "value": _fee(amount, quote.currency)}
                for name, amount in quote.fees.items()
            ],
            "totalPrice": _fee(quote.total, quote.currency),
        }
    return view


def _constraints(quote: Quote) -> list[Json]:
    found = [
        {
            "code": line.reason,
            "type": "ValidationError",
            "message": f"There is not enough quantity of item {line.sku}.",
            "details": [{"type": "amazonSku", "value": line.sku}],
        }
        for line in quote.lines
        if line.reason
    ]
    if quote.reason:
        found.append(
            {
                "code": NO_DELIVERY,
                "type": "ValidationError",
                "message": "Delivery SLA is not available for destination address.",
                "details": [{"type": "serviceTier", "value": TIERS[quote.speed]}],
            }
        )
    return found


def _item(item: McfItem) -> Json:
    product: Json = {"productIdentifier": {"amazonSku": item.sku}}
    if item.declared:
        product["perUnitDeclaredValue"] = _money(item.declared)
    return {
        "lineItemId": item.item_id,
        "product": product,
        "amount": _amount(item.quantity),
        "cancelledAmount": _amount(item.cancelled),
        "unfulfillableAmount": _amount(item.unfulfillable),
    }


def _shipment(order: McfOrder, shipment: McfShipment) -> Json:
    skus = {item.item_id: item.sku for item in order.items}
    ids = {
        item_id: f"{shipment.shipment_id}-{number}"
        for number, item_id in enumerate(shipment.items, 1)
    }
    package_id = str(shipment.packages[0].number) if shipment.packages else ""
    view: Json = {
        "amazonShipmentId": shipment.shipment_id,
        "amazonFacility": {"facilityId": shipment.facility},
        "status": _SHIPMENT_STATUSES.get(shipment.status, "CANCELLED"),
        "deliveryTime": iso(shipment.arrives_at),
        "items": [
            {
                "shipmentItemId": ids[item_id],
                "productIdentifier": {"amazonSku": skus[item_id]},
                "lineItemId": item_id,
                "amount": _amount(units),
            }
            | ({"packageId": package_id} if package_id else {})
            for item_id, units in shipment.items.items()
        ],
        "packages": [
            _package(package, list(ids.values())) for package in shipment.packages
        ],
        "serviceLevel": {"serviceTier": TIERS[order.speed]},
    }
    if shipment.shipped_at:
        view["shipTime"] = iso(shipment.shipped_at)
    return view


def _package(package: McfPackage, item_ids: list[str]) -> Json:
    return {
        "packageId": str(package.number),
        "status": "DELIVERED" if package.delivered_at else "IN_TRANSIT",
        "deliveryTime": iso(package.delivered_at or package.arrives_at),
        "shipmentItemIds": item_ids,
        "tracking": {
            "carrier": {
                "carrierCode": package.carrier,
                "trackingNumber": package.tracking_number,
            }
        },
    }


def _amount(units: int) -> Json:
    return {"unit": "EACHES", "value": f"{units}.0"}


def _fee(amount: Decimal, currency: str) -> Json:
    return {"currencyCode": currency, "amount": str(amount)}


def _money(money: Price) -> Json:
    return {"currencyCode": money.currency, "amount": money.amount}
