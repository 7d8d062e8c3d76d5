"""Orders v0: confirmShipment, the only v0 operation served; emulator."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

from ..model.entities import EmulatedOrder, EmulatedPackage
from ..model.statuses import TO_SHIP_STATUSES, EmulatedOrderStatus, FulfillmentChannel
from ..orders.lifecycle import apply_packages
from ..protocol.calling import ApiReply, Call, Route, field_text, invalid, parse_moment

Json = dict[str, Any]

_POSITIVE = re.compile(r"0*[1-9][0-9]*")
NO_PACKAGE = (
    "Failed to create package due to not finding a matching package or order "
    "already fulfilled"
)


def confirm_shipment(call: Call) -> ApiReply:
    """Serve confirmShipment; a packageReferenceId used before edits that package."""
    body = call.json()
    marketplace_id = field_text(body, "marketplaceId")
    package = _read_package(call, body)
    order = _shippable(call, marketplace_id)
    # The API shows createdTime to the millisecond, so a caller cannot know more.
    ordered_at = order.created_at.replace(
        microsecond=order.created_at.microsecond // 1000 * 1000
    )
    if package.ship_time < ordered_at:
        raise invalid("shipDate must not be before the order date.")
    _place_package(order, package, call.world.now())
    call.world.schedule(
        call.world.switches.package_seconds,
        lambda: apply_packages(call.world, order),
    )
    return ApiReply(204)


def _read_package(call: Call, body: Json) -> EmulatedPackage:
    detail = body.get("packageDetail")
    if not isinstance(detail, dict):
        raise invalid("Missing required field packageDetail.")
    method = body.get("codCollectionMethod")
    if method not in (None, "DirectPayment"):
        raise invalid("Invalid value for codCollectionMethod.")
    reference_id = field_text(detail, "packageReferenceId")
    if not _POSITIVE.fullmatch(reference_id):
        raise invalid("packageReferenceId must be a positive numeric value.")
    now = call.world.now()
    return EmulatedPackage(
        reference_id=reference_id,
        created_at=now,
        visible_at=now + timedelta(seconds=call.world.switches.package_seconds),
        carrier=_carrier(detail),
        shipping_service=field_text(detail, "shippingMethod", required=False),
        tracking_number=field_text(detail, "trackingNumber"),
        ship_time=_ship_time(detail, now),
        items=_items(detail),
    )


def _carrier(detail: Json) -> str:
    code = field_text(detail, "carrierCode")
    name = field_text(detail, "carrierName", required=code == "Other")
    return name if code == "Other" else code


def _ship_time(detail: Json, now: datetime) -> datetime:
    ship_time = parse_moment(field_text(detail, "shipDate"), "shipDate")
    # Allow for a caller's clock that runs a little ahead of ours.
    if ship_time > now + timedelta(minutes=1):
        raise invalid("shipDate must not be in the future.")
    return ship_time


def _items(detail: Json) -> dict[str, int]:
    rows = detail.get("orderItems")
    if not isinstance(rows, list) or not rows:
        raise invalid("Missing required field orderItems.")
    items: dict[str, int] = {}
    for row in rows:
        if not isinstance(row, dict):
            raise invalid("Invalid type in field orderItems.")
        item_id, quantity = field_text(row, "orderItemId"), row.get("quantity")
        if isinstance(quantity, bool) or not isinstance(quantity, int):
            raise invalid("Invalid type of field quantity: an integer is expected.")
        if quantity < 1:
            raise invalid("Field quantity must be at least 1.")
        items[item_id] = items.get(item_id, 0) + quantity
    return items


def _shippable(call: Call, marketplace_id: str) -> EmulatedOrder:
    order_id = call.path["orderId"]
    order = call.world.orders.get(order_id)
    if order is None or order.seller_id != call.seller.seller_id:
        raise invalid(f"Order {order_id} is not found.")
    if order.marketplace_id != marketplace_id:
        raise invalid("marketplaceId is not that of the order.")
    if (
        order.fulfilled_by != FulfillmentChannel.MERCHANT
        or "FBM_SHIP_PLUS" in order.programs
    ):
        raise invalid("Amazon itself confirms the shipment of this order.")
    if order.status not in TO_SHIP_STATUSES | {EmulatedOrderStatus.SHIPPED}:
        raise invalid(NO_PACKAGE, "errorMetric=PackageToUpdateNotFound")
    return order


def _place_package(
    order: EmulatedOrder, package: EmulatedPackage, now: datetime
) -> None:
    """Add or replace a package; raises Refusal for more units than were ordered."""
    others = [p for p in order.packages if p.reference_id != package.reference_id]
    edited = next((p for p in order.packages if p not in others), None)
    ordered = {
        item.order_item_id: item.quantity - item.cancelled for item in order.items
    }
    shipped = {item_id: 0 for item_id in ordered}
    for parcel in [*others, package]:
        for item_id, quantity in parcel.items.items():
            if item_id not in ordered:
                raise invalid(f"Order item {item_id} is not part of the order.")
            shipped[item_id] += quantity
    if any(shipped[item_id] > ordered[item_id] for item_id in ordered):
        if order.status == EmulatedOrderStatus.SHIPPED and edited is None:
            raise invalid(NO_PACKAGE, "errorMetric=PackageToUpdateNotFound")
        raise invalid("The quantity is more than is left to ship.")
    if edited is not None:
        package.created_at = edited.created_at
        package.replaces = edited.shown_at(now)
    order.packages = [*others, package]


ROUTES = (
    Route(
        "confirmShipment",
        "POST",
        "/orders/v0/orders/{orderId}/shipmentConfirmation",
        confirm_shipment,
    ),
)
