"""Tests of what the API modules send and read, call by call."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from channels_amazon.spapi import errors
from channels_amazon.spapi.apis import (
    catalog,
    fba_inventory,
    fulfillment_outbound_2020,
    listings,
    notifications,
    sellers,
    shipment_confirmation,
    tokens,
)
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.unreadable import UnreadableListing
from tests.spapi.conftest import Kit
from tests.spapi.server import Scripted, answer

DE = "A1PA6795UKMFR9"
FR = "A13V1IB3VIYZZH"
KEY = listings.ListingKey("A1", "SH/OE-1", (DE,))


def test_confirm_sends_the_package_number_as_text(server: Scripted, kit: Kit) -> None:
    server.then(answer(204))
    shipment = shipment_confirmation.PackageDetail(
        marketplace_id=DE,
        package_number=1,
        carrier_code="Other",
        carrier_name="Cargo bike",
        tracking_number="T1",
        ship_date=datetime(2026, 11, 20, 9, tzinfo=timezone(timedelta(hours=9))),
        items=[shipment_confirmation.ShippedItem("11", 2)],
    )

    shipment_confirmation.confirm_shipment(kit.client, "902-1", shipment)

    assert json.loads(server.received[0].body) == {
        "marketplaceId": DE,
        "packageDetail": {
            "packageReferenceId": "1",
            "carrierCode": "Other",
            "carrierName": "Cargo bike",
            "trackingNumber": "T1",
            "shipDate": "2026-11-20T00:00:00.000Z",
            "orderItems": [{"orderItemId": "11", "quantity": 2}],
        },
    }


def test_quantity_patch_keeps_the_handling_time() -> None:
    value = listings.quantity_patch(7, 3)["value"]

    assert value == [
        {
            "fulfillment_channel_code": "DEFAULT",
            "quantity": 7,
            "lead_time_to_ship_max_days": 3,
        }
    ]
    assert (
        "lead_time_to_ship_max_days"
        not in (listings.quantity_patch(0, None)["value"][0])
    )


def test_patch_answers_invalid_without_raising(server: Scripted, kit: Kit) -> None:
    issue = {
        "code": "90220",
        "message": "m",
        "severity": "ERROR",
        "categories": ["NEVER_SEEN"],
        "attributeNames": ["item_name"],
    }
    content = {
        "sku": "SH/OE-1",
        "status": "INVALID",
        "submissionId": "s",
        "issues": [issue],
    }
    server.then(answer(200, content))

    found = listings.patch_listings_item(
        kit.client, KEY, [listings.quantity_patch(1, None)]
    )

    assert (found.is_accepted, found.issues[0].code) == (False, "90220")
    assert json.loads(server.received[0].body)["productType"] == "PRODUCT"


def test_listing_is_read_with_quantity_and_price(server: Scripted, kit: Kit) -> None:
    summary = {
        "marketplaceId": DE,
        "productType": "SHOES",
        "status": ["BUYABLE"],
        "createdDate": "2026-01-01T00:00:00Z",
        "lastUpdatedDate": "2026-01-02T00:00:00Z",
    }
    price = {"amount": 9.99, "currencyCode": "EUR"}
    item = {
        "sku": "SH/OE-1",
        "summaries": [summary],
        "offers": [{"marketplaceId": DE, "offerType": "B2C", "price": price}],
        "fulfillmentAvailability": [
            {"fulfillmentChannelCode": "DEFAULT", "quantity": 3},
            {"fulfillmentChannelCode": "AMAZON_EU"},
        ],
    }
    server.then(answer(200, item))

    found = listings.get_listings_item(kit.client, KEY)

    assert str(found.offers[0].price and found.offers[0].price.amount) == "9.99"
    assert [one.quantity for one in found.availability] == [3, None]


def test_inventory_is_read_page_by_page(server: Scripted, kit: Kit) -> None:
    summary = {
        "sellerSku": "S",
        "totalQuantity": 9,
        "lastUpdatedTime": "",
        "inventoryDetails": {
            "fulfillableQuantity": 5,
            "reservedQuantity": {"totalReservedQuantity": 1},
        },
    }
    payload = {"granularity": {}, "inventorySummaries": [summary]}
    server.then(
        answer(200, {"payload": payload, "pagination": {"nextToken": "n"}}),
        answer(200, {"payload": payload}),
    )

    query = fba_inventory.InventoryQuery(DE)
    page = fba_inventory.get_inventory_summaries(kit.client, query)
    last = fba_inventory.get_inventory_summaries(kit.client, query, page.next_token)

    first = page.summaries[0]
    assert isinstance(first, fba_inventory.InventorySummary)
    assert (first.total, first.fulfillable, first.reserved) == (9, 5, 1)
    assert (first.unfulfillable, first.last_updated_at) == (None, None)
    assert (page.next_token, last.next_token) == ("n", None)
    assert "nextToken=n" in server.received[1].path


def test_unreadable_listing_stays_beside_the_good_ones(
    server: Scripted, kit: Kit
) -> None:
    bad = {"sku": "BAD", "summaries": "none", "note": "canary@example.com"}
    content = {"numberOfResults": 4, "items": [bad, {"sku": "GOOD"}, {}, 7]}
    server.then(answer(200, content))

    page = listings.search_listings_items(
        kit.client, listings.ListingsSearch("A1", (DE,))
    )

    unreadable = [one for one in page.items if isinstance(one, UnreadableListing)]
    assert [one.sku for one in page.items] == ["BAD", "GOOD", None, None]
    assert [one.reason for one in unreadable] == [
        "the field summaries is not a list of objects",
        "the field sku is missing",
        "the entry is not an object",
    ]
    assert "canary" not in unreadable[0].raw_redacted


def test_unreadable_units_stay_beside_the_good_ones(server: Scripted, kit: Kit) -> None:
    rows = [{"sellerSku": "BAD", "totalQuantity": "9"}, {"sellerSku": "GOOD"}]
    server.then(answer(200, {"payload": {"inventorySummaries": rows}}))

    page = fba_inventory.get_inventory_summaries(
        kit.client, fba_inventory.InventoryQuery(DE)
    )

    bad, good = page.summaries
    assert isinstance(bad, UnreadableListing)
    assert bad.sku == "BAD"
    assert isinstance(good, fba_inventory.InventorySummary)


def test_restricted_token_is_read_wrapped_or_not(server: Scripted, kit: Kit) -> None:
    plain = {"restrictedDataToken": "Atz.sprdt|canary", "expiresIn": 3600}
    server.then(answer(200, plain), answer(200, {"payload": plain}))
    resource = tokens.RestrictedResource("GET", "/mfn/v0/shipments/x")

    found = [
        tokens.create_restricted_data_token(kit.client, [resource]) for _ in range(2)
    ]

    assert found[0] == found[1]
    assert "canary" not in repr(found)


def test_catalogue_item_shows_the_asked_marketplace(server: Scripted, kit: Kit) -> None:
    summaries = [
        {"marketplaceId": "other", "itemName": "Shoe"},
        {"marketplaceId": DE, "itemName": "Schuh"},
    ]
    server.then(
        answer(
            200,
            {"numberOfResults": 1, "items": [{"asin": "B0", "summaries": summaries}]},
        )
    )

    page = catalog.search_catalog_items(
        kit.client, catalog.CatalogSearch(DE, ("4006381333931",), "EAN")
    )

    assert page.items[0].item_name == "Schuh"


Call = Callable[[SpApiClient], Any]


@pytest.mark.parametrize(
    ("call", "content", "field"),
    [
        (sellers.get_marketplace_participations, {}, "payload"),
        (
            sellers.get_marketplace_participations,
            {"payload": [{"participation": {}}]},
            "marketplace",
        ),
        (sellers.get_account, {"payload": {}}, "sellingPlan"),
        (lambda client: listings.get_listings_item(client, KEY), {}, "sku"),
        (
            lambda client: fba_inventory.get_inventory_summaries(
                client, fba_inventory.InventoryQuery(DE)
            ),
            {"payload": {}},
            "inventorySummaries",
        ),
        (notifications.get_subscription, {"payload": {}}, "subscriptionId"),
        (
            lambda client: fulfillment_outbound_2020.get_fulfillment_order(client, "x"),
            {"payload": {}},
            "fulfillmentOrder",
        ),
        (sellers.get_account, ["not", "an", "object"], "(answer)"),
    ],
)
def test_missing_field_is_named(
    server: Scripted, kit: Kit, call: Call, content: Any, field: str
) -> None:
    server.then(answer(200, content))

    with pytest.raises(errors.UnexpectedResponse) as caught:
        call(kit.client)

    assert f"the field {field} is" in caught.value.message


def test_account_is_read_by_its_selling_plan_alone(server: Scripted, kit: Kit) -> None:
    """Amazon's own sample states a marketplace without currency and language."""
    site = {"marketplace": {"id": DE, "name": "Germany", "countryCode": "DE"}}
    payload = {"sellingPlan": "PROFESSIONAL", "marketplaceParticipationList": [site]}
    server.then(answer(200, {"payload": payload}))

    account = sellers.get_account(kit.client)

    assert (account.selling_plan, account.business_type) == ("PROFESSIONAL", "")


def test_one_odd_marketplace_hides_no_other(server: Scripted, kit: Kit) -> None:
    whole = {
        "marketplace": {"id": DE, "currency": 7},
        "participation": {"isParticipating": True},
        "storeName": 7,
    }
    nameless: Any = {"marketplace": {}}
    odd = {"marketplace": {"id": FR}}
    server.then(answer(200, {"payload": [nameless, odd, whole]}))

    listed = sellers.get_marketplace_participations(kit.client)

    (site,) = listed.sites
    assert [one.marketplace_id for one in listed.unreadable] == ["", FR]
    unread = [one.split()[2] for one in site.unread]
    assert unread == ["hasSuspendedListings", "storeName"]

    assert (site.marketplace_id, site.country_code) == (DE, "DE")
    assert (site.is_participating, site.has_suspended_listings) == (True, False)


def test_listing_without_its_dates_is_read(server: Scripted, kit: Kit) -> None:
    summary = {"marketplaceId": DE, "status": ["BUYABLE"], "asin": "B" * 13}
    price = {"amount": "1,5", "currencyCode": "EUR"}
    offer = {"marketplaceId": DE, "offerType": "B2C", "price": price}
    server.then(answer(200, {"sku": "S", "summaries": [summary], "offers": [offer]}))

    item = listings.get_listings_item(kit.client, KEY)

    assert item.summaries[0].statuses == ("BUYABLE",)
    assert (item.summaries[0].created_at, item.summaries[0].asin) == (None, None)
    assert [" ".join(one.split()[2:3]) for one in item.unread] == ["asin", "price"]


@pytest.mark.parametrize("units", [-1, 2**31])
def test_units_that_no_stock_has_are_set_aside(
    server: Scripted, kit: Kit, units: int
) -> None:
    bad = {"sellerSku": "S", "totalQuantity": units}
    content = {"payload": {"inventorySummaries": [bad, {"sellerSku": "T"}]}}
    server.then(answer(200, content))

    page = fba_inventory.get_inventory_summaries(
        kit.client, fba_inventory.InventoryQuery(DE)
    )

    assert isinstance(page.summaries[0], UnreadableListing)
    assert "which is no number of units" in page.summaries[0].reason
    assert isinstance(page.summaries[1], fba_inventory.InventorySummary)
