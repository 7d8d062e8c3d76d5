"""Orders after they are placed: cancelled, delivered, edited, replaced, in bursts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_amazon.emulator.model.entities import EmulatedOrder
from channels_amazon.emulator.server import Emulator

from ..caller import US, Caller, exchange, sign_in, subscribe
from ..notifications.scene import received
from ..operations.scene import body_for, confirm, packages, place


def shown(caller: Caller, order_id: str) -> Any:
    """Return an order as getOrder shows it, with what concerns cancels."""
    data_sets = "CANCELLATION,FULFILLMENT,PROCEEDS"
    path = f"/orders/2026-01-01/orders/{order_id}"
    return caller.get(path, includedData=data_sets).json["order"]


def summaries(emulator: Emulator) -> list[Any]:
    """Return the summaries of all events in the queue, oldest first."""
    found = [json.loads(body)["Payload"] for body in received(emulator)]
    return [event["OrderChangeNotification"]["Summary"] for event in found]


def two_lines(emulator: Emulator) -> EmulatedOrder:
    """Return a merchant's open order of two lines with two units each."""
    order = place(emulator)
    other = place(emulator)
    order.items.append(other.items[0])
    order.items[1].sku = f"{order.items[0].sku}-2"
    return order


def test_buyers_request_names_its_deadline(emulator: Emulator) -> None:
    order = place(emulator)
    received(emulator)
    subscribe(emulator)
    emulator.control("cancel", order_id=order.order_id, kind="request")
    (summary,) = summaries(emulator)
    assert summary["CancelNotifyDate"] == summary["LatestShipDate"]
    assert summary["OrderItems"][0]["IsBuyerRequestedCancel"] is True
    assert summary["OrderStatus"] == "Unshipped"


def test_merchants_cancel_is_no_request_of_the_buyer(emulator: Emulator) -> None:
    order = place(emulator)
    received(emulator)
    subscribe(emulator)
    emulator.control("cancel", order_id=order.order_id, kind="merchant")
    (summary,) = summaries(emulator)
    view = shown(sign_in(emulator), order.order_id)["orderItems"][0]["cancellation"]
    assert summary["OrderStatus"] == "Canceled"
    assert summary["OrderItems"][0]["IsBuyerRequestedCancel"] is False
    assert "CancelNotifyDate" not in summary
    assert view["cancellationExecution"]["cancelledBy"] == "MERCHANT"
    assert "cancellationRequest" not in view


def test_honoured_request_shows_both_sides(emulator: Emulator) -> None:
    order = place(emulator)
    emulator.control("cancel", order_id=order.order_id, kind="request")
    emulator.control("cancel", order_id=order.order_id, kind="merchant")
    view = shown(sign_in(emulator), order.order_id)["orderItems"][0]["cancellation"]
    assert set(view) == {"cancellationRequest", "cancellationExecution"}


def test_one_line_cancelled_leaves_the_other_to_ship(emulator: Emulator) -> None:
    order = two_lines(emulator)
    sku = order.items[0].sku
    emulator.control("cancel", order_id=order.order_id, kind="merchant", sku=sku)
    view = shown(sign_in(emulator), order.order_id)
    left = [row["fulfillment"]["quantityUnfulfilled"] for row in view["orderItems"]]
    assert view["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert left == [0, 2]


def test_cancelled_units_cannot_be_shipped(emulator: Emulator) -> None:
    order, caller = place(emulator), sign_in(emulator)
    emulator.control("cancel", order_id=order.order_id, kind="merchant", quantity=1)
    assert confirm(caller, order, body_for(order, 2)).status == 400
    assert confirm(caller, order, body_for(order, 1)).status == 204
    emulator.advance(1)
    assert order.status == "SHIPPED"


def test_cancelling_the_last_units_cancels_the_order(emulator: Emulator) -> None:
    order = place(emulator)
    for _ in range(2):
        emulator.control("cancel", order_id=order.order_id, kind="merchant", quantity=1)
    assert order.status == "CANCELLED"
    with pytest.raises(ValueError, match="already"):
        emulator.control("cancel", order_id=order.order_id, kind="merchant")


def test_delivered_parcel_shows_as_such(emulator: Emulator) -> None:
    order, caller = place(emulator), sign_in(emulator)
    confirm(caller, order, body_for(order, 2))
    emulator.advance(1)
    emulator.control("deliver", order_id=order.order_id)
    assert packages(caller, order)[0]["packageStatus"] == {"status": "DELIVERED"}
    with pytest.raises(ValueError, match="no such package"):
        emulator.control("deliver", order_id=order.order_id, package_reference_id="9")


def test_edited_parcel_shows_its_old_self_until_the_edit(emulator: Emulator) -> None:
    order, caller = place(emulator), sign_in(emulator)
    confirm(caller, order, body_for(order, 2))
    emulator.advance(1)
    emulator.state.switches.package_seconds = 60
    confirm(caller, order, body_for(order, 1, trackingNumber="1Z-NEW"))
    before = packages(caller, order)
    emulator.advance(61)
    after = packages(caller, order)
    assert [each["trackingNumber"] for each in before] == ["1Z0000000000000000"]
    assert [each["trackingNumber"] for each in after] == ["1Z-NEW"]
    assert before[0]["createdTime"] == after[0]["createdTime"]
    assert order.status == "PARTIALLY_SHIPPED"


def test_replacement_names_its_original_and_costs_nothing(emulator: Emulator) -> None:
    original = place(emulator)
    again = place(emulator, replacement_of=original.order_id)
    view = shown(sign_in(emulator), again.order_id)
    assert view["associatedOrders"] == [
        {
            "orderId": original.order_id,
            "associationType": "REPLACEMENT_ORIGINAL_ID",
        }
    ]
    assert float(view["proceeds"]["grandTotal"]["amount"]) == 0


def test_burst_is_spread_over_its_time(emulator: Emulator) -> None:
    ids = emulator.control("orders", n=40, over_seconds=400, ignore_stock=True)[
        "order_ids"
    ]
    counts = []
    for _ in range(2):
        emulator.advance(200)
        counts.append(len(set(ids) & set(emulator.state.orders)))
    times = {emulator.state.orders[order_id].created_at for order_id in ids}
    assert 20 <= counts[0] <= 22
    assert counts[1] == 40
    assert len(times) >= 2


def test_burst_is_the_same_for_the_same_seed(emulator: Emulator) -> None:
    body = {"n": 20, "over_seconds": 10, "seed": 3, "amazon_share": 0.5}
    placed = []
    for asked in (0, 5):
        emulator.control("reset")
        for _ in range(asked):
            exchange(emulator, "GET", "/na/orders/2026-01-01/orders")
        placed.append(emulator.control("orders", **body)["order_ids"])
        emulator.advance(11)
    shippers = {emulator.state.orders[each].fulfilled_by for each in placed[1]}
    assert placed[0] == placed[1]
    assert shippers == {"AMAZON", "MERCHANT"}


def test_buyers_go_on_when_stock_is_to_be_ignored(emulator: Emulator) -> None:
    placed = emulator.control(
        "orders", n=300, fulfilled_by="MERCHANT", ignore_stock=True
    )
    with pytest.raises(ValueError, match="in stock"):
        emulator.control("orders", n=2000, fulfilled_by="MERCHANT")
    assert len(placed["order_ids"]) == 300


def test_share_of_events_comes_twice_and_late(emulator: Emulator) -> None:
    received(emulator)
    subscribe(emulator)
    emulator.control("notifications", duplicate_share=0.25, reorder_share=0.5)
    ids = emulator.place_orders(60, ignore_stock=True)
    emulator.advance(2)
    bodies = [json.loads(body) for body in received(emulator)]
    seen = [body["NotificationMetadata"]["NotificationId"] for body in bodies]
    order = [
        body["Payload"]["OrderChangeNotification"]["AmazonOrderId"] for body in bodies
    ]
    assert len(set(seen)) == 120
    assert 10 <= len(seen) - 120 <= 55
    assert set(order) == set(ids)
    assert order != sorted(order, key=ids.index)


def test_more_sellers_have_listings_and_take_orders(emulator: Emulator) -> None:
    added = emulator.control("sellers", region="eu", n=2, listings=5)["seller_ids"]
    assert added == ["A1EMULATOREU2", "A1EMULATOREU3"]
    granted = emulator.control("self_authorize", seller_id=added[1])
    assert granted["seller_id"] == added[1]
    (order_id,) = emulator.control("orders", seller_id=added[1], ignore_stock=True)[
        "order_ids"
    ]
    assert emulator.state.orders[order_id].seller_id == added[1]
    assert len(emulator.state.seller_listings(added[1])) == 5


def test_queue_takes_many_and_gives_each_once(emulator: Emulator) -> None:
    received(emulator)
    subscribe(emulator)
    ids = emulator.place_orders(150, marketplace_id=US, ignore_stock=True)
    found = [
        json.loads(body)["Payload"]["OrderChangeNotification"]["AmazonOrderId"]
        for body in received(emulator)
    ]
    assert len(found) == 300
    assert set(found) == set(ids)
