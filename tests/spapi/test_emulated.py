"""Tests of every operation against the local Amazon, with its rules and its faults."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from channels_amazon.spapi import errors, operations
from channels_amazon.spapi.apis import (
    catalog,
    fba_inventory,
    fulfillment_outbound_2020,
    listings,
    notifications,
    orders,
    sellers,
    shipment_confirmation,
    tokens,
)
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.orders import AmazonOrder
from channels_amazon.spapi.sqs import Queue
from channels_amazon.spapi.throttle import InMemoryBuckets
from tests.spapi.conftest import Connect
from tests.spapi.recorder import ListRecorder

if TYPE_CHECKING:
    from channels_amazon.emulator.server import Emulator

DE, GB = "A1PA6795UKMFR9", "A1F83G8C2ARO7P"
SELLER = "A1EMULATOREU1"


@pytest.fixture
def merchant_sku(client: SpApiClient) -> str:
    """Give a SKU that the merchant ships."""
    search = listings.ListingsSearch(SELLER, (DE,))
    page = listings.search_listings_items(client, search)
    return next(
        item.sku
        for item in page.items
        if isinstance(item, listings.ListingsItem)
        and any(one.channel_code == "DEFAULT" for one in item.availability)
    )


def test_participations_name_the_sites(client: SpApiClient) -> None:
    found = sellers.get_marketplace_participations(client).sites
    sites = {one.country_code: one for one in found if one.is_participating}

    assert {"DE", "FR", "IT", "ES", "GB"} <= set(sites)
    assert (sites["GB"].marketplace_id, sites["GB"].currency) == (GB, "GBP")


def test_account_tells_the_plan(client: SpApiClient) -> None:
    assert sellers.get_account(client).selling_plan == "PROFESSIONAL"


def test_order_is_read_at_once_by_id(emulator: Emulator, client: SpApiClient) -> None:
    (order_id,) = emulator.place_orders(1, region="eu", fulfilled_by="MERCHANT")

    order = orders.get_order(client, order_id)

    assert (order.order_id, order.fulfilled_by) == (order_id, "MERCHANT")
    assert order.items[0].quantity_ordered >= 1
    assert (order.recipient or {})["deliveryAddress"]


def test_unknown_order_is_not_found(client: SpApiClient) -> None:
    with pytest.raises((errors.NotFound, errors.InvalidRequest)) as caught:
        orders.get_order(client, "902-0000000-0000000")

    assert caught.value.request_id


def test_search_pages_through_all_orders(client: SpApiClient) -> None:
    search = orders.OrderSearch(
        created_after=datetime.now(tz=UTC) - timedelta(days=60), page_size=5
    )

    pages = [orders.search_orders(client, search)]
    while token := pages[-1].next_token:
        pages.append(orders.search_orders(client, search, token))

    found = [order for page in pages for order in page.orders]
    assert len(pages) > 1
    assert all(isinstance(order, AmazonOrder) and order.status for order in found)
    assert len({order.order_id for order in found}) == len(found)


def test_search_refuses_both_times(client: SpApiClient) -> None:
    now = datetime.now(tz=UTC)
    search = orders.OrderSearch(created_after=now, last_updated_after=now)

    with pytest.raises(errors.InvalidRequest) as caught:
        orders.search_orders(client, search)

    assert caught.value.issues[0].code == "InvalidInput"


def test_shipment_is_confirmed_and_shown(
    emulator: Emulator, client: SpApiClient
) -> None:
    (order_id,) = emulator.place_orders(1, region="eu", fulfilled_by="MERCHANT")
    emulator.advance(120)
    order = orders.get_order(client, order_id)
    shipment = shipment_confirmation.PackageDetail(
        marketplace_id=order.marketplace_id or "",
        package_number=1,
        carrier_code="DHL",
        tracking_number="00340434161094",
        ship_date=datetime.now(tz=UTC),
        items=[
            shipment_confirmation.ShippedItem(item.order_item_id, item.quantity_ordered)
            for item in order.items
        ],
    )

    shipment_confirmation.confirm_shipment(client, order_id, shipment)
    emulator.advance(120)

    shown = orders.get_order(client, order_id)
    assert shown.status == "SHIPPED"
    assert shown.packages[0].tracking_number == "00340434161094"


def test_shipment_probe_changes_nothing(client: SpApiClient) -> None:
    with pytest.raises((errors.InvalidRequest, errors.NotFound)):
        shipment_confirmation.probe_confirm_shipment(client, "902-0-0", DE)


def test_quantity_is_patched_and_read_back(
    emulator: Emulator, client: SpApiClient, merchant_sku: str
) -> None:
    key = listings.ListingKey(SELLER, merchant_sku, (DE,))

    submission = listings.patch_listings_item(
        client, key, [listings.quantity_patch(17, 2)]
    )
    emulator.advance(120)

    found = listings.get_listings_item(client, key)
    merchant = [one for one in found.availability if one.channel_code == "DEFAULT"]
    assert submission.is_accepted
    assert merchant[0].quantity == 17


def test_listing_of_a_strange_sku_is_not_found(client: SpApiClient) -> None:
    key = listings.ListingKey(SELLER, "no/such sku?", (DE,))

    with pytest.raises(errors.NotFound):
        listings.get_listings_item(client, key)


def test_inventory_repeats_the_pool_on_each_site(client: SpApiClient) -> None:
    def units(marketplace_id: str) -> dict[str, int | None]:
        query = fba_inventory.InventoryQuery(marketplace_id)
        found: dict[str, int | None] = {}
        token: str | None = None
        while True:
            page = fba_inventory.get_inventory_summaries(client, query, token)
            for one in page.summaries:
                if isinstance(one, fba_inventory.InventorySummary):
                    found[one.seller_sku] = one.fulfillable
            token = page.next_token
            if token is None:
                return found

    german, french = units(DE), units("A13V1IB3VIYZZH")

    common = set(german) & set(french)
    assert common
    assert all(german[sku] == french[sku] for sku in common)


def test_subscription_brings_events_to_the_queue(
    emulator: Emulator, client: SpApiClient, queue: Queue
) -> None:
    destination = notifications.create_destination(
        client, "shoplink", emulator.queue_arn
    )
    made = notifications.create_subscription(client, destination.destination_id)
    emulator.place_orders(1, region="eu")

    messages = queue.receive(wait=5)

    assert notifications.get_destinations(client) == (destination,)
    assert notifications.get_subscription(client) == made
    assert messages
    assert queue.delete(messages) == ()


def test_subscription_made_twice_is_a_conflict(
    emulator: Emulator, client: SpApiClient
) -> None:
    destination = notifications.create_destination(client, "one", emulator.queue_arn)
    notifications.create_subscription(client, destination.destination_id)

    with pytest.raises(errors.InvalidRequest) as caught:
        notifications.create_subscription(client, destination.destination_id)

    assert caught.value.status == 409


def test_subscription_ends(emulator: Emulator, client: SpApiClient) -> None:
    destination = notifications.create_destination(client, "one", emulator.queue_arn)
    made = notifications.create_subscription(client, destination.destination_id)

    notifications.delete_subscription_by_id(client, made.subscription_id)
    notifications.delete_destination(client, destination.destination_id)

    with pytest.raises(errors.NotFound):
        notifications.get_subscription(client)


def test_catalogue_answers_an_unknown_code_with_nothing(client: SpApiClient) -> None:
    search = catalog.CatalogSearch(DE, ("4006381333931",), "EAN")

    assert catalog.search_catalog_items(client, search).items == ()


def test_restricted_token_needs_the_role(
    emulator: Emulator, client: SpApiClient
) -> None:
    resource = tokens.RestrictedResource("GET", f"/mfn/v0/shipments/{uuid.uuid4()}")
    given = tokens.create_restricted_data_token(client, [resource])
    emulator.control("roles", remove=["Direct-to-Consumer Shipping"])

    with pytest.raises(errors.InvalidRequest):
        tokens.create_restricted_data_token(client, [resource])

    assert given.token.startswith("Atz.sprdt|")


def test_unknown_outbound_order_is_refused_without_denial(client: SpApiClient) -> None:
    with pytest.raises((errors.NotFound, errors.InvalidRequest)):
        fulfillment_outbound_2020.get_fulfillment_order(client, "never-made")


def test_missing_role_is_denied_after_a_fresh_token(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder
) -> None:
    emulator.control("roles", remove=["Product Listing"])

    with pytest.raises(errors.AccessDenied):
        catalog.search_catalog_items(client, catalog.CatalogSearch(DE, ("1",), "EAN"))

    named = [call.operation for call in recorder.calls]
    assert named == ["lwa.token", "searchCatalogItems"] * 2


def test_wrong_region_is_denied(connect: Connect) -> None:
    with pytest.raises(errors.AccessDenied):
        sellers.get_marketplace_participations(connect("eu", endpoint="na"))


def test_expired_token_is_replaced_unnoticed(
    emulator: Emulator, client: SpApiClient
) -> None:
    sellers.get_marketplace_participations(client)
    emulator.control("expire_tokens")

    assert sellers.get_marketplace_participations(client).sites


def test_revoked_account_has_to_authorise_again(
    emulator: Emulator, client: SpApiClient
) -> None:
    emulator.control("revoke", region="eu")

    with pytest.raises(errors.AuthorizationLost) as caught:
        sellers.get_marketplace_participations(client)

    assert caught.value.code == "token.revoked"


def test_quota_cut_at_amazon_is_learnt_within_three_refusals(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder
) -> None:
    emulator.control("limits", operation="getListingsItem", rate=2.5, burst=2)
    key = listings.ListingKey(SELLER, "none", (DE,))
    patient = replace(client, max_wait=2.0)
    for _ in range(12):
        with pytest.raises(errors.NotFound):
            listings.get_listings_item(patient, key)

    statuses = [call.status for call in recorder.calls]
    assert isinstance(client.buckets, InMemoryBuckets)
    bucket = client.buckets.bucket("account:1", "getListingsItem")
    assert statuses.count(429) <= 3
    assert bucket is not None
    assert bucket.rate == 2.5


@pytest.mark.parametrize("kind", ["status_500", "html_503", "cut_body", "close"])
def test_read_survives_a_fault(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder, kind: str
) -> None:
    emulator.control("faults", match="getAccount", kind=kind, count=1)

    # Nobody else has this seller's quota: a dear call may be repeated.
    assert sellers.get_account(replace(client, spares_tokens=False)).selling_plan
    assert [call.attempt for call in recorder.calls][-2:] == [1, 2]


def test_lost_answer_of_an_unsafe_write_is_not_repeated(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder
) -> None:
    emulator.control("faults", match="createDestination", kind="lost_answer", count=1)

    with pytest.raises(errors.NetworkError):
        notifications.create_destination(client, "one", emulator.queue_arn)

    sent = [call for call in recorder.calls if call.operation == "createDestination"]
    assert len(sent) == 1
    assert len(notifications.get_destinations(client)) == 1


def test_token_endpoint_down_is_named(emulator: Emulator, client: SpApiClient) -> None:
    emulator.control("faults", match="lwa.token", kind="status_503")
    tokens_of = client.tokens
    hasty = replace(tokens_of, lwa=replace(tokens_of.lwa, budget=0.5))

    with pytest.raises(errors.LwaUnavailable) as caught:
        sellers.get_account(replace(client, tokens=hasty))

    assert caught.value.code == "lwa.outage"


def test_nothing_secret_is_recorded(
    emulator: Emulator, client: SpApiClient, recorder: ListRecorder
) -> None:
    (order_id,) = emulator.place_orders(1, region="eu", fulfilled_by="MERCHANT")
    order = orders.get_order(client, order_id)
    written = repr(recorder.calls) + repr(client) + repr(order)

    address: dict[str, Any] = (order.recipient or {})["deliveryAddress"]
    hidden = [address[name] for name in ("name", "addressLine1", "postalCode")]
    assert hidden
    assert not any(value in written for value in hidden)
    assert "Atz" not in written
    assert operations.OPERATIONS[recorder.calls[-1].operation].name == "getOrder"
