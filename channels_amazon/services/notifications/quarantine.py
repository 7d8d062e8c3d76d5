"""Replays, discards and shows messages in quarantine; services layer."""

from __future__ import annotations

import json
import logging
import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from cryptography.fernet import InvalidToken
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import F, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Notification, Order, SyncJob
from channels_amazon.services.diagnostics.entries import Entry, Level, clean, record
from channels_amazon.services.jobs import lifecycle, queue
from channels_amazon.services.notifications import classification
from channels_amazon.services.notifications.classification import (
    Disposition,
    ParsedMessage,
    parse_message,
)
from channels_amazon.services.orders.event_intake import apply_event, apply_pointer
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = Notification.State
REPLAY_TASK = "channels_amazon.tasks.replay_unknown"
# How many messages one click or one connection replays: a request must end in time.
MOST_AT_ONCE = 200
# Who replayed what nobody asked for.
_ITSELF = "Shoplink"
# Characters of a message that its page shows.
_SHOWN = 20_000
# The fields whose values the page shows: none of them says who bought.
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
    who did it and what came of it. One that no key opens stays as it is.
    """
    with transaction.atomic():
        # The body is read apart: it may be the one thing that cannot be.
        rows = Notification.objects.select_for_update().defer("body")
        row = rows.get(pk=row.pk)
        if row.state != State.QUARANTINED:
            return row
        try:
            parsed = parse_message(_message(row))
        except InvalidToken:
            logger.error("no key opens the message notification=%s", row.pk)
            return row
        disposition = classification.classify(
            parsed, classification.routes_for([parsed])
        )
        try:
            with transaction.atomic():
                _take_in(row, parsed, disposition)
        except (OperationalError, InterfaceError):
            raise
        except Exception as error:
            logger.exception("replay failed notification=%s", row.pk)
            _keep(
                row, replace(classification.failed(error), account=disposition.account)
            )
        row.replayed_at, row.replayed_by = timezone.now(), actor[:150]
        row.save()
    return row


def replay_all(
    rows: QuerySet[Notification], *, actor: str, most: int = MOST_AT_ONCE
) -> Counter[str]:
    """Replay the oldest of these rows, `most` at most; return how many by state."""
    waiting = rows.filter(state=State.QUARANTINED).defer("body").order_by("pk")[:most]
    return Counter(replay(row, actor=actor).state for row in waiting)


def discard(rows: Iterable[Notification], *, actor: str) -> int:
    """Give these messages up; they stay in the inbox as not of interest.

    Their bodies are not asked for, so that one that no key opens can be given up, too.
    """
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
                        "A message in quarantine (%(code)s) was discarded.",
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
    """Replay what is in quarantine because this account was not connected."""
    account = AmazonAccount.objects.get(pk=account_id)
    return replay_all(_unknown_of(account), actor=_ITSELF)


def try_again(order: Order) -> bool:
    """Fetch an order in quarantine at once; False when it is there no longer."""
    rows = Order.objects.filter(pk=order.pk).exclude(quarantine_code="")
    now = timezone.now()
    if not rows.update(fetch_after=None, stale_since=Coalesce(F("stale_since"), now)):
        return False
    lifecycle.wake(order.account_id, SyncJob.Kind.ORDER_FETCH)
    return True


def shown_body(row: Notification) -> str:
    """Return the message's form with what is harmless of its values.

    Of a text that is no JSON only the pattern is shown: x for letters, 0 for digits.
    Nothing is shown of one that no key opens.
    """
    try:
        row.body  # noqa: B018 - read on its own
    except InvalidToken:
        return ""
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


def _take_in(
    row: Notification, parsed: ParsedMessage, disposition: Disposition
) -> None:
    others = Notification.objects.filter(notification_id=parsed.notification_id)
    if others.exclude(pk=row.pk).exists():
        # This row has the queue's id, since Amazon's could not be read at first. The
        # message came again, and that delivery was taken in under Amazon's id.
        _keep(row, replace(disposition, state=State.STALE, code="", message=""))
        return
    account = disposition.account
    if account is not None and disposition.event is not None:
        result = apply_event(account, disposition.event)
        if result.is_known:
            disposition = replace(disposition, state=State.STALE)
    elif account is not None and disposition.pointer is not None:
        apply_pointer(account, disposition.pointer, parsed.message.sent_at)
    _keep(row, disposition)
    row.notification_id = parsed.notification_id


def _keep(row: Notification, disposition: Disposition) -> None:
    row.state = disposition.state
    row.code = disposition.code
    row.message = clean(disposition.message, 500)
    row.account = disposition.account or row.account
    named = disposition.event or disposition.pointer
    if named is not None:
        row.seller_id = clean(named.seller_id, 40)
        row.amazon_order_id = clean(named.order_id, 40)


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
