"""Tests of reading orders from Amazon's JSON."""

from __future__ import annotations

import copy
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import orders as api
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.orders import AmazonOrder, UnreadableOrder, try_order
from tests.spapi.conftest import NOW, Kit
from tests.spapi.server import Scripted, answer

RAW: dict[str, Any] = {
    "orderId": "902-1106328-1059050",
    "createdTime": "2026-11-19T10:00:00Z",
    "lastUpdatedTime": "2026-11-19T12:30:00.123+01:00",
    "programs": ["PRIME", "NEVER_SEEN"],
    "associatedOrders": [
        {"orderId": "902-0", "associationType": "REPLACEMENT_ORIGINAL_ID"}
    ],
    "salesChannel": {"channelName": "AMAZON", "marketplaceId": "A1PA6795UKMFR9"},
    "buyer": {"buyerName": "Canary Buyer"},
    "recipient": {"deliveryAddress": {"name": "Canary Name", "postalCode": "10115"}},
    "proceeds": {"grandTotal": {"amount": "19.90", "currencyCode": "EUR"}},
    "fulfillment": {
        "fulfillmentStatus": "UNSHIPPED",
        "fulfilledBy": "MERCHANT",
        "fulfillmentServiceLevel": "STANDARD",
        "shipByWindow": {"latestDateTime": "2026-11-21T22:59:59Z"},
    },
    "orderItems": [
        {
            "orderItemId": "1",
            "quantityOrdered": 2,
            "product": {
                "asin": "B0",
                "sellerSku": "SH/OE-1",
                "price": {"unitPrice": {"amount": "9.95", "currencyCode": "EUR"}},
            },
            "cancellation": {
                "cancellationRequest": {"requester": "BUYER", "cancelReason": "Late"}
            },
            "fulfillment": {"quantityFulfilled": 0, "quantityUnfulfilled": 2},
        }
    ],
    "packages": [
        {
            "packageReferenceId": "1",
            "packageStatus": {"status": "SHIPPED"},
            "trackingNumber": "T1",
            "packageItems": [{"orderItemId": "1", "quantity": 1}],
        }
    ],
}


def raw(**over: Any) -> dict[str, Any]:
    return {**copy.deepcopy(RAW), **over}


def read(data: Any) -> AmazonOrder:
    order = try_order(data)
    assert isinstance(order, AmazonOrder)
    return order


def test_order_is_read_whole() -> None:
    order = read(raw())

    assert order.last_updated_time == datetime(
        2026, 11, 19, 11, 30, 0, 123000, tzinfo=UTC
    )
    assert order.grand_total == Money(Decimal("19.90"), "EUR")
    assert (order.status, order.is_replacement) == ("UNSHIPPED", True)
    assert order.packages[0].items[0].quantity == 1
    assert (order.recipient or {})["deliveryAddress"]["postalCode"] == "10115"


def test_item_is_read_with_its_cancel_request() -> None:
    item = read(raw()).items[0]

    assert (item.seller_sku, item.quantity_ordered) == ("SH/OE-1", 2)
    assert item.unit_price == Money(Decimal("9.95"), "EUR")
    assert (item.cancel_requested, item.cancel_reason) == (True, "Late")


@pytest.mark.parametrize(
    ("status", "is_delivered"),
    [("DELIVERED", True), ("SHIPPED", False), ("NEVER_SEEN", False), (None, False)],
)
def test_package_tells_whether_it_is_delivered(
    status: str | None, is_delivered: bool
) -> None:
    package = copy.deepcopy(RAW["packages"][0])
    package["packageStatus"] = {"status": status} if status else None

    (found,) = read(raw(packages=[package])).packages

    assert (found.status, found.is_delivered) == (status, is_delivered)


def test_order_keeps_words_and_currencies_never_seen() -> None:
    order = read(
        raw(
            fulfillment={"fulfillmentStatus": "TELEPORTED"},
            proceeds={"grandTotal": {"amount": "1", "currencyCode": "XQX"}},
        )
    )

    assert order.status == "TELEPORTED"
    assert order.grand_total == Money(Decimal(1), "XQX")


def test_pending_order_without_money_and_people_is_read() -> None:
    bare = {"orderItemId": "1", "quantityOrdered": 1, "product": {}}
    order = read(
        raw(buyer=None, recipient=None, proceeds=None, packages=None, orderItems=[bare])
    )

    assert (order.grand_total, order.buyer, order.recipient) == (None, None, None)
    assert (order.items[0].unit_price, order.items[0].seller_sku) == (None, None)


def test_order_repr_shows_no_person() -> None:
    assert "Canary" not in repr(read(raw()))


@pytest.mark.parametrize("part", ["order", "item", "package", "money"])
def test_what_was_read_does_not_change(part: str) -> None:
    order = read(raw())
    parts = {
        "order": (order, "status"),
        "item": (order.items[0], "seller_sku"),
        "package": (order.packages[0], "status"),
        "money": (order.grand_total, "currency"),
    }

    with pytest.raises(AttributeError):
        setattr(*parts[part], "X")


def test_equal_orders_are_equal() -> None:
    assert read(raw()) == read(raw())
    assert read(raw()) != read(raw(programs=[]))


@pytest.mark.parametrize("unread", [0, False, [], 1, {}])
def test_a_time_that_is_no_text_is_said(unread: Any) -> None:
    order = read(raw(createdTime=unread))

    assert order.created_time is None
    assert ["createdTime is not a text" in one for one in order.unread] == [True]


def item(quantity: int, *, sku: str = "S", item_id: str = "1") -> dict[str, Any]:
    return {
        "orderItemId": item_id,
        "quantityOrdered": quantity,
        "product": {"sellerSku": sku},
    }


def money(amount: Any) -> dict[str, Any]:
    return {"proceeds": {"grandTotal": {"amount": amount, "currencyCode": "EUR"}}}


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"createdTime": None}, "the field createdTime is missing"),
        ({"createdTime": "0001-01-01T00:00:00+14:00"}, "createdTime is not a time"),
        ({"salesChannel": None}, "the field salesChannel is missing"),
        ({"salesChannel": {"marketplaceId": "A" * 21}}, "has more than 20 characters"),
        (money("x"), "grandTotal is not an amount"),
        (money("1_0"), "grandTotal is not an amount"),
        (money("1" * 13), "grandTotal is not an amount"),
        (money([]), "grandTotal is not an amount"),
        ({"proceeds": "free"}, "proceeds is not an object"),
        ({"programs": "PRIME"}, "programs is not a list"),
        ({"packages": [{}]}, "packageReferenceId is missing"),
        ({"recipient": "Ann"}, "recipient is not an object"),
        ({"associatedOrders": 1}, "associatedOrders is not a list"),
    ],
)
def test_unreadable_detail_sinks_no_order(over: dict[str, Any], reason: str) -> None:
    order = read(raw(**over))

    assert order.order_id == "902-1106328-1059050"
    assert [reason in one for one in order.unread] == [True]
    assert "Ann" not in str(order.unread)


@pytest.mark.parametrize("amount", [None, ""])
def test_empty_money_is_no_fault(amount: str | None) -> None:
    order = read(raw(**money(amount)))

    assert (order.grand_total, order.unread) == (None, ())


def test_order_of_no_order_id_has_none() -> None:
    found = try_order(raw(orderId="nonsense"))

    assert isinstance(found, UnreadableOrder)
    assert found.order_id is None


@pytest.mark.parametrize(
    ("over", "reason"),
    [
        ({"lastUpdatedTime": None}, "the field lastUpdatedTime is missing"),
        ({"lastUpdatedTime": "soon"}, "the field lastUpdatedTime is not a time"),
        ({"lastUpdatedTime": "9999-01-01T00:00:00Z"}, "lastUpdatedTime is not a time"),
        ({"orderItems": None}, "the field orderItems is missing"),
        ({"orderItems": [1]}, "orderItems is not a list of objects"),
        ({"orderItems": [{"orderItemId": "1"}]}, "quantityOrdered is missing"),
        ({"orderItems": [item(-1)]}, "quantityOrdered is -1, which is no number"),
        ({"orderItems": [item(2**31)]}, "quantityOrdered is 2147483648, which"),
        ({"orderItems": [item(10**30)]}, "which is no number of units"),
        ({"orderItems": [item(1, sku="S" * 300)]}, "has more than 80 characters"),
        ({"orderItems": [item(1, item_id="1" * 41)]}, "has more than 40 characters"),
    ],
)
def test_unreadable_order_names_the_field(over: dict[str, Any], reason: str) -> None:
    found = try_order(raw(**over))

    assert isinstance(found, UnreadableOrder)
    assert reason in found.reason
    assert found.order_id == "902-1106328-1059050"
    assert "Canary" not in found.raw_redacted


JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(sorted(RAW)), inner, max_size=4)
    ),
    max_leaves=8,
)


# A busy machine is no reason to fail.
@settings(deadline=None)
@given(st.dictionaries(st.sampled_from(sorted(RAW)), JUNK, max_size=4))
def test_reading_never_raises_whatever_amazon_sends(over: dict[str, Any]) -> None:
    assert isinstance(try_order(raw(**over)), AmazonOrder | UnreadableOrder)


def test_search_keeps_the_good_orders_beside_a_bad_one(
    server: Scripted, kit: Kit
) -> None:
    listed = [raw(), raw(orderId="902-2", orderItems=None), "junk", raw()]
    server.then(
        answer(
            200,
            {
                "orders": listed,
                "pagination": {"nextToken": "n"},
                "lastUpdatedBefore": "2026-11-20T11:58:00Z",
            },
        )
    )

    page = api.search_orders(kit.client, api.OrderSearch(last_updated_after=NOW))

    assert [type(order).__name__ for order in page.orders] == [
        "AmazonOrder",
        "UnreadableOrder",
        "UnreadableOrder",
        "AmazonOrder",
    ]
    assert page.next_token == "n"
    assert page.last_updated_before == datetime(2026, 11, 20, 11, 58, tzinfo=UTC)


@pytest.mark.parametrize("name", ["lastUpdatedBefore", "createdBefore"])
@pytest.mark.parametrize("odd", ["soon", 12, {"at": 1}])
def test_unreadable_edge_sinks_no_page(
    server: Scripted, kit: Kit, name: str, odd: Any
) -> None:
    server.then(answer(200, {"orders": [raw()], name: odd}))

    page = api.search_orders(kit.client, api.OrderSearch(last_updated_after=NOW))

    assert len(page.orders) == 1
    assert (page.last_updated_before, page.created_before) == (None, None)
    assert [name in reason for reason in page.unread] == [True]


def test_search_always_asks_for_the_status(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {"orders": []}))
    search = api.OrderSearch(last_updated_after=NOW, included_data=("BUYER",))

    api.search_orders(kit.client, search)

    assert "includedData=BUYER,FULFILLMENT" in server.received[0].path
    assert "lastUpdatedAfter=2026-11-20T12:00:00Z" in server.received[0].path


def test_search_keeps_the_fraction_of_its_times(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {"orders": []}))
    after = NOW.replace(microsecond=123_999)

    api.search_orders(kit.client, api.OrderSearch(last_updated_after=after))

    assert "lastUpdatedAfter=2026-11-20T12:00:00.123Z" in server.received[0].path


def test_next_page_repeats_the_search_with_the_token(
    server: Scripted, kit: Kit
) -> None:
    server.then(
        answer(200, {"orders": [raw()], "pagination": {"nextToken": "t/1"}}),
        answer(200, {"orders": [raw()]}),
    )
    search = api.OrderSearch(created_after=NOW)

    first = api.search_orders(kit.client, search)
    last = api.search_orders(kit.client, search, first.next_token)

    assert (len(first.orders), len(last.orders), last.next_token) == (1, 1, None)
    assert server.received[1].path == server.received[0].path + "&paginationToken=t%2F1"


def test_get_order_names_the_missing_field(server: Scripted, kit: Kit) -> None:
    server.then(answer(200, {"order": raw(orderItems=None)}))

    with pytest.raises(errors.UnexpectedResponse, match="orderItems is missing"):
        api.get_order(kit.client, "902-1106328-1059050")
