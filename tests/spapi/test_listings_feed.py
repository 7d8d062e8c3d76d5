"""Tests of the document of a JSON_LISTINGS_FEED."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_amazon.spapi import listings_feed
from channels_amazon.spapi.apis.listings import ANY_PRODUCT_TYPE, quantity_patch
from channels_amazon.spapi.listings_feed import (
    FeedMessage,
    delete_message,
    partial_update_message,
    patch_message,
    update_message,
    write_listings_feed,
)
from tests.fidelity.amazon_models import document_faults

INPUT = "listings-feed-schema-v2"


def quantity_message(number: int, sku: str = "SKU", quantity: int = 5) -> FeedMessage:
    return patch_message(number, sku, [quantity_patch(quantity, 2)], ANY_PRODUCT_TYPE)


def price_message(number: int, price: Decimal) -> FeedMessage:
    terms = {"our_price": [{"schedule": [{"value_with_tax": price}]}]}
    attributes = {"purchasable_offer": [terms]}
    return partial_update_message(number, "SKU", attributes, ANY_PRODUCT_TYPE)


def only(*messages: FeedMessage, **over: Any) -> Any:
    (part,) = write_listings_feed("A1", messages, **over)
    return json.loads(part.content)


@pytest.mark.parametrize(
    ("number", "sku"), [(0, "SKU"), (2_147_483_648, "SKU"), (1, "")]
)
def test_message_of_no_possible_name_is_refused(number: int, sku: str) -> None:
    with pytest.raises(ValueError, match="message"):
        quantity_message(number, sku)


def test_message_that_says_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="patches"):
        patch_message(1, "SKU", [], ANY_PRODUCT_TYPE)
    with pytest.raises(ValueError, match="attributes"):
        partial_update_message(1, "SKU", {}, ANY_PRODUCT_TYPE)
    with pytest.raises(ValueError, match="product type"):
        patch_message(1, "SKU", [quantity_patch(1, None)], "")


def test_two_messages_of_one_id_are_refused() -> None:
    with pytest.raises(ValueError, match="id 1"):
        list(write_listings_feed("A1", [quantity_message(1), quantity_message(1)]))


@pytest.mark.parametrize("price", [Decimal("NaN"), Decimal("Infinity")])
def test_amount_that_is_none_is_refused(price: Decimal) -> None:
    with pytest.raises(ValueError, match="amount"):
        list(write_listings_feed("A1", [price_message(1, price)]))


def test_message_that_no_document_can_hold_is_refused() -> None:
    large = partial_update_message(
        1, "SKU", {"a": [{"value": "x" * listings_feed.MOST_BYTES}]}, "PRODUCT"
    )
    with pytest.raises(ValueError, match="larger than a feed"):
        list(write_listings_feed("A1", [large]))


def test_nothing_to_send_makes_no_document() -> None:
    assert list(write_listings_feed("A1", [])) == []


def test_document_holds_each_message_as_amazon_reads_it() -> None:
    document = only(
        quantity_message(1, "Ä/1"),
        price_message(2, Decimal("9.90")),
        update_message(3, "C", {"a": [{"value": 1}]}, "MUG", "LISTING"),
        delete_message(4, "D"),
        issue_locale="en_US",
    )

    assert document["header"] == {
        "sellerId": "A1",
        "version": "2.0",
        "issueLocale": "en_US",
    }
    assert document["messages"][0] == {
        "messageId": 1,
        "sku": "Ä/1",
        "operationType": "PATCH",
        "productType": "PRODUCT",
        "patches": [quantity_patch(5, 2)],
    }
    assert document["messages"][3] == {
        "messageId": 4,
        "sku": "D",
        "operationType": "DELETE",
    }


@pytest.mark.parametrize(
    "price", ["0.1", "9.90", "19.999", "1E+3", "123456789012.345678901234"]
)
def test_amount_is_written_digit_by_digit(price: str) -> None:
    (part,) = write_listings_feed("A1", [price_message(1, Decimal(price))])

    written = json.loads(part.content, parse_float=Decimal, parse_int=Decimal)
    (message,) = written["messages"]
    (terms,) = message["attributes"]["purchasable_offer"]
    amount = terms["our_price"][0]["schedule"][0]["value_with_tax"]
    assert amount == Decimal(price)


def test_messages_beyond_the_limit_go_into_another_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(listings_feed, "MOST_MESSAGES", 2)
    messages = [quantity_message(number, f"S{number}") for number in range(1, 6)]

    parts = list(write_listings_feed("A1", messages))

    assert [part.sent for part in parts] == [
        {1: "S1", 2: "S2"},
        {3: "S3", 4: "S4"},
        {5: "S5"},
    ]


def test_bytes_beyond_the_limit_go_into_another_document(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    messages = [quantity_message(number) for number in range(1, 10)]
    (whole,) = write_listings_feed("A1", messages)
    monkeypatch.setattr(listings_feed, "MOST_BYTES", len(whole.content) - 1)

    parts = list(write_listings_feed("A1", messages))

    assert [len(part.messages) for part in parts] == [8, 1]
    assert all(len(part.content) <= listings_feed.MOST_BYTES for part in parts)


@pytest.mark.models
@pytest.mark.usefixtures("spapi_models")
@given(
    st.lists(
        st.tuples(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=8),
            st.decimals(0, 10**9, allow_nan=False, allow_infinity=False, places=3),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_document_follows_the_published_schema(
    wanted: list[tuple[str, Decimal]],
) -> None:
    messages: list[FeedMessage] = []
    for sku, price in wanted:
        attributes = {"purchasable_offer": [{"our_price": price}]}
        number = len(messages) + 1
        messages += [
            patch_message(number, sku, [quantity_patch(1, None)], "PRODUCT"),
            partial_update_message(number + 1, sku, attributes, "PRODUCT"),
            delete_message(number + 2, sku),
        ]

    document = only(*messages)

    assert document_faults(INPUT, document) == []
    assert [message["sku"] for message in document["messages"][::3]] == [
        sku for sku, _ in wanted
    ]
