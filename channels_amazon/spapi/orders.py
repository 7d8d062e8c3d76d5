"""An order as Amazon returns it, read from its JSON; pure, client layer.

A page has 100 orders with some 600 parts: they are Structs, frozen as dataclasses could
be, which take ten times as long to make. None leads back to itself, so the collector of
rubbish need not follow them (`gc=False`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from msgspec import Struct

from channels_amazon.rules.orders.limits import (
    LONGEST_ASIN,
    LONGEST_ITEM_ID,
    LONGEST_MARKETPLACE_ID,
    LONGEST_SKU,
    is_order_id,
)
from channels_amazon.spapi import fields
from channels_amazon.spapi.fields import Details, FieldError, JsonObject, Money
from channels_amazon.spapi.unreadable import raw_redacted
from channels_amazon.wording import sentence

REPLACEMENT = "REPLACEMENT_ORIGINAL_ID"
SELLER_ORDER_ID = "SELLER_ORDER_ID"
DELIVERED = "DELIVERED"

_ITEM_ID = fields.identity(LONGEST_ITEM_ID)
_SKU = fields.optional_identity(LONGEST_SKU)
_ASIN = fields.optional_identity(LONGEST_ASIN)
_MARKETPLACE_ID = fields.optional_identity(LONGEST_MARKETPLACE_ID)


class OrderItem(Struct, frozen=True, gc=False):
    """One line. `unit_price` is for one unit, `item_total` the whole line's proceeds.

    Money is None while Amazon does not state it, as it may be while PENDING.
    """

    order_item_id: str
    seller_sku: str | None
    asin: str | None
    title: str | None
    quantity_ordered: int
    quantity_fulfilled: int | None
    quantity_unfulfilled: int | None
    unit_price: Money | None
    item_total: Money | None
    cancel_requested: bool
    cancel_reason: str | None
    cancelled_by: str | None


class PackageItem(Struct, frozen=True, gc=False):
    """Units of one order line inside a package."""

    order_item_id: str
    quantity: int


class Package(Struct, frozen=True, gc=False):
    """A package the merchant confirmed, as Amazon keeps it."""

    reference_id: str
    status: str | None
    carrier: str | None
    tracking_number: str | None
    shipping_service: str | None
    ship_time: datetime | None
    items: tuple[PackageItem, ...]

    @property
    def is_delivered(self) -> bool:
        """Tell whether the buyer has it."""
        return self.status == DELIVERED


class AssociatedOrder(Struct, frozen=True, gc=False):
    """Another order this one replaces or is exchanged for."""

    order_id: str
    association_type: str


class AmazonOrder(Struct, frozen=True, gc=False):
    """An order with its lines; times are aware UTC.

    `status`, `fulfilled_by` and `programs` keep Amazon's words, unknown ones too.
    `buyer` and `recipient` are Amazon's objects as they came, None where not given;
    they hold personal data, which repr does not show. `unread` says what of Amazon's
    answer could not be read, and is None or empty here.
    """

    order_id: str
    created_time: datetime | None
    last_updated_time: datetime
    marketplace_id: str | None
    channel_name: str
    programs: tuple[str, ...]
    status: str | None
    fulfilled_by: str | None
    service_level: str | None
    earliest_ship: datetime | None
    latest_ship: datetime | None
    earliest_delivery: datetime | None
    latest_delivery: datetime | None
    grand_total: Money | None
    buyer: JsonObject | None
    recipient: JsonObject | None
    items: tuple[OrderItem, ...]
    packages: tuple[Package, ...]
    associated: tuple[AssociatedOrder, ...]
    # The seller's own order id, for an order placed in another shop (MCF).
    seller_order_id: str | None = None
    unread: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"AmazonOrder({self.order_id!r}, {self.status!r})"

    @property
    def is_replacement(self) -> bool:
        """Tell whether the order replaces an earlier one."""
        return any(other.association_type == REPLACEMENT for other in self.associated)


@dataclass(frozen=True, slots=True)
class UnreadableOrder:
    """An order that breaks the contract: its id if there is one, and why.

    `raw_redacted` is its JSON without personal data, cut to a length.
    """

    order_id: str | None
    reason: str
    raw_redacted: str


def try_order(data: Any) -> AmazonOrder | UnreadableOrder:
    """Return the order, or why it cannot be read; never raises."""
    if not isinstance(data, dict):
        return UnreadableOrder(
            None, sentence("the order is not an object"), raw_redacted(data)
        )
    try:
        return read_order(data)
    except FieldError as error:
        given = data.get("orderId")
        order_id = given if is_order_id(given) else None
        return UnreadableOrder(order_id, error.reason, raw_redacted(data))


def read_order(data: JsonObject) -> AmazonOrder:
    """Return the order; raises FieldError naming what is missing or wrong.

    Which order it is, when it changed, its status and its items with their units must
    be readable; what else is not is left out and said in `unread`.
    """
    details = Details()
    channel = details.of(fields.required_object, data, "salesChannel") or {}
    fulfilment = fields.json_object(data, "fulfillment")
    ship = details.json_object(fulfilment, "shipByWindow")
    deliver = details.json_object(fulfilment, "deliverByWindow")
    proceeds = details.json_object(data, "proceeds")
    items = fields.required_objects(data, "orderItems")
    return AmazonOrder(
        order_id=fields.order_id(data, "orderId"),
        created_time=details.of(fields.timestamp, data, "createdTime"),
        last_updated_time=fields.timestamp(data, "lastUpdatedTime"),
        marketplace_id=details.of(_MARKETPLACE_ID, channel, "marketplaceId"),
        channel_name=details.text(channel, "channelName") or "",
        programs=details.of(fields.texts, data, "programs") or (),
        status=fields.optional_text(fulfilment, "fulfillmentStatus"),
        fulfilled_by=fields.optional_text(fulfilment, "fulfilledBy"),
        service_level=details.text(fulfilment, "fulfillmentServiceLevel"),
        earliest_ship=details.time(ship, "earliestDateTime"),
        latest_ship=details.time(ship, "latestDateTime"),
        earliest_delivery=details.time(deliver, "earliestDateTime"),
        latest_delivery=details.time(deliver, "latestDateTime"),
        grand_total=details.money(proceeds, "grandTotal"),
        buyer=details.json_object(data, "buyer") or None,
        recipient=details.json_object(data, "recipient") or None,
        items=tuple([_item(item, details) for item in items]),
        packages=details.each(
            lambda package: _package(package, details), data, "packages"
        ),
        associated=details.each(_associated, data, "associatedOrders"),
        seller_order_id=_seller_order_id(data, details),
        unread=tuple(details.unread),
    )


def _item(data: JsonObject, details: Details) -> OrderItem:
    product = fields.json_object(data, "product")
    fulfilment = fields.json_object(data, "fulfillment")
    cancellation = details.json_object(data, "cancellation")
    request = details.json_object(cancellation, "cancellationRequest")
    execution = details.json_object(cancellation, "cancellationExecution")
    price = details.json_object(product, "price")
    proceeds = details.json_object(data, "proceeds")
    return OrderItem(
        order_item_id=_ITEM_ID(data, "orderItemId"),
        seller_sku=_SKU(product, "sellerSku"),
        asin=details.of(_ASIN, product, "asin"),
        title=details.text(product, "title"),
        quantity_ordered=fields.units(data, "quantityOrdered"),
        quantity_fulfilled=fields.optional_units(fulfilment, "quantityFulfilled"),
        quantity_unfulfilled=fields.optional_units(fulfilment, "quantityUnfulfilled"),
        unit_price=details.money(price, "unitPrice"),
        item_total=details.money(proceeds, "proceedsTotal"),
        cancel_requested=bool(request),
        cancel_reason=details.text(request, "cancelReason")
        or details.text(execution, "cancelReason"),
        cancelled_by=details.text(execution, "cancelledBy"),
    )


def _package(data: JsonObject, details: Details) -> Package:
    status = details.json_object(data, "packageStatus")
    return Package(
        reference_id=fields.text(data, "packageReferenceId"),
        status=details.text(status, "status"),
        carrier=details.text(data, "carrier"),
        tracking_number=details.text(data, "trackingNumber"),
        shipping_service=details.text(data, "shippingService"),
        ship_time=details.time(data, "shipTime"),
        items=details.each(_package_item, data, "packageItems"),
    )


def _package_item(data: JsonObject) -> PackageItem:
    return PackageItem(fields.text(data, "orderItemId"), fields.units(data, "quantity"))


def _seller_order_id(data: JsonObject, details: Details) -> str | None:
    for alias in details.of(fields.objects, data, "orderAliases") or ():
        if alias.get("aliasType") == SELLER_ORDER_ID:
            return details.text(alias, "aliasId") or None
    return None


def _associated(data: JsonObject) -> AssociatedOrder:
    return AssociatedOrder(
        order_id=fields.optional_text(data, "orderId") or "",
        association_type=fields.optional_text(data, "associationType") or "",
    )
