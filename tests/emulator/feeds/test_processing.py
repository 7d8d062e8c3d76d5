"""What a feed does to listings, and what its processing report says of each message."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from channels_amazon.emulator.model.entities import EmulatedListing
from channels_amazon.emulator.server import Emulator
from tests.emulator.feeds.scene import quantity_message, result
from tests.emulator.listings.scene import (
    ITEMS,
    amounts,
    offer_patch,
    offer_row,
    quantity_patch,
    some_listing,
)

from ..caller import SELLERS, US, Caller, sign_in

PRODUCT = {"productType": "PRODUCT"}


def message(number: int, sku: str, operation: str, **content: Any) -> dict[str, Any]:
    return {"messageId": number, "sku": sku, "operationType": operation, **content}


def test_messages_do_what_the_calls_do(emulator: Emulator) -> None:
    merchants = [
        listing
        for listing in emulator.state.seller_listings(SELLERS["na"])
        if listing.quantity is not None and US in listing.offers
    ]
    patched, priced, replaced, deleted = merchants[:4]
    available = [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]

    report = result(
        sign_in(emulator),
        quantity_message(1, patched.sku, 77),
        message(
            2,
            priced.sku,
            "PARTIAL_UPDATE",
            **PRODUCT,
            attributes={"purchasable_offer": [offer_row(8.25)]},
        ),
        message(
            3,
            replaced.sku,
            "UPDATE",
            **PRODUCT,
            attributes={"fulfillment_availability": available},
        ),
        message(4, deleted.sku, "DELETE"),
    )

    assert report["issues"] == []
    assert report["summary"] == {
        "errors": 0,
        "warnings": 0,
        "messagesProcessed": 4,
        "messagesAccepted": 4,
        "messagesInvalid": 0,
    }
    assert patched.quantity == 77
    assert str(priced.offers[US].price) == "8.25"
    assert (replaced.quantity, replaced.offers[US].price) == (3, None)
    assert US not in deleted.offers


def test_bad_messages_have_their_own_issues_and_stop_no_other(
    emulator: Emulator,
) -> None:
    listing = some_listing(emulator)
    before = listing.offers[US].price

    report = result(
        sign_in(emulator),
        quantity_message(1, listing.sku, -5),
        quantity_message(2, "NO-SUCH", 5),
        quantity_message(3, listing.sku, 5) | {"operationType": "NONSENSE"},
        quantity_message(4, listing.sku, 6),
        message(
            5,
            listing.sku,
            "PARTIAL_UPDATE",
            **PRODUCT,
            attributes={"purchasable_offer": [offer_row(0)]},
        ),
        message(
            6, listing.sku, "PATCH", **PRODUCT, patches=[{"op": "add", "path": "/x"}]
        ),
        quantity_message(4, listing.sku, 9),
        "no message",
    )

    told = [(one.get("messageId"), one.get("code")) for one in report["issues"]]
    assert told == [
        (1, "90244"),
        (2, "13013"),
        (3, "4002008"),
        (5, "90244"),
        (6, "InvalidInput"),
        (4, None),
        (None, "4002008"),
    ]
    assert report["issues"][0]["attributeName"] == "fulfillment_availability"
    assert report["issues"][1]["sku"] == "NO-SUCH"
    counted = report["summary"]
    assert (counted["messagesProcessed"], counted["messagesAccepted"]) == (8, 1)
    assert (counted["messagesInvalid"], counted["errors"]) == (7, 7)
    assert (listing.quantity, listing.offers[US].price) == (6, before)


def test_file_that_cannot_be_read_is_reported_without_a_message(
    emulator: Emulator,
) -> None:
    report = result(sign_in(emulator), quantity_message(1, "X", 1), version="1.0")

    (issue,) = report["issues"]
    assert (issue["code"], "messageId" in issue) == ("4002006", False)
    assert report["summary"]["messagesProcessed"] == 0
    assert report["header"]["version"] == "2.0"


def test_feed_for_another_seller_changes_nothing(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    before = listing.quantity

    report = result(
        sign_in(emulator), quantity_message(1, listing.sku, 99), sellerId="A1OTHER"
    )

    assert [one["code"] for one in report["issues"]] == ["BAD_REQUEST"]
    assert listing.quantity == before


def test_report_shows_the_listings_that_the_header_asks_for(
    emulator: Emulator,
) -> None:
    listing = some_listing(emulator)
    asked = {
        "includedData": ["fulfillmentAvailability", "issues"],
        "apiVersion": "2021-08-01",
    }

    report = result(
        sign_in(emulator), quantity_message(1, listing.sku, 33), report=asked
    )

    (item,) = report["items"]
    assert (report["header"]["report"], item["sku"]) == (asked, listing.sku)
    assert item["fulfillmentAvailability"][0]["quantity"] == 33
    assert report["summary"]["itemSummary"] == {"items": 1, "errors": 0, "warnings": 0}


LEAST: dict[str, Any] = {"minimum_seller_allowed_price": amounts(5)}
AVAILABLE = [{"fulfillment_channel_code": "DEFAULT", "quantity": 3}]
# A call's verb, and what it and the message of a feed say alike.
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "quantity": ("PATCH", {"patches": [quantity_patch(7)]}),
    "bad quantity": ("PATCH", {"patches": [quantity_patch(-7)]}),
    "price": ("PATCH", {"patches": [offer_patch(9.5, **LEAST)]}),
    "low price": ("PATCH", {"patches": [offer_patch(4.5, **LEAST)]}),
    "business": ("PATCH", {"patches": [offer_patch(8, "merge", audience="B2B")]}),
    "both": ("PATCH", {"patches": [quantity_patch(0), offer_patch(9)]}),
    "no price": (
        "PATCH",
        {"patches": [{"op": "delete", "path": "/attributes/purchasable_offer"}]},
    ),
    "whole": ("PUT", {"attributes": {"fulfillment_availability": AVAILABLE}}),
    "misshapen": ("PUT", {"attributes": {"fulfillment_availability": 3}}),
    "deletion": ("DELETE", {}),
}
OPERATIONS = {"PATCH": "PATCH", "PUT": "UPDATE", "DELETE": "DELETE"}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("is_known", [True, False])
def test_message_ends_as_the_call_does(
    emulator: Emulator, name: str, is_known: bool
) -> None:
    verb, content = CHANGES[name]
    caller = sign_in(emulator)
    sku = some_listing(emulator).sku if is_known else "NO-SUCH"

    by_call = called(caller, verb, sku, content)
    after_call = facts(emulator, sku)
    emulator.control("reset", keep_connections=True)
    product = {} if verb == "DELETE" else PRODUCT
    report = result(caller, message(1, sku, OPERATIONS[verb], **product, **content))

    by_feed = [(one["code"], one["message"]) for one in report["issues"]]
    assert by_feed == by_call
    assert facts(emulator, sku) == after_call


def called(
    caller: Caller, verb: str, sku: str, content: dict[str, Any]
) -> list[tuple[str, str]]:
    """Make the call and let it take effect; return the issues that refuse it."""
    body = None if verb == "DELETE" else PRODUCT | content
    path = f"{ITEMS}/{quote(sku, safe='')}"
    reply = caller.send(verb, path, {"marketplaceIds": US}, body).json
    caller.emulator.advance(1)
    return [(one["code"], one["message"]) for one in reply["issues"]]


def facts(emulator: Emulator, sku: str) -> dict[str, Any] | None:
    """Return what there is of a listing, times apart."""
    listing = emulator.state.listings.get((SELLERS["na"], sku))
    if not isinstance(listing, EmulatedListing):
        return None
    times = {"created_at", "updated_at"}
    return {name: value for name, value in vars(listing).items() if name not in times}
