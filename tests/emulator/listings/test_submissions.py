"""Listings put and deleted: what is left out is dropped, a new SKU is made."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest

from channels_amazon.emulator.server import Emulator

from ..caller import CA, DE, SELLERS, US, Caller, Reply, sign_in
from .scene import ITEMS, offer_row, put, shown, some_listing

AVAILABLE = [{"fulfillment_channel_code": "DEFAULT", "quantity": 4}]
TITLED = {"item_name": [{"value": "A new thing", "marketplace_id": US}]}


def delete(caller: Caller, sku: str, marketplace: str = US) -> Reply:
    path = f"{ITEMS}/{quote(sku, safe='')}"
    return caller.send("DELETE", path, {"marketplaceIds": marketplace})


@pytest.mark.parametrize(
    ("body", "named"),
    [
        ({"attributes": {}}, "attributes"),
        ({"attributes": None}, "attributes"),
        ({"attributes": []}, "attributes"),
        ({"requirements": "NONSENSE"}, "requirements"),
        ({"requirements": 1}, "requirements"),
        ({"productType": ""}, "productType"),
    ],
)
def test_malformed_put_is_refused_by_its_field(
    emulator: Emulator, body: dict[str, Any], named: str
) -> None:
    listing = some_listing(emulator)
    good = {"fulfillment_availability": AVAILABLE}

    reply = put(sign_in(emulator), listing.sku, good, **body)

    assert (reply.status, reply.error["code"]) == (400, "InvalidInput")
    assert named in reply.error["message"]


def test_put_takes_one_marketplace(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    body = {"productType": "PRODUCT", "attributes": TITLED}
    query: dict[str, object] = {"marketplaceIds": [US, CA]}

    reply = sign_in(emulator).send("PUT", f"{ITEMS}/{listing.sku}", query, body)

    assert reply.status == 400


def test_attribute_of_another_shape_makes_a_put_invalid(emulator: Emulator) -> None:
    listing = some_listing(emulator)

    reply = put(sign_in(emulator), listing.sku, {"item_name": "A thing"}).json

    assert reply["status"] == "INVALID"
    assert [one["attributeNames"] for one in reply["issues"]] == [["item_name"]]


def test_put_drops_what_it_leaves_out(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    listing.attributes = {
        "color": [{"value": "red", "marketplace_id": US}],
        "style": [
            {"value": "old", "marketplace_id": US},
            {"value": "kept", "marketplace_id": CA},
        ],
    }
    caller = sign_in(emulator)

    reply = put(caller, listing.sku, {"fulfillment_availability": AVAILABLE})
    emulator.advance(1)

    assert reply.json["status"] == "ACCEPTED"
    assert (listing.quantity, listing.offers[US].price) == (4, None)
    assert listing.attributes == {"style": [{"value": "kept", "marketplace_id": CA}]}
    assert listing.offers[CA].price is not None
    view = shown(caller, listing.sku, "offers", "summaries")
    assert (view["offers"], view["summaries"][0]["status"]) == ([], ["DISCOVERABLE"])


def test_put_without_availability_ends_the_sale(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)

    put(caller, listing.sku, {"purchasable_offer": [offer_row(9.5)]})
    emulator.advance(1)

    assert (listing.quantity, listing.is_fba) == (None, False)
    assert "BUYABLE" not in listing.offers[US].status
    assert str(listing.offers[US].price) == "9.5"


def test_new_sku_is_made_whole(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    attributes = {
        **TITLED,
        "fulfillment_availability": AVAILABLE,
        "purchasable_offer": [offer_row(12)],
    }

    reply = put(caller, "NEW/1", attributes, productType="MUG")
    before = caller.get(f"{ITEMS}/NEW%2F1", marketplaceIds=US).status
    emulator.advance(1)

    view = shown(caller, "NEW/1", "summaries", "offers", "fulfillmentAvailability")
    (summary,) = view["summaries"]
    assert (reply.json["status"], before) == ("ACCEPTED", 404)
    assert (summary["itemName"], summary["productType"]) == ("A new thing", "MUG")
    assert summary["status"] == ["BUYABLE", "DISCOVERABLE"]
    assert view["offers"][0]["price"] == {"amount": "12.00", "currencyCode": "USD"}
    assert view["fulfillmentAvailability"][0]["quantity"] == 4


def test_new_sku_offers_a_product_that_is_there(emulator: Emulator) -> None:
    known = some_listing(emulator)
    attributes = {
        "merchant_suggested_asin": [{"value": known.asin, "marketplace_id": US}],
        "fulfillment_availability": AVAILABLE,
    }
    caller = sign_in(emulator)

    reply = put(caller, "NEW-2", attributes, requirements="LISTING_OFFER_ONLY")
    emulator.advance(1)

    (summary,) = shown(caller, "NEW-2", "summaries")["summaries"]
    assert (reply.json["status"], summary["asin"]) == ("ACCEPTED", known.asin)
    assert summary["itemName"] == known.offers[US].title


@pytest.mark.parametrize(
    ("over", "named"),
    [
        ({}, "item_name"),
        ({"requirements": "LISTING_OFFER_ONLY"}, "merchant_suggested_asin"),
    ],
)
def test_new_sku_that_says_too_little_is_invalid(
    emulator: Emulator, over: dict[str, Any], named: str
) -> None:
    attributes = {"fulfillment_availability": AVAILABLE}

    reply = put(sign_in(emulator), "NEW-3", attributes, **over).json

    assert (reply["status"], reply["issues"][0]["code"]) == ("INVALID", "90220")
    assert reply["issues"][0]["attributeNames"] == [named]


def test_put_where_the_seller_does_not_sell_is_invalid(emulator: Emulator) -> None:
    body = {"productType": "PRODUCT", "attributes": TITLED}
    query: dict[str, object] = {"marketplaceIds": "A2Q3Y263D00KWC"}

    reply = sign_in(emulator).send("PUT", f"{ITEMS}/NEW-4", query, body)

    assert reply.json["status"] == "INVALID"


def test_identifiers_come_in_a_preview_that_asks_for_them(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller, path = sign_in(emulator), f"{ITEMS}/{some_listing(emulator).sku}"
    body = {"productType": "PRODUCT", "attributes": TITLED}

    def answered(**query: str) -> Reply:
        wanted: dict[str, object] = {"marketplaceIds": US, **query}
        return caller.send("PUT", path, wanted, body)

    preview = {"mode": "VALIDATION_PREVIEW"}
    asked = answered(**preview, includedData="identifiers").json
    assert answered(includedData="identifiers").status == 400
    assert "identifiers" not in answered(**preview).json
    assert asked["identifiers"] == [{"marketplaceId": US, "asin": listing.asin}]
    assert "issues" not in asked


def test_deleted_listing_is_gone_from_its_marketplace(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller, path = sign_in(emulator), f"{ITEMS}/{listing.sku}"

    reply = delete(caller, listing.sku)
    emulator.advance(1)

    statuses = [caller.get(path, marketplaceIds=site).status for site in (US, CA)]
    assert (reply.status, reply.json["status"]) == (200, "ACCEPTED")
    assert statuses == [404, 200]


def test_listing_deleted_everywhere_is_forgotten(emulator: Emulator) -> None:
    listing = some_listing(emulator)
    caller = sign_in(emulator)
    for marketplace in list(listing.offers):
        delete(caller, listing.sku, marketplace)
    emulator.advance(1)

    assert (SELLERS["na"], listing.sku) not in emulator.state.listings


def test_unknown_sku_cannot_be_deleted(emulator: Emulator) -> None:
    caller = sign_in(emulator)
    reply = delete(caller, "NO-SUCH")

    assert (reply.status, reply.json["status"]) == (200, "INVALID")
    assert delete(caller, "NO-SUCH", DE).status == 400


def test_family_is_found_by_its_parent(emulator: Emulator) -> None:
    child = some_listing(emulator)
    child.attributes["child_parent_sku_relationship"] = [
        {"parent_sku": "PARENT", "marketplace_id": US}
    ]
    caller = sign_in(emulator)

    found = caller.get(ITEMS, marketplaceIds=US, variationParentSku="PARENT").json
    none = caller.get(ITEMS, marketplaceIds=US, packageHierarchySku="PARENT").json
    both = caller.get(
        ITEMS,
        marketplaceIds=US,
        variationParentSku="PARENT",
        identifiers=child.sku,
        identifiersType="SKU",
    )

    (view,) = shown(caller, child.sku, "relationships")["relationships"]
    assert [item["sku"] for item in found["items"]] == [child.sku]
    assert view["relationships"] == [{"type": "VARIATION", "parentSkus": ["PARENT"]}]
    assert (none["numberOfResults"], both.status) == (0, 400)
