"""What multi-channel fulfilment offers, lists and refuses at the emulator."""

from __future__ import annotations

from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator

from ..caller import CA, MX, US, sign_in
from ..mcf.web_shop import (
    ADDRESS,
    JAPAN,
    NEW,
    OLD,
    PREVIEWS,
    create,
    new_body,
    old_body,
    stocked,
)


@pytest.mark.parametrize(
    "over",
    [
        {"sellerFulfillmentOrderId": "x" * 41},
        {"sellerFulfillmentOrderId": None},
        {"displayableOrderDate": None},
        {"displayableOrderComment": ""},
        {"shippingSpeedCategory": "Rocket"},
        {"shippingSpeedCategory": "ScheduledDelivery"},
        {"fulfillmentAction": "Wait"},
        {"marketplaceId": "A1PA6795UKMFR9"},
        {"items": []},
        {"notificationEmails": ["nobody"]},
        {"destinationAddress": ADDRESS | {"city": ""}},
        {"destinationAddress": ADDRESS | {"countryCode": "us"}},
        {"destinationAddress": ADDRESS | {"name": "x" * 51}},
        {"destinationAddress": ADDRESS | {"countryCode": "DE"}},
        {"destinationAddress": None},
    ],
)
def test_bad_order_is_refused(emulator: Emulator, over: dict[str, Any]) -> None:
    stock = stocked(emulator)
    reply = create(sign_in(emulator), stock.sku, **over)
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert stock.fulfillable == 10


@pytest.mark.parametrize("units", ["0", "1.5", "-1", "many", "NaN", "251"])
def test_bad_amount_is_refused(emulator: Emulator, units: str) -> None:
    stock = stocked(emulator, units=500)
    reply = sign_in(emulator).send("POST", NEW, body=new_body(stock.sku, units))
    assert (reply.status, stock.fulfillable) == (400, 500)


def test_sku_without_fba_units_is_refused(emulator: Emulator) -> None:
    reply = create(sign_in(emulator), "NO-SUCH")
    assert reply.error["message"] == "the SellerSKU for Item Id: 1 is invalid."


def test_japanese_address_has_no_city(emulator: Emulator) -> None:
    stock = stocked(emulator, region="fe")
    caller = sign_in(emulator, "fe")
    over: dict[str, Any] = {"marketplaceId": "A1VC38T7YXB528"}
    with_city = create(
        caller, stock.sku, **over, destinationAddress=JAPAN | {"city": "見本市"}
    )
    without = create(caller, stock.sku, **over, destinationAddress=JAPAN)
    assert (with_city.status, without.status) == (400, 200)


def test_preview_tells_fees_and_what_lacks(emulator: Emulator) -> None:
    stock = stocked(emulator, units=3)
    caller = sign_in(emulator)
    item = {
        "sellerSku": stock.sku,
        "sellerFulfillmentOrderItemId": "1",
        "quantity": 3,
    }
    body = {"marketplaceId": US, "address": ADDRESS, "items": [item]}
    first, again = (
        caller.send("POST", f"{OLD}/preview", body=body).json for _ in range(2)
    )
    shown = first["payload"]["fulfillmentPreviews"]
    speeds = [each["shippingSpeedCategory"] for each in shown]
    totals = [
        sum(float(fee["amount"]["value"]) for fee in each["estimatedFees"])
        for each in shown
    ]
    assert speeds == ["Standard", "Expedited"]
    assert totals == sorted(totals)
    fees = [each["estimatedFees"] for each in again["payload"]["fulfillmentPreviews"]]
    assert [each["estimatedFees"] for each in shown] == fees
    item["quantity"] = 4
    short = caller.send("POST", f"{OLD}/preview", body=body).json["payload"]
    lacking = short["fulfillmentPreviews"][0]
    assert lacking["isFulfillable"] is False
    assert lacking["unfulfillablePreviewItems"][0]["itemUnfulfillableReasons"] == [
        "ItemQuantityNotAvailable"
    ]


def test_newer_preview_offers_speeds_of_the_country(emulator: Emulator) -> None:
    stock = stocked(emulator)
    with emulator.state.lock:
        for pool in ("CA", "MX"):
            held = emulator.state.fba.get((stock.seller_id, stock.sku, pool))
            if held is not None:
                held.fulfillable = 10
    body = {
        "lineItems": new_body(stock.sku)["lineItems"],
        "destination": {"deliveryAddress": ADDRESS},
    }
    caller = sign_in(emulator)
    shown = caller.send("POST", PREVIEWS, body=body).json
    offers = shown["plannedShipments"][0]["offers"]
    tiers = [
        each["fulfillmentConfiguration"]["serviceLevel"]["serviceTier"]
        for each in offers
    ]
    assert tiers == ["STANDARD", "EXPEDITED"]
    away = body | {"destination": {"deliveryAddress": ADDRESS | {"countryCode": "DE"}}}
    refused = caller.send("POST", PREVIEWS, body=away).json
    assert refused["plannedShipments"] == []
    assert {each["code"] for each in refused["constraints"]} == {
        "DeliverySLAUnavailable"
    }
    assert {CA, MX, US} == set(emulator.state.seller_of_region("na").marketplace_ids)


def test_lists_show_what_changed_since(emulator: Emulator) -> None:
    stock = stocked(emulator, units=200)
    caller = sign_in(emulator)
    for number in range(60):
        body = old_body(stock.sku, 1, sellerFulfillmentOrderId=f"web-{number}")
        assert caller.send("POST", OLD, body=body).status in {200, 429}
        emulator.advance(0.5)
    first = caller.get(OLD).json["payload"]
    rest = caller.get(OLD, nextToken=first["nextToken"]).json["payload"]
    newer = caller.get(NEW).json
    newest = caller.get(NEW, pageToken=newer["pagination"]["nextToken"]).json
    old_ids = [
        each["sellerFulfillmentOrderId"]
        for each in first["fulfillmentOrders"] + rest["fulfillmentOrders"]
    ]
    new_ids = [each["orderId"] for each in newer["orders"] + newest["orders"]]
    assert sorted(old_ids) == sorted(new_ids)
    assert len(set(old_ids)) == 60
    future = caller.get(OLD, queryStartDate="2099-01-01T00:00:00Z").json["payload"]
    assert future["fulfillmentOrders"] == []


def test_role_opens_every_operation(emulator: Emulator) -> None:
    stock = stocked(emulator)
    emulator.control("roles", remove=["Amazon Fulfillment"])
    caller = sign_in(emulator)
    statuses = {
        create(caller, stock.sku).status,
        caller.get(OLD).status,
        caller.get(NEW).status,
        caller.send("POST", PREVIEWS, body={}).status,
    }
    assert statuses == {403}


@pytest.mark.parametrize(
    "status_wanted",
    [
        "New",
        "Received",
        "Planning",
        "Processing",
        "Cancelled",
        "Complete",
        "CompletePartialled",
        "Unfulfillable",
        "Invalid",
    ],
)
def test_control_places_an_order_in_any_status(
    emulator: Emulator, status_wanted: str
) -> None:
    stock = stocked(emulator)
    placed = emulator.control(
        "outbound", order_id="web-9", sku=stock.sku, quantity=2, status=status_wanted
    )
    assert placed["status"] == status_wanted
