"""Parses queue messages and decides what is to be done with each; services layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, Notification
from channels_amazon.rules.events import order_change
from channels_amazon.rules.events.fulfillment_order_status import (
    FULFILLMENT_ORDER_STATUS,
    OutboundEvent,
    read_outbound_event,
)
from channels_amazon.rules.events.order_change import BadEvent, Envelope, OrderEvent
from channels_amazon.rules.events.report_finished import (
    REPORT_PROCESSING_FINISHED,
    ReportEvent,
    read_report_event,
)
from channels_amazon.services.order_reports import requests
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

State = Notification.State
UNKNOWN_ACCOUNT = "notifications.unknown_account"
FAILED = "notifications.failed"
# Characters of Notification.notification_id.
_LONGEST_ID = 120

# Per notification type: the field of ParsedMessage that it fills, and its reader.
_READERS: Mapping[str, tuple[str, Callable[[Envelope], Any]]] = {
    order_change.ORDER_CHANGE: ("event", order_change.read_order_event),
    FULFILLMENT_ORDER_STATUS: ("outbound", read_outbound_event),
    REPORT_PROCESSING_FINISHED: ("report", read_report_event),
}


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A queue message as far as it can be read.

    `fault` is why it cannot be used; `event` is set for a readable ORDER_CHANGE,
    `outbound` for a readable FULFILLMENT_ORDER_STATUS, `report` for a readable
    REPORT_PROCESSING_FINISHED.
    """

    message: Message
    notification_id: str
    envelope: Envelope | None = None
    event: OrderEvent | None = None
    fault: BadEvent | None = None
    outbound: OutboundEvent | None = None
    report: ReportEvent | None = None


@dataclass(frozen=True, slots=True)
class Disposition:
    """What to write into the inbox row of one message.

    `about` is the seller or the type that many messages have in common: the log says of
    each only once an hour what is wrong.
    """

    state: str
    code: str = ""
    message: str = ""
    fix: str = ""
    about: str = ""
    account: AmazonAccount | None = None
    event: OrderEvent | None = None


def parse_message(message: Message) -> ParsedMessage:
    """Return what the message says; nothing in it raises."""
    own_id = f"sqs:{message.id}"[:_LONGEST_ID]
    try:
        envelope = order_change.read_envelope(message.body)
    except BadEvent as error:
        return ParsedMessage(message, own_id, fault=error)
    notification_id = envelope.notification_id[:_LONGEST_ID] or own_id
    parsed = ParsedMessage(message, notification_id, envelope)
    read = _READERS.get(envelope.notification_type)
    if read is None:
        return parsed
    name, reader = read
    try:
        content = reader(envelope)
    except BadEvent as error:
        return replace(parsed, fault=error)
    return replace(parsed, **{name: content})


def accounts_by_seller(sellers: Iterable[str]) -> Mapping[str, list[AmazonAccount]]:
    """Return the accounts of these sellers that are not disconnected."""
    found: dict[str, list[AmazonAccount]] = defaultdict(list)
    rows = (
        AmazonAccount.objects.not_disconnected()
        .filter(seller_id__in=set(sellers))
        .select_related("store")
    )
    for row in rows:
        found[row.seller_id].append(row)
    return found


def classify(
    parsed: ParsedMessage, accounts: Mapping[str, list[AmazonAccount]]
) -> Disposition:
    """Decide what is to be done with the message; nothing is changed."""
    if parsed.fault is not None:
        fault = parsed.fault
        return Disposition(State.QUARANTINED, fault.code, fault.message)
    event = parsed.event
    if parsed.outbound is not None:
        # Whether it is an order that we placed shows when it is applied.
        return Disposition(State.IGNORED)
    if parsed.report is not None:
        # One that is not ours was made by somebody else, perhaps in Seller Central.
        report = parsed.report
        ours = requests.account_of(report.report_id, report.seller_id)
        return Disposition(State.APPLIED if ours else State.IGNORED, account=ours)
    if event is None:
        return _of_other_type(parsed)
    account = _account_of(event, accounts)
    if account is not None:
        return Disposition(State.APPLIED, account=account, event=event)
    return Disposition(
        State.QUARANTINED,
        UNKNOWN_ACCOUNT,
        sentence(
            "The seller %(seller)s is not connected here.", seller=event.seller_id
        ),
        fix=sentence(
            "Connect the account, or end its subscription at Amazon. Its messages "
            "are kept in quarantine; this is said once an hour."
        ),
        about=event.seller_id,
        event=event,
    )


def failed(error: Exception) -> Disposition:
    """Return what is done with a message that we fail to apply: people look at it."""
    return Disposition(
        State.QUARANTINED,
        FAILED,
        sentence(
            "The message could not be applied: %(error)s.", error=type(error).__name__
        ),
    )


def _of_other_type(parsed: ParsedMessage) -> Disposition:
    kind = parsed.envelope.notification_type if parsed.envelope else ""
    return Disposition(
        State.IGNORED if kind else State.QUARANTINED,
        "notifications.unknown_type",
        sentence("Messages of the type %(kind)s are not used here.", kind=kind or "?"),
        about=kind or "?",
    )


def _account_of(
    event: OrderEvent, accounts: Mapping[str, list[AmazonAccount]]
) -> AmazonAccount | None:
    """Return the account of the event's seller, in the region of its marketplace."""
    own = accounts.get(event.seller_id, [])
    marketplace = MARKETPLACES.get(event.marketplace_id)
    if marketplace is None:
        return own[0] if len(own) == 1 else None
    return next((row for row in own if row.region == marketplace.region), None)
