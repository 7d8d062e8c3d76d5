"""An order as Orders 2026-01-01 shows it: fields by data set and role; emulator."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedOrder, EmulatedOrderItem, EmulatedPackage
from ..model.places import PLACES
from ..model.roles import D2C_SHIPPING, TAX_INVOICING, TAX_REMITTANCE
from ..model.state import World
from ..model.statuses import (
    PENDING_STATUSES,
    TO_SHIP_STATUSES,
    EmulatedOrderStatus,
    FulfillmentChannel,
    SalesChannel,
)
from ..protocol.amounts import money

Json = dict[str, Any]

DATA_SETS = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "EXPENSE",
    "PROMOTION",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
    "TAX",
    "PAYMENT",
    "FULFILLMENT_ORDERS",
)
_PERSONAL_STATUSES = TO_SHIP_STATUSES | {EmulatedOrderStatus.SHIPPED}
_TAX_ROLES = frozenset({TAX_INVOICING, TAX_REMITTANCE})
# Countries in which the tax roles do not open the buyer's name.
_NO_NAME_FOR_TAX = {"US", "JP", "SG"}


def order_view(
    world: World, order: EmulatedOrder, wanted: list[str], roles: frozenset[str]
) -> Json:
    """Return the order with the wanted data sets, personal data only by role."""
    place = PLACES[order.marketplace_id]
    view: Json = {
        "orderId": order.order_id,
        "createdTime": iso(order.created_at),
        "lastUpdatedTime": iso(order.updated_at),
        "programs": list(order.programs),
        "salesChannel": {
            "channelName": order.channel_name,
            "marketplaceId": order.marketplace_id,
            "marketplaceName": place.name
            if order.channel_name == SalesChannel.AMAZON
            else f"Non-Amazon {place.country_code}",
        },
        "orderItems": [_item(order, item, wanted) for item in order.items],
    }
    if order.seller_order_id:
        view["orderAliases"] = [
            {"aliasId": order.seller_order_id, "aliasType": "SELLER_ORDER_ID"}
        ]
    if order.replacement_of:
        view["associatedOrders"] = [
            {
                "orderId": order.replacement_of,
                "associationType": "REPLACEMENT_ORIGINAL_ID",
            }
        ]
    parts: dict[str, tuple[str, Callable[[], object]]] = {
        "BUYER": ("buyer", lambda: _buyer(order, roles)),
        "RECIPIENT": ("recipient", lambda: _recipient(world, order, roles)),
        "PROCEEDS": ("proceeds", lambda: _proceeds(order)),
        "FULFILLMENT": ("fulfillment", lambda: _fulfillment(order)),
        "PACKAGES": ("packages", lambda: _packages(world, order)),
    }
    for data_set, (name, make) in parts.items():
        part = make() if data_set in wanted else None
        if part:
            view[name] = part
    return view


def _item(order: EmulatedOrder, item: EmulatedOrderItem, wanted: list[str]) -> Json:
    product: Json = {
        "asin": item.asin,
        "title": item.title,
        "sellerSku": item.sku,
        "condition": {"conditionType": "NEW", "conditionSubtype": "NEW"},
    }
    if _is_priced(order):
        product["price"] = {"unitPrice": money(item.unit_price, order.currency)}
    view: Json = {
        "orderItemId": item.order_item_id,
        "quantityOrdered": item.quantity,
        "product": product,
    }
    if "FULFILLMENT" in wanted:
        left = 0 if order.status == EmulatedOrderStatus.CANCELLED else item.left
        view["fulfillment"] = {
            "quantityFulfilled": item.shipped,
            "quantityUnfulfilled": left,
        }
    if "PROCEEDS" in wanted and _is_priced(order):
        total = money(_line_total(item), order.currency)
        view["proceeds"] = {
            "proceedsTotal": total,
            "breakdowns": [{"type": "ITEM", "subtotal": total}],
        }
    if "CANCELLATION" in wanted and item.cancel_reason:
        view["cancellation"] = _cancellation(item)
    return view


def _line_total(item: EmulatedOrderItem) -> Decimal:
    return item.unit_price * item.quantity


def _cancellation(item: EmulatedOrderItem) -> Json:
    view: Json = {}
    if item.cancel_requested or item.cancelled_by in (None, "BUYER"):
        view["cancellationRequest"] = {
            "requester": "BUYER",
            "cancelReason": item.cancel_reason,
        }
    if item.cancelled_by:
        view["cancellationExecution"] = {
            "cancelledBy": item.cancelled_by,
            "cancelReason": item.cancel_reason,
        }
    return view


def _buyer(order: EmulatedOrder, roles: frozenset[str]) -> Json:
    if order.status not in _PERSONAL_STATUSES:
        return {}
    view: Json = {}
    is_merchant = order.fulfilled_by == FulfillmentChannel.MERCHANT
    ships = is_merchant and D2C_SHIPPING in roles
    country = PLACES[order.marketplace_id].country_code
    taxes = bool(roles & _TAX_ROLES) and country not in _NO_NAME_FOR_TAX
    if ships or taxes:
        view["buyerName"] = order.buyer_name
    if ships:
        view["buyerEmail"] = order.buyer_email
    return view


def _recipient(world: World, order: EmulatedOrder, roles: frozenset[str]) -> Json:
    if order.status in PENDING_STATUSES:
        return {}
    address = order.address
    view: Json = {
        "city": address.city,
        "stateOrRegion": address.state,
        "countryCode": address.country_code,
        "addressType": "RESIDENTIAL",
    }
    shows = (
        order.status in _PERSONAL_STATUSES
        and order.fulfilled_by == FulfillmentChannel.MERCHANT
    )
    if shows and D2C_SHIPPING in roles:
        view["name"] = address.name
        view["addressLine1"] = address.line1
        view["postalCode"] = address.postal_code
        if address.line2:
            view["addressLine2"] = address.line2
        if world.now() <= order.latest_delivery:
            view["phone"] = address.phone
    return {"deliveryAddress": {name: text for name, text in view.items() if text}}


def _is_priced(order: EmulatedOrder) -> bool:
    """Tell whether Amazon shows money: not while pending, nor for an MCF order."""
    return (
        order.status not in PENDING_STATUSES
        and order.channel_name == SalesChannel.AMAZON
    )


def _proceeds(order: EmulatedOrder) -> Json:
    if not _is_priced(order):
        return {}
    goods = sum((_line_total(item) for item in order.items), Decimal(0))
    breakdowns = [{"type": "ITEM", "subtotal": money(goods, order.currency)}]
    if order.shipping_price:
        shipping = money(order.shipping_price, order.currency)
        breakdowns.append({"type": "SHIPPING", "subtotal": shipping})
    total = money(goods + order.shipping_price, order.currency)
    return {"grandTotal": total, "breakdowns": breakdowns}


def _fulfillment(order: EmulatedOrder) -> Json:
    return {
        "fulfillmentStatus": order.status,
        "fulfilledBy": order.fulfilled_by,
        "fulfillmentServiceLevel": order.service_level,
        "shipByWindow": {
            "earliestDateTime": iso(order.earliest_ship),
            "latestDateTime": iso(order.latest_ship),
        },
        "deliverByWindow": {
            "earliestDateTime": iso(order.earliest_delivery),
            "latestDateTime": iso(order.latest_delivery),
        },
    }


def _packages(world: World, order: EmulatedOrder) -> list[Json]:
    """Return the packages that are visible by now."""
    now = world.now()
    shown = [package.shown_at(now) for package in order.packages]
    return [_package(package) for package in shown if package is not None]


def _package(package: EmulatedPackage) -> Json:
    view: Json = {
        "packageReferenceId": package.reference_id,
        "createdTime": iso(package.created_at),
        "packageStatus": {"status": package.status},
        "carrier": package.carrier,
        "shipTime": iso(package.ship_time),
        "trackingNumber": package.tracking_number,
        "packageItems": [
            {"orderItemId": item_id, "quantity": quantity}
            for item_id, quantity in package.items.items()
        ],
    }
    if package.shipping_service:
        view["shippingService"] = package.shipping_service
    return view
