"""Takes Amazon's notifications in: kept once, applied or quarantined; services layer.

A batch is one transaction. One that fails is taken apart, and each message has its own:
one that cannot be applied takes back nothing but itself. A message counts as accepted
when its row is committed; only then may it be deleted from the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

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

from channels_amazon.amazon_json import storable
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
from channels_amazon.services.mcf.commitments import poll_now
from channels_amazon.services.notifications import classification
from channels_amazon.services.notifications.classification import (
    Disposition,
    ParsedMessage,
    parse_message,
)
from channels_amazon.services.order_reports import requests
from channels_amazon.services.orders import locking
from channels_amazon.services.orders.changes import OrderChange
from channels_amazon.services.orders.event_intake import apply_events, mark_pointed
from channels_amazon.services.orders.locking import OrderKey
from channels_amazon.services.stock.reservations import lock_stock
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = Notification.State
# A message that we failed to apply so many times is quarantined: the queue would
# deliver it for ever. A delivery that nobody tried, as to a reader that was killed, is
# no failure of it.
MOST_TRIES = 5
# Characters of a message that its row keeps; SQS allows 256 KiB.
_LONGEST_BODY = 100_000
# A wrong subscription sends without end: the inbox keeps every message, the log names
# each seller or type once in this time.
_SAY_AGAIN = timedelta(hours=1)
# PostgreSQL's SQLSTATEs of a transaction that gave way to another one: serialization
# failure and deadlock. It is tried _ATTEMPTS times in all.
_GAVE_WAY = frozenset({"40001", "40P01"})
_ATTEMPTS = 3


class Acceptance(StrEnum):
    """What became of one delivery: what its row says, else why it made none."""

    APPLIED = State.APPLIED
    STALE = State.STALE
    IGNORED = State.IGNORED
    QUARANTINED = State.QUARANTINED
    # The inbox holds its NotificationId already.
    DUPLICATE = "duplicate"
    # It stays in the queue, and comes again.
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one message."""

    message: Message
    state: Acceptance
    code: str = ""

    @property
    def may_delete(self) -> bool:
        """Tell whether the message may be deleted from the queue."""
        return self.state != Acceptance.LEFT


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
    classified = _classify(messages)
    held = _lock(classified)
    # Only now that the orders are locked: another process that was taking the same
    # message in has committed its row.
    known = _known({parsed.notification_id for parsed, _disposition in classified})
    states: dict[int, str] = {}
    again: list[str] = []
    events: list[tuple[int, OrderChange, OrderEvent]] = []
    pointed: list[OrderChange] = []
    for place in sorted(
        range(len(classified)), key=lambda place: _rank(classified[place])
    ):
        parsed, disposition = classified[place]
        if parsed.notification_id in known:
            again.append(parsed.notification_id)
            continue
        known.add(parsed.notification_id)
        key = _key(disposition)
        if key is None:
            states[place] = _apply_other(parsed, disposition, follow_ups)
        elif disposition.event is not None:
            events.append((place, held[key], disposition.event))
        else:
            pointed.append(held[key])
            states[place] = disposition.state
    results = apply_events(
        [(order, event) for _place, order, event in events], follow_ups
    )
    for (place, _order, _event), result in zip(events, results, strict=True):
        states[place] = State.STALE if result.is_known else State.APPLIED
    mark_pointed(pointed, follow_ups)
    locking.drop_blank(held.values())
    _write([(*classified[place], state) for place, state in states.items()])
    for notification_id in again:
        _count_again(notification_id)
    return [
        Accepted(parsed.message, Acceptance(states[place]), disposition.code)
        if place in states
        else Accepted(parsed.message, Acceptance.DUPLICATE)
        for place, (parsed, disposition) in enumerate(classified)
    ]


def _classify(messages: Iterable[Message]) -> list[tuple[ParsedMessage, Disposition]]:
    read = [parse_message(message) for message in messages]
    routes = classification.routes_for(read)
    return [(one, classification.classify(one, routes)) for one in read]


def _lock(
    classified: Iterable[tuple[ParsedMessage, Disposition]],
) -> dict[OrderKey, OrderChange]:
    """Lock the batch's orders, then its stock levels, each sorted by key.

    All who lock both do it in this order, so that two batches cannot deadlock.
    """
    first_seen: dict[OrderKey, datetime] = {}
    skus: dict[AmazonAccount, set[str]] = {}
    for parsed, disposition in classified:
        key = _key(disposition)
        if key is None or disposition.account is None:
            continue
        event, pointer = disposition.event, disposition.pointer
        told = event or pointer
        seen_at = (told and told.changed_at) or parsed.message.sent_at
        first_seen[key] = min(seen_at, first_seen.get(key, seen_at))
        named = skus.setdefault(disposition.account, set())
        named.update(line.seller_sku for line in (event.lines if event else ()))
    if not first_seen:
        return {}
    held = locking.hold_orders(first_seen)
    lock_stock(skus, {one.order.pk for one in held.values()})
    return held


def _key(disposition: Disposition) -> OrderKey | None:
    if disposition.account is None or not disposition.order_id:
        return None
    return disposition.account.pk, disposition.order_id


def _rank(
    classified: tuple[ParsedMessage, Disposition],
) -> tuple[int, int, str, float, str]:
    """Return a sort key: events by order and Amazon's time, then all other messages."""
    parsed, disposition = classified
    key, event = _key(disposition), disposition.event
    if key is None or event is None:
        return 1, 0, "", 0.0, parsed.notification_id
    return 0, *key, event.changed_at.timestamp(), parsed.notification_id


def _apply_other(
    parsed: ParsedMessage, disposition: Disposition, follow_ups: FollowUps
) -> str:
    """Apply what is no event of an order of ours; return what its row says."""
    if parsed.outbound is not None:
        is_ours = poll_now(parsed.outbound, follow_ups)
        return State.APPLIED if is_ours else State.IGNORED
    if parsed.report is not None and disposition.account is not None:
        is_news = requests.poll_now(parsed.report.report_id, follow_ups)
        return State.APPLIED if is_news else State.STALE
    return disposition.state


def _give_up(message: Message, error: Exception) -> Accepted:
    """Leave the message in the queue to come again, or quarantine it."""
    logger.error(
        "notification failed id=%s tries=%s deliveries=%s",
        message.id,
        message.tries,
        message.receive_count,
        exc_info=error,
    )
    is_lasting = isinstance(error, DataError | IntegrityError)
    if not is_lasting and message.tries < MOST_TRIES:
        return Accepted(message, Acceptance.LEFT, classification.FAILED)
    # The row keeps no value of the message: the database may have refused one of them.
    parsed = ParsedMessage(message, f"sqs:{message.id}"[:120])
    disposition = replace(classification.failed(error), account=_account_of(message))
    if _count_again(parsed.notification_id):
        return Accepted(message, Acceptance.DUPLICATE)
    with transaction.atomic():
        _write([(parsed, disposition, disposition.state)])
    return Accepted(message, Acceptance(disposition.state), disposition.code)


def _account_of(message: Message) -> AmazonAccount | None:
    """Return the account that the message is about, None where nothing tells."""
    try:
        ((_parsed, disposition),) = _classify([message])
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # noqa: BLE001 - reading it may be what failed before
        logger.warning("message names nobody error=%s", type(error).__name__)
        return None
    return disposition.account


def _write(handled: Sequence[tuple[ParsedMessage, Disposition, str]]) -> None:
    """Write the messages' rows, and tell people what is wrong with them."""
    now = timezone.now()
    Notification.objects.bulk_create(_row(*one, now) for one in handled)
    for parsed, disposition, state in handled:
        if disposition.code:
            _seller_id, order_id = _named(parsed)
            _tell(disposition, state, order_id or parsed.notification_id)


def _row(
    parsed: ParsedMessage, disposition: Disposition, state: str, now: datetime
) -> Notification:
    message, envelope = parsed.message, parsed.envelope
    seller_id, order_id = _named(parsed)
    event = disposition.event
    event_at = envelope.event_at if envelope else None
    return Notification(
        notification_id=parsed.notification_id,
        notification_type=clean(envelope.notification_type if envelope else "", 60),
        account=disposition.account,
        seller_id=clean(seller_id, 40),
        amazon_order_id=clean(order_id, 40),
        event_at=event.changed_at if event else event_at,
        published_at=envelope.published_at if envelope else message.sent_at,
        received_at=now,
        deliveries=max(message.receive_count, 1),
        state=state,
        code=disposition.code,
        message=clean(disposition.message, 500),
        body=_body(message, envelope),
    )


def _named(parsed: ParsedMessage) -> tuple[str, str]:
    """Return the seller and the order that the message names, "" for none."""
    envelope = parsed.envelope
    return order_change.seller_and_order(envelope) if envelope else ("", "")


def _body(message: Message, envelope: Envelope | None) -> str:
    """Return what to keep of the message, without the buyer's postal code."""
    if envelope is not None:
        return dump_secret(envelope.body)[:_LONGEST_BODY]
    return storable(redact_text(message.body[:_LONGEST_BODY]))


def _known(ids: set[str]) -> set[str]:
    rows = Notification.objects.filter(notification_id__in=ids).order_by()
    return set(rows.values_list("notification_id", flat=True))


def _count_again(notification_id: str) -> bool:
    known = Notification.objects.filter(notification_id=notification_id)
    return bool(known.update(deliveries=F("deliveries") + 1))


def _tell(disposition: Disposition, state: str, reference: str) -> None:
    is_wrong = state == State.QUARANTINED
    in_quarantine = sentence(
        "The message is in quarantine; the sweep brings the order all the same."
    )
    entry = Entry(
        code=disposition.code,
        level=Level.WARNING if is_wrong else Level.INFO,
        account=disposition.account,
        reference=disposition.about or reference,
        message=disposition.message,
        fix=disposition.fix or (in_quarantine if is_wrong else ""),
    )
    if disposition.about:
        record_once(entry, _SAY_AGAIN)
    else:
        record(entry)
