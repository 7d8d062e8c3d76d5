"""The controls of feeds and listings: another number shown, an offer taken down."""

from __future__ import annotations

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import quantity_message, result
from tests.emulator.listings.scene import (
    offer_patch,
    patch,
    quantity_patch,
    shown,
    some_listing,
)

from ..caller import US, exchange, sign_in


@pytest.mark.parametrize(
    ("path", "body", "status"),
    [
        ("drift", '{"sku": "NO-SUCH", "quantity": 1}', 404),
        ("drift", '{"quantity": 1}', 400),
        ("drift", '{"sku": "NO-SUCH", "quantity": -1}', 400),
        ("offer", '{"sku": "NO-SUCH", "suppressed": true}', 404),
        ("offer", '{"sku": "NO-SUCH", "marketplace_id": "X"}', 400),
        ("feeds", '{"seconds": -1}', 400),
    ],
)
def test_bad_body_is_refused(
    emulator: Emulator, path: str, body: str, status: int
) -> None:
    assert exchange(emulator, "POST", f"/_emulator/{path}", body).status == status


@pytest.mark.parametrize("price", ["cheap", "-1", "NaN"])
def test_price_that_is_no_amount_is_refused(emulator: Emulator, price: str) -> None:
    with pytest.raises(ValueError, match="amount"):
        emulator.control("drift", sku=some_listing(emulator).sku, price=price)


def test_accepted_quantity_may_show_as_another_once(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    emulator.control("drift", sku=listing.sku, quantity=50)
    seen = []
    for _ in range(2):
        reply = patch(caller, listing.sku, quantity_patch(3)).json
        emulator.advance(1)
        view = shown(caller, listing.sku, "fulfillmentAvailability")
        seen.append((reply["status"], view["fulfillmentAvailability"][0]["quantity"]))

    assert seen == [("ACCEPTED", 50), ("ACCEPTED", 3)]


def test_accepted_price_may_show_as_another_always(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    emulator.control("drift", sku=listing.sku, price="4.99", times=0)
    for _ in range(2):
        patch(caller, listing.sku, offer_patch(9.99))
        emulator.advance(1)

    view = shown(caller, listing.sku, "offers", "attributes")
    (terms,) = view["attributes"]["purchasable_offer"]
    assert view["offers"][0]["price"]["amount"] == "4.99"
    assert terms["our_price"][0]["schedule"][0]["value_with_tax"] == 4.99


def test_price_change_uses_up_no_drift_of_the_quantity(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    emulator.control("drift", sku=listing.sku, quantity=50)
    patch(caller, listing.sku, offer_patch(9.99))
    emulator.advance(1)

    result(caller, quantity_message(1, listing.sku, 3))

    assert (str(listing.offers[US].price), listing.quantity) == ("9.99", 50)


def test_offer_is_taken_down_and_comes_back(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    down = {"sku": listing.sku, "marketplace_id": US, "category": "INVALID_IMAGE"}
    emulator.control("offer", **down, suppressed=True)
    hidden = shown(caller, listing.sku, "issues", "summaries")
    emulator.control("offer", **down, suppressed=False)
    back = shown(caller, listing.sku, "issues", "summaries")

    assert hidden["issues"][0]["categories"] == ["INVALID_IMAGE"]
    assert "BUYABLE" not in hidden["summaries"][0]["status"]
    assert back["issues"] == []
    assert "BUYABLE" in back["summaries"][0]["status"]
