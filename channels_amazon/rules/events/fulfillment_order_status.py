"""Reads FULFILLMENT_ORDER_STATUS: news of an order that Amazon ships for us; rules.

Pure. The form is that of FulfillmentOrderStatusNotification.json. The order is read
anew because of it, so only which it is must be readable.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.rules.events.fields import (
    optional_id,
    optional_text,
    required_object,
    required_text,
)
from channels_amazon.rules.events.order_change import Envelope

FULFILLMENT_ORDER_STATUS = "FULFILLMENT_ORDER_STATUS"
_NAME = "FulfillmentOrderStatusNotification"


@dataclass(frozen=True, slots=True)
class OutboundEvent:
    """A change of an outbound order; `order_id` is ours, `status` Amazon's word.

    Seller and status are "" where they cannot be read.
    """

    seller_id: str
    order_id: str
    status: str


def read_outbound_event(envelope: Envelope) -> OutboundEvent:
    """Return the order's change; raises BadEvent naming the field that is wrong."""
    change = required_object(envelope.payload, _NAME)
    return OutboundEvent(
        seller_id=optional_id(change, "SellerId"),
        order_id=required_text(change, "SellerFulfillmentOrderId"),
        status=optional_text(change.get("FulfillmentOrderStatus")),
    )
