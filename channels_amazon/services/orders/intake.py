"""The way into the order tables for full orders; services layer.

An event (`event_intake.py`) or a report (`order_reports/intake.py`) reserves stock at
once; the full order completes the row. Late and doubled data never take an order back:
times are Amazon's own, not ours.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from enum import StrEnum

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from channels_amazon.models import (
    AmazonAccount,
    Order,
    OrderLine,
    Variant,
)
from channels_amazon.rules.orders.transitions import (
    FOREIGN_CHANNEL,
    moves_back,
    status_of,
)
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    clean,
    record,
    record_once,
)
from channels_amazon.services.mcf.commitments import link_amazon_order
from channels_amazon.services.orders import fields, waiting_parcels
from channels_amazon.services.orders.alerts import record_alerts
from channels_amazon.services.orders.changes import OrderResult, reconcile_changes
from channels_amazon.services.orders.lines import OrderLines
from channels_amazon.services.orders.locking import lock_or_make, lock_where
from channels_amazon.services.privacy import personal_data
from channels_amazon.services.stock.reservations import reconcile_order
from channels_amazon.services.stock.sku_matching import lines_of
from channels_amazon.services.webhooks.messages import mark_webhook_pending
from channels_amazon.spapi.orders import AmazonOrder
from channels_amazon.wording import listed, sentence


class Origin(StrEnum):
    """What brought a full order: its fetch, a search, a shipment that was read back."""

    FETCH = "fetch"
    SWEEP = "sweep"
    READ_BACK = "read_back"


FETCH, SWEEP, READ_BACK = Origin
_FIRST = {
    FETCH: Order.Source.FETCH,
    SWEEP: Order.Source.SWEEP,
    READ_BACK: Order.Source.FETCH,
}
# Times of one change may differ by their precision in an event and in an order.
SAME_CHANGE = timedelta(seconds=1)

UNREADABLE_DETAIL = "orders.unreadable_detail"
# Each reading of the order finds the same again.
_SAY_UNREAD_AGAIN = timedelta(days=1)
_MOST_REASONS = 5


def apply_order(
    account: AmazonAccount, data: AmazonOrder, *, source: Origin, is_final: bool = False
) -> OrderResult:
    """Take over Amazon's full order, and bring lines and reservations to it.

    With `is_final` Amazon's status counts even where an event told of a later one.
    """
    with transaction.atomic():
        change = lock_or_make(account, data.order_id, data.last_updated_time)
        order = change.order
        if change.is_new:
            order.first_source = _FIRST[source]
        known_at = order.last_updated_at
        if known_at is not None and data.last_updated_time < known_at:
            return OrderResult(order, is_new=False, is_known=True)
        is_before_event = not is_final and _is_before_event(order, data)
        is_behind = is_before_event and moves_back(order.status, status_of(data.status))
        fields.write_order(order, data, keeps_status=is_behind)
        lines = OrderLines([order])
        fields.write_order_lines(
            change, data.items, lines, is_before_event=is_before_event
        )
        lines.save()
        if data.channel_name == FOREIGN_CHANNEL and data.seller_order_id:
            link_amazon_order(account.pk, data.seller_order_id, data.order_id)
        unmatched = reconcile_changes([change])
        order.completed_at = order.completed_at or timezone.now()
        order.quarantine_code = order.quarantine_message = ""
        if source is Origin.SWEEP and not is_behind:
            _answer_event(order)
        if change.is_news_for_store:
            mark_webhook_pending([order])
        order.save()
        personal_data.store_personal_data(order, data.buyer, data.recipient)
        record_alerts([change], unmatched)
        _tell_unread(account, data)
        waiting_parcels.wake_for([order])
    return OrderResult(order, change.is_new, is_behind=is_behind)


def match_lines(variant: Variant) -> int:
    """Match the lines that waited for this variant and hold their units.

    Returns how many orders changed. Each is a transaction of its own.
    """
    waiting = OrderLine.objects.filter(lines_of(variant), variant__isnull=True)
    order_ids = sorted(set(waiting.values_list("order_id", flat=True)))
    for order_id in order_ids:
        with transaction.atomic():
            order = lock_where(Q(pk=order_id))
            reconcile_order(order, is_matched_late=True)
            order.save()
    return len(order_ids)


def quarantine_order(
    account: AmazonAccount,
    order_id: str,
    *,
    code: str,
    message: str,
    retry_at: datetime,
) -> Order:
    """Keep an unreadable order with the reason; it is tried again at `retry_at`."""
    now = timezone.now()
    with transaction.atomic():
        order = lock_or_make(account, order_id, None).order
        is_known = order.quarantine_code == code
        order.quarantine_code = clean(code, 60)
        order.quarantine_message = clean(message, 500)
        order.stale_since = order.stale_since or now
        order.fetch_after = retry_at
        order.fetch_attempts += 1
        order.save()
        if not is_known:
            record(
                Entry(
                    code=code,
                    level=Level.WARNING,
                    account=account,
                    reference=order_id,
                    message=message,
                    fix=sentence(
                        "The order is kept and tried again by itself. Look at it in "
                        "Seller Central if it stays so."
                    ),
                )
            )
    return order


def mark_stale(account: AmazonAccount, order_ids: Collection[str]) -> set[str]:
    """Have those of the orders that are known read again; return which they are."""
    known = Order.objects.filter(account=account, amazon_order_id__in=order_ids)
    ids = set(known.values_list("amazon_order_id", flat=True))
    known.filter(stale_since__isnull=True).update(stale_since=timezone.now())
    return ids


def mark_pending_stale(account: AmazonAccount, before: datetime, limit: int) -> int:
    """Have pending orders read again that were not written since `before`.

    Amazon may not state a new update time when a pending order is cancelled, so that
    neither an event nor the sweep is sure to tell of it.
    """
    pending = Order.objects.filter(
        account=account,
        status=Order.Status.PENDING,
        stale_since__isnull=True,
        updated_at__lt=before,
    )
    ids = list(pending.order_by("updated_at").values_list("pk", flat=True)[:limit])
    now = timezone.now()
    marked = Order.objects.filter(pk__in=ids, stale_since__isnull=True)
    return int(marked.update(stale_since=now, updated_at=now))


def _tell_unread(account: AmazonAccount, data: AmazonOrder) -> None:
    """Say, once a day, what of the order Amazon stated so that nobody can read it."""
    if not data.unread:
        return
    entry = Entry(
        code=UNREADABLE_DETAIL,
        level=Level.WARNING,
        account=account,
        reference=data.order_id,
        message=sentence(
            "A part of the order %(order)s cannot be read and is left out: "
            "%(reasons)s.",
            order=data.order_id,
            reasons=listed(list(dict.fromkeys(data.unread))[:_MOST_REASONS]),
        ),
        fix=sentence(
            "The order is stored all the same. Look in Seller Central for what lacks."
        ),
    )
    record_once(entry, _SAY_UNREAD_AGAIN)


def _is_before_event(order: Order, data: AmazonOrder) -> bool:
    event_at = order.last_event_at
    return event_at is not None and data.last_updated_time < event_at


def _answer_event(order: Order) -> None:
    """Take the stale mark off where the sweep brought what the event told of."""
    event_at, updated_at = order.last_event_at, order.last_updated_at
    if event_at is None or updated_at is None:
        return
    if updated_at + SAME_CHANGE > event_at:
        fields.clear_stale(order)
