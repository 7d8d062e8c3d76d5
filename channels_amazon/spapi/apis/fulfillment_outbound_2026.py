"""Fulfillment Outbound API 2026-07-04: orders shipped from FBA stock; client layer.

Model: fulfillmentOutbound_2026-07-04.json. Nothing is wrapped, money is an `amount`,
creating and cancelling may be done later, and tracking is inside the order.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from channels_amazon.spapi import fields, operations, outbound
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.fields import FieldError, JsonObject, Money
from channels_amazon.spapi.outbound import (
    NewOutboundOrder,
    OutboundItem,
    OutboundLine,
    OutboundOrder,
    OutboundPackage,
    OutboundPreview,
    OutboundStatus,
    PackedItem,
    PreviewRequest,
    Speed,
    Window,
)
from channels_amazon.spapi.outbound_checks import (
    check_order,
    check_order_id,
    check_preview,
)
from channels_amazon.wording import counted, sentence


def get_order_preview(
    client: SpApiClient, request: PreviewRequest
) -> tuple[OutboundPreview, ...]:
    """Return what Amazon would do at each speed.

    An order can be shipped at a speed if every planned shipment is offered at it and
    no unit is left over. Raises InvalidRequest without a call for what Amazon can
    only refuse.
    """
    check_preview(request, operations.OUTBOUND_GET_ORDER_PREVIEW)
    tiers = [str(speed) for speed in request.speeds]
    body: dict[str, Any] = {
        "lineItems": [
            {"product": _product(item), "amount": _amount(item.quantity)}
            for item in request.items
        ],
        "destination": {"deliveryAddress": outbound.address(request.destination)},
        "fulfillmentConfiguration": {"serviceLevel": {"serviceTiers": tiers}},
    }
    if request.ship_from_country:
        body["origin"] = {"countryCode": request.ship_from_country}
    answer = client.call(
        operations.OUTBOUND_GET_ORDER_PREVIEW,
        body=body,
        marketplace_id=request.marketplace_id,
    )

    def read(data: JsonObject) -> tuple[OutboundPreview, ...]:
        plan = _plan(data, request.items)
        return tuple(_preview(plan, speed) for speed in request.speeds)

    return fields.parse(answer, read)


def create_order(client: SpApiClient, order: NewOutboundOrder) -> None:
    """Have the order shipped.

    When this ends in ServiceUnavailable the order may have been made: look with
    `get_order` before sending it again, which Amazon refuses. Raises InvalidRequest
    without a call for what Amazon can only refuse.
    """
    check_order(order, operations.OUTBOUND_CREATE_ORDER)
    level: dict[str, Any] = {"serviceTiers": [str(order.speed)]}
    if order.delivery is not None:
        level["deliveryInterval"] = {
            "startTime": fields.iso_time(order.delivery.start),
            "endTime": fields.iso_time(order.delivery.end),
        }
    body: dict[str, Any] = {
        "orderId": order.order_id,
        "lineItems": [
            {
                "lineItemId": item.line_id,
                "product": _product(item),
                "amount": _amount(item.quantity),
            }
            for item in order.items
        ],
        "destination": {"deliveryAddress": outbound.address(order.destination)},
        "fulfillmentConfiguration": {
            "serviceLevel": level,
            "action": "SHIP",
            "policy": str(order.policy),
        },
    }
    if order.ship_from_country:
        body["origin"] = {"countryCode": order.ship_from_country}
    if order.channel:
        body["channel"] = order.channel
    answer = client.call(
        operations.OUTBOUND_CREATE_ORDER,
        body=body,
        marketplace_id=order.marketplace_id,
    )
    # A 200 answer contains the order, a 202 only its id: check that either is there.
    fields.parse(
        answer,
        lambda data: fields.text(fields.json_object(data, "order") or data, "orderId"),
    )


def get_order(client: SpApiClient, order_id: str) -> OutboundOrder:
    """Return the order of our id with its packages; raises NotFound."""
    check_order_id(order_id, operations.OUTBOUND_GET_ORDER)
    answer = client.call(
        operations.OUTBOUND_GET_ORDER,
        path={"orderId": order_id},
        query={"shipments": "INCLUDE"},
    )
    return fields.parse(
        answer, lambda data: _order(fields.required_object(data, "order"))
    )


def cancel_order(client: SpApiClient, order_id: str) -> None:
    """Ask for the end of an order; `get_order` tells whether it came to that."""
    check_order_id(order_id, operations.OUTBOUND_CANCEL_ORDER)
    client.call(operations.OUTBOUND_CANCEL_ORDER, path={"orderId": order_id})


preview = get_order_preview
create = create_order
get = get_order
cancel = cancel_order


def _product(item: OutboundItem) -> dict[str, Any]:
    product: dict[str, Any] = {"productIdentifier": {"amazonSku": item.sku}}
    if item.declared_value is not None:
        product["perUnitDeclaredValue"] = {
            "currencyCode": item.declared_value.currency,
            "amount": str(item.declared_value.amount),
        }
    return product


def _amount(units: int) -> dict[str, str]:
    return {"unit": "EACHES", "value": str(units)}


@dataclass(frozen=True, slots=True)
class _Offer:
    """A planned shipment at one speed."""

    tier: str
    price: Money | None
    ships: Window | None
    arrives: Window | None

    def cost(self) -> Decimal:
        """Return the price to compare by; an unknown price sorts last."""
        return Decimal("Infinity") if self.price is None else self.price.amount


@dataclass(frozen=True, slots=True)
class _Plan:
    """The offers for each planned shipment, and why some units are not planned."""

    shipments: tuple[tuple[_Offer, ...], ...]
    reasons: tuple[str, ...]
    is_complete: bool


def _plan(data: JsonObject, asked: Sequence[OutboundItem]) -> _Plan:
    left: Counter[str] = Counter()
    for item in asked:
        left[item.sku] += item.quantity
    shipments: list[tuple[_Offer, ...]] = []
    for shipment in fields.required_objects(data, "plannedShipments"):
        for planned in fields.required_objects(shipment, "items"):
            left[_sku(planned)] -= _units(planned, "amount")
        shipments.append(tuple(map(_offer, fields.objects(shipment, "offers"))))
    missing = +left
    reasons = [
        f"{fields.text(one, 'code')}: {fields.text(one, 'message')}"
        for one in fields.objects(data, "constraints")
    ]
    reasons += [
        counted(
            "%(sku)s: %(count)s unit is not planned.",
            "%(sku)s: %(count)s units are not planned.",
            count,
            sku=sku,
        )
        for sku, count in missing.items()
    ]
    return _Plan(tuple(shipments), tuple(reasons), is_complete=not missing)


def _offer(data: JsonObject) -> _Offer:
    configuration = fields.json_object(data, "fulfillmentConfiguration")
    level = fields.json_object(configuration, "serviceLevel")
    return _Offer(
        tier=fields.optional_text(level, "serviceTier") or "",
        price=fields.money(fields.json_object(data, "estimatedPrice"), "totalPrice"),
        ships=_window(level, "shipInterval"),
        arrives=_window(level, "deliveryInterval"),
    )


def _preview(plan: _Plan, speed: Speed) -> OutboundPreview:
    chosen = [
        min(offers, key=_Offer.cost)
        for shipment in plan.shipments
        if (offers := [offer for offer in shipment if offer.tier == speed])
    ]
    is_offered = bool(chosen) and len(chosen) == len(plan.shipments)
    return OutboundPreview(
        speed=speed,
        is_fulfillable=plan.is_complete and is_offered,
        fee=outbound.total([offer.price for offer in chosen]) if is_offered else None,
        ships=outbound.covering_window([offer.ships for offer in chosen]),
        arrives=outbound.covering_window([offer.arrives for offer in chosen]),
        reasons=plan.reasons,
    )


def _window(data: JsonObject, name: str) -> Window | None:
    window = fields.json_object(data, name)
    if not window:
        return None
    return Window(
        fields.timestamp(window, "startTime"), fields.timestamp(window, "endTime")
    )


def _order(data: JsonObject) -> OutboundOrder:
    word = fields.optional_text(data, "status") or ""
    status = outbound.order_status(word)
    received_at = fields.timestamp(data, "receiveTime")
    shipments = fields.objects(data, "shipments")
    has_shipped = any(fields.text(one, "status") == "SHIPPED" for one in shipments)
    return OutboundOrder(
        order_id=fields.text(data, "orderId"),
        status=status,
        amazon_status=word,
        # This version documents no last moment to cancel; packages that have left
        # cannot be stopped, so stop offering it with the first one.
        can_cancel=status is OutboundStatus.PROCESSING and not has_shipped,
        received_at=received_at,
        updated_at=fields.optional_timestamp(data, "statusUpdateTime") or received_at,
        lines=tuple(map(_line, fields.required_objects(data, "lineItems"))),
        packages=tuple(
            package for shipment in shipments for package in _packages(shipment)
        ),
    )


def _line(data: JsonObject) -> OutboundLine:
    return OutboundLine(
        line_id=fields.text(data, "lineItemId"),
        sku=_sku(fields.required_object(data, "product")),
        quantity=_units(data, "amount"),
        cancelled=_units(data, "cancelledAmount", 0),
        unfulfillable=_units(data, "unfulfillableAmount", 0),
    )


def _packages(shipment: JsonObject) -> Iterator[OutboundPackage]:
    items = fields.objects(shipment, "items")
    for data in fields.objects(shipment, "packages"):
        package_id = fields.text(data, "packageId")
        inside = set(fields.texts(data, "shipmentItemIds"))
        tracking = fields.json_object(data, "tracking")
        carrier = fields.json_object(tracking, "carrier")
        shown = carrier or fields.json_object(tracking, "amazon")
        word = fields.optional_text(data, "status") or ""
        yield OutboundPackage(
            package_id=package_id,
            shipment_id=fields.text(shipment, "amazonShipmentId"),
            carrier=fields.optional_text(carrier, "carrierCode") or "",
            tracking_number=fields.optional_text(shown, "trackingNumber") or "",
            tracking_url=fields.optional_text(shown, "trackingUrl") or "",
            status=outbound.package_status(word or fields.text(shipment, "status")),
            amazon_status=word,
            shipped_at=fields.optional_timestamp(shipment, "shipTime"),
            arrives_at=fields.optional_timestamp(data, "deliveryTime"),
            items=tuple(
                _packed(item)
                for item in items
                if item.get("packageId") == package_id
                or fields.optional_text(item, "shipmentItemId") in inside
            ),
        )


def _packed(data: JsonObject) -> PackedItem:
    return PackedItem(
        line_id=fields.text(data, "lineItemId"),
        sku=_sku(data),
        quantity=_units(data, "amount"),
    )


def _sku(data: JsonObject) -> str:
    return fields.text(fields.required_object(data, "productIdentifier"), "amazonSku")


def _units(data: JsonObject, name: str, missing: int | None = None) -> int:
    """Return the units of an amount, which Amazon writes as "1.0"."""
    amount = fields.json_object(data, name)
    if not amount and missing is not None:
        return missing
    text = fields.text(amount, "value")
    units = re.fullmatch(r"([0-9]{1,7})(?:\.0*)?", text)
    if units is None:
        raise FieldError(name, sentence("is not a whole number"))
    return int(units[1])
