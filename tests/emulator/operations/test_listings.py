"""Listings Items: reading, searching, patching; quantity belongs to the SKU."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from channels_amazon.emulator.server import Emulator
from tests.emulator.listings.scene import ITEMS, patch, quantity_patch, some_listing

from ..caller import CA, DE, SELLERS, US, sign_in


def test_listing_shows_the_data_sets_asked_for(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    path = f"{ITEMS}/{listing.sku}"
    caller = sign_in(emulator)
    bare = caller.get(path, marketplaceIds=US).json
    full = caller.get(
        path,
        marketplaceIds=[US, CA],
        includedData=["summaries", "offers", "fulfillmentAvailability"],
    ).json
    assert set(bare) == {"sku", "summaries"}
    assert [row["marketplaceId"] for row in full["summaries"]] == [US, CA]
    assert full["fulfillmentAvailability"] == [
        {"fulfillmentChannelCode": "DEFAULT", "quantity": listing.quantity}
    ]


def test_listing_with_a_slash_in_its_sku_is_found(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    listing.sku = "A/B C+%"
    emulator.state.add_listing(listing)
    path = f"{ITEMS}/{quote(listing.sku, safe='')}"
    reply = sign_in(emulator).get(path, marketplaceIds=US)
    assert (reply.status, reply.json["sku"]) == (200, "A/B C+%")


def test_unknown_sku_is_not_found(emulator: Emulator) -> None:
    reply = sign_in(emulator).get(f"{ITEMS}/NOPE", marketplaceIds=US)
    assert (reply.status, reply.error["code"]) == (404, "NOT_FOUND")


def test_another_sellers_listings_are_closed(emulator: Emulator) -> None:
    path = f"/listings/2021-08-01/items/{SELLERS['eu']}"
    assert sign_in(emulator).get(path, marketplaceIds=US).status == 403


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"marketplaceIds": DE},
        {"marketplaceIds": US, "pageSize": 21},
        {"marketplaceIds": US, "identifiers": "X"},
        {"marketplaceIds": US, "identifiers": "X", "identifiersType": "COLOUR"},
        {"marketplaceIds": US, "sortBy": "price"},
        {"marketplaceIds": US, "withStatus": "SOLD"},
        {"marketplaceIds": US, "includedData": "everything"},
        {"marketplaceIds": US, "pageToken": "nonsense"},
    ],
)
def test_search_refuses_what_amazon_refuses(
    emulator: Emulator, query: dict[str, object]
) -> None:
    assert sign_in(emulator).send("GET", ITEMS, query).status == 400


def test_search_pages_give_every_listing_once(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    query: dict[str, object] = {"marketplaceIds": US, "pageSize": 5, "sortBy": "sku"}
    seen: list[str] = []
    while True:
        reply = caller.send("GET", ITEMS, query).json
        seen += [item["sku"] for item in reply["items"]]
        if "pagination" not in reply:
            break
        query["pageToken"] = reply["pagination"]["nextToken"]
    assert len(seen) == len(set(seen)) == reply["numberOfResults"]
    assert seen == sorted(seen, reverse=True)


def test_search_by_sku_finds_the_one(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    reply = sign_in(emulator).get(
        ITEMS, marketplaceIds=US, identifiers=listing.sku, identifiersType="SKU"
    )
    assert [item["sku"] for item in reply.json["items"]] == [listing.sku]


def test_accepted_patch_shows_later_and_everywhere(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    emulator.state.switches.accept_seconds = 60
    before = listing.quantity
    reply = patch(caller, listing.sku, quantity_patch(77))
    assert (reply.status, reply.json["status"]) == (200, "ACCEPTED")
    assert listing.quantity == before
    emulator.advance(61)
    elsewhere = caller.get(
        f"{ITEMS}/{listing.sku}",
        marketplaceIds=CA,
        includedData="fulfillmentAvailability",
    )
    assert elsewhere.json["fulfillmentAvailability"][0]["quantity"] == 77


def test_patch_without_handling_time_resets_it(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    patch(caller, listing.sku, quantity_patch(5, lead_time_to_ship_max_days=4))
    emulator.advance(1)
    seen = [listing.handling_days]
    patch(caller, listing.sku, quantity_patch(6))
    emulator.advance(1)
    assert [*seen, listing.handling_days] == [4, None]
    assert listing.quantity == 6


@pytest.mark.parametrize("quantity", [-1, "5", 1.5, None, True])
def test_bad_quantity_is_invalid_and_changes_nothing(
    emulator: Emulator, quantity: object
) -> None:
    listing = some_listing(emulator)
    before = listing.quantity
    reply = patch(sign_in(emulator), listing.sku, quantity_patch(quantity))
    emulator.advance(1)
    assert (reply.status, reply.json["status"]) == (200, "INVALID")
    assert reply.json["issues"][0]["severity"] == "ERROR"
    assert listing.quantity == before


def test_quantity_of_amazons_stock_cannot_be_set(emulator: Emulator) -> None:
    listing = some_listing(emulator, is_fba=True)
    row = quantity_patch(5, fulfillment_channel_code="AMAZON_NA")
    reply = patch(sign_in(emulator), listing.sku, row)
    assert reply.json["status"] == "INVALID"


@pytest.mark.parametrize("op", ["replace", "add"])
def test_merge_keeps_the_other_channel_and_replace_drops_it(
    emulator: Emulator, op: str
) -> None:
    listing = some_listing(emulator, is_fba=True)
    caller = sign_in(emulator)
    patch(caller, listing.sku, quantity_patch(5) | {"op": "merge"})
    emulator.advance(1)
    assert (listing.is_fba, listing.quantity) == (True, 5)
    patch(caller, listing.sku, quantity_patch(5) | {"op": op})
    emulator.advance(1)
    assert (listing.is_fba, listing.quantity) == (False, 5)


def test_preview_checks_and_saves_nothing(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    before = listing.quantity
    caller = sign_in(emulator)
    mode = "VALIDATION_PREVIEW"
    good = patch(caller, listing.sku, quantity_patch(99), mode=mode)
    bad = patch(caller, listing.sku, quantity_patch(-9), mode=mode)
    emulator.advance(1)
    assert (good.json["status"], bad.json["status"]) == ("VALID", "INVALID")
    assert listing.quantity == before


def test_zero_quantity_ends_the_sale_until_there_is_more(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    patch(caller, listing.sku, quantity_patch(0))
    emulator.advance(1)
    assert "BUYABLE" not in listing.offers[US].status
    patch(caller, listing.sku, quantity_patch(3))
    emulator.advance(1)
    assert "BUYABLE" in listing.offers[CA].status


def test_price_patch_reaches_its_marketplace_only(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    other = listing.offers[CA].price
    value = {
        "marketplace_id": US,
        "currency": "USD",
        "audience": "ALL",
        "our_price": [{"schedule": [{"value_with_tax": 12.34}]}],
    }
    row = {"op": "merge", "path": "/attributes/purchasable_offer", "value": [value]}
    patch(sign_in(emulator), listing.sku, row)
    emulator.advance(1)
    assert str(listing.offers[US].price) == "12.34"
    assert listing.offers[CA].price == other


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"productType": "PRODUCT"},
        {"productType": "PRODUCT", "patches": []},
        {"productType": "PRODUCT", "patches": [{"op": "move", "path": "/x"}]},
        {
            "productType": "PRODUCT",
            "patches": [{"op": "add", "path": "/quantity", "value": [{}]}],
        },
        {
            "productType": "PRODUCT",
            "patches": [{"op": "add", "path": "/attributes/x", "value": 1}],
        },
        {"patches": [quantity_patch(1)]},
    ],
)
def test_malformed_patch_is_a_bad_request(
    emulator: Emulator, body: dict[str, Any]
) -> None:
    listing = some_listing(emulator)
    reply = sign_in(emulator).send(
        "PATCH", f"{ITEMS}/{listing.sku}", {"marketplaceIds": US}, body
    )
    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")


def test_catalogue_search_finds_by_barcode_and_by_words(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    path = "/catalog/2022-04-01/items"
    by_barcode = caller.get(
        path,
        marketplaceIds=US,
        identifiers=listing.barcode or "",
        identifiersType="EAN",
    )
    assert [item["asin"] for item in by_barcode.json["items"]] == [listing.asin]
    neither = caller.get(path, marketplaceIds=US)
    assert neither.status == 400


@pytest.mark.parametrize(
    "narrowed",
    [{"brandNames": "Alderwick"}, {"classificationIds": "1"}, {"keywordsLocale": "en"}],
)
def test_catalogue_search_by_identifiers_takes_no_filter_of_keywords(
    emulator: Emulator, narrowed: dict[str, str]
) -> None:
    listing = some_listing(emulator)
    wanted = {"identifiers": listing.asin, "identifiersType": "ASIN"}

    reply = sign_in(emulator).get(
        "/catalog/2022-04-01/items", marketplaceIds=US, **wanted, **narrowed
    )

    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")


def test_catalogue_search_by_words_is_narrowed_by_brand(emulator: Emulator) -> None:
    emulator.control("limits", operation="searchCatalogItems", rate=9, burst=9)
    caller = sign_in(emulator)

    def found(**narrowed: str) -> int:
        reply = caller.get(
            "/catalog/2022-04-01/items",
            marketplaceIds=US,
            keywords="alderwick",
            **narrowed,
        )
        return int(reply.json["numberOfResults"])

    assert found() == found(brandNames="alderwick") > 0
    assert found(brandNames="Other") == found(classificationIds="1") == 0
