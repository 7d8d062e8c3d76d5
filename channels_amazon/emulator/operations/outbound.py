"""Multi-channel fulfilment 2020-07-01; emulator."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from ..mcf import fba_units, fulfilment
from ..mcf.mirroring import mirror
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
from ..protocol.calling import ApiReply, Call, Route, field_moment, invalid, not_found
from ..protocol.paging import make_token, read_token
from . import outbound_requests as read
from .outbound_view import full_view, order_view, preview_view, tracking_view

Json = dict[str, Any]

PAGE_SIZE = 50
PAGE_PARAMETER = "nextToken"
_BASE = "/fba/outbound/2020-07-01"
_ORDERS = f"{_BASE}/fulfillmentOrders"
_ORDER = f"{_ORDERS}/{{sellerFulfillmentOrderId}}"


def get_fulfillment_preview(call: Call) -> ApiReply:
    """Serve getFulfillmentPreview: fees and windows of each speed."""
    body = call.json()
    marketplace_id = read.marketplace_or_first(
        call, str(body.get("marketplaceId") or "")
    )
    destination = read.address(read.part(body, "address", required=True))
    items = [_item(row) for row in read.rows(body, "items")]
    read.check_items(call, items, marketplace_id)
    speeds = body.get("shippingSpeedCategories") or speeds_of(marketplace_id)
    if not isinstance(speeds, (list, tuple)) or not set(speeds) <= set(McfSpeed):
        raise invalid("Invalid value for shippingSpeedCategories.")
    wanted = [(item.item_id, item.sku, item.quantity) for item in items]
    country = destination["countryCode"]
    seller_id = call.seller.seller_id
    previews = [
        preview_view(
            quote(
                call.world, seller_id, marketplace_id, country, wanted, McfSpeed(speed)
            ),
            marketplace_id,
        )
        for speed in speeds
    ]
    return ApiReply(200, {"payload": {"fulfillmentPreviews": previews}})


def create_fulfillment_order(call: Call) -> ApiReply:
    """Serve createFulfillmentOrder; an id is taken once, for ever."""
    body = call.json()
    order_id = read.limited(body, "sellerFulfillmentOrderId", 40)
    marketplace_id = read.marketplace_or_first(
        call, str(body.get("marketplaceId") or "")
    )
    displayable_at = field_moment(body, "displayableOrderDate")
    if displayable_at is None:
        raise invalid("Missing required field displayableOrderDate.")
    items = [_item(row) for row in read.rows(body, "items")]
    now = call.world.now()
    order = McfOrder(
        order_id=order_id,
        seller_id=call.seller.seller_id,
        marketplace_id=marketplace_id,
        created_at=now,
        updated_at=now,
        destination=read.address(read.part(body, "destinationAddress", required=True)),
        items=items,
        amazon_order_id=read.amazon_order_id(call),
        displayable_id=read.limited(body, "displayableOrderId", 40),
        displayable_at=displayable_at,
        comment=read.limited(body, "displayableOrderComment", 750),
        speed=McfSpeed(
            read.choice(body, "shippingSpeedCategory", speeds_of(marketplace_id))
        ),
        action=_action(body, McfAction.SHIP),
        policy=_policy(body, McfPolicy.FILL_OR_KILL),
        emails=_emails(body),
        features=_features(body),
    )
    _check_schedule(body, order)
    read.check_items(call, items, marketplace_id)
    read.check_delivery(marketplace_id, order.destination)
    read.check_new(call, order_id)
    fulfilment.place(call.world, order)
    return ApiReply(200, {})


def get_fulfillment_order(call: Call) -> ApiReply:
    """Serve getFulfillmentOrder."""
    order = read.find(call, call.path["sellerFulfillmentOrderId"])
    return ApiReply(200, {"payload": full_view(order)})


def list_all_fulfillment_orders(call: Call) -> ApiReply:
    """Serve listAllFulfillmentOrders: those updated since, oldest update first."""
    since = call.moment("queryStartDate")
    state = read_token(call, PAGE_PARAMETER, {"queryStartDate"})
    last = ("", "")
    if state is not None:
        since = datetime.fromisoformat(state["since"]) if state["since"] else None
        last = (state["last"], state["last_id"])
    found = sorted(
        (order.updated_at.isoformat(), order.order_id, order)
        for order in call.world.mcf_orders.values()
        if order.seller_id == call.seller.seller_id
        and (since is None or order.updated_at >= since)
    )
    found = [each for each in found if each[:2] > last]
    shown = found[:PAGE_SIZE]
    payload: Json = {"fulfillmentOrders": [order_view(each[2]) for each in shown]}
    if len(found) > PAGE_SIZE:
        next_state = {
            "since": since.isoformat() if since else "",
            "last": shown[-1][0],
            "last_id": shown[-1][1],
        }
        payload["nextToken"] = make_token(
            call, PAGE_PARAMETER, {"queryStartDate"}, next_state
        )
    return ApiReply(200, {"payload": payload})


def update_fulfillment_order(call: Call) -> ApiReply:
    """Serve updateFulfillmentOrder, until picking begins; Ship takes off a hold."""
    order = read.find(call, call.path["sellerFulfillmentOrderId"])
    body = call.json()
    if order.status not in CANCELLABLE:
        raise invalid(f"Fulfillment order {order.order_id} is {order.status}.")
    destination = read.part(body, "destinationAddress")
    changes: Json = {}
    if destination:
        changes["destination"] = read.address(destination)
        read.check_delivery(order.marketplace_id, changes["destination"])
    for name, attribute, most in (
        ("displayableOrderId", "displayable_id", 40),
        ("displayableOrderComment", "comment", 750),
    ):
        if name in body:
            changes[attribute] = read.limited(body, name, most)
    speeds = speeds_of(order.marketplace_id)
    changes["speed"] = McfSpeed(
        read.choice(body, "shippingSpeedCategory", speeds, order.speed)
    )
    changes["policy"] = _policy(body, order.policy)
    if body.get("notificationEmails") is not None:
        changes["emails"] = _emails(body)
    action = _action(body, order.action)
    if "items" in body:
        _change_items(call, order, read.rows(body, "items"))
    for attribute, value in changes.items():
        setattr(order, attribute, value)
    if action == McfAction.SHIP and order.action == McfAction.HOLD:
        fulfilment.release_hold(call.world, order)
    order.action = action
    order.updated_at = call.world.now()
    mirror(call.world, order)
    return ApiReply(200, {})


def cancel_fulfillment_order(call: Call) -> ApiReply:
    """Serve cancelFulfillmentOrder, refused from Processing on."""
    order = read.find(call, call.path["sellerFulfillmentOrderId"])
    try:
        fulfilment.cancel(call.world, order)
    except LifecycleError as error:
        raise read.refused(error) from error
    return ApiReply(200, {})


def get_package_tracking_details(call: Call) -> ApiReply:
    """Serve getPackageTrackingDetails: a number of Amazon's, not the carrier's."""
    text = call.text("packageNumber") or ""
    if not text.isascii() or not text.isdigit() or int(text) >= 2**31:
        raise invalid("packageNumber must be an integer.")
    for order in call.world.mcf_orders.values():
        if order.seller_id != call.seller.seller_id:
            continue
        for shipment in order.shipments:
            for package in shipment.packages:
                if package.number == int(text):
                    return ApiReply(200, {"payload": tracking_view(order, package)})
    raise not_found(f"Package {text} is not found.")


def _action(body: Json, default: McfAction) -> McfAction:
    return McfAction(read.choice(body, "fulfillmentAction", McfAction, default))


def _policy(body: Json, default: McfPolicy) -> McfPolicy:
    return McfPolicy(read.choice(body, "fulfillmentPolicy", McfPolicy, default))


def _item(row: Json) -> McfItem:
    return McfItem(
        item_id=read.limited(row, "sellerFulfillmentOrderItemId", 50),
        sku=read.limited(row, "sellerSku", 50),
        quantity=read.whole(row, "quantity"),
        declared=read.price(row, "perUnitDeclaredValue", "value"),
        price=read.price(row, "perUnitPrice", "value"),
        tax=read.price(row, "perUnitTax", "value"),
        gift_message=read.limited(row, "giftMessage", 512, required=False),
        comment=read.limited(row, "displayableComment", 250, required=False),
    )


def _change_items(call: Call, order: McfOrder, rows: list[Json]) -> None:
    """Set new quantities; raises Refusal, and then nothing has changed."""
    items = {item.item_id: item for item in order.items}
    wanted: dict[str, int] = {}
    for row in rows:
        item_id = read.limited(row, "sellerFulfillmentOrderItemId", 50)
        if item_id not in items:
            raise invalid(f"Item {item_id} is not part of the order.")
        wanted[item_id] = read.whole(row, "quantity", least=0)
    for item_id, quantity in wanted.items():
        item = items[item_id]
        stock = fulfilment.stock_of(call.world, order, item)
        if stock is None or quantity - item.reserved > stock.fulfillable:
            raise invalid(f"There are not enough units of item {item_id}.")
    for item_id, quantity in wanted.items():
        item = items[item_id]
        stock = fulfilment.stock_of(call.world, order, item)
        more = quantity - item.reserved
        if stock is not None and more > 0:
            item.reserved += fba_units.reserve(call.world, stock, more)
        elif more < 0:
            fulfilment.release_units(call.world, order, item, -more)
        item.quantity = quantity


def _check_schedule(body: Json, order: McfOrder) -> None:
    if order.speed != McfSpeed.SCHEDULED_DELIVERY:
        return
    if order.action == McfAction.HOLD:
        raise invalid("Hold is not valid for ScheduledDelivery.")
    window = read.part(body, "deliveryWindow", required=True)
    if not (field_moment(window, "startDate") and field_moment(window, "endDate")):
        raise invalid("deliveryWindow needs startDate and endDate.")


def _emails(body: Json) -> list[str]:
    found = body.get("notificationEmails") or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise invalid("notificationEmails must be a list of texts.")
    if any(len(each) > 64 or "@" not in each for each in found):
        raise invalid("notificationEmails holds what is no e-mail address.")
    return found


def _features(body: Json) -> list[Json]:
    found = body.get("featureConstraints") or []
    if not isinstance(found, list) or not all(isinstance(each, dict) for each in found):
        raise invalid("featureConstraints must be a list of objects.")
    return [
        {
            "featureName": read.limited(each, "featureName", 64),
            "featureFulfillmentPolicy": read.choice(
                each, "featureFulfillmentPolicy", ("Required", "NotRequired")
            ),
        }
        for each in found
    ]


ROUTES = (
    Route(
        "getFulfillmentPreview", "POST", f"{_ORDERS}/preview", get_fulfillment_preview
    ),
    Route("createFulfillmentOrder", "POST", _ORDERS, create_fulfillment_order),
    Route("listAllFulfillmentOrders", "GET", _ORDERS, list_all_fulfillment_orders),
    Route("getFulfillmentOrder", "GET", _ORDER, get_fulfillment_order),
    Route("updateFulfillmentOrder", "PUT", _ORDER, update_fulfillment_order),
    Route(
        "cancelFulfillmentOrder", "PUT", f"{_ORDER}/cancel", cancel_fulfillment_order
    ),
    Route(
        "getPackageTrackingDetails",
        "GET",
        f"{_BASE}/tracking",
        get_package_tracking_details,
    ),
)
