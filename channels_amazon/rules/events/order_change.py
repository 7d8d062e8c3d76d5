"""Reads a notification's body: its envelope, and ORDER_CHANGE; pure, rules layer.

The form is that of OrderChangeNotification.json. Words of enumerations are kept as they
come, since Amazon adds to them (`rules/orders/transitions.py` translates them); a
missing or misshapen field is an error, of which the order's id remains as a pointer.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from channels_amazon.amazon_json import read_json
from channels_amazon.rules.events.fields import (
    BadEvent,
    JsonObject,
    in_either_case,
    not_longer,
    optional_id,
    optional_text,
    optional_time,
    required_id,
    required_object,
    required_order_id,
    required_text,
    required_units,
    wrong_schema,
)
from channels_amazon.rules.orders.limits import (
    LONGEST_ITEM_ID,
    LONGEST_MARKETPLACE_ID,
    LONGEST_SKU,
    is_order_id,
    is_told_before,
)
from channels_amazon.wording import sentence

__all__ = [
    "ORDER_CHANGE",
    "BadEvent",
    "Envelope",
    "EventLine",
    "OrderEvent",
    "OrderPointer",
    "read_envelope",
    "read_order_event",
    "read_pointer",
    "seller_and_order",
]

ORDER_CHANGE = "ORDER_CHANGE"
_CHANGE = "OrderChangeNotification"
# Objects and lists inside each other; Amazon's schemas have a dozen at most.
_DEEPEST = 100
_POSTAL_CODE = "DestinationPostalCode"


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every notification says of itself, whatever its type.

    Ids and type are "" where they lack. Times are UTC: `event_at` is when the change
    happened, `published_at` when Amazon sent word of it. `body` is the whole message
    without the buyer's postal code.
    """

    notification_id: str
    notification_type: str
    subscription_id: str
    event_at: datetime | None
    published_at: datetime | None
    payload: JsonObject = field(repr=False)
    body: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class EventLine:
    """One order item in the event; `shipped` is None where Amazon does not say it."""

    order_item_id: str
    seller_sku: str
    quantity: int
    shipped: int | None
    cancel_requested: bool


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """A change of an order, in Amazon's words; times are UTC.

    `changed_at` is when it happened at Amazon, `cancel_notify_at` until when Amazon
    wants to be told whether the buyer's wish to cancel is met.
    """

    seller_id: str
    order_id: str
    marketplace_id: str
    status: str
    fulfilled_by: str
    changed_at: datetime
    ordered_at: datetime | None
    ship_by_from: datetime | None
    ship_by: datetime | None
    deliver_by: datetime | None
    cancel_notify_at: datetime | None
    is_replacement: bool
    lines: tuple[EventLine, ...]

    @property
    def cancel_requested(self) -> bool:
        """Tell whether the buyer asks to cancel any of the lines."""
        return any(line.cancel_requested for line in self.lines)


@dataclass(frozen=True, slots=True)
class OrderPointer:
    """What a message of which something cannot be read still says: which order it is.

    Seller, marketplace and subscription are "" where they cannot be read either.
    `changed_at` is UTC, None where no time can be.
    """

    order_id: str
    seller_id: str
    marketplace_id: str
    subscription_id: str
    changed_at: datetime | None


def read_envelope(text: str) -> Envelope:
    """Return the envelope; raises BadEvent when the text is no notification."""
    try:
        body = read_json(text)
    except ValueError:
        raise BadEvent(
            "notifications.not_json", sentence("The message is not JSON.")
        ) from None
    if not isinstance(body, dict):
        raise wrong_schema(sentence("the message"), sentence("is not an object"))
    body = _without_postal_code(body)
    meta = in_either_case(body, "NotificationMetadata")
    meta = meta if isinstance(meta, dict) else {}
    payload = in_either_case(body, "Payload")
    return Envelope(
        notification_id=optional_text(in_either_case(meta, "NotificationId")),
        notification_type=optional_text(in_either_case(body, "NotificationType")),
        subscription_id=optional_text(in_either_case(meta, "SubscriptionId")),
        event_at=optional_time(in_either_case(body, "EventTime")),
        published_at=optional_time(in_either_case(meta, "PublishTime")),
        payload=payload if isinstance(payload, dict) else {},
        body=body,
    )


def seller_and_order(envelope: Envelope) -> tuple[str, str]:
    """Return the ids of the seller and the order, "" for what cannot be read."""
    change = _change(envelope)
    return (
        optional_text(change.get("SellerId")),
        optional_text(change.get("AmazonOrderId")),
    )


def read_pointer(envelope: Envelope) -> OrderPointer | None:
    """Return which order changed, whatever else cannot be read; None for no order."""
    change = _change(envelope)
    order_id = change.get("AmazonOrderId")
    if not is_order_id(order_id):
        return None
    summary = change.get("Summary")
    return OrderPointer(
        order_id=order_id,
        seller_id=optional_id(change, "SellerId"),
        marketplace_id=optional_id(
            summary if isinstance(summary, dict) else {}, "MarketplaceId"
        ),
        subscription_id=envelope.subscription_id,
        changed_at=_changed_at(envelope, change),
    )


def read_order_event(envelope: Envelope) -> OrderEvent:
    """Return the order's change; raises BadEvent naming the field that is wrong."""
    change = required_object(envelope.payload, _CHANGE)
    order_id = required_order_id(change, "AmazonOrderId")
    summary = required_object(change, "Summary")
    changed_at = _changed_at(envelope, change)
    if changed_at is None:
        raise wrong_schema("EventTime", sentence("is missing or is not a time"))
    programs = summary.get("OrderPrograms")
    return OrderEvent(
        seller_id=required_id(change, "SellerId"),
        order_id=order_id,
        marketplace_id=required_id(summary, "MarketplaceId", LONGEST_MARKETPLACE_ID),
        status=required_text(summary, "OrderStatus"),
        fulfilled_by=required_text(summary, "FulfillmentType"),
        changed_at=changed_at,
        ordered_at=optional_time(summary.get("PurchaseDate")),
        ship_by_from=optional_time(summary.get("EarliestShipDate")),
        ship_by=optional_time(summary.get("LatestShipDate")),
        deliver_by=optional_time(summary.get("LatestDeliveryDate")),
        cancel_notify_at=optional_time(summary.get("CancelNotifyDate")),
        is_replacement=isinstance(programs, list) and "Replacement" in programs,
        lines=_lines(summary),
    )


def _change(envelope: Envelope) -> JsonObject:
    change = envelope.payload.get(_CHANGE)
    return change if isinstance(change, dict) else {}


def _changed_at(envelope: Envelope, change: JsonObject) -> datetime | None:
    """Return when the order changed, else when Amazon says that it sent word of it."""
    trigger = change.get("OrderChangeTrigger")
    stated = trigger.get("TimeOfOrderChange") if isinstance(trigger, dict) else None
    told_at = envelope.published_at
    for time in (optional_time(stated), envelope.event_at):
        if time is not None and not is_told_before(time, told_at):
            return time
    return told_at


def _lines(summary: JsonObject) -> tuple[EventLine, ...]:
    rows = summary.get("OrderItems")
    if not isinstance(rows, list):
        raise wrong_schema("OrderItems", sentence("is missing or is not a list"))
    lines = {line.order_item_id: line for line in map(_line, rows)}
    return tuple(lines.values())


def _line(row: Any) -> EventLine:
    if not isinstance(row, dict):
        raise wrong_schema(
            "OrderItems", sentence("holds something that is not an object")
        )
    return EventLine(
        order_item_id=required_id(row, "OrderItemId", LONGEST_ITEM_ID),
        seller_sku=not_longer(
            optional_text(row.get("SellerSKU")), "SellerSKU", LONGEST_SKU
        ),
        quantity=required_units(row, "Quantity"),
        shipped=None
        if row.get("QuantityShipped") is None
        else required_units(row, "QuantityShipped"),
        cancel_requested=row.get("IsBuyerRequestedCancel") is True,
    )


def _without_postal_code(value: Any, depth: int = 0) -> Any:
    """Return the message without the one field in it that is personal.

    What lies deeper than Amazon ever nests is left out: it could hide that field.
    """
    if depth > _DEEPEST:
        return None
    if isinstance(value, dict):
        return {
            key: _without_postal_code(inner, depth + 1)
            for key, inner in value.items()
            if key != _POSTAL_CODE
        }
    if isinstance(value, list):
        return [_without_postal_code(inner, depth + 1) for inner in value]
    return value
