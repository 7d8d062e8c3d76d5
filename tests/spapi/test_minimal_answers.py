"""Whatever Amazon's models leave optional may lack: the barest valid answers are read.

Each operation that we read is answered by what its model demands and nothing more, and
once more with every list and object there, each as bare as it may be.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from channels_amazon.spapi import operations
from channels_amazon.spapi.apis import (
    catalog,
    fba_inventory,
    feeds,
    fulfillment_outbound_2020,
    fulfillment_outbound_2026,
    listings,
    notifications,
    orders,
    reports,
    sellers,
    tokens,
)
from channels_amazon.spapi.client import SpApiClient
from channels_amazon.spapi.operations import Operation
from channels_amazon.spapi.orders import AmazonOrder
from channels_amazon.spapi.unreadable import UnreadableListing
from tests.spapi import outbound_answers as told
from tests.spapi.conftest import Kit
from tests.spapi.server import Scripted, answer

US = "ATVPDKIKX0DER"
ORDER = "902-1106328-1059050"
TIME = "2026-11-20T12:00:00Z"
KEY = listings.ListingKey("A1", "S", (US,))
REPORT = reports.ReportRequest("T", (US,))
FEED = feeds.FeedRequest("T", (US,), "d")

# Fields without which there is no answer at all, though the models leave them optional:
# what the operation was asked for, and whose units an inventory summary states.
CONTENT = {"payload", "restrictedDataToken", "sellerSku"}
# So deep, models that contain themselves are left.
DEEPEST = 12
# What a text must be where its form has a meaning that the model does not state.
TEXTS = {"orderId": ORDER, "sellerFulfillmentOrderId": "SHOP-1"}


class Reading(NamedTuple):
    """An operation, the model that describes its answer, and our reader of it."""

    operation: Operation
    model: str
    read: Callable[[SpApiClient], Any]


def outbound(call: Callable[..., Any], *given: Any) -> Callable[[SpApiClient], Any]:
    return lambda client: call(client, *given)


SEARCH = orders.OrderSearch(created_after=datetime(2026, 11, 20, tzinfo=UTC))
READINGS = [
    Reading(
        operations.SEARCH_ORDERS,
        "orders_2026-01-01",
        lambda client: orders.search_orders(client, SEARCH),
    ),
    Reading(
        operations.GET_ORDER,
        "orders_2026-01-01",
        lambda client: orders.get_order(client, ORDER),
    ),
    Reading(
        operations.GET_MARKETPLACE_PARTICIPATIONS,
        "sellers",
        sellers.get_marketplace_participations,
    ),
    Reading(operations.GET_ACCOUNT, "sellers", sellers.get_account),
    Reading(
        operations.SEARCH_LISTINGS_ITEMS,
        "listingsItems_2021-08-01",
        lambda client: listings.search_listings_items(
            client, listings.ListingsSearch("A1", (US,))
        ),
    ),
    Reading(
        operations.GET_LISTINGS_ITEM,
        "listingsItems_2021-08-01",
        lambda client: listings.get_listings_item(client, KEY),
    ),
    Reading(
        operations.PATCH_LISTINGS_ITEM,
        "listingsItems_2021-08-01",
        lambda client: listings.patch_listings_item(client, KEY, []),
    ),
    Reading(
        operations.GET_INVENTORY_SUMMARIES,
        "fbaInventory",
        lambda client: fba_inventory.get_inventory_summaries(
            client, fba_inventory.InventoryQuery(US)
        ),
    ),
    Reading(
        operations.SEARCH_CATALOG_ITEMS,
        "catalogItems_2022-04-01",
        lambda client: catalog.search_catalog_items(
            client, catalog.CatalogSearch(US, ("1",), "EAN")
        ),
    ),
    Reading(
        operations.CREATE_RESTRICTED_DATA_TOKEN,
        "tokens_2021-03-01",
        lambda client: tokens.create_restricted_data_token(
            client, [tokens.RestrictedResource("GET", "/x")]
        ),
    ),
    Reading(
        operations.CREATE_REPORT,
        "reports_2021-06-30",
        lambda client: reports.create_report(client, REPORT),
    ),
    Reading(
        operations.GET_REPORT,
        "reports_2021-06-30",
        lambda client: reports.get_report(client, "1"),
    ),
    Reading(
        operations.GET_REPORTS,
        "reports_2021-06-30",
        lambda client: reports.get_reports(client, reports.ReportsQuery(("T",))),
    ),
    Reading(
        operations.GET_REPORT_DOCUMENT,
        "reports_2021-06-30",
        lambda client: reports.get_report_document(client, "1"),
    ),
    Reading(
        operations.CREATE_FEED_DOCUMENT, "feeds_2021-06-30", feeds.create_feed_document
    ),
    Reading(
        operations.CREATE_FEED,
        "feeds_2021-06-30",
        lambda client: feeds.create_feed(client, FEED),
    ),
    Reading(
        operations.GET_FEED,
        "feeds_2021-06-30",
        lambda client: feeds.get_feed(client, "1"),
    ),
    Reading(
        operations.GET_FEEDS,
        "feeds_2021-06-30",
        lambda client: feeds.get_feeds(client, feeds.FeedsQuery(("T",))),
    ),
    Reading(
        operations.GET_FEED_DOCUMENT,
        "feeds_2021-06-30",
        lambda client: feeds.get_feed_document(client, "1"),
    ),
    Reading(
        operations.GET_DESTINATIONS, "notifications", notifications.get_destinations
    ),
    Reading(
        operations.CREATE_DESTINATION,
        "notifications",
        lambda client: notifications.create_destination(client, "n", "arn"),
    ),
    Reading(
        operations.GET_SUBSCRIPTION, "notifications", notifications.get_subscription
    ),
    Reading(
        operations.CREATE_SUBSCRIPTION,
        "notifications",
        lambda client: notifications.create_subscription(client, "d"),
    ),
    Reading(
        operations.GET_FULFILLMENT_PREVIEW,
        "fulfillmentOutbound_2020-07-01",
        lambda client: fulfillment_outbound_2020.preview(client, told.question()),
    ),
    Reading(
        operations.GET_FULFILLMENT_ORDER,
        "fulfillmentOutbound_2020-07-01",
        lambda client: fulfillment_outbound_2020.get_fulfillment_order(
            client, "SHOP-1"
        ),
    ),
    Reading(
        operations.GET_PACKAGE_TRACKING_DETAILS,
        "fulfillmentOutbound_2020-07-01",
        lambda client: fulfillment_outbound_2020.get_package_tracking_details(
            client, 1
        ),
    ),
    Reading(
        operations.OUTBOUND_GET_ORDER_PREVIEW,
        "fulfillmentOutbound_2026-07-04",
        lambda client: fulfillment_outbound_2026.preview(client, told.question()),
    ),
    Reading(
        operations.OUTBOUND_CREATE_ORDER,
        "fulfillmentOutbound_2026-07-04",
        lambda client: fulfillment_outbound_2026.create(client, told.order()),
    ),
    Reading(
        operations.OUTBOUND_GET_ORDER,
        "fulfillmentOutbound_2026-07-04",
        lambda client: fulfillment_outbound_2026.get_order(client, "SHOP-1"),
    ),
]
# Their answers are empty, or nothing of them is read.
NOT_READ = {
    "cancelFeed",
    "confirmShipment",
    "deleteDestination",
    "deleteSubscriptionById",
    "createFulfillmentOrder",
    "cancelFulfillmentOrder",
    "outbound.cancelOrder",
}
TOKEN = answer(200, {"access_token": "a", "expires_in": 3600})


class Model:
    """One of Amazon's published models."""

    def __init__(self, folder: Path, name: str) -> None:
        self.content = json.loads((folder / "models" / f"{name}.json").read_text())

    def answers(self, operation: Operation, *, with_parts: bool) -> list[Any]:
        """Return a bare answer for each status of success that has a body."""
        told_of = self.content["paths"][operation.path][operation.method.lower()]
        return [
            self._bare(response["schema"], with_parts=with_parts)
            for status, response in sorted(told_of["responses"].items())
            if status.startswith("2") and "schema" in response
        ]

    def _bare(
        self, schema: Any, *, with_parts: bool, name: str = "", depth: int = 0
    ) -> Any:
        schema, below = self._resolved(schema), depth + 1
        if schema.get("type") == "array":
            if below > DEEPEST:
                return []
            return [self._bare(schema["items"], with_parts=with_parts, depth=below)]
        if "properties" in schema or schema.get("type") == "object":
            properties = schema.get("properties", {})
            return {
                key: self._bare(part, with_parts=with_parts, name=key, depth=below)
                for key, part in properties.items()
                # What an answer says beside its content is no part of the content.
                if key != "errors"
                and (
                    key in schema.get("required", ())
                    or key in CONTENT
                    or (with_parts and depth < DEEPEST and self._is_part(part))
                )
            }
        return self._scalar(schema, name)

    def _scalar(self, schema: Any, name: str) -> Any:
        if "enum" in schema:
            return schema["enum"][0]
        if schema.get("type") == "boolean":
            return False
        if schema.get("type") in {"integer", "number"}:
            return 1
        if schema.get("format") == "date-time":
            return TIME
        return TEXTS.get(name, "1")

    def _is_part(self, schema: Any) -> bool:
        schema = self._resolved(schema)
        return schema.get("type") == "array" or "properties" in schema

    def _resolved(self, schema: Any) -> Any:
        if "$ref" in schema:
            name = schema["$ref"].rsplit("/", 1)[1]
            return self._resolved(self.content["definitions"][name])
        if "allOf" in schema:
            parts = [self._resolved(part) for part in schema["allOf"]]
            return {
                "type": "object",
                "properties": {
                    key: value
                    for part in parts
                    for key, value in part.get("properties", {}).items()
                },
                "required": [key for part in parts for key in part.get("required", ())],
            }
        return schema


def names(reading: Reading) -> str:
    return reading.operation.name


def test_every_operation_is_here_or_read_by_nobody() -> None:
    asked = {reading.operation.name for reading in READINGS}

    assert {one.name for one in operations.OPERATIONS.values()} == asked | NOT_READ


@pytest.mark.models
@pytest.mark.parametrize("with_parts", [False, True])
@pytest.mark.parametrize("reading", READINGS, ids=names)
def test_barest_valid_answer_is_read(
    server: Scripted,
    kit: Kit,
    spapi_models: Path,
    reading: Reading,
    with_parts: bool,
) -> None:
    model = Model(spapi_models, reading.model)
    bare = model.answers(reading.operation, with_parts=with_parts)
    assert bare

    for content in bare:
        server.scripts.clear()
        server.then(*[TOKEN] * bool(reading.operation.scope), answer(200, content))
        read = reading.read(kit.client)
        # An entry of a page that cannot be read does not raise: it is in the page.
        entries = getattr(read, "orders", ()) or getattr(read, "items", ())
        entries = entries or getattr(read, "summaries", ())
        kinds = (AmazonOrder, listings.ListingsItem, fba_inventory.InventorySummary)
        if not isinstance(read, AmazonOrder):
            assert not any(isinstance(one, UnreadableListing) for one in entries)
        for one in (read, *entries):
            if isinstance(one, kinds):
                assert one.unread == ()
