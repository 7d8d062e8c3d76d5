"""The way into the order tables for what a report says; services layer.

A report tells of many orders at once, and they are stored by sets: what is asked of the
database hardly grows with the orders of a set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Order
from channels_amazon.rules.order_reports.comparison import (
    is_complete_by_report,
    says_more,
)
from channels_amazon.rules.orders.transitions import Effect
from channels_amazon.services.jobs.coalescing import FollowUps
from channels_amazon.services.order_reports import fields
from channels_amazon.services.orders.alerts import Before, before_change, tell_people
from channels_amazon.services.orders.fields import LineChanges
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.locking import HeldOrder, hold_orders, save_orders
from channels_amazon.services.orders.provisional_lines import drop_empty
from channels_amazon.services.stock.reservations import (
    lock_stock,
    needs_reconcile,
    reconcile_orders,
    units_effect,
)
from channels_amazon.services.webhooks.messages import mark_untold
from channels_amazon.spapi.order_report import ReportOrder


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report says of one order; `is_whole` if every row of it could be read."""

    data: ReportOrder
    is_whole: bool = True


@dataclass(frozen=True, slots=True)
class _Change:
    """An order that a report changes, with how it was before."""

    order: Order
    told: Reported
    is_new: bool
    before: Before
    effect_before: Effect
    lines: LineChanges

    @property
    def may_move_units(self) -> bool:
        """Tell whether the order must be reconciled."""
        return self.lines.moves_units or needs_reconcile(
            self.order, self.effect_before, is_new=self.is_new
        )


def apply_reported(account: AmazonAccount, reported: Sequence[Reported]) -> set[str]:
    """Take over what a report says of these orders, and hold or release their stock.

    An order is complete by it where nothing is left to ship, else it is marked stale;
    the caller wakes the fetch. All of them are stored or, by an error, none. Returns
    the ids of the orders of which anything was news.
    """
    now = timezone.now()
    # No two of one order: the last one counts.
    by_id = {one.data.order_id[:40]: one for one in reported}
    with transaction.atomic(), FollowUps() as follow_ups:
        held = hold_orders(
            {(account.pk, pk): one.data.updated_at for pk, one in by_id.items()}
        )
        orders = {pk: held[account.pk, pk] for pk in by_id}
        skus = {line.sku[:80] for one in by_id.values() for line in one.data.lines}
        lock_stock({account: skus}, {one.order.pk for one in orders.values()})
        lines = OrderLines(one.order for one in orders.values())
        changes, known = [], []
        for pk, told in by_id.items():
            order = orders[pk].order
            order.reported_at = now
            if _is_news(orders[pk], told):
                changes.append(_write(orders[pk], told, lines))
            else:
                known.append(order.pk)
        Order.objects.filter(pk__in=known).update(reported_at=now)
        lines.save()
        _follow_up(changes, now, follow_ups)
    return {change.told.data.order_id for change in changes}


def _is_news(held: HeldOrder, told: Reported) -> bool:
    if held.is_new:
        return True
    return says_more(fields.reported_order(told.data), fields.stored_order(held.order))


def _write(held: HeldOrder, told: Reported, lines: OrderLines) -> _Change:
    order = held.order
    before = before_change(order, is_new=held.is_new)
    effect_before = units_effect(order)
    if held.is_new:
        order.first_source = Order.Source.REPORT
    fields.write_report(order, told.data)
    written = fields.write_report_lines(order, told.data, lines, is_whole=told.is_whole)
    return _Change(order, told, held.is_new, before, effect_before, written)


def _follow_up(
    changes: Sequence[_Change], now: datetime, follow_ups: FollowUps
) -> None:
    """Move the stock of changed orders, save them, and tell who has to know."""
    if not changes:
        return
    orders = [change.order for change in changes]
    unmatched = reconcile_orders(
        [change.order for change in changes if change.may_move_units],
        follow_ups=follow_ups,
    )
    for change in changes:
        if change.lines.is_emptied:
            drop_empty(change.order)
        _complete(change.order, change.told, now)
    mark_untold(orders, follow_ups)
    save_orders(orders)
    for change in changes:
        tell_people(change.order, unmatched.get(change.order.pk, ()), change.before)


def _complete(order: Order, reported: Reported, now: datetime) -> None:
    """Note that the order is complete by the report, or have it read in full."""
    told = fields.reported_order(reported.data)
    is_enough = reported.is_whole and is_complete_by_report(told)
    if is_enough and order.status == told.status:
        fields.complete(order, told, now)
    else:
        fields.ask_for_more(order, told, now)
