"""Fulfillment Outbound API 2020-07-01: orders shipped from FBA stock; client layer.

Model: fulfillmentOutbound_2020-07-01.json. Answers lie in a `payload`, money is a
`value`, and where a package is has an operation of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from channels_amazon.spapi import fields, operations, outbound
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.errors import InvalidRequest, NotFound
from channels_amazon.spapi.fields import FieldError, JsonObject, Money
from channels_amazon.spapi.outbound import (
    NewOutboundOrder,
    OutboundItem,
    OutboundLine,
    OutboundOrder,
    OutboundPackage,
    OutboundPreview,
    OutboundStatus,
    PackageStatus,
    PackedItem,
    Policy,
    PreviewRequest,
    Speed,
    Window,
)
from channels_amazon.spapi.outbound_checks import (
    check_order,
    check_order_id,
    check_preview,
)
from channels_amazon.wording import sentence

_SPEEDS = {
    Speed.STANDARD: "Standard",
    Speed.EXPEDITED: "Expedited",
    Speed.PRIORITY: "Priority",
    Speed.SCHEDULED: "ScheduledDelivery",
}
_POLICIES = {
    Policy.FILL_OR_KILL: "FillOrKill",
    Policy.FILL_ALL: "FillAll",
    Policy.FILL_ALL_AVAILABLE: "FillAllAvailable",
}
# cancelFulfillmentOrder is refused once an order is Processing.
_CANCELLABLE = frozenset({OutboundStatus.RECEIVED, OutboundStatus.PLANNING})


@dataclass(frozen=True, slots=True)
class PackageTracking:
    """Where a package is; `status` keeps Amazon's word, "" where it has none."""

    package_number: int
    status: str
    tracking_number: str
    tracking_url: str
    arrives_at: datetime | None


def get_fulfillment_preview(
    client: SpApiClient, request: PreviewRequest
) -> tuple[OutboundPreview, ...]:
    """Return what Amazon would do at each speed.

    Raises InvalidRequest without a call for what Amazon can only refuse.
    """
    check_preview(request, operations.GET_FULFILLMENT_PREVIEW)
    answer = client.call(
        operations.GET_FULFILLMENT_PREVIEW,
        body={
            "marketplaceId": request.marketplace_id,
            "address": outbound.address(request.destination),
            "items": _items(request.items),
            "shippingSpeedCategories": [_SPEEDS[one] for one in request.speeds],
        },
        marketplace_id=request.marketplace_id,
    )

    def read(data: JsonObject) -> tuple[OutboundPreview, ...]:
        payload = fields.required_object(data, "payload")
        listed = fields.objects(payload, "fulfillmentPreviews")
        return tuple(map(_preview, listed))

    return fields.parse(answer, read)


def create_fulfillment_order(client: SpApiClient, order: NewOutboundOrder) -> None:
    """Have the order shipped.

    When this ends in ServiceUnavailable the order may have been made: look with
    `get_fulfillment_order` before sending it again, which Amazon refuses. Raises
    InvalidRequest without a call for what Amazon can only refuse.
    """
    check_order(order, operations.CREATE_FULFILLMENT_ORDER)
    shown = order.shown_order_id or order.order_id
    body: dict[str, Any] = {
        "marketplaceId": order.marketplace_id,
        "sellerFulfillmentOrderId": order.order_id,
        "displayableOrderId": shown,
        "displayableOrderDate": fields.iso_time(order.ordered_at),
        "displayableOrderComment": order.comment or shown,
        "shippingSpeedCategory": _SPEEDS[order.speed],
        "destinationAddress": outbound.address(order.destination),
        "fulfillmentAction": "Ship",
        "fulfillmentPolicy": _POLICIES[order.policy],
        "items": _items(order.items),
    }
    if order.delivery is not None:
        body["deliveryWindow"] = {
            "startDate": fields.iso_time(order.delivery.start),
            "endDate": fields.iso_time(order.delivery.end),
        }
    if order.ship_from_country:
        body["shipFromCountryCode"] = order.ship_from_country
    client.call(
        operations.CREATE_FULFILLMENT_ORDER,
        body=body,
        marketplace_id=order.marketplace_id,
    )


def get_fulfillment_order(client: SpApiClient, order_id: str) -> OutboundOrder:
    """Return the order of our id; raises NotFound or InvalidRequest if unknown.

    Its packages are as far as their shipments are: `get` asks for each of them.
    """
    check_order_id(order_id, operations.GET_FULFILLMENT_ORDER)
    answer = client.call(
        operations.GET_FULFILLMENT_ORDER, path={"sellerFulfillmentOrderId": order_id}
    )
    return fields.parse(
        answer, lambda data: _order(fields.required_object(data, "payload"))
    )


def get_package_tracking_details(
    client: SpApiClient, package_number: int
) -> PackageTracking:
    """Return where a package is; raises NotFound or InvalidRequest if unknown."""
    answer = client.call(
        operations.GET_PACKAGE_TRACKING_DETAILS,
        query={"packageNumber": package_number},
    )
    return fields.parse(
        answer, lambda data: _tracking(fields.required_object(data, "payload"))
    )


def cancel_fulfillment_order(client: SpApiClient, order_id: str) -> None:
    """End an order; Amazon refuses (InvalidRequest) once units are being picked."""
    check_order_id(order_id, operations.CANCEL_FULFILLMENT_ORDER)
    client.call(
        operations.CANCEL_FULFILLMENT_ORDER,
        path={"sellerFulfillmentOrderId": order_id},
    )


def get(client: SpApiClient, order_id: str) -> OutboundOrder:
    """Return the order, asking for each shipped package where it is."""
    order = get_fulfillment_order(client, order_id)
    packages = tuple(_followed(client, package) for package in order.packages)
    return replace(order, packages=packages)


preview = get_fulfillment_preview
create = create_fulfillment_order
cancel = cancel_fulfillment_order


def _items(items: Sequence[OutboundItem]) -> list[dict[str, Any]]:
    return [
        {
            "sellerSku": item.sku,
            "sellerFulfillmentOrderItemId": item.line_id,
            "quantity": item.quantity,
        }
        | _declared(item.declared_value)
        for item in items
    ]


def _declared(value: Money | None) -> dict[str, Any]:
    if value is None:
        return {}
    money = {"currencyCode": value.currency, "value": str(value.amount)}
    return {"perUnitDeclaredValue": money}


def _preview(data: JsonObject) -> OutboundPreview:
    shipments = fields.objects(data, "fulfillmentPreviewShipments")
    fees = [
        fields.money(fee, "amount", "value")
        for fee in fields.objects(data, "estimatedFees")
    ]
    word = fields.text(data, "shippingSpeedCategory")
    speeds = [speed for speed, name in _SPEEDS.items() if name == word]
    if not speeds:
        raise FieldError("shippingSpeedCategory", sentence("is not a known speed"))
    return OutboundPreview(
        speed=speeds[0],
        is_fulfillable=fields.boolean(data, "isFulfillable"),
        fee=outbound.total(fees),
        ships=outbound.covering_window([_window(one, "ShipDate") for one in shipments]),
        arrives=outbound.covering_window(
            [_window(one, "ArrivalDate") for one in shipments]
        ),
        reasons=tuple(_reasons(data)),
    )


def _reasons(data: JsonObject) -> Iterator[str]:
    yield from fields.texts(data, "orderUnfulfillableReasons")
    for item in fields.objects(data, "unfulfillablePreviewItems"):
        for reason in fields.texts(item, "itemUnfulfillableReasons"):
            yield f"{fields.text(item, 'sellerSku')}: {reason}"


def _window(data: JsonObject, name: str) -> Window | None:
    start = fields.optional_timestamp(data, "earliest" + name)
    end = fields.optional_timestamp(data, "latest" + name)
    known = [time for time in (start, end) if time is not None]
    return Window(min(known), max(known)) if known else None


def _order(payload: JsonObject) -> OutboundOrder:
    data = fields.required_object(payload, "fulfillmentOrder")
    shipments = fields.objects(payload, "fulfillmentShipments")
    word = fields.text(data, "fulfillmentOrderStatus")
    status = outbound.order_status(word)
    updated_at = fields.timestamp(data, "statusUpdatedDate")
    return OutboundOrder(
        order_id=fields.text(data, "sellerFulfillmentOrderId"),
        status=status,
        amazon_status=word,
        can_cancel=status in _CANCELLABLE,
        received_at=fields.optional_timestamp(data, "receivedDate") or updated_at,
        updated_at=updated_at,
        lines=tuple(
            map(_line, fields.required_objects(payload, "fulfillmentOrderItems"))
        ),
        packages=tuple(
            package for shipment in shipments for package in _packages(shipment)
        ),
    )


def _line(data: JsonObject) -> OutboundLine:
    return OutboundLine(
        line_id=fields.text(data, "sellerFulfillmentOrderItemId"),
        sku=fields.text(data, "sellerSku"),
        quantity=fields.units(data, "quantity"),
        cancelled=fields.optional_units(data, "cancelledQuantity") or 0,
        unfulfillable=fields.optional_units(data, "unfulfillableQuantity") or 0,
    )


def _packages(shipment: JsonObject) -> Iterator[OutboundPackage]:
    word = fields.text(shipment, "fulfillmentShipmentStatus")
    items = fields.objects(shipment, "fulfillmentShipmentItem")
    for data in fields.objects(shipment, "fulfillmentShipmentPackage"):
        number = fields.integer(data, "packageNumber")
        inside = [item for item in items if item.get("packageNumber") == number]
        amazon_number = fields.optional_text(data, "amazonFulfillmentTrackingNumber")
        yield OutboundPackage(
            package_id=str(number),
            shipment_id=fields.text(shipment, "amazonShipmentId"),
            carrier=fields.text(data, "carrierCode"),
            tracking_number=fields.optional_text(data, "trackingNumber")
            or amazon_number
            or "",
            tracking_url="",
            status=outbound.package_status(word),
            amazon_status="",
            shipped_at=fields.optional_timestamp(shipment, "shippingDate"),
            arrives_at=fields.optional_timestamp(data, "estimatedArrivalDate"),
            items=tuple(map(_packed, inside)),
        )


def _packed(data: JsonObject) -> PackedItem:
    return PackedItem(
        line_id=fields.text(data, "sellerFulfillmentOrderItemId"),
        sku=fields.text(data, "sellerSku"),
        quantity=fields.units(data, "quantity"),
    )


def _tracking(data: JsonObject) -> PackageTracking:
    return PackageTracking(
        package_number=fields.integer(data, "packageNumber"),
        status=fields.optional_text(data, "currentStatus") or "",
        tracking_number=fields.optional_text(data, "trackingNumber") or "",
        tracking_url=fields.optional_text(data, "customerTrackingLink")
        or fields.optional_text(data, "carrierURL")
        or "",
        arrives_at=fields.optional_timestamp(data, "estimatedArrivalDate"),
    )


def _followed(client: SpApiClient, package: OutboundPackage) -> OutboundPackage:
    """Return the package with what its tracking says, if it is on its way."""
    if package.status is not PackageStatus.IN_TRANSIT:
        return package
    try:
        found = get_package_tracking_details(client, int(package.package_id))
    except (NotFound, InvalidRequest):
        # Amazon knows a package number some time before its tracking exists.
        return package
    status = outbound.package_status(found.status) if found.status else package.status
    return replace(
        package,
        status=status,
        amazon_status=found.status,
        tracking_number=package.tracking_number or found.tracking_number,
        tracking_url=found.tracking_url,
        arrives_at=found.arrives_at or package.arrives_at,
    )
