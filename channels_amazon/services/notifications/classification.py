"""Parses queue messages and decides what is to be done with each; services layer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from channels_amazon.models import AmazonAccount, Notification
from channels_amazon.rules.events import order_change
from channels_amazon.rules.events.fulfillment_order_status import (
    FULFILLMENT_ORDER_STATUS,
    OutboundEvent,
    read_outbound_event,
)
from channels_amazon.rules.events.order_change import (
    BadEvent,
    Envelope,
    OrderEvent,
    OrderPointer,
)
from channels_amazon.rules.events.report_finished import (
    REPORT_PROCESSING_FINISHED,
    ReportEvent,
    read_report_event,
)
from channels_amazon.services.notifications.routing import Routes, routes_of
from channels_amazon.services.order_reports import requests
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

State = Notification.State
UNKNOWN_ACCOUNT = "notifications.unknown_account"
FAILED = "notifications.failed"
UNREADABLE_DETAIL = "notifications.unreadable_detail"
# Characters of Notification.notification_id.
_LONGEST_ID = 120

# Per notification type: the field of ParsedMessage that it fills, and its reader.
_READERS: Mapping[str, tuple[str, Callable[[Envelope], Any]]] = {
    order_change.ORDER_CHANGE: ("event", order_change.read_order_event),
    FULFILLMENT_ORDER_STATUS: ("outbound", read_outbound_event),
    REPORT_PROCESSING_FINISHED: ("report", read_report_event),
}
# What tells the type of a message that does not state it: its payload's first field,
# in small letters.
_TYPE_OF_PAYLOAD = {
    "orderchangenotification": order_change.ORDER_CHANGE,
    "fulfillmentorderstatusnotification": FULFILLMENT_ORDER_STATUS,
    "reportprocessingfinishednotification": REPORT_PROCESSING_FINISHED,
}


@dataclass(frozen=True, slots=True)
class ParsedMessage:
    """A queue message as far as it can be read.

    `fault` is why it cannot be used; `event` is set for a readable ORDER_CHANGE,
    `outbound` for a readable FULFILLMENT_ORDER_STATUS, `report` for a readable
    REPORT_PROCESSING_FINISHED. Beside its `fault` an ORDER_CHANGE may have a `pointer`:
    which order it is can be read all the same.
    """

    message: Message
    notification_id: str
    envelope: Envelope | None = None
    event: OrderEvent | None = None
    fault: BadEvent | None = None
    outbound: OutboundEvent | None = None
    report: ReportEvent | None = None
    pointer: OrderPointer | None = None


@dataclass(frozen=True, slots=True)
class Disposition:
    """What to write into the inbox row of one message.

    `about` is the seller, the type or the field that many messages have in common: the
    log says of each only once an hour what is wrong. With a `pointer` the order is to
    be read at Amazon, since the message does not say all of it.
    """

    state: str
    code: str = ""
    message: str = ""
    fix: str = ""
    about: str = ""
    account: AmazonAccount | None = None
    event: OrderEvent | None = None
    pointer: OrderPointer | None = None

    @property
    def order_id(self) -> str:
        """Return the id of the order that is to be changed, "" for none."""
        named = self.event or self.pointer
        return named.order_id if named else ""


def parse_message(message: Message) -> ParsedMessage:
    """Return what the message says; nothing in it raises."""
    own_id = f"sqs:{message.id}"[:_LONGEST_ID]
    try:
        envelope = order_change.read_envelope(message.body)
    except BadEvent as error:
        return ParsedMessage(message, own_id, fault=error)
    parsed = ParsedMessage(message, _id_of(envelope) or own_id, envelope)
    read = _READERS.get(_type_of(envelope))
    if read is None:
        return parsed
    name, reader = read
    try:
        content = reader(envelope)
    except BadEvent as error:
        is_order = reader is order_change.read_order_event
        pointer = order_change.read_pointer(envelope) if is_order else None
        return replace(parsed, fault=error, pointer=pointer)
    return replace(parsed, **{name: content})


def routes_for(messages: Sequence[ParsedMessage]) -> Routes:
    """Return the accounts that these messages may be about."""
    sellers = [one.event.seller_id for one in messages if one.event is not None]
    return routes_of(sellers, [one.pointer for one in messages if one.pointer])


def classify(parsed: ParsedMessage, routes: Routes) -> Disposition:
    """Decide what is to be done with the message; nothing is changed."""
    if parsed.fault is not None:
        return _of_unreadable(parsed.fault, parsed.pointer, routes)
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
    account = routes.of_event(event)
    if account is not None:
        return Disposition(State.APPLIED, account=account, event=event)
    return replace(_of_unknown_account(event.seller_id), event=event)


def failed(error: Exception) -> Disposition:
    """Return what is done with a message that we fail to apply: people look at it."""
    return Disposition(
        State.QUARANTINED,
        FAILED,
        sentence(
            "The message could not be applied: %(error)s.", error=type(error).__name__
        ),
    )


def _of_unreadable(
    fault: BadEvent, pointer: OrderPointer | None, routes: Routes
) -> Disposition:
    """Have the order read that the message points to, else quarantine the message."""
    if pointer is None:
        return Disposition(State.QUARANTINED, fault.code, fault.message)
    account = routes.of_pointer(pointer)
    if account is not None:
        return Disposition(
            State.APPLIED,
            UNREADABLE_DETAIL,
            fault.message,
            fix=sentence(
                "Nothing is to be done: the order is read at Amazon in full instead. "
                "This is said once an hour for each field."
            ),
            about=fault.name,
            account=account,
            pointer=pointer,
        )
    if pointer.seller_id and pointer.seller_id not in routes.by_seller:
        return replace(_of_unknown_account(pointer.seller_id), pointer=pointer)
    message = sentence(
        "%(fault)s Whose order it is cannot be told.", fault=fault.message
    )
    return Disposition(State.QUARANTINED, fault.code, message, pointer=pointer)


def _of_unknown_account(seller_id: str) -> Disposition:
    return Disposition(
        State.QUARANTINED,
        UNKNOWN_ACCOUNT,
        sentence("The seller %(seller)s is not connected here.", seller=seller_id),
        fix=sentence(
            "Connect the account, or end its subscription at Amazon. Its messages "
            "are kept in quarantine; this is said once an hour."
        ),
        about=seller_id,
    )


def _id_of(envelope: Envelope) -> str:
    """Return Amazon's id of the message, "" where it cannot be read.

    Of one beyond the column it is the digest: cut, it would be that of another message.
    """
    given = envelope.notification_id.strip()
    if not (given.isascii() and given.isprintable()):
        return ""
    if len(given) <= _LONGEST_ID:
        return given
    return f"blake2b:{blake2b(given.encode(), digest_size=32).hexdigest()}"


def _type_of(envelope: Envelope) -> str:
    """Return the type that the message states, else the one its payload shows."""
    stated = envelope.notification_type
    if stated in _READERS:
        return stated
    names = (name.lower() for name in envelope.payload)
    shown = (_TYPE_OF_PAYLOAD[name] for name in names if name in _TYPE_OF_PAYLOAD)
    return next(shown, stated)


def _of_other_type(parsed: ParsedMessage) -> Disposition:
    kind = parsed.envelope.notification_type if parsed.envelope else ""
    return Disposition(
        State.IGNORED if kind else State.QUARANTINED,
        "notifications.unknown_type",
        sentence("Messages of the type %(kind)s are not used here.", kind=kind or "?"),
        about=kind or "?",
    )
