"""Tests of asking for outbound orders: two versions of the API, one interface."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.outbound import (
    OutboundItem,
    OutboundPreview,
    Policy,
    Speed,
    Window,
)
from channels_amazon.spapi.outbound_versions import VERSIONS, outbound_api
from tests.spapi import outbound_answers as told
from tests.spapi.conftest import NOW, Kit
from tests.spapi.outbound_answers import NEW, OLD
from tests.spapi.server import Script, Scripted, answer, hang_up

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
        OutboundPreview(Speed.STANDARD, True, fee, SHIPS, ARRIVES, ()),
        OutboundPreview(
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
    assert standard == OutboundPreview(Speed.STANDARD, True, fee, SHIPS, ARRIVES, ())
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
        "SKU-2: 1 unit is not planned.",
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
