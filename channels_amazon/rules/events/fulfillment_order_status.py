"""Reads FULFILLMENT_ORDER_STATUS: news of what Amazon ships for us; pure, rules layer.

The form is that of FulfillmentOrderStatusNotification.json.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_amazon.rules.events.fields import (
    BadEvent,
    part,
    text,
    time_or_none,
    units,
    word,
    wrong_schema,
)
from channels_amazon.rules.events.order_change import Envelope
from channels_amazon.wording import sentence

FULFILLMENT_ORDER_STATUS = "FULFILLMENT_ORDER_STATUS"
_NAME = "FulfillmentOrderStatusNotification"


@dataclass(frozen=True, slots=True)
class ReturnedUnits:
    """Units of a SKU that came back to Amazon."""

    seller_sku: str
    quantity: int
    received_at: datetime | None


@dataclass(frozen=True, slots=True)
class OutboundEvent:
    """A change of an outbound order; `order_id` is ours, `status` Amazon's word."""

    seller_id: str
    order_id: str
    status: str
    changed_at: datetime
    returned: ReturnedUnits | None


def read_outbound_event(envelope: Envelope) -> OutboundEvent:
    """Return the order's change; raises BadEvent naming the field that is wrong."""
    change = part(envelope.payload, _NAME)
    changed_at = (
        time_or_none(change.get("StatusUpdatedDateTime"))
        or envelope.event_at
        or envelope.published_at
    )
    if changed_at is None:
        raise wrong_schema(
            "StatusUpdatedDateTime", sentence("is missing or is not a time")
        )
    return OutboundEvent(
        seller_id=text(change, "SellerId"),
        order_id=text(change, "SellerFulfillmentOrderId"),
        status=text(change, "FulfillmentOrderStatus"),
        changed_at=changed_at,
        returned=_returned(change.get("FulfillmentReturnItem")),
    )


def _returned(data: Any) -> ReturnedUnits | None:
    """Return what came back; news of the order counts even where this is unusable."""
    if not isinstance(data, dict):
        return None
    try:
        quantity = units(data, "ReturnedQuantity")
    except BadEvent:
        return None
    sku = word(data.get("SellerSKU"))
    if not quantity or not sku:
        return None
    return ReturnedUnits(sku, quantity, time_or_none(data.get("ReceivedDateTime")))
