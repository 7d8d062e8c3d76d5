"""Takes Amazon's notifications in: kept once, applied, or put aside; services layer.

Each message is a transaction of its own. A message counts as accepted when its row is
committed; only then may it be deleted from the queue.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

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

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, Notification, dump_secret
from channels_amazon.rules import order_event
from channels_amazon.rules.order_event import BadEvent, Envelope, OrderEvent
from channels_amazon.rules.report_event import (
    REPORT_PROCESSING_FINISHED,
    read_report_event,
)
from channels_amazon.services import order_reports
from channels_amazon.services.diagnostics import (
    Entry,
    Level,
    clean,
    record,
    record_once,
)
from channels_amazon.services.orders import apply_event
from channels_amazon.spapi.redact import redact_text
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

State = Notification.State
# A message that fails so often for a reason of ours is put aside, not tried for ever.
MOST_DELIVERIES = 5
_LONGEST_BODY = 100_000
# A wrong subscription sends without end: the inbox counts, the log need not.
_SAY_AGAIN = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What became of one message; `is_settled` says that it may be deleted."""

    message: Message
    state: str
    code: str = ""
    is_settled: bool = True


@dataclass(frozen=True, slots=True)
class _Verdict:
    """What to write into the inbox row of one message.

    `about` names what many messages have in common, so that the log says it once.
    """

    state: str
    code: str = ""
    message: str = ""
    fix: str = ""
    about: str = ""
    account: AmazonAccount | None = None
    event: OrderEvent | None = None
    report_id: str = ""


def accept(messages: Sequence[Message]) -> list[Accepted]:
    """Take the messages in, each by itself; one that cannot be never stops the rest.

    A database that cannot be reached raises: the messages then come again.
    """
    return [_accept(message) for message in messages]


def queue_region() -> str:
    """Return the AWS region of the configured queue, from its ARN or its address."""
    parts = settings.SQS_QUEUE_ARN.split(":")
    if len(parts) > 3 and parts[3]:
        return str(parts[3])
    host = settings.SQS_QUEUE_URL.split("//")[-1].split("/")[0].split(".")
    return str(host[1]) if len(host) > 2 and host[0] == "sqs" else "us-east-1"


def _accept(message: Message) -> Accepted:
    try:
        return _take_in(message)
    except (OperationalError, InterfaceError):
        raise
    except Exception as error:  # The edge where every message ends.
        logger.exception(
            "notification failed id=%s deliveries=%s", message.id, message.receive_count
        )
        is_lasting = isinstance(error, DataError | IntegrityError)
        if not is_lasting and message.receive_count < MOST_DELIVERIES:
            return Accepted(message, "", "notifications.failed", is_settled=False)
        return _quarantine(message, error)


def _take_in(message: Message) -> Accepted:
    envelope: Envelope | None = None
    try:
        envelope = order_event.read_envelope(message.body)
        notification_id = envelope.notification_id or f"sqs:{message.id}"
    except BadEvent as error:
        return _store(message, f"sqs:{message.id}", None, _bad(error))
    if _count_again(notification_id):
        return Accepted(message, "duplicate")
    verdict = _judge(envelope)
    return _store(message, notification_id, envelope, verdict)


def _judge(envelope: Envelope) -> _Verdict:
    """Decide what a readable message is, without changing anything yet."""
    kind = envelope.notification_type
    if kind == REPORT_PROCESSING_FINISHED:
        return _judge_report(envelope)
    if kind != order_event.ORDER_CHANGE:
        return _Verdict(
            State.IGNORED if kind else State.QUARANTINED,
            "notifications.unknown_type",
            sentence(
                "Messages of the type %(kind)s are not used here.", kind=kind or "?"
            ),
            about=kind or "?",
        )
    try:
        event = order_event.read_order_event(envelope)
    except BadEvent as error:
        return _bad(error)
    account = _account_of(event)
    if account is None:
        return _Verdict(
            State.QUARANTINED,
            "notifications.unknown_account",
            sentence(
                "The seller %(seller)s is not connected here.", seller=event.seller_id
            ),
            fix=sentence(
                "Connect the account, or end its subscription at Amazon. Its messages "
                "are put aside in the inbox; this is said once an hour."
            ),
            about=event.seller_id,
            event=event,
        )
    return _Verdict(State.APPLIED, account=account, event=event)


def _judge_report(envelope: Envelope) -> _Verdict:
    """Decide what the end of a report means: one of ours is looked at now."""
    try:
        event = read_report_event(envelope)
    except BadEvent as error:
        return _bad(error)
    account = order_reports.account_of(event.report_id, event.seller_id)
    if account is None:
        # Made by somebody else, perhaps by hand in Seller Central.
        return _Verdict(State.IGNORED)
    return _Verdict(State.APPLIED, account=account, report_id=event.report_id)


def _store(
    message: Message,
    notification_id: str,
    envelope: Envelope | None,
    verdict: _Verdict,
) -> Accepted:
    """Apply the event and write the inbox row, both or neither."""
    state = verdict.state
    try:
        with transaction.atomic():
            if verdict.account is not None and verdict.event is not None:
                result = apply_event(verdict.account, verdict.event)
                state = State.APPLIED if result.is_news else State.STALE
            if verdict.report_id and not order_reports.look_now(verdict.report_id):
                state = State.STALE
            _write(message, notification_id, envelope, verdict, state)
    except IntegrityError:
        # Another consumer was quicker with the same message.
        if not _count_again(notification_id):
            raise
        return Accepted(message, "duplicate")
    return Accepted(message, state, verdict.code)


def _write(
    message: Message,
    notification_id: str,
    envelope: Envelope | None,
    verdict: _Verdict,
    state: str,
) -> None:
    seller_id, order_id = ("", "")
    if envelope is not None:
        seller_id, order_id = order_event.seller_and_order(envelope)
    event = verdict.event
    event_at = envelope.event_at if envelope else None
    Notification.objects.create(
        notification_id=notification_id[:120],
        notification_type=clean(envelope.notification_type if envelope else "", 60),
        account=verdict.account,
        seller_id=clean(seller_id, 40),
        amazon_order_id=clean(order_id, 40),
        event_at=event.changed_at if event else event_at,
        published_at=envelope.published_at if envelope else message.sent_at,
        received_at=timezone.now(),
        deliveries=max(message.receive_count, 1),
        state=state,
        code=verdict.code,
        message=clean(verdict.message, 500),
        body=_body(message, envelope),
    )
    if verdict.code:
        _tell(verdict, state, order_id or notification_id)


def _body(message: Message, envelope: Envelope | None) -> str:
    """Return what to keep of the message, without the buyer's postal code."""
    if envelope is not None:
        return dump_secret(envelope.body)[:_LONGEST_BODY]
    return redact_text(message.body[:_LONGEST_BODY])


def _count_again(notification_id: str) -> bool:
    known = Notification.objects.filter(notification_id=notification_id[:120])
    return bool(known.update(deliveries=F("deliveries") + 1))


def _account_of(event: OrderEvent) -> AmazonAccount | None:
    """Return the account of the event's seller, in the region of its marketplace."""
    accounts = list(
        AmazonAccount.objects.filter(seller_id=event.seller_id)
        .exclude(state=AmazonAccount.State.DISCONNECTED)
        .select_related("store")
    )
    marketplace = MARKETPLACES.get(event.marketplace_id)
    if marketplace is None:
        return accounts[0] if len(accounts) == 1 else None
    return next((row for row in accounts if row.region == marketplace.region), None)


def _bad(error: BadEvent) -> _Verdict:
    return _Verdict(State.QUARANTINED, error.code, error.message)


def _quarantine(message: Message, error: Exception) -> Accepted:
    """Keep a message that breaks us, so that people can look at it."""
    verdict = _Verdict(
        State.QUARANTINED,
        "notifications.failed",
        sentence(
            "The message could not be applied: %(error)s.", error=type(error).__name__
        ),
    )
    return _store(message, f"sqs:{message.id}", None, verdict)


def _tell(verdict: _Verdict, state: str, reference: str) -> None:
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
