"""Reading notifications, good and bad."""

from __future__ import annotations

import json
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.rules.events.order_change import (
    BadEvent,
    read_envelope,
    read_order_event,
)
from tests.messages import order_change

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def test_read_order_event_takes_what_stock_needs() -> None:
    body = order_change(status="Unshipped", items=[("SKU-1", 2)])

    event = read_order_event(read_envelope(json.dumps(body)))

    assert (event.status, event.fulfilled_by) == ("Unshipped", "MFN")
    assert [(line.seller_sku, line.quantity) for line in event.lines] == [("SKU-1", 2)]


def test_read_order_event_takes_until_when_the_buyer_wants_an_answer() -> None:
    body = order_change(cancel=True)
    summary = body["Payload"]["OrderChangeNotification"]["Summary"]
    assert read_order_event(read_envelope(json.dumps(body))).cancel_notify_at is None

    summary["CancelNotifyDate"] = "2026-12-07T19:42:04.284Z"
    event = read_order_event(read_envelope(json.dumps(body)))

    assert event.cancel_notify_at == datetime(2026, 12, 7, 19, 42, 4, 284000, UTC)


def test_read_envelope_drops_the_postal_code() -> None:
    body = order_change(postal_code="48110-CANARY")

    assert "CANARY" not in json.dumps(read_envelope(json.dumps(body)).body)


def test_read_order_event_falls_back_to_the_event_time() -> None:
    body = order_change()
    change = body["Payload"]["OrderChangeNotification"]
    change["OrderChangeTrigger"]["TimeOfOrderChange"] = None

    envelope = read_envelope(json.dumps(body))

    assert read_order_event(envelope).changed_at == envelope.event_at


@pytest.mark.parametrize(
    ("told", "moment"),
    [
        ("2026-11-24T19:42:04.284Z", datetime(2026, 11, 24, 19, 42, 4, 284000, UTC)),
        ("soon", None),
        (None, None),
    ],
)
def test_read_order_event_takes_the_end_of_cancelling(
    told: str | None, moment: datetime | None
) -> None:
    body = order_change()
    body["Payload"]["OrderChangeNotification"]["Summary"]["CancelNotifyDate"] = told

    event = read_order_event(read_envelope(json.dumps(body)))

    assert event.cancel_notify_at == moment


@pytest.mark.parametrize("text", ["", "{", "no", "\x00", "[" * 100_000])
def test_read_envelope_refuses_what_is_not_json(text: str) -> None:
    with pytest.raises(BadEvent) as caught:
        read_envelope(text)

    assert caught.value.code == "notifications.not_json"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("OrderStatus", None),
        ("OrderStatus", 7),
        ("MarketplaceId", ""),
        ("OrderItems", None),
        ("OrderItems", ["x"]),
        ("OrderItems", [{"OrderItemId": "1", "SellerSKU": "a", "Quantity": "2"}]),
        ("OrderItems", [{"OrderItemId": "1", "SellerSKU": "a", "Quantity": -2}]),
        ("OrderItems", [{"SellerSKU": "a", "Quantity": 2}]),
    ],
)
def test_read_order_event_names_the_wrong_field(name: str, value: Any) -> None:
    body = order_change()
    body["Payload"]["OrderChangeNotification"]["Summary"][name] = value

    with pytest.raises(BadEvent) as caught:
        read_order_event(read_envelope(json.dumps(body)))

    assert caught.value.code == "notifications.wrong_schema"


@given(json_values)
def test_reading_any_json_ends_in_an_event_or_in_bad_event(value: Any) -> None:
    body = order_change()
    body["Payload"]["OrderChangeNotification"]["Summary"]["OrderItems"] = value
    for given_body in (value, {"Payload": value}, body):
        with suppress(BadEvent):
            read_order_event(read_envelope(json.dumps(given_body)))


@pytest.mark.parametrize(("opens", "ends"), [("[", "]"), ('{"a":', "}")])
def test_depth_that_amazon_never_has_hides_no_event(opens: str, ends: str) -> None:
    inner = '{"BuyerInfo": {"PostalCode": "10115"}}'
    deep = f"{opens * 700}{inner}{ends * 700}"
    body = json.dumps(order_change(status="Unshipped", items=[("SKU-1", 2)]))

    envelope = read_envelope(f'{{"X": {deep}, {body[1:]}')

    assert [line.quantity for line in read_order_event(envelope).lines] == [2]
    assert "10115" not in json.dumps(envelope.body)
