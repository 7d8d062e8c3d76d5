"""SearchOrders and getOrder: windows, pages, data sets, personal data by role."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from channels_amazon.emulator.model.clock import iso
from channels_amazon.emulator.server import Emulator

from ..caller import DE, US, Caller, Reply, sign_in

ORDERS = "/orders/2026-01-01/orders"
LONG_AGO = "2026-01-01T00:00:00Z"
PERSONAL = ["BUYER", "RECIPIENT", "FULFILLMENT"]


def ago(emulator: Emulator, **span: float) -> str:
    return iso(emulator.state.now() - timedelta(**span))


def read(caller: Caller, order_id: str, *wanted: str) -> dict[str, Any]:
    reply = caller.get(f"{ORDERS}/{order_id}", includedData=list(wanted))
    order: dict[str, Any] = reply.json["order"]
    return order


def ids(reply: Reply) -> list[str]:
    return [order["orderId"] for order in reply.json["orders"]]


def test_new_order_is_readable_at_once_and_searchable_after_two_minutes(
    emulator: Emulator,
) -> None:
    caller = sign_in(emulator)
    (order_id,) = emulator.place_orders(1)
    assert caller.get(f"{ORDERS}/{order_id}").status == 200
    after = ago(emulator, hours=1)
    assert order_id not in ids(caller.get(ORDERS, createdAfter=after))
    emulator.advance(121)
    assert order_id in ids(caller.get(ORDERS, createdAfter=after))


def test_search_by_update_sees_a_change_only_after_two_minutes(
    emulator: Emulator,
) -> None:
    caller = sign_in(emulator)
    (order_id,) = emulator.place_orders(1, fulfilled_by="AMAZON")
    emulator.advance(600)
    emulator.control("ship_fba", order_id=order_id)
    after = ago(emulator, seconds=300)
    assert ids(caller.get(ORDERS, lastUpdatedAfter=after)) == []
    emulator.advance(121)
    assert ids(caller.get(ORDERS, lastUpdatedAfter=after)) == [order_id]


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"createdAfter": LONG_AGO, "lastUpdatedAfter": LONG_AGO},
        {"createdAfter": LONG_AGO, "lastUpdatedBefore": "2026-02-01T00:00:00Z"},
        {"createdAfter": LONG_AGO, "createdBefore": "2025-12-01T00:00:00Z"},
        {"createdAfter": "yesterday"},
        {"createdAfter": "2026-01-01"},
        {"createdAfter": "2026-01-01T00:00:00"},
        {"createdAfter": LONG_AGO, "fulfillmentStatuses": "Unshipped"},
        {"createdAfter": LONG_AGO, "fulfilledBy": "MFN"},
        {"createdAfter": LONG_AGO, "includedData": "EVERYTHING"},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": 101},
        {"createdAfter": LONG_AGO, "maxResultsPerPage": 0},
        {"createdAfter": LONG_AGO, "marketplaceIds": DE},
        {"createdAfter": LONG_AGO, "marketplaceIds": "nonsense"},
        {"createdAfter": LONG_AGO, "paginationToken": "nonsense"},
    ],
)
def test_search_refuses_what_amazon_refuses(
    emulator: Emulator, query: dict[str, object]
) -> None:
    reply = sign_in(emulator).send("GET", ORDERS, query)
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert reply.headers["x-amzn-RateLimit-Limit"] == "0.0056"


def test_search_refuses_a_before_within_two_minutes(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    near, far = ago(emulator, seconds=110), ago(emulator, seconds=130)
    refused = caller.get(ORDERS, createdAfter=LONG_AGO, createdBefore=near)
    taken = caller.get(ORDERS, createdAfter=LONG_AGO, createdBefore=far)
    assert (refused.status, taken.status) == (400, 200)
    assert "two minutes" in refused.error["message"]


def test_search_pages_give_every_order_once(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    emulator.place_orders(25)
    emulator.advance(300)
    query: dict[str, object] = {"createdAfter": LONG_AGO, "maxResultsPerPage": 10}
    seen: list[str] = []
    while True:
        reply = caller.send("GET", ORDERS, query)
        seen += ids(reply)
        token = reply.json.get("pagination", {}).get("nextToken")
        if token is None:
            break
        query["paginationToken"] = token
    every = [order.order_id for order in emulator.state.seller_orders("A1EMULATORNA1")]
    assert len(seen) == len(set(seen))
    assert set(seen) == set(every)


def test_page_token_lives_a_day_and_fits_its_query_only(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    first = caller.get(ORDERS, createdAfter=LONG_AGO, maxResultsPerPage=2)
    token = first.json["pagination"]["nextToken"]
    changed = caller.get(
        ORDERS,
        createdAfter=LONG_AGO,
        maxResultsPerPage=5,
        includedData="FULFILLMENT",
        paginationToken=token,
    )
    other = caller.get(
        ORDERS, createdAfter=LONG_AGO, fulfilledBy="AMAZON", paginationToken=token
    )
    assert (changed.status, other.status) == (200, 400)
    emulator.advance(24 * 3600 + 1)
    late = sign_in(emulator).get(ORDERS, createdAfter=LONG_AGO, paginationToken=token)
    assert late.status == 400


def test_search_filters_hold(emulator: Emulator) -> None:
    emulator.place_orders(6)
    emulator.advance(300)
    reply = sign_in(emulator).get(
        ORDERS,
        createdAfter=LONG_AGO,
        marketplaceIds=US,
        fulfilledBy="MERCHANT",
        fulfillmentStatuses=["UNSHIPPED", "SHIPPED"],
        includedData="FULFILLMENT",
    )
    assert reply.json["orders"]
    for order in reply.json["orders"]:
        assert order["salesChannel"]["marketplaceId"] == US
        assert order["fulfillment"]["fulfilledBy"] == "MERCHANT"


def test_only_the_data_sets_asked_for_come(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    (order_id,) = emulator.place_orders(1)
    bare = read(caller, order_id)
    assert not {"fulfillment", "proceeds", "recipient", "buyer"} & set(bare)
    full = read(caller, order_id, "FULFILLMENT", "PROCEEDS")
    assert full["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert full["proceeds"]["grandTotal"]["currencyCode"] in {"USD", "CAD", "MXN"}


def test_personal_data_comes_for_merchants_orders_with_the_shipping_role(
    emulator: Emulator,
) -> None:
    caller = sign_in(emulator)
    (own,) = emulator.place_orders(1, fulfilled_by="MERCHANT")
    (amazons,) = emulator.place_orders(1, fulfilled_by="AMAZON")
    address = read(caller, own, *PERSONAL)["recipient"]["deliveryAddress"]
    assert {"name", "addressLine1", "postalCode", "phone", "city"} <= set(address)
    foreign = read(caller, amazons, *PERSONAL)
    assert "buyer" not in foreign
    assert "postalCode" not in foreign["recipient"]["deliveryAddress"]


def test_personal_data_is_left_out_without_the_role(emulator: Emulator) -> None:
    emulator.control("roles", remove=["Direct-to-Consumer Shipping"])
    (order_id,) = emulator.place_orders(1, fulfilled_by="MERCHANT")
    order = read(sign_in(emulator), order_id, *PERSONAL)
    address = order["recipient"]["deliveryAddress"]
    assert "buyer" not in order
    assert not {"name", "addressLine1", "postalCode", "phone"} & set(address)
    assert address["countryCode"]


def test_phone_is_hidden_after_the_latest_delivery(emulator: Emulator) -> None:
    (order_id,) = emulator.place_orders(1, fulfilled_by="MERCHANT")
    emulator.advance(7 * 24 * 3600)
    order = read(sign_in(emulator), order_id, *PERSONAL)
    assert "phone" not in order["recipient"]["deliveryAddress"]


def test_pending_order_has_no_money_and_no_address(emulator: Emulator) -> None:
    emulator.state.switches.pending_seconds = 60
    (order_id,) = emulator.place_orders(1, fulfilled_by="MERCHANT")
    caller = sign_in(emulator)
    pending = read(caller, order_id, "PROCEEDS", *PERSONAL)
    assert pending["fulfillment"]["fulfillmentStatus"] == "PENDING"
    assert not {"recipient", "buyer", "proceeds"} & set(pending)
    emulator.advance(61)
    ready = read(caller, order_id, "PROCEEDS", *PERSONAL)
    assert ready["fulfillment"]["fulfillmentStatus"] == "UNSHIPPED"
    assert ready["recipient"]["deliveryAddress"]["name"]


@pytest.mark.parametrize(
    ("order_id", "status"), [("000-0000000-0000000", 404), ("17", 400)]
)
def test_unknown_order_is_refused(
    emulator: Emulator, order_id: str, status: int
) -> None:
    assert sign_in(emulator).get(f"{ORDERS}/{order_id}").status == status


def test_order_of_another_seller_is_not_found(emulator: Emulator) -> None:
    (order_id,) = emulator.place_orders(1, region="eu")
    assert sign_in(emulator, "na").get(f"{ORDERS}/{order_id}").status == 404


def test_orders_may_bring_what_nobody_has_seen(emulator: Emulator) -> None:
    (order_id,) = emulator.place_orders(
        1, unknown_sku=True, status="HELD_FOR_REVIEW", currency="XTS"
    )
    order = read(sign_in(emulator), order_id, "FULFILLMENT", "PROCEEDS")
    assert order["fulfillment"]["fulfillmentStatus"] == "HELD_FOR_REVIEW"
    assert order["proceeds"]["grandTotal"]["currencyCode"] == "XTS"
    assert order["orderItems"][0]["product"]["sellerSku"].startswith("UNKNOWN-")


def test_merchants_order_takes_the_listings_quantity(emulator: Emulator) -> None:
    listing = next(item for item in emulator.state.listings.values() if item.quantity)
    before = listing.quantity or 0
    emulator.place_orders(
        1,
        seller_id=listing.seller_id,
        sku=listing.sku,
        quantity=2,
        fulfilled_by="MERCHANT",
    )
    assert listing.quantity == before - 2
