"""Writes into an order's rows what Amazon says of it; services layer.

Nothing of Amazon's is dropped for being new: a status or programme never seen is kept
as it came. Words and titles are cut to their columns; ids, SKUs, units and amounts
never are: the client refuses what no column holds.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone

from channels_amazon.models import Order, OrderLine
from channels_amazon.rules.events.order_change import EventLine, OrderEvent
from channels_amazon.rules.orders.statuses import OrderStatus
from channels_amazon.rules.orders.transitions import fulfiller_of, moves_back, status_of
from channels_amazon.services.orders.changes import OrderChange
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.provisional_lines import (
    NamedItem,
    adopt,
    is_provisional,
)
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.orders import AmazonOrder, OrderItem

# Amazon's words for the state of a package.
PACKAGE_DELIVERED, PACKAGE_CANCELLED = "DELIVERED", "CANCELLED"
# Columns of money hold 12 digits before the point.
_HIGHEST = Decimal(10) ** 12


def write_event(order: Order, event: OrderEvent) -> None:
    """Set the order's columns from an event that is news; lines are not touched.

    An event never takes the order's status back: the full order decides that.
    """
    status = status_of(event.status)
    was_open = order.status in Order.OPEN
    if not moves_back(order.status, status):
        order.status = status
        order.amazon_status = _cut(order, "amazon_status", event.status)
    order.marketplace_id = event.marketplace_id
    order.fulfilled_by = fulfiller_of(event.fulfilled_by) or order.fulfilled_by
    order.is_replacement = order.is_replacement or event.is_replacement
    order.cancel_requested = event.cancel_requested
    _set_known(
        order,
        ordered_at=event.ordered_at,
        ship_by_from=event.ship_by_from,
        ship_by=event.ship_by,
        deliver_by=event.deliver_by,
        cancel_notify_at=event.cancel_notify_at,
    )
    if was_open and order.status == Order.Status.SHIPPED:
        order.shipped_at = order.shipped_at or event.changed_at
    order.last_event_at = event.changed_at
    order.changed_at = order.changed_at or event.changed_at


def write_order(order: Order, data: AmazonOrder, *, keeps_status: bool) -> None:
    """Set the order's columns from Amazon's full order.

    With `keeps_status` the order's present status, from a newer event, stands.
    """
    was_open = order.status in Order.OPEN
    if not keeps_status:
        order.status = status_of(data.status)
        order.amazon_status = _cut(order, "amazon_status", data.status)
    order.marketplace_id = data.marketplace_id or order.marketplace_id
    order.channel_name = _cut(order, "channel_name", data.channel_name)
    order.fulfilled_by = fulfiller_of(data.fulfilled_by) or order.fulfilled_by
    order.service_level = _cut(order, "service_level", data.service_level)
    if data.grand_total is not None:
        order.currency = data.grand_total.currency
        order.total = amount_of(data.grand_total)
    order.programs = list(data.programs)
    order.is_replacement = data.is_replacement
    order.cancel_requested = any(item.cancel_requested for item in data.items)
    _set_known(
        order,
        ordered_at=data.created_time,
        ship_by_from=data.earliest_ship,
        ship_by=data.latest_ship,
        deliver_by=data.latest_delivery,
    )
    _write_delivery(order, data, was_open=was_open)
    order.last_updated_at = data.last_updated_time
    order.changed_at = order.changed_at or data.last_updated_time


def write_event_lines(
    change: OrderChange, event_lines: tuple[EventLine, ...], lines: OrderLines
) -> None:
    """Set the event's lines, which the caller saves; it may name some of them only.

    What became of the lines is added to the change.
    """
    order = change.order
    known = lines.of(order)
    named = [
        NamedItem(event_line.order_item_id, event_line.seller_sku, event_line.quantity)
        for event_line in event_lines
    ]
    change.moves_units |= any(map(is_provisional, known.values()))
    change.has_emptied_lines |= adopt(order, known, named, is_whole=False)
    for event_line in event_lines:
        columns: dict[str, Any] = {
            "quantity": event_line.quantity,
            "cancel_requested": event_line.cancel_requested,
        }
        if event_line.seller_sku:
            columns["seller_sku"] = event_line.seller_sku
        shipped = event_line.shipped
        if shipped is None and order.status == Order.Status.SHIPPED:
            shipped = event_line.quantity
        line = known.get(event_line.order_item_id)
        if shipped is not None:
            # Units that left come back only when a person books them.
            columns["quantity_shipped"] = max(shipped, _already_shipped(line))
        lines.write(change, event_line.order_item_id, columns)


def write_order_lines(
    change: OrderChange,
    items: tuple[OrderItem, ...],
    lines: OrderLines,
    *,
    is_before_event: bool,
) -> None:
    """Set the full order's lines; a line Amazon no longer names is kept.

    Units that left stay so where the order was cancelled since, and where the data
    `is_before_event`: older than the newest event. What became of the lines,
    which the caller saves, is added to the change.
    """
    order = change.order
    known = lines.of(order)
    named = [
        NamedItem(item.order_item_id, item.seller_sku or "", _quantity(order, item))
        for item in items
    ]
    change.moves_units |= any(map(is_provisional, known.values()))
    change.has_emptied_lines |= adopt(order, known, named, is_whole=not is_before_event)
    keeps_shipped = is_before_event or order.status == Order.Status.CANCELLED
    for item in items:
        line = known.get(item.order_item_id)
        least = _already_shipped(line) if keeps_shipped else 0
        columns: dict[str, Any] = {
            "quantity": _quantity(order, item),
            "quantity_shipped": max(_shipped(order, item), least),
            "cancel_requested": item.cancel_requested,
            "cancel_reason": (item.cancel_reason or "")[:200],
            "asin": item.asin or "",
            "title": (item.title or "")[:500],
        }
        if item.seller_sku:
            columns["seller_sku"] = item.seller_sku
        if item.unit_price is not None:
            columns["unit_price"] = amount_of(item.unit_price)
            columns["currency"] = item.unit_price.currency
        lines.write(change, item.order_item_id, columns)


def set_stale(order: Order, now: datetime) -> None:
    """Put the order into the fetch queue, to be read at once.

    The mark is a new one each time: a fetch that is under way may not know the change.
    """
    order.stale_since = now
    order.fetch_after = None
    order.fetch_attempts = 0


def clear_stale(order: Order) -> None:
    """Take the order out of the fetch queue."""
    order.stale_since = order.fetch_after = None
    order.fetch_attempts = 0


def amount_of(money: Money) -> Decimal | None:
    """Return the amount as its column keeps it, None for one beyond it."""
    if not money.amount.is_finite() or abs(money.amount) >= _HIGHEST:
        return None
    return money.amount.quantize(Decimal("0.01"))


def _write_delivery(order: Order, data: AmazonOrder, *, was_open: bool) -> None:
    """Set when the order was shipped and, once Amazon shows it, when it was delivered.

    Without a package's ship time, Amazon's time of the change counts, if the order was
    open until then. Amazon names no time of delivery: when it was first seen counts.
    """
    if status_of(data.status) is not OrderStatus.SHIPPED:
        return
    told_at = data.last_updated_time
    left = [package.ship_time for package in data.packages if package.ship_time]
    if left:
        # A time beyond Amazon's own news of it would keep personal data too long.
        order.shipped_at = min(max(left), told_at)
    elif was_open:
        order.shipped_at = order.shipped_at or told_at
    states = {package.status for package in data.packages} - {PACKAGE_CANCELLED}
    if states == {PACKAGE_DELIVERED}:
        order.delivered_at = order.delivered_at or timezone.now()


def _quantity(order: Order, item: OrderItem) -> int:
    """Return the units the order stands for: without a line's cancelled ones."""
    ordered = item.quantity_ordered
    if item.cancelled_by is None or order.status == Order.Status.CANCELLED:
        return ordered
    left = (item.quantity_fulfilled or 0) + (item.quantity_unfulfilled or 0)
    return min(left, ordered)


def _shipped(order: Order, item: OrderItem) -> int:
    if item.quantity_fulfilled is not None:
        return item.quantity_fulfilled
    is_shipped = order.status == Order.Status.SHIPPED
    return _quantity(order, item) if is_shipped else 0


def _already_shipped(line: OrderLine | None) -> int:
    return 0 if line is None else line.quantity_shipped


def _cut(order: Order, name: str, value: str | None) -> str:
    """Return the text cut to its column, the present one where Amazon says nothing."""
    if not value:
        return str(getattr(order, name))
    return value[: getattr(Order._meta.get_field(name), "max_length", None)]


def _set_known(order: Order, **times: datetime | None) -> None:
    for name, value in times.items():
        if value is not None:
            setattr(order, name, value)
