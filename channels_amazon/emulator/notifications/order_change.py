"""ORDER_CHANGE notifications; emulator.

The payload follows OrderChangeNotification.json (v0 words for the statuses).
"""

from __future__ import annotations

from typing import Any

from ..model.clock import iso
from ..model.entities import EmulatedOrder, EmulatedOrderItem, EmulatedSubscription
from ..model.state import World
from ..model.statuses import PENDING_STATUSES, EmulatedOrderStatus, FulfillmentChannel
from .publishing import publish

Json = dict[str, Any]

ORDER_CHANGE = "ORDER_CHANGE"
STATUS_CHANGE = "OrderStatusChange"
BUYER_CHANGE = "BuyerRequestedChange"

_STATUSES: dict[str, str] = {
    EmulatedOrderStatus.PENDING_AVAILABILITY: "PendingAvailability",
    EmulatedOrderStatus.PENDING: "Pending",
    EmulatedOrderStatus.UNSHIPPED: "Unshipped",
    EmulatedOrderStatus.PARTIALLY_SHIPPED: "PartiallyShipped",
    EmulatedOrderStatus.SHIPPED: "Shipped",
    EmulatedOrderStatus.CANCELLED: "Canceled",
    EmulatedOrderStatus.UNFULFILLABLE: "Unfulfillable",
}
_PROGRAMS = {
    "AMAZON_BUSINESS": "Business",
    "PRIME": "Prime",
    "PREMIUM": "Premium",
    "INVOICE_BY_AMAZON": "IBA",
}


def publish_order_change(
    world: World,
    order: EmulatedOrder,
    change_type: str = STATUS_CHANGE,
    reason: str = "",
) -> int:
    """Queue an event to every subscription it concerns; return how many there are."""
    return publish(
        world,
        order.seller_id,
        ORDER_CHANGE,
        lambda: _payload(order, change_type, reason),
        matches=lambda subscription: _matches(subscription, order, change_type),
    )


def order_summary(order: EmulatedOrder) -> Json:
    """Return the Summary of an order as it is now."""
    shipped = sum(item.shipped for item in order.items)
    left = sum(item.left for item in order.items)
    is_open = order.status != EmulatedOrderStatus.CANCELLED
    is_pending = order.status in PENDING_STATUSES
    programs = [_PROGRAMS[name] for name in order.programs if name in _PROGRAMS]
    if order.replacement_of:
        programs.append("Replacement")
    summary: Json = {
        "MarketplaceId": order.marketplace_id,
        "OrderStatus": _STATUSES.get(order.status, order.status),
        "PurchaseDate": iso(order.created_at),
        "DestinationPostalCode": None if is_pending else order.address.postal_code,
        "FulfillmentType": "AFN"
        if order.fulfilled_by == FulfillmentChannel.AMAZON
        else "MFN",
        "OrderType": "StandardOrder",
        "NumberOfItemsShipped": shipped,
        "NumberOfItemsUnshipped": left if is_open else 0,
        "EarliestShipDate": iso(order.earliest_ship),
        "LatestShipDate": iso(order.latest_ship),
        "EarliestDeliveryDate": iso(order.earliest_delivery),
        "LatestDeliveryDate": iso(order.latest_delivery),
        "OrderPrograms": programs,
        "ShippingPrograms": [],
        "OrderItems": [_item(order, item) for item in order.items],
    }
    if order.cancel_notify_at:
        summary["CancelNotifyDate"] = iso(order.cancel_notify_at)
    return summary


def _payload(order: EmulatedOrder, change_type: str, reason: str) -> Json:
    content = {
        "NotificationLevel": "OrderLevel",
        "SellerId": order.seller_id,
        "AmazonOrderId": order.order_id,
        "OrderChangeType": change_type,
        "OrderChangeTrigger": {
            "TimeOfOrderChange": iso(order.updated_at),
            "ChangeReason": reason or f"Order status: {order.status}",
        },
        "Summary": order_summary(order),
    }
    return {"OrderChangeNotification": content}


def _item(order: EmulatedOrder, item: EmulatedOrderItem) -> Json:
    return {
        "OrderItemId": item.order_item_id,
        "SellerSKU": item.sku,
        "SupplySourceId": None,
        "OrderItemStatus": "Shipped" if item.shipped and not item.left else "Unshipped",
        "Quantity": item.quantity,
        "QuantityShipped": item.shipped,
        "IsBuyerRequestedCancel": item.cancel_requested,
        "ItemEarliestDeliveryDate": iso(order.earliest_delivery),
        "ItemLatestDeliveryDate": iso(order.latest_delivery),
    }


def _matches(
    subscription: EmulatedSubscription, order: EmulatedOrder, change_type: str
) -> bool:
    wanted = (subscription.processing_directive or {}).get("eventFilter") or {}
    marketplace_ids = wanted.get("marketplaceIds") or [order.marketplace_id]
    types = wanted.get("orderChangeTypes") or [change_type]
    return order.marketplace_id in marketplace_ids and change_type in types
