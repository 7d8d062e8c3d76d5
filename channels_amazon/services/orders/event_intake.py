"""The way into the order tables for events; services layer.

An event reserves or releases stock at once and marks the order stale. Late, doubled
and reordered events never take an order back: times are Amazon's own, not ours. Those
of a batch are written into their orders one after the other, and what follows from
them is done once: its cost grows with the orders, not with their events.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order, SyncJob
from channels_amazon.rules.events.order_change import OrderEvent
from channels_amazon.rules.orders.transitions import Effect, is_news, status_of
from channels_amazon.services.jobs.coalescing import AT_ONCE, FollowUps
from channels_amazon.services.orders import fields, waiting_parcels
from channels_amazon.services.orders.alerts import Before, before_change, tell_people
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.locking import HeldOrder, lock_or_make, save_orders
from channels_amazon.services.orders.provisional_lines import drop_empty
from channels_amazon.services.stock.reservations import (
    needs_reconcile,
    reconcile_orders,
    units_effect,
)
from channels_amazon.services.webhooks.messages import mark_untold, seen_by_store


@dataclass(frozen=True, slots=True)
class EventResult:
    """What an event did: `is_news` is False when all of it was known already."""

    order: Order
    is_new: bool
    is_news: bool


@dataclass(slots=True)
class _Change:
    """An order that events changed, with how it was before the first of them."""

    order: Order
    is_new: bool
    before: Before
    effect_before: Effect
    is_changed: bool = False
    moves_units: bool = False
    is_emptied: bool = False


def apply_event(account: AmazonAccount, event: OrderEvent) -> EventResult:
    """Take over what one ORDER_CHANGE says, and reserve or release its stock."""
    with transaction.atomic():
        held = HeldOrder(*lock_or_make(account, event.order_id, event.changed_at))
        return apply_events([(held, event)])[0]


def apply_events(
    told: Sequence[tuple[HeldOrder, OrderEvent]], follow_ups: FollowUps = AT_ONCE
) -> list[EventResult]:
    """Take over what events say of orders that this transaction holds.

    Those of one order come with the same row, the oldest first. The orders are marked
    stale, so that they are fetched in full.
    """
    now = timezone.now()
    changes: dict[int, _Change] = {}
    lines = OrderLines(held.order for held, _event in told)
    results = []
    for held, event in told:
        order = held.order
        if not _tells_more(order, event, status_of(event.status)):
            results.append(EventResult(order, is_new=False, is_news=False))
            continue
        is_new = held.is_new and order.pk not in changes
        if order.pk not in changes:
            before = before_change(order, is_new=is_new)
            changes[order.pk] = _Change(order, is_new, before, units_effect(order))
        change = changes[order.pk]
        order.event_seen_at = order.event_seen_at or now
        fields.write_event(order, event)
        written = fields.write_event_lines(order, event.lines, lines)
        change.is_changed |= written.is_changed
        change.moves_units |= written.moves_units
        change.is_emptied |= written.is_emptied
        results.append(EventResult(order, is_new, is_news=True))
    lines.save()
    _follow_up(list(changes.values()), now, follow_ups)
    return results


def _follow_up(
    changes: Sequence[_Change], now: datetime, follow_ups: FollowUps
) -> None:
    """Move the stock of changed orders, save them, and tell who has to know."""
    if not changes:
        return
    unmatched = reconcile_orders(
        [
            change.order
            for change in changes
            if change.moves_units
            or needs_reconcile(change.order, change.effect_before, is_new=change.is_new)
        ],
        follow_ups=follow_ups,
    )
    orders = [change.order for change in changes]
    for change in changes:
        order = change.order
        if change.is_emptied:
            drop_empty(order)
        # A new mark each time: a fetch that is under way may not know this change.
        order.stale_since = now
        order.fetch_after = None
        order.fetch_attempts = 0
    mark_untold(
        [
            change.order
            for change in changes
            if change.is_changed or seen_by_store(change.order) != change.before.seen
        ],
        follow_ups,
    )
    save_orders(orders)
    for change in changes:
        tell_people(change.order, unmatched.get(change.order.pk, ()), change.before)
    waiting_parcels.wake_for(orders, follow_ups)
    for account_id in {order.account_id for order in orders}:
        follow_ups.wake(account_id, SyncJob.Kind.ORDER_FETCH)


def _tells_more(order: Order, event: OrderEvent, status: str) -> bool:
    """Tell whether the event is newer than all that is known of the order."""
    is_more = is_news(event.changed_at, status, order.last_event_at, order.status)
    if order.last_updated_at is None:
        return is_more
    is_cancel_wish_new = event.cancel_requested and not order.cancel_requested
    if event.changed_at == order.last_updated_at and is_cancel_wish_new:
        return is_more
    return is_more and is_news(
        event.changed_at, status, order.last_updated_at, order.status
    )
