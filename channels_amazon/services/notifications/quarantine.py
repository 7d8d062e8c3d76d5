"""Replays, discards and shows messages that were put aside; services layer."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Notification, Order, SyncJob
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.jobs import lifecycle, queue
from channels_amazon.services.notifications import classification
from channels_amazon.services.notifications.classification import (
    Delivery,
    Verdict,
    read_delivery,
)
from channels_amazon.services.orders.event_intake import apply_event
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = Notification.State
REPLAY_TASK = "channels_amazon.tasks.replay_unknown"
# What one click or one connection replays; the rest has a click of its own.
MOST_AT_ONCE = 200
_ITSELF = "Shoplink"
_SHOWN = 20_000
# What a message may show of its values: none of these says who bought.
_PLAIN = frozenset(
    {
        "NotificationVersion",
        "NotificationType",
        "PayloadVersion",
        "EventTime",
        "NotificationLevel",
        "SellerId",
        "AmazonOrderId",
        "OrderChangeType",
        "TimeOfOrderChange",
        "ChangeReason",
        "MarketplaceId",
        "OrderStatus",
        "PurchaseDate",
        "FulfillmentType",
        "OrderType",
        "EarliestShipDate",
        "LatestShipDate",
        "EarliestDeliveryDate",
        "LatestDeliveryDate",
        "OrderItemId",
        "SellerSKU",
        "OrderItemStatus",
        "Quantity",
        "QuantityShipped",
        "PublishTime",
        "NotificationId",
    }
)


def replay(row: Notification, *, actor: str) -> Notification:
    """Take the stored message in once more, as the queue would bring it.

    Only what is quarantined is replayed, however often it is asked for. The row keeps
    who did it and what came of it.
    """
    with transaction.atomic():
        row = Notification.objects.select_for_update().get(pk=row.pk)
        if row.state != State.QUARANTINED:
            return row
        delivery = read_delivery(_message(row))
        sellers = [delivery.event.seller_id] if delivery.event else []
        verdict = classification.judge(
            delivery, classification.accounts_by_seller(sellers)
        )
        try:
            with transaction.atomic():
                _take_in(row, delivery, verdict)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("replay failed notification=%s", row.pk)
            _keep(row, replace(classification.failed(error), account=verdict.account))
        row.replayed_at, row.replayed_by = timezone.now(), actor[:150]
        row.save()
    return row


def replay_all(
    rows: QuerySet[Notification], *, actor: str, most: int = MOST_AT_ONCE
) -> Counter[str]:
    """Replay the oldest of these rows; return how many ended in which state."""
    waiting = rows.filter(state=State.QUARANTINED).order_by("pk")[:most]
    return Counter(replay(row, actor=actor).state for row in waiting)


def discard(rows: Iterable[Notification], *, actor: str) -> int:
    """Give these messages up; they stay in the inbox as not of interest."""
    gone = 0
    for row in rows:
        with transaction.atomic():
            waiting = Notification.objects.filter(pk=row.pk, state=State.QUARANTINED)
            if not waiting.update(state=State.IGNORED):
                continue
            gone += 1
            record(
                Entry(
                    code="notifications.discarded",
                    level=Level.INFO,
                    account=row.account,
                    reference=row.amazon_order_id or row.notification_id,
                    message=sentence(
                        "A message that was put aside (%(code)s) was discarded.",
                        code=row.code,
                    ),
                    actor=actor,
                )
            )
    return gone


def replay_later(account: AmazonAccount) -> None:
    """Have what waited for this account replayed, after the open transaction."""
    if _unknown_of(account).exists():
        queue.enqueue(REPLAY_TASK, account.pk)


def replay_unknown(account_id: int) -> Counter[str]:
    """Replay what was put aside because this account was not connected."""
    account = AmazonAccount.objects.get(pk=account_id)
    return replay_all(_unknown_of(account), actor=_ITSELF)


def try_again(order: Order) -> bool:
    """Fetch an order that was set aside at once; False when it no longer is."""
    aside = Order.objects.filter(pk=order.pk).exclude(quarantine_code="")
    now = timezone.now()
    if not aside.update(fetch_after=None, stale_since=Coalesce(F("stale_since"), now)):
        return False
    lifecycle.wake(order.account_id, SyncJob.Kind.ORDER_FETCH)
    return True


def shown_body(row: Notification) -> str:
    """Return the message's form with what is harmless of its values.

    Of a text that is no JSON only the pattern is shown: x for letters, 0 for digits.
    """
    try:
        shown = json.dumps(_masked(json.loads(row.body)), ensure_ascii=False, indent=2)
    except (ValueError, RecursionError):
        shown = re.sub(r"[^\W\d_]", "x", re.sub(r"\d", "0", row.body))
    return shown[:_SHOWN]


def _unknown_of(account: AmazonAccount) -> QuerySet[Notification]:
    rows: QuerySet[Notification] = Notification.objects.filter(
        state=State.QUARANTINED,
        code=classification.UNKNOWN_ACCOUNT,
        seller_id=account.seller_id,
    )
    return rows


def _message(row: Notification) -> Message:
    return Message(
        id=row.notification_id.removeprefix("sqs:"),
        receipt="",
        body=row.body,
        receive_count=row.deliveries,
        sent_at=row.published_at or row.received_at,
    )


def _take_in(row: Notification, delivery: Delivery, verdict: Verdict) -> None:
    others = Notification.objects.filter(notification_id=delivery.notification_id)
    if others.exclude(pk=row.pk).exists():
        # It came again under its own name, and was taken in then.
        _keep(row, replace(verdict, state=State.STALE, code="", message=""))
        return
    if verdict.account is not None and verdict.event is not None:
        result = apply_event(verdict.account, verdict.event)
        if result.is_known:
            verdict = replace(verdict, state=State.STALE)
    _keep(row, verdict)
    row.notification_id = delivery.notification_id


def _keep(row: Notification, verdict: Verdict) -> None:
    row.state = verdict.state
    row.code = verdict.code
    row.message = clean(verdict.message, 500)
    row.account = verdict.account or row.account
    if verdict.event is not None:
        row.seller_id = clean(verdict.event.seller_id, 40)
        row.amazon_order_id = clean(verdict.event.order_id, 40)


def _masked(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _masked(inner, str(name)) for name, inner in value.items()}
    if isinstance(value, list):
        return [_masked(inner, key) for inner in value]
    if value is None or isinstance(value, bool) or _first_upper(key) in _PLAIN:
        return value
    return "[…]"


def _first_upper(key: str) -> str:
    return key[:1].upper() + key[1:]
