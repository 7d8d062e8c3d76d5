"""Makes Amazon's words for tests: an event, its message, a full order."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from channels_amazon.spapi.order_report import ReportLine, ReportOrder
from channels_amazon.spapi.orders import AmazonOrder, read_order
from channels_amazon.spapi.sqs import Message
from tests.builders import HOME, number
from tests.builders import number as unique

START = datetime(2026, 11, 23, 12, tzinfo=UTC)


def order_change(
    *,
    status: str = "Unshipped",
    items: Sequence[tuple[str, int] | tuple[str, int, int]] = (("SKU-1", 1),),
    seconds: float = 0,
    **over: Any,
) -> dict[str, Any]:
    """Make an ORDER_CHANGE; `seconds` after START, items are SKU, ordered, shipped.

    `over` may give order_id, seller_id, region, fulfilled_by, notification_id,
    postal_code, cancel.
    """
    at = iso(START + timedelta(seconds=seconds))
    order_id = over.get("order_id") or f"903-{number():07d}-0000001"
    summary: dict[str, Any] = {
        "MarketplaceId": HOME[over.get("region", "na")][0],
        "OrderStatus": status,
        "PurchaseDate": iso(over.get("ordered_at", START)),
        "DestinationPostalCode": over.get("postal_code", "98109"),
        "FulfillmentType": over.get("fulfilled_by", "MFN"),
        "OrderType": "StandardOrder",
        "LatestShipDate": iso(START + timedelta(days=2)),
        "OrderItems": [
            _item(order_id, place, item, cancel=bool(over.get("cancel")))
            for place, item in enumerate(items)
        ],
    }
    return {
        "NotificationVersion": "1.0",
        "NotificationType": "ORDER_CHANGE",
        "PayloadVersion": "1.0",
        "EventTime": at,
        "Payload": {
            "OrderChangeNotification": {
                "NotificationLevel": "OrderLevel",
                "SellerId": over.get("seller_id", "A3TH9S8BH6GOGM"),
                "AmazonOrderId": order_id,
                "OrderChangeType": "OrderStatusChange",
                "OrderChangeTrigger": {
                    "TimeOfOrderChange": at,
                    "ChangeReason": "Order status change",
                },
                "Summary": summary,
            }
        },
        "NotificationMetadata": {
            "ApplicationId": "app-id",
            "SubscriptionId": "subscription-id",
            "PublishTime": at,
            "NotificationId": over.get("notification_id") or f"note-{number()}",
        },
    }


def message(body: Any, **over: Any) -> Message:
    """Make a delivery of `body`, a text or what becomes one as JSON."""
    fields: dict[str, Any] = {
        "id": f"sqs-{number()}",
        "receipt": f"receipt-{number()}",
        "receive_count": 1,
        "sent_at": START,
    }
    text = body if isinstance(body, str) else json.dumps(body)
    return Message(body=text, **fields | over)


def iso(at: datetime) -> str:
    """Write a time as Amazon does."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _item(
    order_id: str,
    place: int,
    item: tuple[str, int] | tuple[str, int, int],
    *,
    cancel: bool,
) -> dict[str, Any]:
    sku, quantity, *shipped = item
    return {
        "OrderItemId": f"{order_id[4:11]}{place}",
        "SellerSKU": sku,
        "SupplySourceId": None,
        "OrderItemStatus": "Unshipped",
        "Quantity": quantity,
        "QuantityShipped": shipped[0] if shipped else 0,
        "IsBuyerRequestedCancel": cancel,
    }


def amazon_order(order_id: str, **over: Any) -> AmazonOrder:
    """Make Amazon's full order; `over` are fields of its JSON, merged on top.

    `items` are SKU, ordered, shipped; `status`, `fulfilled_by` and `seconds` (after
    START, of the last update) as in `order_change`.
    """
    items = over.pop("items", (("SKU-1", 1),))
    status, who = over.pop("status", "UNSHIPPED"), over.pop("fulfilled_by", "MERCHANT")
    updated_at = START + timedelta(seconds=over.pop("seconds", 0))
    data: dict[str, Any] = {
        "orderId": order_id,
        "createdTime": iso(over.pop("ordered_at", START)),
        "lastUpdatedTime": iso(updated_at),
        "salesChannel": {"channelName": "AMAZON", "marketplaceId": HOME["na"][0]},
        "fulfillment": {"fulfillmentStatus": status, "fulfilledBy": who},
        "proceeds": {"grandTotal": {"amount": "12.50", "currencyCode": "USD"}},
        "orderItems": [_full_item(order_id, n, item) for n, item in enumerate(items)],
    }
    return read_order(data | over)


def _full_item(order_id: str, place: int, item: Sequence[Any]) -> dict[str, Any]:
    sku, quantity, *shipped = item
    done = shipped[0] if shipped else 0
    return {
        "orderItemId": f"{order_id[4:11]}{place}",
        "quantityOrdered": quantity,
        "product": {
            "sellerSku": sku,
            "asin": "B000000001",
            "title": "A thing",
            "price": {"unitPrice": {"amount": "12.50", "currencyCode": "USD"}},
        },
        "fulfillment": {
            "quantityFulfilled": done,
            "quantityUnfulfilled": quantity - done,
        },
    }


def outbound_change(
    number: str, *, status: str = "Complete", **over: Any
) -> dict[str, Any]:
    """Make a FULFILLMENT_ORDER_STATUS of the store order with that number."""
    at = iso(START)
    return {
        "NotificationVersion": "1.0",
        "NotificationType": "FULFILLMENT_ORDER_STATUS",
        "PayloadVersion": "1.0",
        "EventTime": at,
        "Payload": {
            "FulfillmentOrderStatusNotification": {
                "SellerId": over.get("seller_id", "A3TH9S8BH6GOGM"),
                "EventType": "Order",
                "StatusUpdatedDateTime": at,
                "SellerFulfillmentOrderId": number,
                "FulfillmentOrderStatus": status,
            }
        },
        "NotificationMetadata": {
            "ApplicationId": "app-id",
            "SubscriptionId": "subscription-id",
            "PublishTime": at,
            "NotificationId": over.get("notification_id") or f"note-{unique()}",
        },
    }


def report_order(order_id: str, **over: Any) -> ReportOrder:
    """Make an order of the all-orders report; `over` are its fields.

    `items` are SKU and quantity, and perhaps the item's status; `seconds` after START
    is the last update, cut to the second as in a report.
    """
    items = over.pop("items", (("SKU-1", 1),))
    updated_at = START + timedelta(seconds=int(over.pop("seconds", 0)))
    fields: dict[str, Any] = {
        "order_id": order_id,
        "merchant_order_id": order_id,
        "status": "Unshipped",
        "fulfilled_by": "MERCHANT",
        "sales_channel": "Amazon.com",
        "purchased_at": START,
        "updated_at": updated_at,
        "is_business": False,
        "lines": tuple(map(_report_line, items)),
    }
    return ReportOrder(**fields | over)


def _report_line(item: Sequence[Any]) -> ReportLine:
    sku, quantity, *status = item
    return ReportLine(
        sku=sku,
        asin="B000000001",
        quantity=quantity,
        item_status=status[0] if status else "Unshipped",
        currency="USD",
        item_price=Decimal("12.50") * quantity,
        item_tax=None,
        shipping_price=None,
    )
