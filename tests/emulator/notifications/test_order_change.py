"""ORDER_CHANGE on the queue: valid, and as late, often and mixed up as told."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.notifications.scene import received

from ..caller import US, sign_in, subscribe


def changes(bodies: list[str]) -> list[tuple[str, str]]:
    found = [json.loads(body)["Payload"]["OrderChangeNotification"] for body in bodies]
    return [(row["AmazonOrderId"], row["Summary"]["OrderStatus"]) for row in found]


@pytest.fixture
def subscribed(emulator: Emulator) -> Emulator:
    """Give an emulator whose queue is empty and whose NA seller is subscribed."""
    received(emulator)
    subscribe(emulator)
    return emulator


def test_new_order_tells_of_both_its_states(subscribed: Emulator) -> None:
    (order_id,) = subscribed.place_orders(1)
    assert changes(received(subscribed)) == [
        (order_id, "Pending"),
        (order_id, "Unshipped"),
    ]


def test_pending_event_may_be_off(subscribed: Emulator) -> None:
    subscribed.state.switches.pending_event = False
    (order_id,) = subscribed.place_orders(1)
    assert changes(received(subscribed)) == [(order_id, "Unshipped")]


def test_every_change_of_an_order_is_told(subscribed: Emulator) -> None:
    subscribed.state.switches.pending_event = False
    (shipped,) = subscribed.place_orders(1, fulfilled_by="AMAZON")
    (cancelled,) = subscribed.place_orders(1, fulfilled_by="MERCHANT")
    subscribed.control("ship_fba", order_id=shipped)
    subscribed.control("cancel", order_id=cancelled, kind="request")
    subscribed.control("cancel", order_id=cancelled, kind="merchant")
    told = changes(received(subscribed))[2:]
    assert told == [
        (shipped, "Shipped"),
        (cancelled, "Unshipped"),
        (cancelled, "Canceled"),
    ]


@pytest.mark.models
def test_events_fit_amazons_schema(subscribed: Emulator, spapi_models: Path) -> None:
    schema: dict[str, Any] = json.loads(
        (spapi_models / "schemas" / "OrderChangeNotification.json").read_text()
    )
    for order_id in subscribed.place_orders(5, fulfilled_by="MERCHANT"):
        subscribed.control("cancel", order_id=order_id, kind="request")
        subscribed.control("cancel", order_id=order_id, kind="buyer")
    subscribed.control("ship_fba")
    bodies = received(subscribed)
    assert len(bodies) >= 20
    for body in bodies:
        jsonschema.validate(json.loads(body), schema)


def test_duplicates_carry_one_notification_id(subscribed: Emulator) -> None:
    subscribed.state.switches.duplicates = 2
    subscribed.state.switches.pending_event = False
    subscribed.place_orders(1)
    bodies = [json.loads(body) for body in received(subscribed)]
    assert len(bodies) == 3
    assert len({body["NotificationMetadata"]["NotificationId"] for body in bodies}) == 1


def test_events_arrive_late_when_told(subscribed: Emulator) -> None:
    subscribed.state.switches.delay = 300
    (order_id,) = subscribed.place_orders(1)
    assert received(subscribed) == []
    subscribed.advance(301)
    assert {change[0] for change in changes(received(subscribed))} == {order_id}


def test_events_change_places_when_told(subscribed: Emulator) -> None:
    subscribed.state.switches.reorder = True
    placed = subscribed.place_orders(20)
    subscribed.advance(2)
    told = changes(received(subscribed))
    in_order = [(order_id, word) for order_id in placed for word in _WORDS]
    assert sorted(told) == sorted(in_order)
    assert told != in_order


_WORDS = ("Pending", "Unshipped")


def test_nothing_arrives_where_amazon_may_not_write(subscribed: Emulator) -> None:
    subscribed.state.switches.silent = True
    subscribed.place_orders(1)
    assert received(subscribed) == []


def test_unsubscribed_and_revoked_sellers_get_nothing(subscribed: Emulator) -> None:
    subscribed.place_orders(1, region="eu")
    assert received(subscribed) == []
    subscribed.control("revoke", region="na")
    subscribed.place_orders(1, region="na")
    assert received(subscribed) == []


def test_event_filter_of_the_subscription_holds(subscribed: Emulator) -> None:
    subscription = next(iter(subscribed.state.subscriptions.values()))
    subscription.processing_directive = {"eventFilter": {"marketplaceIds": [US]}}
    subscribed.place_orders(10)
    orders = subscribed.state.orders
    sites = {
        orders[order_id].marketplace_id for order_id, _ in changes(received(subscribed))
    }
    assert sites == {US}


def test_postal_code_is_left_out_while_pending(subscribed: Emulator) -> None:
    (order_id,) = subscribed.place_orders(1)
    codes = [
        json.loads(body)["Payload"]["OrderChangeNotification"]["Summary"][
            "DestinationPostalCode"
        ]
        for body in received(subscribed)
    ]
    assert codes == [None, subscribed.state.orders[order_id].address.postal_code]


def test_any_body_may_be_published(subscribed: Emulator) -> None:
    subscribed.control("notifications", raw="this is not JSON")
    assert received(subscribed) == ["this is not JSON"]


def test_confirmed_shipment_is_told(subscribed: Emulator) -> None:
    (order_id,) = subscribed.place_orders(1, fulfilled_by="MERCHANT", quantity=1)
    order = subscribed.state.orders[order_id]
    received(subscribed)
    detail = {
        "packageReferenceId": "1",
        "carrierCode": "UPS",
        "trackingNumber": "1Z",
        "shipDate": order.created_at.isoformat(),
        "orderItems": [{"orderItemId": order.items[0].order_item_id, "quantity": 1}],
    }
    sign_in(subscribed).send(
        "POST",
        f"/orders/v0/orders/{order_id}/shipmentConfirmation",
        body={"marketplaceId": order.marketplace_id, "packageDetail": detail},
    )
    subscribed.advance(1)
    assert changes(received(subscribed)) == [(order_id, "Shipped")]
