"""Orders 2026-01-01: searchOrders and getOrder; emulator."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedOrder
from ..model.statuses import EmulatedOrderStatus, FulfillmentChannel
from ..protocol.calling import ApiReply, Call, Route, invalid, not_found
from ..protocol.paging import make_token, read_token
from .order_view import DATA_SETS, order_view

ORDER_ID = re.compile(r"(\d{3}|S\d{2})-\d{7}-\d{7}")
PAGE_PARAMETER = "paginationToken"
# Parameters that may differ from the first page's; Amazon wants all others repeated.
CHANGEABLE = {"maxResultsPerPage", "includedData"}
TOKEN_LIFETIME = timedelta(hours=24)
# A search shows no order that was created or updated within the last two minutes.
SEARCH_LAG = timedelta(minutes=2)
# Amazon keeps orders for two years.
OLDEST = timedelta(days=730)


@dataclass(frozen=True)
class SearchRange:
    """The time range of a search, by creation or by last update."""

    by_update: bool
    after: datetime
    before: datetime

    def stamp(self, order: EmulatedOrder) -> datetime:
        """Return the order's creation or update time, whichever the range is of."""
        return order.updated_at if self.by_update else order.created_at

    def holds(self, order: EmulatedOrder) -> bool:
        """Tell whether the order lies in the range."""
        return self.after <= self.stamp(order) <= self.before


def search_orders(call: Call) -> ApiReply:
    """Serve searchOrders: one page, oldest first."""
    state = read_token(call, PAGE_PARAMETER, CHANGEABLE, TOKEN_LIFETIME)
    window = _window(call, state)
    wanted = call.values("includedData", DATA_SETS)
    size = call.number("maxResultsPerPage", 1, 100, 100)
    found = sorted(
        _matching(call, window),
        key=lambda order: (window.stamp(order), order.order_id),
    )
    if state is not None:
        last = (datetime.fromisoformat(state["last"]), str(state["last_id"]))
        found = [item for item in found if (window.stamp(item), item.order_id) > last]
    shown = found[:size]
    body: dict[str, Any] = {
        "orders": [
            order_view(call.world, order, wanted, call.caller.roles) for order in shown
        ],
        "lastUpdatedBefore" if window.by_update else "createdBefore": iso(
            window.before
        ),
    }
    if len(found) > size:
        next_state = {
            "last": window.stamp(shown[-1]).isoformat(),
            "last_id": shown[-1].order_id,
            "before": window.before.isoformat(),
        }
        token = make_token(call, PAGE_PARAMETER, CHANGEABLE, next_state)
        body["pagination"] = {"nextToken": token}
    return ApiReply(200, body)


def get_order(call: Call) -> ApiReply:
    """Serve getOrder, which has no SEARCH_LAG: it finds a new order at once."""
    order_id = call.path["orderId"]
    wanted = call.values("includedData", DATA_SETS)
    if not ORDER_ID.fullmatch(order_id):
        raise invalid(f"Invalid order id {order_id}.")
    order = call.world.orders.get(order_id)
    if order is None or order.seller_id != call.seller.seller_id:
        raise not_found(f"Order {order_id} is not found.")
    view = order_view(call.world, order, wanted, call.caller.roles)
    return ApiReply(200, {"order": view})


def _window(call: Call, state: dict[str, Any] | None) -> SearchRange:
    """Read the time range; exactly one After, a Before only with its own After."""
    created, updated = call.moment("createdAfter"), call.moment("lastUpdatedAfter")
    created_end = call.moment("createdBefore")
    updated_end = call.moment("lastUpdatedBefore")
    if created is not None and updated is not None:
        raise invalid("createdAfter and lastUpdatedAfter cannot be combined.")
    after = created if created is not None else updated
    if after is None:
        raise invalid("Either createdAfter or lastUpdatedAfter is required.")
    by_update = created is None
    before, foreign = (
        (updated_end, created_end) if by_update else (created_end, updated_end)
    )
    if foreign is not None:
        raise invalid("A Before parameter goes with its own After parameter only.")
    newest = call.world.now() - SEARCH_LAG
    if before is not None and before < after:
        raise invalid("The Before time must not be earlier than the After time.")
    if before is not None and before > newest:
        raise invalid("The Before time must be at least two minutes in the past.")
    if after > call.world.now():
        raise invalid("The After time must not lie in the future.")
    if state is not None:
        before = datetime.fromisoformat(state["before"])
    return SearchRange(by_update, after, before or newest)


def _matching(call: Call, window: SearchRange) -> list[EmulatedOrder]:
    statuses = call.values("fulfillmentStatuses", EmulatedOrderStatus)
    marketplace_ids = call.values("marketplaceIds", most=50)
    fulfilled_by = call.values("fulfilledBy", FulfillmentChannel)
    call.check_marketplaces(marketplace_ids)
    oldest = call.world.now() - OLDEST
    return [
        order
        for order in call.world.seller_orders(call.seller.seller_id)
        if window.holds(order)
        and order.created_at >= oldest
        and (not statuses or order.status in statuses)
        and (not marketplace_ids or order.marketplace_id in marketplace_ids)
        and (not fulfilled_by or order.fulfilled_by in fulfilled_by)
    ]


ROUTES = (
    Route("searchOrders", "GET", "/orders/2026-01-01/orders", search_orders),
    Route("getOrder", "GET", "/orders/2026-01-01/orders/{orderId}", get_order),
)
