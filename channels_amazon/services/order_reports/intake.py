"""The way into the order tables for what a report says; services layer.

A report tells of many orders at once, and they are stored by sets: what is asked of the
database hardly grows with the orders of a set.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.rules.order_reports.comparison import (
    is_complete_by_report,
    says_more,
)
from channels_amazon.services.jobs.coalescing import FollowUps
from channels_amazon.services.order_reports import fields
from channels_amazon.services.orders import waiting_parcels
from channels_amazon.services.orders.alerts import record_alerts
from channels_amazon.services.orders.changes import OrderChange, reconcile_changes
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.locking import hold_orders, save_orders
from channels_amazon.services.stock.reservations import lock_stock
from channels_amazon.services.webhooks.messages import mark_webhook_pending
from channels_amazon.spapi.order_report import ReportOrder


def apply_reported(
    account: AmazonAccount,
    reported: Sequence[ReportOrder],
    *,
    incomplete: Collection[str] = (),
) -> set[str]:
    """Take over what a report says of these orders, and hold or release their stock.

    `incomplete` are the ids of orders with a row in the report that cannot be read.
    An order is complete by it where nothing is left to ship, else it is marked stale;
    the caller wakes the fetch. All of them are stored or, by an error, none. Returns
    the ids of the orders of which anything was news.
    """
    now = timezone.now()
    # No two of one order: the last one counts.
    by_id = {data.order_id: data for data in reported}
    with transaction.atomic(), FollowUps() as follow_ups:
        held = hold_orders(
            {(account.pk, pk): data.updated_at for pk, data in by_id.items()}
        )
        skus = {line.sku for data in by_id.values() for line in data.lines}
        lock_stock({account: skus}, {one.order.pk for one in held.values()})
        lines = OrderLines(one.order for one in held.values())
        news: list[tuple[OrderChange, ReportOrder]] = []
        known: list[int] = []
        for pk, data in by_id.items():
            change = held[account.pk, pk]
            if _is_news(change, data):
                is_whole = data.order_id not in incomplete
                _write(change, data, lines, is_whole=is_whole)
                news.append((change, data))
            else:
                known.append(change.order.pk)
        Order.objects.filter(pk__in=known).update(reported_at=now)
        lines.save()
        if news:
            _follow_up(news, incomplete, now, follow_ups)
    return {data.order_id for _change, data in news}


def _is_news(change: OrderChange, data: ReportOrder) -> bool:
    if change.is_new:
        return True
    return says_more(fields.reported_order(data), fields.stored_order(change.order))


def _write(
    change: OrderChange, data: ReportOrder, lines: OrderLines, *, is_whole: bool
) -> None:
    if change.is_new:
        change.order.first_source = Order.Source.REPORT
    fields.write_report(change.order, data)
    fields.write_report_lines(change, data, lines, is_whole=is_whole)


def _follow_up(
    news: Sequence[tuple[OrderChange, ReportOrder]],
    incomplete: Collection[str],
    now: datetime,
    follow_ups: FollowUps,
) -> None:
    """Move the stock of changed orders, save them, and tell who has to know."""
    changes = [change for change, _data in news]
    unmatched = reconcile_changes(changes, follow_ups)
    for change, data in news:
        change.order.reported_at = now
        is_whole = data.order_id not in incomplete
        _complete(change.order, data, now, is_whole=is_whole)
    orders = [change.order for change in changes]
    mark_webhook_pending(orders, follow_ups)
    save_orders(orders)
    record_alerts(changes, unmatched)
    # An order that only a report brings has no event that would take up its parcels.
    waiting_parcels.wake_for(orders, follow_ups)


def _complete(
    order: Order, data: ReportOrder, now: datetime, *, is_whole: bool
) -> None:
    """Note that the order is complete by the report, or have it read in full."""
    reported = fields.reported_order(data)
    if is_whole and is_complete_by_report(reported) and order.status == reported.status:
        fields.complete(order, reported, now)
    else:
        fields.ask_for_more(order, reported, now)
