"""Reads the late-shipment board: how urgent each order to ship is; services layer.

The conditions repeat `rules/shipping/lateness.py` as SQL; a test holds both together.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum

from django.db.models import BooleanField, ExpressionWrapper, Q, QuerySet

from channels_amazon.models import AmazonAccount, Order, Parcel, Shipment
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.rules.shipping.lateness import (
    DUE_SOON,
    Urgency,
    end_of_day,
    urgency_of,
)
from channels_amazon.wording import Sentence, sentence

# A shipment that waits for longer is stuck: the job sends a new one within seconds,
# or after the backoff of a few failures.
STUCK_AFTER = timedelta(minutes=10)


class Severity(StrEnum):
    """How bad a delay is: a person must act, may have to, or it goes by itself.

    WAITING is until a known time or event, BUSY is within seconds.
    """

    ERROR = "error"
    WARNING = "warning"
    WAITING = "waiting"
    BUSY = "busy"


@dataclass(frozen=True, slots=True)
class DelayReason:
    """Something that keeps an order from being shipped."""

    severity: Severity
    text: Sentence


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One order of the board; `units` are those still to ship."""

    order: Order
    urgency: Urgency
    units: int
    delay_reasons: list[DelayReason]


def with_trouble(orders: OrderQuerySet, now: datetime) -> OrderQuerySet:
    """Return the merchant's orders to ship, marked with whether anything hinders one.

    What a person has to decide first is said by the order itself, what is stuck by its
    parcels and packages.
    """
    # Both are few, and read once: not for each of the orders that wait.
    shipments = Shipment.objects.filter(_is_stuck(now))
    parcels = Parcel.objects.filter(state__in=Parcel.OPEN, order__isnull=False)
    is_troubled = (
        _is_held_up()
        | Q(pk__in=shipments.order_by().values("order_id"))
        | Q(pk__in=parcels.order_by().values("order_id"))
    )
    return orders.to_ship().annotate(
        is_troubled=ExpressionWrapper(is_troubled, output_field=BooleanField())
    )


def narrowed(
    orders: OrderQuerySet, urgency: Urgency | None, now: datetime, zone: tzinfo
) -> OrderQuerySet:
    """Return those of `with_trouble` that stand in this part of the board.

    The same as `urgency_of`, for many orders at once; `zone` is the reader's.
    """
    if urgency is None:
        return orders
    if urgency is Urgency.OVERDUE:
        return orders.late(now)
    today = end_of_day(now, zone)
    if urgency is Urgency.TODAY:
        return orders.filter(ship_by__gte=now, ship_by__lt=today)
    soon = now + DUE_SOON
    if urgency is Urgency.RISK:
        is_later = Q(ship_by__isnull=True) | Q(ship_by__gte=today)
        return orders.filter(is_later, Q(ship_by__lt=soon) | Q(is_troubled=True))
    is_far = Q(ship_by__isnull=True) | Q(ship_by__gte=soon)
    return orders.filter(is_far, Q(is_troubled=False))


def counts(orders: OrderQuerySet, now: datetime, zone: tzinfo) -> Mapping[Urgency, int]:
    """Return how many stand in each part of the board, each counted up to COUNT_CAP."""
    return {
        urgency: narrowed(orders, urgency, now, zone).capped_count()
        for urgency in Urgency
    }


def unmatched_count(orders: OrderQuerySet) -> int:
    """Return how many hold no stock, since a SKU of theirs belongs to no variant."""
    return orders.unmatched().capped_count()


def in_full(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the orders with everything prefetched that a board row shows."""
    return orders.select_related("account").prefetch_related(
        "lines", "shipments__lines", "parcels"
    )


def row_of(order: Order, now: datetime, zone: tzinfo) -> BoardRow:
    """Return an order of `in_full` as a row of the board."""
    is_troubled = bool(getattr(order, "is_troubled", False))
    return BoardRow(
        order,
        urgency_of(order.ship_by, now, zone, is_troubled=is_troubled),
        _units_left(order),
        _delay_reasons(order, now),
    )


def _units_left(order: Order) -> int:
    packed: Counter[int] = Counter()
    for shipment in order.shipments.all():
        if shipment.is_packed:
            for part in shipment.lines.all():
                packed[part.line_id] += part.quantity
    return sum(max(0, line.units_left(packed[line.pk])) for line in order.lines.all())


def _is_held_up() -> Q:
    """Return what keeps an order itself from being shipped: the first of the reasons.

    An order without it is on track as long as no parcel of it is stuck.
    """
    asks = Q(cancel_requested=True, cancel_declined_at__isnull=True)
    is_set_aside = ~Q(quarantine_code="")
    unauthorised = AmazonAccount.objects.exclude(state=AmazonAccount.State.CONNECTED)
    is_not_told = Q(account__in=unauthorised.order_by().values("pk"))
    is_short = Q(has_unmatched=True) | Q(has_shortage=True)
    return is_short | asks | is_set_aside | is_not_told


def _is_stuck(now: datetime) -> Q:
    is_old = Q(created_at__lt=now - STUCK_AFTER) & (
        Q(next_attempt_at__isnull=True) | Q(next_attempt_at__lt=now - STUCK_AFTER)
    )
    return Q(state=Shipment.State.REFUSED) | (
        Q(state=Shipment.State.WAITING) & (~Q(error_code="") | is_old)
    )


def _delay_reasons(order: Order, now: datetime) -> list[DelayReason]:
    found = []
    if not order.account.is_connected:
        found.append(DelayReason(Severity.WARNING, _not_told(order.account)))
    if order.asks_to_cancel:
        found.append(
            DelayReason(Severity.WARNING, sentence("The buyer asks to cancel."))
        )
    if order.has_unmatched:
        found.append(DelayReason(Severity.WARNING, sentence("A SKU is unmatched.")))
    if order.has_shortage:
        found.append(DelayReason(Severity.WARNING, sentence("The stock is short.")))
    if order.quarantine_code:
        found.append(
            DelayReason(Severity.ERROR, sentence("The order is in quarantine."))
        )
    found += [reason for row in order.parcels.all() if (reason := _parcel_reason(row))]
    found += [
        reason
        for row in order.shipments.all()
        if (reason := _shipment_reason(row, now))
    ]
    # Several shipments may have the same reason.
    return list(dict.fromkeys(found))


def _not_told(account: AmazonAccount) -> Sentence:
    if account.is_disconnected:
        return sentence("The account is disconnected: Amazon is told of nothing.")
    return sentence("The account is not authorised: Amazon is told of nothing yet.")


def _parcel_reason(parcel: Parcel) -> DelayReason | None:
    if parcel.state == Parcel.State.REFUSED:
        return DelayReason(Severity.ERROR, sentence("A parcel needs a person."))
    if parcel.state == Parcel.State.WAITING:
        return DelayReason(Severity.WAITING, sentence("A parcel waits to be packed."))
    return None


def _shipment_reason(shipment: Shipment, now: datetime) -> DelayReason | None:
    if shipment.is_refused:
        return DelayReason(Severity.ERROR, sentence("Amazon refused a package."))
    if shipment.state == Shipment.State.CONFIRMED:
        return DelayReason(Severity.BUSY, sentence("Amazon accepted a package."))
    if shipment.state != Shipment.State.WAITING:
        return None
    if shipment.error_code:
        return DelayReason(
            Severity.WARNING, sentence("A confirmation failed and is tried again.")
        )
    at = shipment.next_attempt_at
    if at is not None and at > now:
        return DelayReason(
            Severity.WAITING,
            sentence("To be confirmed at %(at)s.", at=at),
        )
    return DelayReason(Severity.BUSY, sentence("A package waits for its confirmation."))
