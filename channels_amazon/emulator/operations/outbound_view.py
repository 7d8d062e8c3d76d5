"""MCF orders as Fulfillment Outbound 2020-07-01 shows them; emulator."""

from __future__ import annotations

from typing import Any

from ..mcf.quotes import Quote, QuoteLine
from ..model.clock import iso
from ..model.mcf_orders import McfItem, McfOrder, McfPackage, McfShipment, Price

Json = dict[str, Any]


def order_view(order: McfOrder) -> Json:
    """Return the order itself, as lists and the full answer show it."""
    view: Json = {
        "sellerFulfillmentOrderId": order.order_id,
        "marketplaceId": order.marketplace_id,
        "displayableOrderId": order.displayable_id,
        "displayableOrderDate": iso(order.displayable_at),
        "displayableOrderComment": order.comment,
        "shippingSpeedCategory": order.speed,
        "destinationAddress": {
            name: text for name, text in order.destination.items() if name != "email"
        },
        "fulfillmentAction": order.action,
        "fulfillmentPolicy": order.policy,
        "receivedDate": iso(order.created_at),
        "fulfillmentOrderStatus": order.status,
        "statusUpdatedDate": iso(order.updated_at),
    }
    if order.emails:
        view["notificationEmails"] = order.emails
    if order.features:
        view["featureConstraints"] = order.features
    return view


def full_view(order: McfOrder) -> Json:
    """Return the order with its lines and shipments."""
    return {
        "fulfillmentOrder": order_view(order),
        "fulfillmentOrderItems": [_item(order, item) for item in order.items],
        "fulfillmentShipments": [
            _shipment(order, shipment) for shipment in order.shipments
        ],
        "returnItems": [],
        "returnAuthorizations": [],
    }


def preview_view(quote: Quote, marketplace_id: str) -> Json:
    """Return one speed of a preview; an order too large shows what lacks."""
    view: Json = {
        "shippingSpeedCategory": quote.speed,
        "isFulfillable": quote.is_fulfillable,
        "isCODCapable": False,
        "marketplaceId": marketplace_id,
    }
    if quote.reason:
        view["orderUnfulfillableReasons"] = [quote.reason]
    lacking = [_unfulfillable(line) for line in quote.lines if line.reason]
    if lacking:
        view["unfulfillablePreviewItems"] = lacking
    if not quote.is_fulfillable:
        return view
    return view | {
        "estimatedShippingWeight": _weight(quote.weight),
        "estimatedFees": [
            {
                "name": name,
                "amount": {"currencyCode": quote.currency, "value": str(amount)},
            }
            for name, amount in quote.fees.items()
        ],
        "fulfillmentPreviewShipments": [
            {
                "earliestShipDate": iso(quote.ship_by[0]),
                "latestShipDate": iso(quote.ship_by[1]),
                "earliestArrivalDate": iso(quote.arrive_by[0]),
                "latestArrivalDate": iso(quote.arrive_by[1]),
                "fulfillmentPreviewItems": [
                    _preview_item(line) for line in quote.lines
                ],
            }
        ],
    }


def tracking_view(order: McfOrder, package: McfPackage) -> Json:
    """Return where a parcel is."""
    address = order.destination
    place = {
        "city": address.get("city", ""),
        "state": address.get("stateOrRegion", ""),
        "country": address["countryCode"],
    }
    events = [(package.shipped_at, "EVENT_202", "Departure scan.")]
    if package.delivered_at:
        events.insert(0, (package.delivered_at, "EVENT_301", "Delivered."))
    return {
        "packageNumber": package.number,
        "trackingNumber": package.tracking_number,
        "carrierCode": package.carrier,
        "shipDate": iso(package.shipped_at),
        "estimatedArrivalDate": iso(package.arrives_at),
        "shipToAddress": place,
        "currentStatus": "DELIVERED" if package.delivered_at else "IN_TRANSIT",
        "trackingEvents": [
            {
                "eventDate": iso(moment),
                "eventAddress": place,
                "eventCode": code,
                "eventDescription": text,
            }
            for moment, code, text in events
        ],
    }


def _item(order: McfOrder, item: McfItem) -> Json:
    view: Json = {
        "sellerSku": item.sku,
        "sellerFulfillmentOrderItemId": item.item_id,
        "quantity": item.quantity,
        "cancelledQuantity": item.cancelled,
        "unfulfillableQuantity": item.unfulfillable,
    }
    if item.gift_message:
        view["giftMessage"] = item.gift_message
    if item.comment:
        view["displayableComment"] = item.comment
    for name, money in (
        ("perUnitPrice", item.price),
        ("perUnitTax", item.tax),
        ("perUnitDeclaredValue", item.declared),
    ):
        if money is not None:
            view[name] = _money(money)
    for shipment in order.shipments:
        if shipment.items.get(item.item_id):
            view["estimatedArrivalDate"] = iso(shipment.arrives_at)
    return view


def _shipment(order: McfOrder, shipment: McfShipment) -> Json:
    skus = {item.item_id: item.sku for item in order.items}
    view: Json = {
        "amazonShipmentId": shipment.shipment_id,
        "fulfillmentCenterId": shipment.facility,
        "fulfillmentShipmentStatus": shipment.status,
        "estimatedArrivalDate": iso(shipment.arrives_at),
        "fulfillmentShipmentItem": [
            _shipment_item(shipment, skus[item_id], item_id, units)
            for item_id, units in shipment.items.items()
        ],
        "fulfillmentShipmentPackage": [
            {
                "packageNumber": package.number,
                "carrierCode": package.carrier,
                "trackingNumber": package.tracking_number,
                "estimatedArrivalDate": iso(package.arrives_at),
            }
            for package in shipment.packages
        ],
    }
    if shipment.shipped_at:
        view["shippingDate"] = iso(shipment.shipped_at)
    return view


def _shipment_item(shipment: McfShipment, sku: str, item_id: str, units: int) -> Json:
    view: Json = {
        "sellerSku": sku,
        "sellerFulfillmentOrderItemId": item_id,
        "quantity": units,
    }
    if shipment.packages:
        view["packageNumber"] = shipment.packages[0].number
    return view


def _unfulfillable(line: QuoteLine) -> Json:
    return {
        "sellerSku": line.sku,
        "quantity": line.quantity,
        "sellerFulfillmentOrderItemId": line.item_id,
        "itemUnfulfillableReasons": [line.reason],
    }


def _preview_item(line: QuoteLine) -> Json:
    return {
        "sellerSku": line.sku,
        "quantity": line.quantity,
        "sellerFulfillmentOrderItemId": line.item_id,
        "estimatedShippingWeight": _weight(line.weight),
        "shippingWeightCalculationMethod": "Package",
    }


def _weight(kilograms: object) -> Json:
    return {"unit": "KG", "value": str(kilograms)}


def _money(money: Price) -> Json:
    return {"currencyCode": money.currency, "value": money.amount}
