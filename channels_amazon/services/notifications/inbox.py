"""Takes Amazon's notifications in: kept once, applied, or put aside; services layer.

A batch is one transaction. One that fails is taken apart, and each message has its own:
one that cannot be applied takes back nothing but itself. A message counts as accepted
when its row is committed; only then may it be deleted from the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.conf import settings
from django.db import (
    DataError,
    IntegrityError,
    InterfaceError,
    OperationalError,
    transaction,
)
from django.db.models import F
from django.utils import timezone

from channels_amazon.models import AmazonAccount, Notification, dump_secret
from channels_amazon.rules.events import order_change
from channels_amazon.rules.events.order_change import Envelope, OrderEvent
from channels_amazon.services.diagnostics.entries import (
    Entry,
    Level,
    clean,
    record,
    record_once,
)
from channels_amazon.services.jobs.coalescing import FollowUps
from channels_amazon.services.mcf.commitments import look_now
from channels_amazon.services.notifications import classification
from channels_amazon.services.notifications.classification import (
    Delivery,
    Verdict,
    read_delivery,
)
from channels_amazon.services.order_reports import requests
from channels_amazon.services.orders import locking
from channels_amazon.services.orders.changes import OrderChange
from channels_amazon.services.orders.event_intake import apply_events
from channels_amazon.services.orders.locking import OrderKey
from channels_amazon.services.stock.reservations import lock_stock
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = Notification.State
# A message that fails so often for a reason of ours is put aside, not tried for ever.
MOST_DELIVERIES = 5
DUPLICATE = "duplicate"
_LONGEST_BODY = 100_000
# A wrong subscription sends without end: the inbox counts, the log need not.
_SAY_AGAIN = timedelta(hours=1)
# PostgreSQL's names for a transaction that gave way to another one.
_GAVE_WAY = frozenset({"40001", "40P01"})
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one message; `is_settled` says that it may be deleted."""

    message: Message
    state: str
    code: str = ""
    is_settled: bool = True


def accept(messages: Sequence[Message]) -> list[Accepted]:
    """Take the messages in; one that cannot be applied never stops the rest.

    A database that cannot be reached raises: the messages then come again.
    """
    if not messages:
        return []
    try:
        return _in_one_transaction(messages)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - the edge where every message ends
        if len(messages) > 1:
            logger.warning("batch is taken apart error=%s", type(error).__name__)
            return [one for message in messages for one in accept([message])]
        return [_give_up(messages[0], error)]


def queue_region() -> str:
    """Return the AWS region of the configured queue, from its ARN or its address."""
    parts = settings.SQS_QUEUE_ARN.split(":")
    if len(parts) > 3 and parts[3]:
        return str(parts[3])
    host = settings.SQS_QUEUE_URL.split("//")[-1].split("/")[0].split(".")
    return str(host[1]) if len(host) > 2 and host[0] == "sqs" else "us-east-1"


def _in_one_transaction(messages: Sequence[Message]) -> list[Accepted]:
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            with transaction.atomic(), FollowUps() as follow_ups:
                return _take_in(messages, follow_ups)
        except OperationalError as error:
            state = getattr(error.__cause__, "sqlstate", "")
            if attempt == _ATTEMPTS or state not in _GAVE_WAY:
                raise
            logger.warning("batch gave way attempt=%s state=%s", attempt, state)
    raise AssertionError("unreachable")


def _take_in(messages: Sequence[Message], follow_ups: FollowUps) -> list[Accepted]:
    judged = _judge(messages)
    held = _lock(judged)
    # After the orders are locked: who had the same message before has committed.
    known = _known({delivery.notification_id for delivery, _verdict in judged})
    states: dict[int, str] = {}
    again: list[str] = []
    events: list[tuple[int, OrderChange, OrderEvent]] = []
    for place in sorted(range(len(judged)), key=lambda place: _rank(judged[place])):
        delivery, verdict = judged[place]
        if delivery.notification_id in known:
            again.append(delivery.notification_id)
            continue
        known.add(delivery.notification_id)
        key = _key(verdict)
        if key is None or verdict.event is None:
            states[place] = _apply_other(delivery, verdict, follow_ups)
        else:
            events.append((place, held[key], verdict.event))
    results = apply_events(
        [(order, event) for _place, order, event in events], follow_ups
    )
    for (place, _order, _event), result in zip(events, results, strict=True):
        states[place] = State.STALE if result.is_known else State.APPLIED
    locking.drop_blank(held.values())
    _write([(*judged[place], state) for place, state in states.items()])
    for notification_id in again:
        _count_again(notification_id)
    return [
        Accepted(delivery.message, states[place], verdict.code)
        if place in states
        else Accepted(delivery.message, DUPLICATE)
        for place, (delivery, verdict) in enumerate(judged)
    ]


def _judge(messages: Iterable[Message]) -> list[tuple[Delivery, Verdict]]:
    read = [read_delivery(message) for message in messages]
    sellers = {one.event.seller_id for one in read if one.event is not None}
    accounts = classification.accounts_by_seller(sellers) if sellers else {}
    return [(one, classification.judge(one, accounts)) for one in read]


def _lock(judged: Iterable[tuple[Delivery, Verdict]]) -> dict[OrderKey, OrderChange]:
    """Lock orders, then levels, each in one order: no two batches wait in a ring."""
    first_seen: dict[OrderKey, datetime] = {}
    skus: dict[AmazonAccount, set[str]] = {}
    for _delivery, verdict in judged:
        key = _key(verdict)
        if key is None or verdict.account is None or verdict.event is None:
            continue
        seen_at = verdict.event.changed_at
        first_seen[key] = min(seen_at, first_seen.get(key, seen_at))
        named = skus.setdefault(verdict.account, set())
        named.update(line.seller_sku for line in verdict.event.lines)
    if not first_seen:
        return {}
    held = locking.hold_orders(first_seen)
    lock_stock(skus, {one.order.pk for one in held.values()})
    return held


def _key(verdict: Verdict) -> OrderKey | None:
    if verdict.account is None or verdict.event is None:
        return None
    return verdict.account.pk, verdict.event.order_id[:40]


def _rank(judged: tuple[Delivery, Verdict]) -> tuple[int, int, str, float, str]:
    """Return where in the batch a message is applied: by order, then Amazon's time."""
    delivery, verdict = judged
    key, event = _key(verdict), verdict.event
    if key is None or event is None:
        return 1, 0, "", 0.0, delivery.notification_id
    return 0, *key, event.changed_at.timestamp(), delivery.notification_id


def _apply_other(delivery: Delivery, verdict: Verdict, follow_ups: FollowUps) -> str:
    """Apply what is no event of an order of ours; return what its row says."""
    if delivery.outbound is not None:
        is_ours = look_now(delivery.outbound, follow_ups)
        return State.APPLIED if is_ours else State.IGNORED
    if delivery.report is not None and verdict.account is not None:
        is_news = requests.poll_now(delivery.report.report_id, follow_ups)
        return State.APPLIED if is_news else State.STALE
    return verdict.state


def _give_up(message: Message, error: Exception) -> Accepted:
    """Leave the message to come again, or put it aside where that will not help."""
    logger.error(
        "notification failed id=%s deliveries=%s",
        message.id,
        message.receive_count,
        exc_info=error,
    )
    is_lasting = isinstance(error, DataError | IntegrityError)
    if not is_lasting and message.receive_count < MOST_DELIVERIES:
        return Accepted(message, "", classification.FAILED, is_settled=False)
    _delivery, judged = _judge([message])[0]
    # Of its own words nothing: one of them may be what the database refuses.
    delivery = Delivery(message, f"sqs:{message.id}"[:120])
    verdict = replace(classification.failed(error), account=judged.account)
    if _count_again(delivery.notification_id):
        return Accepted(message, DUPLICATE)
    with transaction.atomic():
        _write([(delivery, verdict, verdict.state)])
    return Accepted(message, verdict.state, verdict.code)


def _write(settled: Sequence[tuple[Delivery, Verdict, str]]) -> None:
    """Write the messages' rows, and tell people what is wrong with them."""
    now = timezone.now()
    Notification.objects.bulk_create(_row(*one, now) for one in settled)
    for delivery, verdict, state in settled:
        if verdict.code:
            _seller_id, order_id = _named(delivery)
            _tell(verdict, state, order_id or delivery.notification_id)


def _row(
    delivery: Delivery, verdict: Verdict, state: str, now: datetime
) -> Notification:
    message, envelope = delivery.message, delivery.envelope
    seller_id, order_id = _named(delivery)
    event = verdict.event
    event_at = envelope.event_at if envelope else None
    return Notification(
        notification_id=delivery.notification_id,
        notification_type=clean(envelope.notification_type if envelope else "", 60),
        account=verdict.account,
        seller_id=clean(seller_id, 40),
        amazon_order_id=clean(order_id, 40),
        event_at=event.changed_at if event else event_at,
        published_at=envelope.published_at if envelope else message.sent_at,
        received_at=now,
        deliveries=max(message.receive_count, 1),
        state=state,
        code=verdict.code,
        message=clean(verdict.message, 500),
        body=_body(message, envelope),
    )


def _named(delivery: Delivery) -> tuple[str, str]:
    """Return the seller and the order that the message names, "" for none."""
    envelope = delivery.envelope
    return order_change.seller_and_order(envelope) if envelope else ("", "")


def _body(message: Message, envelope: Envelope | None) -> str:
    """Return what to keep of the message, without the buyer's postal code."""
    if envelope is not None:
        return dump_secret(envelope.body)[:_LONGEST_BODY]
    return redact_text(message.body[:_LONGEST_BODY])


def _known(ids: set[str]) -> set[str]:
    rows = Notification.objects.filter(notification_id__in=ids).order_by()
    return set(rows.values_list("notification_id", flat=True))


def _count_again(notification_id: str) -> bool:
    known = Notification.objects.filter(notification_id=notification_id)
    return bool(known.update(deliveries=F("deliveries") + 1))


def _tell(verdict: Verdict, state: str, reference: str) -> None:
    is_wrong = state == State.QUARANTINED
    put_aside = sentence(
        "The message was put aside in the inbox; the sweep brings the order all the "
        "same."
    )
    entry = Entry(
        code=verdict.code,
        level=Level.WARNING if is_wrong else Level.INFO,
        account=verdict.account,
        reference=verdict.about or reference,
        message=verdict.message,
        fix=verdict.fix or (put_aside if is_wrong else ""),
    )
    if verdict.about:
        record_once(entry, _SAY_AGAIN)
    else:
        record(entry)
