"""Tests of outbound orders: both versions of Amazon's API behind one interface."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import fulfillment_outbound_2020
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.outbound import (
    OutboundItem,
    OutboundOrder,
    OutboundStatus,
    PackageStatus,
    PackedItem,
    Policy,
    Preview,
    Speed,
    UnreadableOutboundOrder,
    Window,
    order_status,
    package_status,
)
from channels_amazon.spapi.outbound_versions import VERSIONS, outbound_api
from tests.spapi import outbound_answers as told
from tests.spapi.conftest import NOW, Kit
from tests.spapi.outbound_answers import NEW, OLD
from tests.spapi.server import Script, Scripted, answer, hang_up, refusal

both = pytest.mark.parametrize("version", [OLD, NEW])
BASE = {OLD: "/fba/outbound/2020-07-01", NEW: "/fulfillment/outbound/2026-07-04"}


def sent(server: Scripted, number: int = 0) -> Any:
    return json.loads(server.received[number].body)


def test_newest_version_is_the_default() -> None:
    assert VERSIONS == (OLD, NEW)
    assert outbound_api() is outbound_api(NEW)
    with pytest.raises(ValueError, match="2019-01-01 is none of 2020-07-01"):
        outbound_api("2019-01-01")


def test_create_2020_sends_what_amazon_demands(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {}))
    declared = OutboundItem("1", "SKU/1", 2, Money(Decimal("9.99"), "EUR"))

    outbound_api(OLD).create(
        kit.client,
        told.order(
            items=[declared], shown_order_id="1001", policy=Policy.FILL_ALL_AVAILABLE
        ),
    )

    assert server.received[0].path == BASE[OLD] + "/fulfillmentOrders"
    assert sent(server) == {
        "marketplaceId": told.DE,
        "sellerFulfillmentOrderId": "SHOP-1001",
        "displayableOrderId": "1001",
        "displayableOrderDate": "2026-11-20T12:00:00.000Z",
        "displayableOrderComment": "1001",
        "shippingSpeedCategory": "Standard",
        "destinationAddress": {
            "name": "Canary Name",
            "addressLine1": "Canary Str. 1",
            "city": "Canary City",
            "postalCode": "10115",
            "countryCode": "DE",
        },
        "fulfillmentAction": "Ship",
        "fulfillmentPolicy": "FillAllAvailable",
        "items": [
            {
                "sellerSku": "SKU/1",
                "sellerFulfillmentOrderItemId": "1",
                "quantity": 2,
                "perUnitDeclaredValue": {"currencyCode": "EUR", "value": "9.99"},
            }
        ],
    }


def test_create_2026_sends_what_amazon_demands(server: Scripted, kit: Kit) -> None:
    server.then(answer(202, {"orderId": "SHOP-1001", "status": "PROCESSING"}))
    declared = OutboundItem("1", "SKU/1", 2, Money(Decimal("9.99"), "EUR"))

    outbound_api(NEW).create(
        kit.client,
        told.order(items=[declared], speed=Speed.EXPEDITED, ship_from_country="DE"),
    )

    assert server.received[0].path == BASE[NEW] + "/orders"
    assert sent(server) == {
        "orderId": "SHOP-1001",
        "lineItems": [
            {
                "lineItemId": "1",
                "product": {
                    "productIdentifier": {"amazonSku": "SKU/1"},
                    "perUnitDeclaredValue": {"currencyCode": "EUR", "amount": "9.99"},
                },
                "amount": {"unit": "EACHES", "value": "2"},
            }
        ],
        "destination": {
            "deliveryAddress": {
                "name": "Canary Name",
                "addressLine1": "Canary Str. 1",
                "city": "Canary City",
                "postalCode": "10115",
                "countryCode": "DE",
            }
        },
        "fulfillmentConfiguration": {
            "serviceLevel": {"serviceTiers": ["EXPEDITED"]},
            "action": "SHIP",
            "policy": "FILL_OR_KILL",
        },
        "origin": {"countryCode": "DE"},
    }


@pytest.mark.parametrize(
    "content", [told.new_order(), {"orderId": "SHOP-1001", "status": "PROCESSING"}]
)
def test_create_2026_takes_either_answer(
    server: Scripted, kit: Kit, content: Any
) -> None:
    server.then(answer(200 if "order" in content else 202, content))

    outbound_api(NEW).create(kit.client, told.order())

    assert len(server.received) == 1


@pytest.mark.parametrize("content", [{}, {"order": 7}, {"order": {}}, []])
def test_create_2026_refuses_an_answer_without_the_order(
    server: Scripted, kit: Kit, content: Any
) -> None:
    server.then(answer(200, content))

    with pytest.raises(errors.UnexpectedResponse):
        outbound_api(NEW).create(kit.client, told.order())


@both
@pytest.mark.parametrize("script", [answer(503), hang_up])
def test_create_is_never_sent_twice(
    server: Scripted, kit: Kit, version: str, script: Script
) -> None:
    server.then(script)

    with pytest.raises(errors.ServiceUnavailable):
        outbound_api(version).create(kit.client, told.order())

    assert len(server.received) == 1


@both
def test_scheduled_delivery_is_sent(server: Scripted, kit: Kit, version: str) -> None:
    server.then(answer(200, {} if version == OLD else told.new_order()))
    window = Window(NOW, NOW.replace(hour=14))
    japan = told.place(country_code="JP", city="", state="東京都")

    outbound_api(version).create(
        kit.client,
        told.order(destination=japan, speed=Speed.SCHEDULED, delivery=window),
    )

    text = server.received[0].body.decode()
    assert "2026-11-20T14:00:00.000Z" in text
    assert '"city"' not in text


GOOD = OutboundItem("1", "SKU-1", 1)
PROBLEMS: list[tuple[dict[str, Any], str]] = [
    ({"order_id": ""}, "order id must have 1 to 40"),
    ({"order_id": "x" * 41}, "order id must have 1 to 40"),
    ({"shown_order_id": "x" * 41}, "id to be shown has more than 40"),
    ({"comment": "x" * 751}, "comment has more than 750"),
    ({"channel": "x" * 41}, "channel has more than 40"),
    ({"ordered_at": datetime(2026, 11, 20)}, "no time zone"),
    ({"speed": Speed.SCHEDULED}, "needs the time of its delivery"),
    ({"items": []}, "1 to 100 lines"),
    ({"items": [OutboundItem(str(n), "S", 1) for n in range(101)]}, "1 to 100 lines"),
    ({"items": [OutboundItem("1", "S", 251)]}, "250 units at most"),
    ({"items": [OutboundItem("1", "S", 0)]}, "ordered in no units"),
    ({"items": [OutboundItem("1", "", 1)]}, "must have 1 to 50"),
    ({"items": [OutboundItem("1", "x" * 51, 1)]}, "must have 1 to 50"),
    ({"items": [OutboundItem("", "S", 1)]}, "must have an id of 1 to 50"),
    ({"items": [GOOD, GOOD]}, "Two lines have the same id"),
    ({"destination": told.place(name=" ")}, "no name"),
    ({"destination": told.place(line1="")}, "no first line"),
    ({"destination": told.place(postal_code="")}, "no postal code"),
    ({"destination": told.place(country_code="Germany")}, "no country code"),
    ({"destination": told.place(city="")}, "no city"),
    ({"destination": told.place(country_code="JP")}, "Japan has no city"),
    ({"destination": told.place(country_code="IN")}, "declared value for India"),
]


@both
@pytest.mark.parametrize(("over", "problem"), PROBLEMS)
def test_order_that_amazon_would_refuse_is_not_sent(
    server: Scripted, kit: Kit, version: str, over: dict[str, Any], problem: str
) -> None:
    with pytest.raises(errors.InvalidRequest, match=problem) as caught:
        outbound_api(version).create(kit.client, told.order(**over))

    assert not server.received
    assert "Canary" not in caught.value.message


@both
def test_preview_that_amazon_would_refuse_is_not_sent(
    server: Scripted, kit: Kit, version: str
) -> None:
    api = outbound_api(version)
    wrong: list[dict[str, Any]] = [
        {"items": []},
        {"speeds": ()},
        {"destination": told.place(city="")},
    ]
    for over in wrong:
        with pytest.raises(errors.InvalidRequest):
            api.preview(kit.client, told.question(**over))

    assert not server.received


SHIPS = Window(
    datetime(2026, 11, 21, 8, tzinfo=UTC), datetime(2026, 11, 21, 20, tzinfo=UTC)
)
ARRIVES = Window(
    datetime(2026, 11, 23, 8, tzinfo=UTC), datetime(2026, 11, 24, 20, tzinfo=UTC)
)


def test_preview_2020_is_read_per_speed(server: Scripted, kit: Kit) -> None:
    unfit = {
        "sellerSku": "SKU-2",
        "quantity": 1,
        "sellerFulfillmentOrderItemId": "2",
        "itemUnfulfillableReasons": ["NoStock"],
    }
    refused = told.old_preview(
        "Expedited",
        isFulfillable=False,
        estimatedFees=None,
        fulfillmentPreviewShipments=None,
        unfulfillablePreviewItems=[unfit],
        orderUnfulfillableReasons=["SplitShipment"],
    )
    listed = [told.old_preview("Standard"), refused]
    server.then(answer(200, {"payload": {"fulfillmentPreviews": listed}}))

    found = outbound_api(OLD).preview(kit.client, told.question())

    assert sent(server)["shippingSpeedCategories"] == ["Standard", "Expedited"]
    fee = Money(Decimal("4.25"), "EUR")
    reasons = ("SplitShipment", "SKU-2: NoStock")
    assert found == (
        Preview(Speed.STANDARD, True, fee, SHIPS, ARRIVES, ()),
        Preview(
            Speed.EXPEDITED,
            False,
            None,
            None,
            None,
            reasons,
        ),
    )


def test_preview_2026_is_read_per_speed(server: Scripted, kit: Kit) -> None:
    plans = [
        told.new_shipment(
            "SKU/1",
            2,
            told.new_offer("STANDARD", "9.00"),
            told.new_offer("STANDARD", "3.10"),
            told.new_offer("EXPEDITED", "5.00"),
        ),
        told.new_shipment("SKU-2", 1, told.new_offer("STANDARD", "1.15")),
    ]
    server.then(answer(200, {"plannedShipments": plans}))

    standard, expedited = outbound_api(NEW).preview(kit.client, told.question())

    level = sent(server)["fulfillmentConfiguration"]["serviceLevel"]
    assert level == {"serviceTiers": ["STANDARD", "EXPEDITED"]}
    fee = Money(Decimal("4.25"), "EUR")
    assert standard == Preview(Speed.STANDARD, True, fee, SHIPS, ARRIVES, ())
    # Only one of the two shipments is offered so.
    assert (expedited.is_fulfillable, expedited.fee) == (False, None)


def test_preview_2026_counts_what_is_not_planned(server: Scripted, kit: Kit) -> None:
    plan = told.new_shipment("SKU/1", 2, told.new_offer("STANDARD", "3.10"))
    constraint = {
        "code": "ItemQuantityNotAvailable",
        "type": "ValidationError",
        "message": "There is not enough.",
    }
    content = {"plannedShipments": [plan], "constraints": [constraint]}
    server.then(answer(200, content))

    standard, _ = outbound_api(NEW).preview(kit.client, told.question())

    assert not standard.is_fulfillable
    assert standard.reasons == (
        "ItemQuantityNotAvailable: There is not enough.",
        "SKU-2: 1 units are not planned.",
    )


def test_preview_2026_without_any_plan_is_no(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {"plannedShipments": []}))

    found = outbound_api(NEW).preview(kit.client, told.question())

    assert [one.is_fulfillable for one in found] == [False, False]


@both
def test_preview_fee_in_two_currencies_is_none(
    server: Scripted, kit: Kit, version: str
) -> None:
    fees = [
        {"name": "FBAPerUnitFulfillmentFee", "amount": told.euros("1", "value")},
        {
            "name": "FBATransportationFee",
            "amount": {"currencyCode": "GBP", "value": "1"},
        },
    ]
    pounds = told.new_offer("STANDARD", "1")
    pounds["estimatedPrice"]["totalPrice"]["currencyCode"] = "GBP"
    old = [told.old_preview("Standard", estimatedFees=fees)]
    new = [
        told.new_shipment("SKU/1", 2, told.new_offer("STANDARD", "1")),
        told.new_shipment("SKU-2", 1, pounds),
    ]
    content = {OLD: {"payload": {"fulfillmentPreviews": old}}}
    server.then(answer(200, content.get(version, {"plannedShipments": new})))

    found = outbound_api(version).preview(
        kit.client, told.question(speeds=[Speed.STANDARD])
    )

    assert [(one.is_fulfillable, one.fee) for one in found] == [(True, None)]


@both
def test_get_follows_the_packages(server: Scripted, kit: Kit, version: str) -> None:
    if version == OLD:
        server.then(answer(200, told.old_order()), answer(200, told.tracking()))
    else:
        server.then(answer(200, told.new_order()))

    order = outbound_api(version).get(kit.client, "SHOP-1001")

    assert (order.order_id, order.status) == ("SHOP-1001", "processing")
    assert (order.is_whole, order.can_cancel) == (True, False)
    assert order.updated_at == datetime(2026, 11, 21, 9, tzinfo=UTC)
    line = order.lines[0]
    assert (line.sku, line.quantity, line.cancelled, line.unfulfillable) == (
        "SKU/1",
        2,
        0,
        1,
    )
    (package,) = order.packages
    assert (package.package_id, package.shipment_id) == ("7", "S1")
    assert (package.carrier, package.tracking_number) == ("DHL", "T7")
    assert package.tracking_url == "https://track.example/T7"
    assert (package.status, package.amazon_status) == ("delivered", "DELIVERED")
    assert package.items == (PackedItem("1", "SKU/1", 2),)
    assert package.shipped_at == datetime(2026, 11, 21, 10, tzinfo=UTC)
    assert "Canary" not in repr(order)


@both
def test_get_names_the_order_in_the_record(
    server: Scripted, kit: Kit, version: str
) -> None:
    server.then(refusal(404, "NotFound"))

    with pytest.raises(errors.NotFound):
        outbound_api(version).get(kit.client, "SHOP-1001")

    assert kit.recorder.calls[0].reference == "SHOP-1001"


@pytest.mark.parametrize("script", [refusal(404, "NotFound"), refusal(400, "Invalid")])
def test_get_2020_does_without_tracking(
    server: Scripted, kit: Kit, script: Script
) -> None:
    server.then(answer(200, told.old_order()), script)

    (package,) = outbound_api(OLD).get(kit.client, "SHOP-1001").packages

    assert (package.status, package.tracking_number) == ("in_transit", "T7")
    assert server.received[1].path == BASE[OLD] + "/tracking?packageNumber=7"


def test_get_2020_asks_for_no_package_that_has_not_left(
    server: Scripted, kit: Kit
) -> None:
    waiting = told.old_order(fulfillmentShipmentStatus="PENDING")
    server.then(answer(200, waiting))

    (package,) = outbound_api(OLD).get(kit.client, "SHOP-1001").packages

    assert package.status == PackageStatus.PROCESSING
    assert len(server.received) == 1


def test_get_2020_keeps_the_shipment_status_of_silent_tracking(
    server: Scripted, kit: Kit
) -> None:
    server.then(answer(200, told.old_order()), answer(200, told.tracking(None)))

    (package,) = outbound_api(OLD).get(kit.client, "SHOP-1001").packages

    assert (package.status, package.amazon_status) == ("in_transit", "")


def test_get_2026_finds_items_and_amazon_tracking(server: Scripted, kit: Kit) -> None:
    product = {"productIdentifier": {"amazonSku": "SKU/1"}}
    items = [
        {**product, "lineItemId": "1", "amount": told.amount(1), "shipmentItemId": "i"},
        {**product, "lineItemId": "1", "amount": told.amount(1), "shipmentItemId": "j"},
    ]
    tracking = {"amazon": {"trackingNumber": "TBA1", "trackingUrl": "https://a"}}
    package = {"packageId": "8", "shipmentItemIds": ["j"], "tracking": tracking}
    server.then(answer(200, told.new_order(items=items, packages=[package])))

    (found,) = outbound_api(NEW).get(kit.client, "SHOP-1001").packages

    assert (found.carrier, found.tracking_number) == ("", "TBA1")
    # The package says nothing of itself, so the shipment does.
    assert (found.status, found.amazon_status) == ("in_transit", "")
    assert [item.quantity for item in found.items] == [1]


@pytest.mark.parametrize(
    ("word", "status", "can_cancel"),
    [
        ("New", "received", True),
        ("Received", "received", True),
        ("Planning", "planning", True),
        ("Processing", "processing", False),
        ("Cancelled", "cancelled", False),
        ("Complete", "complete", False),
        ("CompletePartialled", "complete_partial", False),
        ("Unfulfillable", "unfulfillable", False),
        ("Invalid", "invalid", False),
        ("NeverSeen", "unknown", False),
    ],
)
def test_status_2020_is_told_in_our_words(
    server: Scripted, kit: Kit, word: str, status: str, can_cancel: bool
) -> None:
    server.then(answer(200, told.old_order(word, fulfillmentShipmentPackage=[])))

    order = outbound_api(OLD).get(kit.client, "SHOP-1001")

    assert (order.status, order.amazon_status) == (status, word)
    assert order.can_cancel is can_cancel


@pytest.mark.parametrize(
    ("word", "shipment", "status", "can_cancel"),
    [
        ("PROCESSING", "PROCESSING", "processing", True),
        ("PROCESSING", "CANCELLED", "processing", True),
        ("PROCESSING", "SHIPPED", "processing", False),
        ("COMPLETE", "SHIPPED", "complete", False),
        ("COMPLETE_PARTIAL", "SHIPPED", "complete_partial", False),
        ("CANCELLED", "CANCELLED", "cancelled", False),
        ("UNFULFILLABLE", "PROCESSING", "unfulfillable", False),
        ("INVALID", "PROCESSING", "invalid", False),
        ("NEVER_SEEN", "PROCESSING", "unknown", False),
    ],
)
def test_status_2026_is_told_in_our_words(
    server: Scripted, kit: Kit, word: str, shipment: str, status: str, can_cancel: bool
) -> None:
    server.then(answer(200, told.new_order(word, status=shipment)))

    order = outbound_api(NEW).get(kit.client, "SHOP-1001")

    assert (order.status, order.can_cancel) == (status, can_cancel)
    assert order.status.is_final is (status not in {"processing", "unknown"})


@both
def test_cancel_sends_no_body(server: Scripted, kit: Kit, version: str) -> None:
    server.then(answer(200 if version == OLD else 202, {}))

    outbound_api(version).cancel(kit.client, "SHOP 1001")

    kind = "fulfillmentOrders" if version == OLD else "orders"
    call = server.received[0]
    assert (call.method, call.body) == ("PUT", b"")
    assert call.path == f"{BASE[version]}/{kind}/SHOP%201001/cancel"


@both
def test_cancel_too_late_is_refused(server: Scripted, kit: Kit, version: str) -> None:
    server.then(refusal(400, "InvalidInput", "It is being processed."))

    with pytest.raises(errors.InvalidRequest, match="being processed"):
        outbound_api(version).cancel(kit.client, "SHOP-1001")


@both
def test_changed_orders_come_page_by_page(
    server: Scripted, kit: Kit, version: str
) -> None:
    if version == OLD:
        good = told.old_order()["payload"]["fulfillmentOrder"]
        bad = {**good, "fulfillmentOrderStatus": 7}
        listed = {"fulfillmentOrders": [good, bad], "nextToken": "n/1"}
        first: dict[str, Any] = {"payload": listed}
        last: dict[str, Any] = {"payload": {"fulfillmentOrders": [good]}}
    else:
        good = told.new_order()["order"]
        bad = {**good, "lineItems": None}
        first = {"orders": [good, bad], "pagination": {"nextToken": "n/1"}}
        last = {"orders": [good], "pagination": {}}
    server.then(answer(200, first), answer(200, last))

    found = list(outbound_api(version).list_changed(kit.client, NOW))

    assert [type(one) for one in found] == [
        OutboundOrder,
        UnreadableOutboundOrder,
        OutboundOrder,
    ]
    assert [one.order_id for one in found] == ["SHOP-1001"] * 3
    assert isinstance(found[0], OutboundOrder)
    assert found[0].is_whole is (version == NEW)
    assert "2026-11-20T12:00:00Z" in server.received[0].path
    assert "oken=n%2F1" in server.received[1].path


@both
@pytest.mark.parametrize("order_id", ["", "x" * 41])
def test_id_that_no_order_has_is_not_asked_for(
    server: Scripted, kit: Kit, version: str, order_id: str
) -> None:
    api = outbound_api(version)

    for call in (api.get, api.cancel):
        with pytest.raises(errors.InvalidRequest):
            call(kit.client, order_id)

    assert not server.received


@pytest.mark.parametrize("value", ["", "1.5", "-1", "x", "NaN", "1e3", None])
def test_units_that_are_no_number_are_named(
    server: Scripted, kit: Kit, value: str | None
) -> None:
    content = told.new_order()
    content["order"]["lineItems"][0]["amount"]["value"] = value
    server.then(answer(200, content))

    with pytest.raises(errors.UnexpectedResponse):
        outbound_api(NEW).get(kit.client, "SHOP-1001")


def test_words_of_both_versions_are_known() -> None:
    assert order_status("COMPLETE_PARTIAL") == order_status("CompletePartialled")
    assert order_status("") == OutboundStatus.UNKNOWN
    assert package_status("OUT_FOR_DELIVERY") == PackageStatus.OUT_FOR_DELIVERY
    assert package_status("REFUND_ISSUED") == PackageStatus.UNKNOWN


def test_tracking_2020_may_be_asked_for_alone(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, told.tracking("DELAYED")))

    found = fulfillment_outbound_2020.get_package_tracking_details(kit.client, 7)

    assert (found.status, found.tracking_number) == ("DELAYED", "T7")
