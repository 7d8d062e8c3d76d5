"""Keeps which orders a store is to be told of, and makes the messages; services layer.

An order remembers since when the store knows less than we do (`webhook_pending_since`),
and a message says the order's present state, so several changes may go as one message.
What was sent is compared with what changed meanwhile, so that no change is lost. A
message holds no personal data.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    Shipment,
    StoreEndpoint,
    SyncJob,
)
from channels_amazon.rules.orders.transitions import FOREIGN_CHANNEL
from channels_amazon.services.jobs import lifecycle
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps

ORDER_UPDATED = "order.updated"
VERSION = 1
# The columns that a message is made of. Who writes its lines compares those.
_SEEN = (
    "status",
    "fulfilled_by",
    "marketplace_id",
    "currency",
    "total",
    "is_replacement",
    "cancel_requested",
    "ordered_at",
    "ship_by_from",
    "ship_by",
    "deliver_by",
    "has_unmatched",
)


def seen_by_store(order: Order) -> tuple[Any, ...]:
    """Return what a message says of the order's own columns, to be compared."""
    return (order.completed_at is not None, *(getattr(order, name) for name in _SEEN))


def mark_webhook_pending(
    orders: Sequence[Order], follow_ups: FollowUps = AT_ONCE
) -> None:
    """Note that stores know less of these orders than we do; the caller saves them.

    Only what is complete is sent, and only to a store with an active endpoint. Orders
    of another channel are the store's own.
    """
    complete = [
        order
        for order in orders
        if order.completed_at is not None and order.channel_name != FOREIGN_CHANNEL
    ]
    if not complete:
        return
    stores = {order.account.store_id for order in complete}
    listening = StoreEndpoint.objects.filter(store__in=stores, is_active=True)
    wanted = set(listening.order_by().values_list("store_id", flat=True))
    pending = [order for order in complete if order.account.store_id in wanted]
    now = timezone.now()
    for order in pending:
        # A later time with each change: a message that is under way does not tell of
        # this one, so `mark_sent` with the time it was made for must not match.
        before = order.webhook_pending_since
        after = before + timedelta(microseconds=1) if before else now
        order.webhook_pending_since = max(now, after)
        order.webhook_retry_at = None
        order.webhook_attempts = 0
    for account_id in sorted({order.account_id for order in pending}):
        follow_ups.wake(account_id, SyncJob.Kind.WEBHOOK_DELIVERY)


def due(now: datetime) -> QuerySet[Order]:
    """Return the orders of all accounts whose message may go now."""
    rows: QuerySet[Order] = Order.objects.filter(
        Q(webhook_retry_at__isnull=True) | Q(webhook_retry_at__lte=now),
        webhook_pending_since__isnull=False,
    )
    return rows


def mark_sent(order_id: int, since: datetime) -> None:
    """Note that the store has the message made for `since`, its pending time.

    An order that changed meanwhile has another pending time and stays pending.
    """
    orders = Order.objects.filter(pk=order_id)
    orders.filter(webhook_sent_at=None).update(webhook_sent_at=timezone.now())
    orders.filter(webhook_pending_since=since).update(
        webhook_pending_since=None, webhook_retry_at=None, webhook_attempts=0
    )


def postpone(order_id: int, since: datetime, until: datetime) -> None:
    """Send this message again at `until`; a change meanwhile is sent at once."""
    same = Order.objects.filter(pk=order_id, webhook_pending_since=since)
    same.update(webhook_retry_at=until, webhook_attempts=F("webhook_attempts") + 1)


def release_postponed(store_id: int) -> None:
    """Let the store's messages go at once that waited for its server."""
    rows = Order.objects.filter(
        account__store=store_id,
        webhook_pending_since__isnull=False,
        webhook_retry_at__isnull=False,
    )
    with transaction.atomic():
        # In the order in which a batch of events locks its orders.
        locked = rows.select_for_update(of=("self",), no_key=True)
        locked = locked.order_by("account_id", "amazon_order_id")
        pks = list(locked.values_list("pk", flat=True))
        Order.objects.filter(pk__in=pks).update(webhook_retry_at=None)
    accounts = AmazonAccount.objects.filter(store=store_id)
    for account_id in accounts.values_list("pk", flat=True):
        lifecycle.wake(account_id, SyncJob.Kind.WEBHOOK_DELIVERY)


def message_id(order: Order, since: datetime) -> str:
    """Return the id under which this state of the order is sent, however often."""
    return f"order-{order.pk}-{_revision(since)}"


def order_message(order: Order, since: datetime) -> dict[str, Any]:
    """Return the message `order.updated`; docs/webhooks.md describes it.

    `since` is the order's pending time: it makes the revision, which rises with every
    change. Reads lines and shipments of the order, best prefetched.
    """
    return {
        "type": ORDER_UPDATED,
        "version": VERSION,
        "timestamp": _time(since),
        "data": {
            "order_id": order.amazon_order_id,
            "revision": _revision(since),
            "channel": "amazon",
            "seller_id": order.account.seller_id,
            "region": order.account.region,
            "marketplace_id": order.marketplace_id,
            "status": order.status,
            "fulfilled_by": order.fulfilled_by or None,
            "service_level": order.service_level or None,
            "currency": order.currency or None,
            "total": _amount(order.total),
            "is_replacement": order.is_replacement,
            "cancel_requested": order.cancel_requested,
            "ordered_at": _time(order.ordered_at),
            "ship_by_from": _time(order.ship_by_from),
            "ship_by": _time(order.ship_by),
            "deliver_by": _time(order.deliver_by),
            "changed_at": _time(order.last_updated_at),
            "lines": [_line(line) for line in order.lines.all()],
            "packages": [_package(package) for package in order.shipments.all()],
        },
    }


def _revision(since: datetime) -> int:
    """Return the number of a message about an order, in microseconds of Unix time."""
    return int(since.timestamp() * 1_000_000)


def _line(line: OrderLine) -> dict[str, Any]:
    return {
        "order_item_id": line.order_item_id,
        "seller_sku": line.seller_sku,
        "sku": line.variant.sku if line.variant else None,
        "asin": line.asin or None,
        "title": line.title,
        "quantity": line.quantity,
        "quantity_shipped": line.quantity_shipped,
        "unit_price": _amount(line.unit_price),
        "currency": line.currency or None,
        "cancel_requested": line.cancel_requested,
    }


def _package(package: Shipment) -> dict[str, Any]:
    return {
        "reference": package.package_reference,
        "carrier": package.carrier_name or package.carrier_code,
        "method": package.shipping_method or None,
        "tracking_number": package.tracking_number,
        "shipped_at": _time(package.shipped_at),
        "state": package.state,
    }


def _amount(value: Any) -> str | None:
    return None if value is None else str(value)


def _time(value: datetime | None) -> str | None:
    return value.isoformat().replace("+00:00", "Z") if value else None
