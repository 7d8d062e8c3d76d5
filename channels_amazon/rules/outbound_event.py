"""Reads FULFILLMENT_ORDER_STATUS: whose store order moved on at FBA; pure, rules layer.

The form is that of FulfillmentOrderStatusNotification.json. What the order's status is
by now is read from Amazon itself.
"""

from __future__ import annotations

from dataclasses import dataclass

from channels_amazon.rules.order_event import BadEvent, Envelope
from channels_amazon.wording import sentence

FULFILLMENT_ORDER_STATUS = "FULFILLMENT_ORDER_STATUS"
_CONTENT = "FulfillmentOrderStatusNotification"


@dataclass(frozen=True, slots=True)
class OutboundEvent:
    """A change of an order at FBA, by the seller's own number for it."""

    seller_id: str
    number: str


def read_outbound_event(envelope: Envelope) -> OutboundEvent:
    """Return whose order changed; raises BadEvent naming the field that is wrong."""
    content = envelope.payload.get(_CONTENT)
    if not isinstance(content, dict):
        raise _wrong(_CONTENT)
    found = []
    for name in ("SellerId", "SellerFulfillmentOrderId"):
        text = content.get(name)
        if not isinstance(text, str) or not text.strip():
            raise _wrong(name)
        found.append(text)
    return OutboundEvent(*found)


def _wrong(name: str) -> BadEvent:
    return BadEvent(
        "notifications.wrong_schema",
        sentence("%(name)s is missing or misshapen.", name=name),
    )
