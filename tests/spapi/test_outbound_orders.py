"""Tests of outbound orders as Amazon tells them, in both versions."""

from __future__ import annotations

import json
import random
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import fulfillment_outbound_2020
from channels_amazon.spapi.outbound import (
    OutboundStatus,
    PackageStatus,
    PackedItem,
    order_status,
    package_status,
)
from channels_amazon.spapi.outbound_versions import outbound_api
from tests.spapi import outbound_answers as told
from tests.spapi.conftest import Kit
from tests.spapi.outbound_answers import NEW, OLD
from tests.spapi.server import Script, Scripted, answer, refusal

both = pytest.mark.parametrize("version", [OLD, NEW])
BASE = {OLD: "/fba/outbound/2020-07-01", NEW: "/fulfillment/outbound/2026-07-04"}


@both
def test_get_follows_the_packages(server: Scripted, kit: Kit, version: str) -> None:
    if version == OLD:
        server.then(answer(200, told.old_order()), answer(200, told.tracking()))
    else:
        server.then(answer(200, told.new_order()))

    order = outbound_api(version).get(kit.client, "SHOP-1001")

    assert (order.order_id, order.status) == ("SHOP-1001", "processing")
    assert not order.can_cancel
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


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.dictionaries(st.sampled_from(["value", "packageId"]), inner, max_size=2)
    ),
    max_leaves=4,
)


def places(content: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Return the path to every value in JSON."""
    inner: list[tuple[Any, Any]] = []
    if isinstance(content, dict):
        inner = list(content.items())
    if isinstance(content, list):
        inner = list(enumerate(content))
    below = [found for key, value in inner for found in places(value, (*path, key))]
    return [path, *below] if path else below


@both
@settings(
    deadline=None,
    max_examples=80,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(choice=st.randoms(use_true_random=False), junk=JUNK)
def test_order_damaged_anywhere_is_read_or_refused(
    server: Scripted, kit: Kit, version: str, choice: random.Random, junk: Any
) -> None:
    content = told.old_order("Complete", fulfillmentShipmentStatus="PENDING")
    if version == NEW:
        content = told.new_order()
        shipment = content["order"]["shipments"][0]
        shipment["items"][0]["shipmentItemId"] = "i"
        shipment["packages"][0]["shipmentItemIds"] = ["i"]
    # Parts of it are shared, and are to be damaged in one place only.
    content = json.loads(json.dumps(content))
    *path, last = choice.choice(places(content))
    spot: Any = content
    for key in path:
        spot = spot[key]
    spot[last] = junk
    server.scripts.clear()
    server.then(answer(200, content))

    with suppress(errors.UnexpectedResponse):
        assert outbound_api(version).get(kit.client, "SHOP-1001").updated_at


def test_words_of_both_versions_are_known() -> None:
    assert order_status("COMPLETE_PARTIAL") == order_status("CompletePartialled")
    assert order_status("") == OutboundStatus.UNKNOWN
    assert package_status("OUT_FOR_DELIVERY") == PackageStatus.OUT_FOR_DELIVERY
    assert package_status("REFUND_ISSUED") == PackageStatus.UNKNOWN


def test_tracking_2020_may_be_asked_for_alone(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, told.tracking("DELAYED")))

    found = fulfillment_outbound_2020.get_package_tracking_details(kit.client, 7)

    assert (found.status, found.tracking_number) == ("DELAYED", "T7")
