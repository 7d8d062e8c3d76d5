"""An order as Amazon returns it, read from its JSON; pure, client layer."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels_amazon.spapi import fields
from channels_amazon.spapi.fields import FieldError, JsonObject, Money
from channels_amazon.spapi.unreadable import raw_redacted
from channels_amazon.wording import sentence

REPLACEMENT = "REPLACEMENT_ORIGINAL_ID"
SELLER_ORDER_ID = "SELLER_ORDER_ID"
DELIVERED = "DELIVERED"


@dataclass(frozen=True, slots=True)
class OrderItem:
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


@dataclass(frozen=True, slots=True)
class PackageItem:
    """Units of one order line inside a package."""

    order_item_id: str
    quantity: int


@dataclass(frozen=True, slots=True)
class Package:
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


@dataclass(frozen=True, slots=True)
class AssociatedOrder:
    """Another order this one replaces or is exchanged for."""

    order_id: str
    association_type: str


@dataclass(frozen=True, slots=True)
class AmazonOrder:
    """An order with its lines; times are aware UTC.

    `status`, `fulfilled_by` and `programs` keep Amazon's words, unknown ones too.
    `buyer` and `recipient` are Amazon's objects as they came, None where not given;
    they hold personal data and are not shown by repr.
    """

    order_id: str
    created_time: datetime
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
    buyer: JsonObject | None = field(repr=False)
    recipient: JsonObject | None = field(repr=False)
    items: tuple[OrderItem, ...]
    packages: tuple[Package, ...]
    associated: tuple[AssociatedOrder, ...]
    # The seller's own order id, for an order placed in another shop (MCF).
    seller_order_id: str | None = None

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
        order_id = given if isinstance(given, str) and given else None
        return UnreadableOrder(order_id, error.reason, raw_redacted(data))


def read_order(data: JsonObject) -> AmazonOrder:
    """Return the order; raises FieldError naming what is missing or wrong."""
    channel = fields.required_object(data, "salesChannel")
    fulfilment = fields.json_object(data, "fulfillment")
    ship = fields.json_object(fulfilment, "shipByWindow")
    deliver = fields.json_object(fulfilment, "deliverByWindow")
    return AmazonOrder(
        order_id=fields.text(data, "orderId"),
        created_time=fields.timestamp(data, "createdTime"),
        last_updated_time=fields.timestamp(data, "lastUpdatedTime"),
        marketplace_id=fields.optional_text(channel, "marketplaceId"),
        channel_name=fields.text(channel, "channelName"),
        programs=fields.texts(data, "programs"),
        status=fields.optional_text(fulfilment, "fulfillmentStatus"),
        fulfilled_by=fields.optional_text(fulfilment, "fulfilledBy"),
        service_level=fields.optional_text(fulfilment, "fulfillmentServiceLevel"),
        earliest_ship=fields.optional_timestamp(ship, "earliestDateTime"),
        latest_ship=fields.optional_timestamp(ship, "latestDateTime"),
        earliest_delivery=fields.optional_timestamp(deliver, "earliestDateTime"),
        latest_delivery=fields.optional_timestamp(deliver, "latestDateTime"),
        grand_total=fields.money(fields.json_object(data, "proceeds"), "grandTotal"),
        buyer=fields.json_object(data, "buyer") or None,
        recipient=fields.json_object(data, "recipient") or None,
        items=tuple(map(_item, fields.required_objects(data, "orderItems"))),
        packages=tuple(map(_package, fields.objects(data, "packages"))),
        associated=tuple(map(_associated, fields.objects(data, "associatedOrders"))),
        seller_order_id=_seller_order_id(data),
    )


def _item(data: JsonObject) -> OrderItem:
    product = fields.json_object(data, "product")
    fulfilment = fields.json_object(data, "fulfillment")
    cancellation = fields.json_object(data, "cancellation")
    request = fields.json_object(cancellation, "cancellationRequest")
    execution = fields.json_object(cancellation, "cancellationExecution")
    return OrderItem(
        order_item_id=fields.text(data, "orderItemId"),
        seller_sku=fields.optional_text(product, "sellerSku") or None,
        asin=fields.optional_text(product, "asin") or None,
        title=fields.optional_text(product, "title"),
        quantity_ordered=fields.integer(data, "quantityOrdered"),
        quantity_fulfilled=fields.optional_integer(fulfilment, "quantityFulfilled"),
        quantity_unfulfilled=fields.optional_integer(fulfilment, "quantityUnfulfilled"),
        unit_price=fields.money(fields.json_object(product, "price"), "unitPrice"),
        item_total=fields.money(fields.json_object(data, "proceeds"), "proceedsTotal"),
        cancel_requested=bool(request),
        cancel_reason=fields.optional_text(request, "cancelReason")
        or fields.optional_text(execution, "cancelReason"),
        cancelled_by=fields.optional_text(execution, "cancelledBy"),
    )


def _package(data: JsonObject) -> Package:
    return Package(
        reference_id=fields.text(data, "packageReferenceId"),
        status=fields.optional_text(
            fields.json_object(data, "packageStatus"), "status"
        ),
        carrier=fields.optional_text(data, "carrier"),
        tracking_number=fields.optional_text(data, "trackingNumber"),
        shipping_service=fields.optional_text(data, "shippingService"),
        ship_time=fields.optional_timestamp(data, "shipTime"),
        items=tuple(map(_package_item, fields.objects(data, "packageItems"))),
    )


def _package_item(data: JsonObject) -> PackageItem:
    return PackageItem(
        fields.text(data, "orderItemId"), fields.integer(data, "quantity")
    )


def _seller_order_id(data: JsonObject) -> str | None:
    for alias in fields.objects(data, "orderAliases"):
        if fields.optional_text(alias, "aliasType") == SELLER_ORDER_ID:
            return fields.optional_text(alias, "aliasId") or None
    return None


def _associated(data: JsonObject) -> AssociatedOrder:
    return AssociatedOrder(
        order_id=fields.optional_text(data, "orderId") or "",
        association_type=fields.optional_text(data, "associationType") or "",
    )
