"""Reads a notification's body: its envelope, and ORDER_CHANGE; pure, rules layer.

The form is that of OrderChangeNotification.json. Words of enumerations are taken as
they come, since Amazon adds to them; a missing or misshapen field is an error.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from channels_amazon.wording import sentence

JsonObject = dict[str, Any]

ORDER_CHANGE = "ORDER_CHANGE"
# What an order may ask for; more is a damaged message, not a sale.
MOST_UNITS = 1_000_000
_POSTAL_CODE = "DestinationPostalCode"


class BadEvent(Exception):
    """The message cannot be used: a code of the fault catalogue, and why."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class Envelope:
    """What every notification says of itself; ids and types "" where they lack.

    `body` is the whole message without the buyer's postal code.
    """

    notification_id: str
    notification_type: str
    event_at: datetime | None
    published_at: datetime | None
    payload: JsonObject = field(repr=False)
    body: JsonObject = field(repr=False)


@dataclass(frozen=True, slots=True)
class EventLine:
    """One order item in the event; `shipped` is None where it is not said."""

    order_item_id: str
    seller_sku: str
    quantity: int
    shipped: int | None
    cancel_requested: bool


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """A change of an order; `changed_at` is when it happened at Amazon, in UTC."""

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


def read_envelope(text: str) -> Envelope:
    """Return the envelope; raises BadEvent when the text is no notification."""
    try:
        body = json.loads(text)
    except (ValueError, RecursionError):
        raise BadEvent(
            "notifications.not_json", sentence("The message is not JSON.")
        ) from None
    if not isinstance(body, dict):
        raise _schema(sentence("the message"), sentence("is not an object"))
    body = _without_postal_code(body)
    meta = _either(body, "NotificationMetadata")
    meta = meta if isinstance(meta, dict) else {}
    payload = _either(body, "Payload")
    return Envelope(
        notification_id=_word(_either(meta, "NotificationId")),
        notification_type=_word(_either(body, "NotificationType")),
        event_at=_time_or_none(_either(body, "EventTime")),
        published_at=_time_or_none(_either(meta, "PublishTime")),
        payload=payload if isinstance(payload, dict) else {},
        body=body,
    )


def seller_and_order(envelope: Envelope) -> tuple[str, str]:
    """Return whose and which order a message is about, as far as it can be read."""
    change = envelope.payload.get("OrderChangeNotification")
    if not isinstance(change, dict):
        return "", ""
    return _word(change.get("SellerId")), _word(change.get("AmazonOrderId"))


def read_order_event(envelope: Envelope) -> OrderEvent:
    """Return the order's change; raises BadEvent naming the field that is wrong."""
    change = _object(envelope.payload, "OrderChangeNotification")
    summary = _object(change, "Summary")
    trigger = change.get("OrderChangeTrigger")
    told = trigger.get("TimeOfOrderChange") if isinstance(trigger, dict) else None
    changed_at = _time_or_none(told) or envelope.event_at or envelope.published_at
    if changed_at is None:
        raise _schema("EventTime", sentence("is missing or is not a time"))
    programs = summary.get("OrderPrograms")
    return OrderEvent(
        seller_id=_text(change, "SellerId"),
        order_id=_text(change, "AmazonOrderId"),
        marketplace_id=_text(summary, "MarketplaceId"),
        status=_text(summary, "OrderStatus"),
        fulfilled_by=_text(summary, "FulfillmentType"),
        changed_at=changed_at,
        ordered_at=_time_or_none(summary.get("PurchaseDate")),
        ship_by_from=_time_or_none(summary.get("EarliestShipDate")),
        ship_by=_time_or_none(summary.get("LatestShipDate")),
        deliver_by=_time_or_none(summary.get("LatestDeliveryDate")),
        cancel_notify_at=_time_or_none(summary.get("CancelNotifyDate")),
        is_replacement=isinstance(programs, list) and "Replacement" in programs,
        lines=_lines(summary),
    )


def _lines(summary: JsonObject) -> tuple[EventLine, ...]:
    rows = summary.get("OrderItems")
    if not isinstance(rows, list):
        raise _schema("OrderItems", sentence("is missing or is not a list"))
    lines = {line.order_item_id: line for line in map(_line, rows)}
    return tuple(lines.values())


def _line(row: Any) -> EventLine:
    if not isinstance(row, dict):
        raise _schema("OrderItems", sentence("holds something that is not an object"))
    sku = row.get("SellerSKU")
    return EventLine(
        order_item_id=_text(row, "OrderItemId"),
        seller_sku=sku if isinstance(sku, str) else "",
        quantity=_units(row, "Quantity"),
        shipped=None
        if row.get("QuantityShipped") is None
        else _units(row, "QuantityShipped"),
        cancel_requested=row.get("IsBuyerRequestedCancel") is True,
    )


def _either(data: JsonObject, name: str) -> Any:
    """Return the field; newer notification types begin their names in lower case."""
    return data.get(name, data.get(name[0].lower() + name[1:]))


def _word(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _object(data: JsonObject, name: str) -> JsonObject:
    value = data.get(name)
    if not isinstance(value, dict):
        raise _schema(name, sentence("is missing or is not an object"))
    return value


def _text(data: JsonObject, name: str) -> str:
    value = data.get(name)
    if not isinstance(value, str) or not value.strip():
        raise _schema(name, sentence("is missing or is not a text"))
    return value


def _units(data: JsonObject, name: str) -> int:
    value = data.get(name)
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    if not is_whole or not 0 <= int(value or 0) <= MOST_UNITS:
        raise _schema(name, sentence("is missing or is not a whole number of units"))
    return int(value or 0)


def _time_or_none(value: Any) -> datetime | None:
    if not isinstance(value, str) or not value:
        return None
    try:
        time = datetime.fromisoformat(value)
        return time.astimezone(UTC) if time.tzinfo else time.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _without_postal_code(value: Any) -> Any:
    """Return the message without the one field in it that is personal."""
    if isinstance(value, dict):
        return {
            key: _without_postal_code(inner)
            for key, inner in value.items()
            if key != _POSTAL_CODE
        }
    if isinstance(value, list):
        return [_without_postal_code(inner) for inner in value]
    return value


def _schema(name: str, problem: str) -> BadEvent:
    message = sentence("%(name)s %(problem)s.", name=name, problem=problem)
    return BadEvent("notifications.wrong_schema", message)
