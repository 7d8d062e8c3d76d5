"""Multi-channel fulfilment 2026-07-04, over the same orders as 2020; emulator.

Its operations are named `outbound.…`, since the Orders API has a getOrder too.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, TypeVar

from ..mcf import fulfilment
from ..mcf.quotes import quote, speeds_of
from ..model.errors import LifecycleError
from ..model.mcf_orders import (
    CANCELLABLE,
    McfAction,
    McfItem,
    McfOrder,
    McfPolicy,
    McfSpeed,
)
from ..model.state import World
from ..protocol.calling import ApiReply, Call, Route, field_text, invalid
from ..protocol.paging import make_token, read_token
from . import outbound_requests as read
from .fulfillment_order_view import (
    ACTIONS,
    POLICIES,
    TIERS,
    order_view,
    preview_view,
    status_of,
)

Json = dict[str, Any]
Word = TypeVar("Word", McfAction, McfPolicy)

PAGE_SIZE = 50
PAGE_PARAMETER = "pageToken"
CHANGEABLE = {"shipments"}
_BASE = "/fulfillment/outbound/2026-07-04"
_ORDERS = f"{_BASE}/orders"
_ORDER = f"{_ORDERS}/{{orderId}}"


def get_order_preview(call: Call) -> ApiReply:
    """Serve getOrderPreview: an offer for each speed, or what stands in the way."""
    body = call.json()
    marketplace_id = _marketplace(call, body)
    destination = read.part(body, "destination", required=True)
    address = read.address(
        read.part(destination, "deliveryAddress", required=True), "email"
    )
    read.limited(body, "channel", 40, required=False)
    wanted = [
        (str(number), _sku(row), _units(row))
        for number, row in enumerate(read.rows(body, "lineItems"), 1)
    ]
    for item_id, sku, _ in wanted:
        read.check_sku(call, sku, item_id, marketplace_id)
    configuration = read.part(body, "fulfillmentConfiguration")
    speeds = _speeds(configuration, marketplace_id) or speeds_of(marketplace_id)
    quotes = [
        quote(
            call.world,
            call.seller.seller_id,
            marketplace_id,
            address["countryCode"],
            wanted,
            speed,
        )
        for speed in speeds
    ]
    with_fees = body.get("excludeEstimatedFees") is not True
    return ApiReply(200, preview_view(quotes, with_fees=with_fees))


def create_order(call: Call) -> ApiReply:
    """Serve createOrder: accepted for later, or answered at once by a switch."""
    body = call.json()
    order_id = read.limited(body, "orderId", 40)
    marketplace_id = _marketplace(call, body)
    order = _order(call, body, order_id, marketplace_id)
    read.check_items(call, order.items, marketplace_id)
    read.check_delivery(marketplace_id, order.destination)
    read.check_new(call, order_id)
    fulfilment.place(call.world, order)
    if call.world.switches.outbound.synchronous:
        return ApiReply(200, {"order": order_view(order, with_shipments=False)})
    return ApiReply(202, {"orderId": order_id, "status": status_of(order)})


def get_order(call: Call) -> ApiReply:
    """Serve getOrder, with tracking in its shipments."""
    with_shipments = _wants_shipments(call)
    order = read.find(call, call.path["orderId"])
    return ApiReply(200, {"order": order_view(order, with_shipments=with_shipments)})


def list_orders(call: Call) -> ApiReply:
    """Serve listOrders: those updated after a time, oldest update first."""
    with_shipments = _wants_shipments(call)
    after = call.moment("updatedAfter")
    state = read_token(call, PAGE_PARAMETER, CHANGEABLE) or {"last": "", "last_id": ""}
    found = sorted(
        (order.updated_at, order.order_id, order)
        for order in call.world.mcf_orders.values()
        if order.seller_id == call.seller.seller_id
        and (after is None or order.updated_at > after)
    )
    if state["last"]:
        last = (datetime.fromisoformat(state["last"]), state["last_id"])
        found = [each for each in found if each[:2] > last]
    shown = found[:PAGE_SIZE]
    body: Json = {
        "orders": [order_view(each[2], with_shipments=with_shipments) for each in shown]
    }
    if len(found) > PAGE_SIZE:
        next_state = {"last": shown[-1][0].isoformat(), "last_id": shown[-1][1]}
        token = make_token(call, PAGE_PARAMETER, CHANGEABLE, next_state)
        body["pagination"] = {"nextToken": token}
    return ApiReply(200, body)


def update_order(call: Call) -> ApiReply:
    """Serve updateOrder: set or take off a hold; it shows a little later."""
    order = read.find(call, call.path["orderId"])
    body = call.json()
    configuration = read.part(body, "fulfillmentConfiguration")
    action = _word(configuration, "action", ACTIONS, order.action)
    if order.status not in CANCELLABLE:
        raise invalid(f"Fulfillment order {order.order_id} is {status_of(order)}.")
    world = call.world
    _later(world, lambda: _set_action(world, order, action))
    return ApiReply(202, {})


def cancel_order(call: Call) -> ApiReply:
    """Serve cancelOrder: accepted while nothing is picked, done a little later."""
    order = read.find(call, call.path["orderId"])
    if order.status not in CANCELLABLE:
        raise invalid(
            f"Fulfillment order {order.order_id} is {status_of(order)}"
            " and cannot be cancelled any more."
        )
    world = call.world
    _later(world, lambda: _cancel(world, order))
    return ApiReply(202, {})


def _order(call: Call, body: Json, order_id: str, marketplace_id: str) -> McfOrder:
    destination = read.part(body, "destination", required=True)
    configuration = read.part(body, "fulfillmentConfiguration")
    speeds = _speeds(configuration, marketplace_id) or (McfSpeed.STANDARD,)
    now = call.world.now()
    return McfOrder(
        order_id=order_id,
        seller_id=call.seller.seller_id,
        marketplace_id=marketplace_id,
        created_at=now,
        updated_at=now,
        destination=read.address(
            read.part(destination, "deliveryAddress", required=True), "email"
        ),
        items=[_item(row) for row in read.rows(body, "lineItems")],
        amazon_order_id=read.amazon_order_id(call),
        displayable_id=order_id,
        displayable_at=now,
        # Amazon uses the first service tier and ignores the others.
        speed=speeds[0],
        action=_word(configuration, "action", ACTIONS, McfAction.SHIP),
        policy=_word(configuration, "policy", POLICIES, McfPolicy.FILL_OR_KILL),
        channel=read.limited(body, "channel", 40, required=False),
        delivery_notes=field_text(destination, "deliveryNotes", required=False),
    )


def _later(world: World, action: Any) -> None:
    world.schedule(world.switches.outbound.accept_seconds, action)


def _set_action(world: World, order: McfOrder, action: McfAction) -> None:
    if order.status not in CANCELLABLE:
        return
    if action == McfAction.SHIP and order.action == McfAction.HOLD:
        fulfilment.release_hold(world, order)
    order.action = action


def _cancel(world: World, order: McfOrder) -> None:
    """Cancel, unless picking has begun since the request was accepted."""
    try:
        fulfilment.cancel(world, order)
    except LifecycleError:
        return


def _marketplace(call: Call, body: Json) -> str:
    origin = read.part(body, "origin")
    country = field_text(origin, "countryCode") if origin else ""
    return read.marketplace_of_country(call, country)


def _item(row: Json) -> McfItem:
    product = read.part(row, "product", required=True)
    return McfItem(
        item_id=read.limited(row, "lineItemId", 50),
        sku=_sku(row),
        quantity=_units(row),
        declared=read.price(product, "perUnitDeclaredValue", "amount"),
    )


def _sku(row: Json) -> str:
    product = read.part(row, "product", required=True)
    identifier = read.part(product, "productIdentifier", required=True)
    return read.limited(identifier, "amazonSku", 50)


def _units(row: Json) -> int:
    amount = read.part(row, "amount", required=True)
    read.choice(amount, "unit", ("EACHES",), "EACHES")
    text = field_text(amount, "value")
    try:
        value = Decimal(text)
    except InvalidOperation as error:
        raise invalid("Field value of amount must be a decimal number.") from error
    if not value.is_finite() or value != int(value) or value < 1:
        raise invalid("Field value of amount must be a whole number above zero.")
    return int(value)


def _speeds(configuration: Json, marketplace_id: str) -> tuple[McfSpeed, ...]:
    tiers = read.part(configuration, "serviceLevel").get("serviceTiers") or []
    offered = {TIERS[speed]: speed for speed in speeds_of(marketplace_id)}
    if not isinstance(tiers, list) or not all(tier in offered for tier in tiers):
        raise invalid("Invalid value for serviceTiers.", f"Allowed: {list(offered)}")
    return tuple(offered[tier] for tier in tiers)


def _word(body: Json, name: str, words: dict[Word, str], default: Word) -> Word:
    text = read.choice(body, name, tuple(words.values()), words[default])
    return next(ours for ours, theirs in words.items() if theirs == text)


def _wants_shipments(call: Call) -> bool:
    return call.text("shipments", ("INCLUDE", "EXCLUDE")) != "EXCLUDE"


ROUTES = (
    Route("outbound.getOrderPreview", "POST", f"{_BASE}/previews", get_order_preview),
    Route("outbound.createOrder", "POST", _ORDERS, create_order),
    Route("outbound.listOrders", "GET", _ORDERS, list_orders),
    Route("outbound.getOrder", "GET", _ORDER, get_order),
    Route("outbound.updateOrder", "PUT", _ORDER, update_order),
    Route("outbound.cancelOrder", "PUT", f"{_ORDER}/cancel", cancel_order),
)
