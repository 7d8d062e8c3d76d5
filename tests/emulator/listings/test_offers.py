"""Prices at the local Amazon: accepted, refused, held back, and by audience."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from channels_amazon.emulator.server import Emulator

from ..caller import CA, US, sign_in
from .scene import amounts, offer_patch, offer_row, patch, shown, some_listing

LEAST, MOST = "minimum_seller_allowed_price", "maximum_seller_allowed_price"


@pytest.mark.parametrize(
    ("price", "category"),
    [
        (0, "INVALID_PRICE"),
        (-1, "INVALID_PRICE"),
        ("cheap", "INVALID_ATTRIBUTE"),
        (None, "INVALID_ATTRIBUTE"),
        (True, "INVALID_ATTRIBUTE"),
        ("NaN", "INVALID_ATTRIBUTE"),
    ],
)
def test_invalid_price_is_refused_and_changes_nothing(
    emulator: Emulator, price: object, category: str
) -> None:
    listing = some_listing(emulator)
    before = listing.offers[US].price

    reply = patch(sign_in(emulator), listing.sku, offer_patch(price)).json
    emulator.advance(1)

    assert reply["status"] == "INVALID"
    assert reply["issues"][0]["categories"] == [category]
    assert listing.offers[US].price == before


def test_offer_without_a_price_misses_it(emulator: Emulator) -> None:
    row = offer_row(1)
    del row["our_price"]
    whole = {"op": "replace", "path": "/attributes/purchasable_offer", "value": [row]}

    reply = patch(sign_in(emulator), some_listing(emulator).sku, whole).json

    assert reply["issues"][0]["categories"] == ["MISSING_PRICE"]


@pytest.mark.parametrize(
    ("price", "status"), [(9.99, "INVALID"), (10, "ACCEPTED"), (20.01, "INVALID")]
)
def test_price_outside_the_sellers_own_limits_is_refused(
    emulator: Emulator, price: float, status: str
) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    limits: dict[str, Any] = {LEAST: amounts(10), MOST: amounts(20)}
    patch(caller, listing.sku, offer_patch(15, **limits))
    emulator.advance(1)

    # The limits stay where a change leaves them out.
    reply = patch(caller, listing.sku, offer_patch(price)).json

    assert reply["status"] == status
    assert all(one["categories"] == ["INVALID_PRICE"] for one in reply["issues"])


@pytest.mark.parametrize(
    "sale",
    [
        [],
        [{}],
        amounts(5),
        amounts(5, start_at="2026-11-01"),
        amounts("x", start_at="2026-11-01", end_at="2026-12-01"),
    ],
)
def test_sale_needs_a_price_and_dates(emulator: Emulator, sale: list[Any]) -> None:
    row = offer_patch(9, discounted_price=sale)

    reply = patch(sign_in(emulator), some_listing(emulator).sku, row).json

    assert (reply["status"], reply["issues"][0]["code"]) == ("INVALID", "4000001")


def test_terms_are_shown_as_they_were_sent(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    sale = amounts(8.5, start_at="2026-11-01", end_at="2026-12-01")

    patch(caller, listing.sku, offer_patch(9.5, discounted_price=sale))
    emulator.advance(1)

    view = shown(caller, listing.sku, "attributes", "offers")
    (terms,) = view["attributes"]["purchasable_offer"]
    assert (terms["our_price"], terms["discounted_price"]) == (amounts(9.5), sale)
    assert view["offers"][0]["price"]["amount"] == "9.50"


def test_business_price_stands_beside_the_other(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    business = offer_row(7, audience="B2B")
    both = offer_patch(9) | {"value": [offer_row(9), business]}
    patch(caller, listing.sku, both)
    emulator.advance(1)
    seen = [shown(caller, listing.sku, "offers")["offers"]]

    # `merge` keeps the other audience, `add` drops it as `replace` does.
    for op in ("merge", "add"):
        patch(caller, listing.sku, offer_patch(8, op))
        emulator.advance(1)
        seen.append(shown(caller, listing.sku, "offers")["offers"])

    priced = [
        [(one["offerType"], one["price"]["amount"]) for one in offers]
        for offers in seen
    ]
    assert priced == [
        [("B2C", "9.00"), ("B2B", "7.00")],
        [("B2C", "8.00"), ("B2B", "7.00")],
        [("B2C", "8.00")],
    ]


def test_element_without_marketplace_is_of_the_requests(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    row = offer_patch(6.5)
    del row["value"][0]["marketplace_id"]
    other = listing.offers[CA].price

    patch(sign_in(emulator), listing.sku, row)
    emulator.advance(1)

    assert (listing.offers[US].price, listing.offers[CA].price) == (
        Decimal("6.5"),
        other,
    )


def test_deleted_terms_take_the_price_away(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)

    gone = {"op": "delete", "path": "/attributes/purchasable_offer"}
    patch(caller, listing.sku, gone)
    emulator.advance(1)

    assert shown(caller, listing.sku, "offers")["offers"] == []
    assert "BUYABLE" not in listing.offers[US].status
    assert "BUYABLE" in listing.offers[CA].status


def test_price_that_amazon_refuses_takes_the_offer_down(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    emulator.control("offer", sku=listing.sku, marketplace_id=US, lowest_price="10")

    reply = patch(caller, listing.sku, offer_patch(5))
    emulator.advance(1)
    low = shown(caller, listing.sku, "issues", "summaries")
    # More units make nothing buyable that Amazon has taken down.
    emulator.control("stock", sku=listing.sku, quantity=50)
    stocked = list(listing.offers[US].status)
    patch(caller, listing.sku, offer_patch(12))
    emulator.advance(1)
    good = shown(caller, listing.sku, "issues", "summaries")

    (found,) = low["issues"]
    assert reply.json["status"] == "ACCEPTED"
    assert found["categories"] == ["INVALID_PRICE"]
    assert found["enforcements"]["actions"] == [{"action": "LISTING_SUPPRESSED"}]
    assert low["summaries"][0]["status"] == stocked == ["DISCOVERABLE"]
    assert good["issues"] == []
    assert "BUYABLE" in good["summaries"][0]["status"]
