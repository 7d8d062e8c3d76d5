"""Reads queue messages and judges what is to be done with each; services layer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from channels_amazon.marketplaces import MARKETPLACES
from channels_amazon.models import AmazonAccount, Notification
from channels_amazon.rules import order_event
from channels_amazon.rules.order_event import BadEvent, Envelope, OrderEvent
from channels_amazon.rules.outbound_event import (
    FULFILLMENT_ORDER_STATUS,
    OutboundEvent,
    read_outbound_event,
)
from channels_amazon.spapi.sqs import Message
from channels_amazon.wording import sentence

State = Notification.State
UNKNOWN_ACCOUNT = "notifications.unknown_account"
FAILED = "notifications.failed"
_LONGEST_ID = 120


@dataclass(frozen=True, slots=True)
class Delivery:
    """One delivery of a message as far as it can be read.

    `fault` is why it cannot be used; `event` is set for a readable ORDER_CHANGE,
    `outbound` for a readable FULFILLMENT_ORDER_STATUS.
    """

    message: Message
    notification_id: str
    envelope: Envelope | None = None
    event: OrderEvent | None = None
    fault: BadEvent | None = None
    outbound: OutboundEvent | None = None


@dataclass(frozen=True, slots=True)
class Verdict:
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


def read_delivery(message: Message) -> Delivery:
    """Return what the message says; nothing in it raises."""
    own_id = f"sqs:{message.id}"[:_LONGEST_ID]
    try:
        envelope = order_event.read_envelope(message.body)
    except BadEvent as error:
        return Delivery(message, own_id, fault=error)
    notification_id = envelope.notification_id[:_LONGEST_ID] or own_id
    is_outbound = envelope.notification_type == FULFILLMENT_ORDER_STATUS
    if not is_outbound and envelope.notification_type != order_event.ORDER_CHANGE:
        return Delivery(message, notification_id, envelope)
    try:
        if is_outbound:
            outbound = read_outbound_event(envelope)
            return Delivery(message, notification_id, envelope, outbound=outbound)
        event = order_event.read_order_event(envelope)
    except BadEvent as error:
        return Delivery(message, notification_id, envelope, fault=error)
    return Delivery(message, notification_id, envelope, event)


def accounts_by_seller(sellers: Iterable[str]) -> Mapping[str, list[AmazonAccount]]:
    """Return the accounts of these sellers that are not disconnected."""
    found: dict[str, list[AmazonAccount]] = defaultdict(list)
    rows = (
        AmazonAccount.objects.filter(seller_id__in=set(sellers))
        .exclude(state=AmazonAccount.State.DISCONNECTED)
        .select_related("store")
    )
    for row in rows:
        found[row.seller_id].append(row)
    return found


def judge(delivery: Delivery, accounts: Mapping[str, list[AmazonAccount]]) -> Verdict:
    """Decide what is to be done with the message; nothing is changed."""
    if delivery.fault is not None:
        fault = delivery.fault
        return Verdict(State.QUARANTINED, fault.code, fault.message)
    event = delivery.event
    if delivery.outbound is not None:
        # Whether it is an order that we placed shows when it is applied.
        return Verdict(State.IGNORED)
    if event is None:
        return _of_other_type(delivery)
    account = _account_of(event, accounts)
    if account is not None:
        return Verdict(State.APPLIED, account=account, event=event)
    return Verdict(
        State.QUARANTINED,
        UNKNOWN_ACCOUNT,
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


def failed(error: Exception) -> Verdict:
    """Return the verdict on a message that breaks us, so that people can look at it."""
    return Verdict(
        State.QUARANTINED,
        FAILED,
        sentence(
            "The message could not be applied: %(error)s.", error=type(error).__name__
        ),
    )


def _of_other_type(delivery: Delivery) -> Verdict:
    kind = delivery.envelope.notification_type if delivery.envelope else ""
    return Verdict(
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
