"""What FULFILLMENT_ORDER_STATUS says, and what is refused of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_amazon.rules.order_event import BadEvent, read_envelope
from channels_amazon.rules.outbound_event import OutboundEvent, read_outbound_event
from tests.messages import outbound_change


def test_event_names_seller_and_number() -> None:
    body = outbound_change("S-1", seller_id="A1")

    event = read_outbound_event(read_envelope(json.dumps(body)))

    assert event == OutboundEvent("A1", "S-1")


@pytest.mark.parametrize("content", [None, [], {}, {"SellerId": "A1"}, {"SellerId": 7}])
def test_misshapen_event_is_refused(content: Any) -> None:
    body = outbound_change("S-1")
    body["Payload"]["FulfillmentOrderStatusNotification"] = content

    with pytest.raises(BadEvent):
        read_outbound_event(read_envelope(json.dumps(body)))
