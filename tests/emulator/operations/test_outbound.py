"""Multi-channel fulfilment at the emulator: both versions over one state."""

from __future__ import annotations

import json

import pytest

from channels_amazon.emulator.server import Emulator

from ..caller import sign_in, subscribe
from ..mcf.web_shop import (
    ADDRESS,
    NEW,
    OLD,
    TRACKING,
    create,
    new_body,
    status,
    stocked,
)
from ..notifications.scene import received


def test_created_order_takes_its_units_at_once(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    assert create(caller, stock.sku).status == 200
    assert (stock.fulfillable, stock.pending_customer_orders) == (7, 3)
    assert status(caller) == ("New", "PROCESSING")


def test_id_is_taken_once_whichever_version_used_it(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    first = caller.send("POST", NEW, body=new_body(stock.sku))
    again = [
        caller.send("POST", NEW, body=new_body(stock.sku)),
        create(caller, stock.sku),
    ]
    assert (first.status, [each.status for each in again]) == (202, [400, 400])
    assert again[1].error["code"] == "InvalidInput"
    assert stock.fulfillable == 7


def test_order_goes_all_the_way_to_delivery(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    seen = []
    for step in ("receive", "plan", "process", "ship", "deliver"):
        emulator.control("outbound_step", order_id="web-1", step=step)
        seen.append(status(caller))
    assert seen == [
        ("Received", "PROCESSING"),
        ("Planning", "PROCESSING"),
        ("Processing", "PROCESSING"),
        ("Complete", "COMPLETE"),
        ("Complete", "COMPLETE"),
    ]
    assert (stock.fulfillable, stock.pending_customer_orders) == (7, 0)


def test_tracking_shows_in_both_versions(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    emulator.control(
        "outbound_step", order_id="web-1", carrier="UPS", tracking_number="1Z9"
    )
    old = caller.get(f"{OLD}/web-1").json["payload"]["fulfillmentShipments"][0]
    parcel = old["fulfillmentShipmentPackage"][0]
    new = caller.get(f"{NEW}/web-1").json["order"]["shipments"][0]["packages"][0]
    assert (parcel["carrierCode"], parcel["trackingNumber"]) == ("UPS", "1Z9")
    assert new["tracking"]["carrier"]["trackingNumber"] == "1Z9"
    assert new["packageId"] == str(parcel["packageNumber"])
    before = caller.get(TRACKING, packageNumber=parcel["packageNumber"]).json
    emulator.control("outbound_step", order_id="web-1", step="deliver")
    after = caller.get(TRACKING, packageNumber=parcel["packageNumber"]).json
    states = [each["payload"]["currentStatus"] for each in (before, after)]
    assert states == ["IN_TRANSIT", "DELIVERED"]


def test_shipments_are_left_out_where_not_wanted(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    emulator.control("outbound_step", order_id="web-1")
    lean = caller.get(f"{NEW}/web-1", shipments="EXCLUDE").json["order"]
    full = caller.get(f"{NEW}/web-1", shipments="INCLUDE").json["order"]
    assert ("shipments" in lean, "shipments" in full) == (False, True)


@pytest.mark.parametrize("step", ["", "receive", "plan"])
def test_early_order_is_cancelled_and_gives_its_units_back(
    emulator: Emulator, step: str
) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    if step:
        emulator.control("outbound_step", order_id="web-1", step=step)
    assert caller.send("PUT", f"{OLD}/web-1/cancel").status == 200
    assert status(caller) == ("Cancelled", "CANCELLED")
    assert (stock.fulfillable, stock.pending_customer_orders) == (10, 0)


@pytest.mark.parametrize("path", [OLD, NEW])
def test_order_in_processing_cannot_be_cancelled(emulator: Emulator, path: str) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    emulator.control("outbound_step", order_id="web-1", step="process")
    reply = caller.send("PUT", f"{path}/web-1/cancel")
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert status(caller)[0] == "Processing"


def test_newer_cancel_takes_effect_a_little_later(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    emulator.control("outbound_behaviour", accept_seconds=60)
    create(caller, stock.sku)
    assert caller.send("PUT", f"{NEW}/web-1/cancel").status == 202
    before = status(caller)[1]
    emulator.advance(61)
    assert (before, status(caller)[1]) == ("PROCESSING", "CANCELLED")


def test_newer_cancel_may_lose_the_race_with_picking(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    emulator.control("outbound_behaviour", accept_seconds=60)
    create(caller, stock.sku)
    assert caller.send("PUT", f"{NEW}/web-1/cancel").status == 202
    emulator.control("outbound_step", order_id="web-1", step="process")
    emulator.advance(61)
    assert status(caller)[0] == "Processing"


def test_order_without_enough_units_becomes_invalid(emulator: Emulator) -> None:
    stock = stocked(emulator, units=2)
    caller = sign_in(emulator)
    assert create(caller, stock.sku).status == 200
    emulator.advance(1)
    assert status(caller) == ("Invalid", "INVALID")
    assert stock.fulfillable == 2


def test_order_may_take_what_there_is(emulator: Emulator) -> None:
    stock = stocked(emulator, units=2)
    caller = sign_in(emulator)
    create(caller, stock.sku, fulfillmentPolicy="FillAllAvailable")
    emulator.control("outbound_step", order_id="web-1")
    line = caller.get(f"{NEW}/web-1").json["order"]["lineItems"][0]
    assert status(caller) == ("CompletePartialled", "COMPLETE_PARTIAL")
    assert line["unfulfillableAmount"]["value"] == "1.0"


def test_units_not_found_make_an_order_unfulfillable(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    emulator.control("outbound_step", order_id="web-1", step="process")
    emulator.control("outbound_step", order_id="web-1", step="unfulfillable")
    assert status(caller) == ("Unfulfillable", "UNFULFILLABLE")
    assert (stock.fulfillable, stock.pending_customer_orders) == (7, 0)


def test_steps_follow_one_another_by_themselves(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    emulator.control("outbound_behaviour", step_seconds=100)
    create(caller, stock.sku)
    seen = []
    for seconds in (1, 101, 101, 101):
        emulator.advance(seconds)
        seen.append(status(caller)[0])
    assert seen == ["Received", "Planning", "Processing", "Complete"]
    emulator.advance(101)
    (order,) = emulator.control("state")["outbound"]
    assert order["packages"][0]["delivered_at"]


def test_held_order_waits_until_it_is_released(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    emulator.control("outbound_behaviour", step_seconds=10)
    create(caller, stock.sku, fulfillmentAction="Hold")
    emulator.advance(300)
    held = status(caller)[0]
    configuration = {"fulfillmentConfiguration": {"action": "SHIP"}}
    caller.send("PUT", f"{NEW}/web-1", body=configuration)
    for _ in range(4):
        emulator.advance(11)
    assert (held, status(caller)[0]) == ("Received", "Complete")


def test_held_order_is_cancelled_after_two_weeks(emulator: Emulator) -> None:
    stock = stocked(emulator)
    create(sign_in(emulator), stock.sku, fulfillmentAction="Hold")
    emulator.advance(14 * 86_400 + 1)
    assert status(sign_in(emulator))[0] == "Cancelled"
    assert stock.fulfillable == 10


def test_update_changes_quantity_and_address(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    item = {"sellerFulfillmentOrderItemId": "1", "quantity": 5}
    changes = {
        "items": [item],
        "destinationAddress": ADDRESS | {"name": "Somebody Else"},
        "shippingSpeedCategory": "Expedited",
    }
    assert caller.send("PUT", f"{OLD}/web-1", body=changes).status == 200
    shown = caller.get(f"{OLD}/web-1").json["payload"]
    assert stock.pending_customer_orders == 5
    assert shown["fulfillmentOrderItems"][0]["quantity"] == 5
    assert shown["fulfillmentOrder"]["destinationAddress"]["name"] == "Somebody Else"
    item["quantity"] = 11
    assert caller.send("PUT", f"{OLD}/web-1", body=changes).status == 400
    assert stock.pending_customer_orders == 5


def test_order_shows_as_not_sold_by_amazon(emulator: Emulator) -> None:
    stock = stocked(emulator)
    received(emulator)
    subscribe(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    emulator.control("outbound_step", order_id="web-1")
    order_id = emulator.control("state")["outbound"][0]["amazon_order_id"]
    shown = caller.get(
        f"/orders/2026-01-01/orders/{order_id}", includedData="FULFILLMENT,PROCEEDS"
    ).json["order"]
    heard = [
        json.loads(body)["Payload"]["OrderChangeNotification"]
        for body in received(emulator)
    ]
    assert shown["salesChannel"]["channelName"] == "NON_AMAZON"
    assert shown["fulfillment"]["fulfillmentStatus"] == "SHIPPED"
    assert shown["orderAliases"][0]["aliasId"] == "web-1"
    assert "proceeds" not in shown
    assert [each["AmazonOrderId"] for each in heard] == [order_id, order_id]


def test_orders_of_others_shops_may_stay_unlisted(emulator: Emulator) -> None:
    stock = stocked(emulator)
    emulator.control("outbound_behaviour", listed_as_orders=False)
    before = len(emulator.state.orders)
    create(sign_in(emulator), stock.sku)
    assert len(emulator.state.orders) == before


def test_fba_shipping_leaves_web_shop_orders_alone(emulator: Emulator) -> None:
    stock = stocked(emulator)
    caller = sign_in(emulator)
    create(caller, stock.sku)
    emulator.control("ship_fba")
    assert status(caller)[0] in {"New", "Received"}
    assert stock.pending_customer_orders == 3


def test_stock_and_status_are_told_of(emulator: Emulator) -> None:
    stock = stocked(emulator)
    received(emulator)
    for kind in ("FULFILLMENT_ORDER_STATUS", "FBA_INVENTORY_AVAILABILITY_CHANGES"):
        subscribe(emulator, kind=kind)
    create(sign_in(emulator), stock.sku)
    emulator.control("outbound_step", order_id="web-1", step="cancel")
    heard = [json.loads(body) for body in received(emulator)]
    statuses = [
        event["Payload"]["FulfillmentOrderStatusNotification"]["FulfillmentOrderStatus"]
        for event in heard
        if event["NotificationType"] == "FULFILLMENT_ORDER_STATUS"
    ]
    fulfillable = [
        event["Payload"]["FulfillmentInventoryByMarketplace"][0][
            "FulfillmentInventory"
        ]["Fulfillable"]
        for event in heard
        if event["NotificationType"] == "FBA_INVENTORY_AVAILABILITY_CHANGES"
    ]
    assert statuses[0] == "New"
    assert statuses[-1] == "Cancelled"
    assert fulfillable == [7, 10]
