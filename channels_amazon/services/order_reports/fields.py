"""Writes into an order's rows what a report says of it; services layer.

A report names SKUs but no items, no ship-by time and no recipient. Prices hold the tax
in some marketplaces and not in others, and no discount is stated: a sum is taken over
only where no tax is stated and nothing better is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import Order, OrderLine
from channels_amazon.rules.order_reports.comparison import (
    ReportedOrder,
    StoredOrder,
    newest_of,
    status_by_report,
    to_second,
)
from channels_amazon.rules.orders.statuses import OrderStatus
from channels_amazon.rules.orders.transitions import (
    FOREIGN_CHANNEL,
    fulfiller_of,
    status_of,
)
from channels_amazon.services.orders.changes import OrderChange
from channels_amazon.services.orders.fields import (
    amount_of,
    clear_stale,
    set_stale,
)
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.provisional_lines import is_provisional, key_of
from channels_amazon.spapi.fields import Money
from channels_amazon.spapi.order_report import ReportLine, ReportOrder

_AMAZON_CHANNEL = "AMAZON"
_BY_DOMAIN = {
    place.domain.removeprefix("www.").lower(): place.id
    for place in MARKETPLACES.values()
}


@dataclass(slots=True)
class _SkuFacts:
    """What all rows of one SKU say together; units of cancelled items do not count."""

    sku: str
    quantity: int = 0
    is_shipped: bool = True
    asin: str = ""
    unit_price: Decimal | None = None
    currency: str = ""


def reported_order(data: ReportOrder) -> ReportedOrder:
    """Return what the report says, in our words."""
    return ReportedOrder(
        status_of(data.status), fulfiller_of(data.fulfilled_by), data.updated_at
    )


def stored_order(order: Order) -> StoredOrder:
    """Return what is known of the order."""
    return StoredOrder(
        order.status,
        order.last_updated_at,
        order.last_event_at,
        order.completed_at is not None,
    )


def write_report(order: Order, data: ReportOrder) -> None:
    """Set the order's columns from a report that tells more; lines are not touched."""
    reported = reported_order(data)
    status = status_by_report(reported, stored_order(order))
    if status != order.status or not order.amazon_status:
        order.status = status
        order.amazon_status = data.status[:40]
    order.fulfilled_by = reported.fulfilled_by or order.fulfilled_by
    if data.is_non_amazon:
        order.channel_name = FOREIGN_CHANNEL
    site = _BY_DOMAIN.get(data.sales_channel.strip().lower())
    if site:
        order.marketplace_id = site
        order.channel_name = order.channel_name or _AMAZON_CHANNEL
    order.ordered_at = data.purchased_at
    order.changed_at = order.changed_at or data.updated_at
    total = _total(data.lines)
    if order.total is None and total is not None:
        order.total, order.currency = amount_of(total), total.currency


def write_report_lines(
    change: OrderChange, data: ReportOrder, lines: OrderLines, *, is_whole: bool
) -> None:
    """Keep units that no known item accounts for in provisional lines, one a SKU.

    What a known item has beyond the report stays held until the full order says so.
    The caller saves the lines.
    """
    order = change.order
    known = list(lines.of(order).values())
    if known and order.status == Order.Status.CANCELLED:
        return
    by_sku = _by_sku(data.lines, is_cancelled=order.status == Order.Status.CANCELLED)
    items: dict[str, list[OrderLine]] = {}
    waiting: dict[str, OrderLine] = {}
    for line in known:
        if is_provisional(line):
            waiting[line.seller_sku] = line
        else:
            items.setdefault(line.seller_sku, []).append(line)
    for sku, facts in by_sku.items():
        facts.is_shipped |= order.status == Order.Status.SHIPPED
        for item in items.get(sku, []) if facts.is_shipped else ():
            # Units that left come back only when a person books them.
            left = max(item.quantity, item.quantity_shipped)
            lines.write(change, item.order_item_id, {"quantity_shipped": left})
        rest = max(0, facts.quantity - sum(one.quantity for one in items.get(sku, [])))
        held = waiting.pop(sku, None)
        if held is not None or rest or sku not in items:
            _write_provisional(change, lines, held, rest, facts)
    if is_whole:
        for line in waiting.values():
            nothing = {"quantity": 0, "quantity_shipped": 0}
            lines.write(change, line.order_item_id, nothing)
            change.has_emptied_lines = True


def _write_provisional(
    change: OrderChange,
    lines: OrderLines,
    held: OrderLine | None,
    quantity: int,
    facts: _SkuFacts,
) -> None:
    """Leave `quantity` of the SKU to its provisional line, `held` if there is one."""
    already = min(held.quantity_shipped, quantity) if held is not None else 0
    columns = {
        "seller_sku": facts.sku,
        "quantity": quantity,
        "quantity_shipped": quantity if facts.is_shipped else already,
        "asin": facts.asin,
        "unit_price": facts.unit_price,
        "currency": facts.currency,
    }
    key = held.order_item_id if held is not None else key_of(facts.sku)
    lines.write(change, key, columns)
    if held is not None and not quantity:
        change.has_emptied_lines = True


def complete(order: Order, reported: ReportedOrder, now: datetime) -> None:
    """Note that the order is complete by the report, which leaves nothing to fetch."""
    newest = newest_of(stored_order(order))
    if newest is None or to_second(reported.updated_at) > newest:
        order.last_updated_at = reported.updated_at
    else:
        order.last_updated_at = order.last_updated_at or reported.updated_at
    order.completed_at = order.completed_at or now
    clear_stale(order)
    order.quarantine_code = order.quarantine_message = ""


def ask_for_more(order: Order, reported: ReportedOrder, now: datetime) -> None:
    """Mark the order stale, as an event of the report's time would."""
    order.last_event_at = max(
        order.last_event_at or reported.updated_at, reported.updated_at
    )
    set_stale(order, now)


def _by_sku(lines: Sequence[ReportLine], *, is_cancelled: bool) -> dict[str, _SkuFacts]:
    found: dict[str, _SkuFacts] = {}
    for line in lines:
        facts = found.setdefault(line.sku, _SkuFacts(line.sku))
        word = status_of(line.item_status)
        if word is OrderStatus.CANCELLED and not is_cancelled:
            continue
        units = line.quantity or 0
        facts.quantity += units
        facts.is_shipped = facts.is_shipped and word is OrderStatus.SHIPPED
        facts.asin = facts.asin or line.asin
        if line.item_price is not None and units and line.currency:
            price = Money(line.item_price / units, line.currency)
            facts.unit_price, facts.currency = amount_of(price), line.currency
    for facts in found.values():
        facts.is_shipped = facts.is_shipped and facts.quantity > 0
    return found


def _total(lines: Sequence[ReportLine]) -> Money | None:
    """Return what the lines come to; None where a price or its tax leaves it open."""
    currencies = {line.currency for line in lines}
    if len(currencies) != 1 or "" in currencies:
        return None
    if any(line.item_price is None or line.item_tax for line in lines):
        return None
    nothing = Decimal(0)
    amounts = [
        (line.item_price or nothing) + (line.shipping_price or nothing)
        for line in lines
    ]
    return Money(sum(amounts, nothing), currencies.pop())
