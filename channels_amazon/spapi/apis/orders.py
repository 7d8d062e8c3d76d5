"""Orders API 2026-01-01: searching and reading orders; client layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from channels_amazon.spapi import fields, operations
from channels_amazon.spapi.client import QueryValue, SpApiClient
from channels_amazon.spapi.fields import Details, FieldError, JsonObject
from channels_amazon.spapi.orders import (
    AmazonOrder,
    UnreadableOrder,
    read_order,
    try_order,
)
from channels_amazon.wording import sentence

# fulfillmentStatus is part of the data set FULFILLMENT, so we always request that.
STATUS_DATA = "FULFILLMENT"
DEFAULT_DATA = (
    "BUYER",
    "RECIPIENT",
    "PROCEEDS",
    "CANCELLATION",
    "FULFILLMENT",
    "PACKAGES",
)


class FulfillmentStatus(StrEnum):
    """Amazon's statuses of an order, by which a search may filter."""

    PENDING_AVAILABILITY = "PENDING_AVAILABILITY"
    PENDING = "PENDING"
    UNSHIPPED = "UNSHIPPED"
    PARTIALLY_SHIPPED = "PARTIALLY_SHIPPED"
    SHIPPED = "SHIPPED"
    CANCELLED = "CANCELLED"
    UNFULFILLABLE = "UNFULFILLABLE"


class FulfilledBy(StrEnum):
    """Who ships an order, by which a search may filter."""

    AMAZON = "AMAZON"
    MERCHANT = "MERCHANT"


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What to search for: exactly one of the two After times (aware), then filters.

    The Before time belongs to the same pair and must be at least two minutes old.
    `included_data` names Amazon's data sets; FULFILLMENT is always asked for.
    """

    last_updated_after: datetime | None = None
    last_updated_before: datetime | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
    marketplace_ids: Sequence[str] = ()
    statuses: Sequence[FulfillmentStatus] = ()
    fulfilled_by: Sequence[FulfilledBy] = ()
    page_size: int = 100
    included_data: Sequence[str] = DEFAULT_DATA


@dataclass(frozen=True, slots=True)
class OrderPage:
    """Up to 100 orders, in Amazon's order, unreadable ones among them.

    `last_updated_before` is the edge up to which Amazon has answered. `unread` says
    what beside the orders could not be read, and is None here; `no_token` why nobody
    knows the next page, "" where that is known.
    """

    orders: tuple[AmazonOrder | UnreadableOrder, ...]
    next_token: str | None
    last_updated_before: datetime | None
    created_before: datetime | None
    unread: tuple[str, ...] = ()
    no_token: str = ""


def search_orders(
    client: SpApiClient, search: OrderSearch, page_token: str | None = None
) -> OrderPage:
    """Return one page; `page_token` lives 24 hours and wants the same search."""
    query: dict[str, QueryValue] = {
        "lastUpdatedAfter": search.last_updated_after,
        "lastUpdatedBefore": search.last_updated_before,
        "createdAfter": search.created_after,
        "createdBefore": search.created_before,
        "marketplaceIds": tuple(search.marketplace_ids) or None,
        "fulfillmentStatuses": tuple(search.statuses) or None,
        "fulfilledBy": tuple(search.fulfilled_by) or None,
        "maxResultsPerPage": search.page_size,
        "includedData": _with_status(search.included_data),
        "paginationToken": page_token,
    }
    answer = client.call(operations.SEARCH_ORDERS, query=query)
    return fields.parse(answer, _page)


def get_order(
    client: SpApiClient, order_id: str, included_data: Sequence[str] = DEFAULT_DATA
) -> AmazonOrder:
    """Return one order as it is now, younger than two minutes too.

    Raises NotFound for an order the account does not own.
    """
    answer = client.call(
        operations.GET_ORDER,
        path={"orderId": order_id},
        query={"includedData": _with_status(included_data)},
    )

    def read(data: JsonObject) -> AmazonOrder:
        order = read_order(fields.required_object(data, "order"))
        if order.order_id != order_id:
            raise FieldError("orderId", sentence("is that of another order"))
        return order

    return fields.parse(answer, read)


def _with_status(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*names, STATUS_DATA)))


def _page(data: JsonObject) -> OrderPage:
    listed = data.get("orders")
    if not isinstance(listed, list):
        raise FieldError("orders", sentence("is missing"))
    details = Details()
    next_token, no_token = fields.next_page(data)
    return OrderPage(
        orders=tuple(try_order(entry) for entry in listed),
        next_token=next_token,
        last_updated_before=details.time(data, "lastUpdatedBefore"),
        created_before=details.time(data, "createdBefore"),
        unread=tuple(details.unread),
        no_token=no_token,
    )
