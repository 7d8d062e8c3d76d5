"""ORDER_CHANGE notifications: built, filtered, queued for delivery; emulator.

The payload follows OrderChangeNotification.json (v0 words for the statuses).
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from .clock import iso
from .entities import Order, OrderItem, Subscription
from .state import World

Json = dict[str, Any]

STATUS_CHANGE = "OrderStatusChange"
BUYER_CHANGE = "BuyerRequestedChange"

_STATUSES = {
    "PENDING_AVAILABILITY": "PendingAvailability",
    "PENDING": "Pending",
    "UNSHIPPED": "Unshipped",
    "PARTIALLY_SHIPPED": "PartiallyShipped",
    "SHIPPED": "Shipped",
    "CANCELLED": "Canceled",
    "UNFULFILLABLE": "Unfulfillable",
}
_PROGRAMS = {
    "AMAZON_BUSINESS": "Business",
    "PRIME": "Prime",
    "PREMIUM": "Premium",
    "INVOICE_BY_AMAZON": "IBA",
}
# How far neighbours may change places, in simulated seconds.
REORDER_SECONDS = 1.0


def raise_order_change(
    world: World, order: Order, change_type: str = STATUS_CHANGE, reason: str = ""
) -> int:
    """Queue an event to every subscription it concerns; return how many there are."""
    summary = order_summary(order)
    heard = 0
    for subscription in list(world.subscriptions.values()):
        if not _concerns(world, subscription, order, change_type):
            continue
        body = _envelope(world, subscription) | {
            "Payload": {
                "OrderChangeNotification": {
                    "NotificationLevel": "OrderLevel",
                    "SellerId": order.seller_id,
                    "AmazonOrderId": order.order_id,
                    "OrderChangeType": change_type,
                    "OrderChangeTrigger": {
                        "TimeOfOrderChange": iso(order.updated_at),
                        "ChangeReason": reason or f"Order status: {order.status}",
                    },
                    "Summary": summary,
                }
            }
        }
        deliver(world, subscription, json.dumps(body, ensure_ascii=False))
        heard += 1
    return heard


def deliver(world: World, subscription: Subscription, text: str) -> None:
    """Queue a body as often and as late as the switches say."""
    destination = world.destinations.get(subscription.destination_id)
    url = world.queues.get(destination.arn) if destination else None
    if url is None or world.switches.silent:
        return
    for _ in range(1 + world.switches.duplicates):
        send(world, url, text)


def send(world: World, queue_url: str, text: str) -> None:
    """Queue one body, late or out of order where the switches say so."""
    wait = world.switches.delay
    if world.switches.reorder:
        wait += world.random.uniform(0, REORDER_SECONDS)
    if wait <= 0:
        world.outbox.append((queue_url, text))
        world.wake.set()
        return
    world.schedule(wait, lambda: world.outbox.append((queue_url, text)))


def order_summary(order: Order) -> Json:
    """Return the Summary of an order as it is now."""
    shipped = sum(item.shipped for item in order.items)
    ordered = sum(item.quantity for item in order.items)
    is_open = order.status != "CANCELLED"
    is_pending = order.status in {"PENDING", "PENDING_AVAILABILITY"}
    programs = [_PROGRAMS[name] for name in order.programs if name in _PROGRAMS]
    if order.replacement_of:
        programs.append("Replacement")
    return {
        "MarketplaceId": order.marketplace_id,
        "OrderStatus": _STATUSES.get(order.status, order.status),
        "PurchaseDate": iso(order.created_at),
        "DestinationPostalCode": None if is_pending else order.address.postal_code,
        "FulfillmentType": "AFN" if order.fulfilled_by == "AMAZON" else "MFN",
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": ordered - shipped if is_open else 0,
        "EarliestShipDate": iso(order.earliest_ship),
        "LatestShipDate": iso(order.latest_ship),
        "EarliestDeliveryDate": iso(order.earliest_delivery),
        "LatestDeliveryDate": iso(order.latest_delivery),
        "OrderPrograms": programs,
        "ShippingPrograms": [],
        "OrderItems": [_item(order, item) for item in order.items],
    }


def _item(order: Order, item: OrderItem) -> Json:
    return {
        "OrderItemId": item.order_item_id,
        "SellerSKU": item.sku,
        "SupplySourceId": None,
        "OrderItemStatus": "Shipped" if item.shipped >= item.quantity else "Unshipped",
        "Quantity": item.quantity,
        "QuantityShipped": item.shipped,
        "IsBuyerRequestedCancel": item.cancel_reason is not None,
        "ItemEarliestDeliveryDate": iso(order.earliest_delivery),
        "ItemLatestDeliveryDate": iso(order.latest_delivery),
    }


def _envelope(world: World, subscription: Subscription) -> Json:
    now: datetime = world.now()
    return {
        "NotificationVersion": "1.0",
        "NotificationType": subscription.notification_type,
        "PayloadVersion": subscription.payload_version,
        "EventTime": iso(now),
        "NotificationMetadata": {
            "ApplicationId": world.application.application_id,
            "SubscriptionId": subscription.subscription_id,
            "PublishTime": iso(now),
            "NotificationId": world.uuid(),
        },
    }


def _concerns(
    world: World, subscription: Subscription, order: Order, change_type: str
) -> bool:
    if subscription.notification_type != "ORDER_CHANGE":
        return False
    if subscription.seller_id != order.seller_id:
        return False
    if not any(
        grant.seller_id == order.seller_id and not grant.revoked
        for grant in world.authorizations.values()
    ):
        return False
    wanted = (subscription.processing_directive or {}).get("eventFilter") or {}
    sites = wanted.get("marketplaceIds") or [order.marketplace_id]
    types = wanted.get("orderChangeTypes") or [change_type]
    return order.marketplace_id in sites and change_type in types
