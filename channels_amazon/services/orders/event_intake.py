"""The way into the order tables for events; services layer.

An event reserves or releases stock at once and marks the order stale. Late, doubled
and reordered events never take an order back: times are Amazon's own, not ours. Those
of a batch are written into their orders one after the other, and what follows from
them is done once: its cost grows with the orders, not with their events. Of an event
that cannot be read whole a pointer is left, which marks the order stale and no more.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order, SyncJob
from channels_amazon.rules.events.order_change import OrderEvent, OrderPointer
from channels_amazon.rules.order_reports.comparison import is_to_second, to_second
from channels_amazon.rules.orders.transitions import is_news, status_of
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.orders import fields, waiting_parcels
from channels_amazon.services.orders.alerts import record_alerts
from channels_amazon.services.orders.changes import (
    OrderChange,
    OrderResult,
    reconcile_changes,
)
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.locking import lock_or_make, save_orders
from channels_amazon.services.webhooks.messages import mark_webhook_pending


def apply_event(account: AmazonAccount, event: OrderEvent) -> OrderResult:
    """Take over what one ORDER_CHANGE says, and reserve or release its stock."""
    with transaction.atomic():
        change = lock_or_make(account, event.order_id, event.changed_at)
        return apply_events([(change, event)])[0]


def apply_events(
    events: Sequence[tuple[OrderChange, OrderEvent]], follow_ups: FollowUps = AT_ONCE
) -> list[OrderResult]:
    """Take over what events say of orders that this transaction holds.

    Those of one order come with the same change, the oldest first. The orders are
    marked stale, so that they are fetched in full. Returns a result for each event.
    """
    now = timezone.now()
    changed: dict[int, OrderChange] = {}
    lines = OrderLines(change.order for change, _event in events)
    results = []
    for change, event in events:
        order = change.order
        if not _tells_more(order, event, status_of(event.status)):
            results.append(OrderResult(order, is_new=False, is_known=True))
            continue
        is_new = change.is_new and order.pk not in changed
        changed[order.pk] = change
        order.event_seen_at = order.event_seen_at or now
        fields.write_event(order, event)
        fields.write_event_lines(change, event.lines, lines)
        results.append(OrderResult(order, is_new))
    lines.save()
    if changed:
        _follow_up(list(changed.values()), now, follow_ups)
    return results


def apply_pointer(
    account: AmazonAccount, pointer: OrderPointer, sent_at: datetime
) -> None:
    """Have the order read at Amazon that a message names, known here or not."""
    with transaction.atomic():
        seen_at = pointer.changed_at or sent_at
        mark_pointed([lock_or_make(account, pointer.order_id, seen_at)])


def mark_pointed(
    changes: Sequence[OrderChange], follow_ups: FollowUps = AT_ONCE
) -> None:
    """Mark orders stale of which an event told that cannot be read whole.

    Nothing else of them is changed: Amazon's full order says what happened.
    """
    now = timezone.now()
    orders = {change.order.pk: change.order for change in changes}
    for order in orders.values():
        order.event_seen_at = order.event_seen_at or now
        fields.set_stale(order, now)
    if orders:
        save_orders(list(orders.values()))
    for account_id in {order.account_id for order in orders.values()}:
        follow_ups.wake(account_id, SyncJob.Kind.ORDER_FETCH)


def _follow_up(
    changes: Sequence[OrderChange], now: datetime, follow_ups: FollowUps
) -> None:
    """Move the stock of changed orders, save them, and tell who has to know."""
    orders = [change.order for change in changes]
    unmatched = reconcile_changes(changes, follow_ups)
    for order in orders:
        fields.set_stale(order, now)
    mark_webhook_pending(
        [change.order for change in changes if change.is_news_for_store], follow_ups
    )
    save_orders(orders)
    record_alerts(changes, unmatched)
    waiting_parcels.wake_for(orders, follow_ups)
    for account_id in {order.account_id for order in orders}:
        follow_ups.wake(account_id, SyncJob.Kind.ORDER_FETCH)


def _tells_more(order: Order, event: OrderEvent, status: str) -> bool:
    """Tell whether the event is newer than all that is known of the order."""
    is_more = is_news(event.changed_at, status, order.last_event_at, order.status)
    if order.last_updated_at is None:
        return is_more
    changed_at = event.changed_at
    is_by_report = order.reported_at is not None and (
        order.completed_at == order.reported_at
    )
    if is_by_report and is_to_second(order.last_updated_at):
        # The report that completed the order came before this event, and states its
        # time without the fraction: by the event's own time the order would count as
        # changed since, and every order of a flash sale would be fetched again.
        changed_at = to_second(changed_at)
    is_cancel_wish_new = event.cancel_requested and not order.cancel_requested
    if changed_at == order.last_updated_at and is_cancel_wish_new:
        return is_more
    return is_more and is_news(changed_at, status, order.last_updated_at, order.status)
