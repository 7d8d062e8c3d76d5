"""Reads the late-shipment board: which orders to ship are how pressing; services layer.

The conditions are those of `rules/shipping/lateness.py`, as the database needs them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from channels_amazon.models import Order, Parcel, Shipment
from channels_amazon.models.order import OrderQuerySet
from channels_amazon.rules.shipping.lateness import (
    Urgency,
    at_risk_before,
    end_of_day,
    urgency_of,
)
from channels_amazon.wording import Sentence, sentence

# A package that was made just now is on its way, not stuck.
STUCK_AFTER = timedelta(minutes=10)

_Package, _Parcel = Shipment.State, Parcel.State


@dataclass(frozen=True, slots=True)
class Hinder:
    """What keeps an order from being shipped: how bad, and what it is."""

    kind: str
    text: Sentence


@dataclass(frozen=True, slots=True)
class BoardRow:
    """One order of the board; `units` are those still to ship."""

    order: Order
    urgency: Urgency
    units: int
    hinders: list[Hinder]


def with_trouble(orders: OrderQuerySet, now: datetime) -> OrderQuerySet:
    """Return the merchant's orders to ship, marked with whether a parcel is stuck."""
    packages = Shipment.objects.filter(_is_stuck(now), order=OuterRef("pk"))
    parcels = Parcel.objects.filter(
        order=OuterRef("pk"), state__in=(_Parcel.WAITING, _Parcel.REFUSED)
    )
    return orders.to_ship().annotate(is_troubled=Exists(packages) | Exists(parcels))


def narrowed(
    orders: QuerySet[Order], urgency: Urgency | None, now: datetime
) -> QuerySet[Order]:
    """Return those of `with_trouble` that stand in this part of the board."""
    return orders if urgency is None else orders.filter(_condition(urgency, now))


def counts(orders: OrderQuerySet, now: datetime) -> Mapping[Urgency, int]:
    """Return how many stand in each part of the board, each counted up to COUNT_CAP."""
    return {
        urgency: orders.filter(_condition(urgency, now)).capped_count()
        for urgency in Urgency
    }


def in_full(orders: QuerySet[Order]) -> QuerySet[Order]:
    """Return the orders with all that a row of the board shows."""
    return orders.select_related("account").prefetch_related(
        "lines", "shipments", "parcels"
    )


def row_of(order: Order, now: datetime) -> BoardRow:
    """Return an order of `in_full` as a row of the board."""
    is_troubled = bool(getattr(order, "is_troubled", False))
    return BoardRow(
        order,
        urgency_of(order.ship_by, now, is_troubled=is_troubled),
        sum(
            max(0, line.quantity - line.quantity_shipped) for line in order.lines.all()
        ),
        _hinders(order, now),
    )


def _is_stuck(now: datetime) -> Q:
    is_old = Q(created_at__lt=now - STUCK_AFTER) & (
        Q(send_after__isnull=True) | Q(send_after__lt=now - STUCK_AFTER)
    )
    return Q(state=_Package.REFUSED) | (
        Q(state=_Package.WAITING) & (~Q(error_code="") | is_old)
    )


def _condition(urgency: Urgency, now: datetime) -> Q:
    today, soon = end_of_day(now), at_risk_before(now)
    if urgency is Urgency.OVERDUE:
        return Q(ship_by__lt=now)
    if urgency is Urgency.TODAY:
        return Q(ship_by__gte=now, ship_by__lt=today)
    is_later = Q(ship_by__isnull=True) | Q(ship_by__gte=today)
    is_soon = Q(ship_by__lt=soon)
    if urgency is Urgency.RISK:
        return is_later & (is_soon | Q(is_troubled=True))
    return (Q(ship_by__isnull=True) | Q(ship_by__gte=soon)) & Q(is_troubled=False)


def _hinders(order: Order, now: datetime) -> list[Hinder]:
    found = []
    if order.asks_to_cancel:
        found.append(Hinder("warning", sentence("The buyer asks to cancel.")))
    if order.has_unmatched:
        found.append(Hinder("warning", sentence("A SKU is unmatched.")))
    if order.has_shortage:
        found.append(Hinder("warning", sentence("The stock is short.")))
    if order.quarantine_code:
        found.append(Hinder("error", sentence("The order is set aside.")))
    found += [hinder for row in order.parcels.all() if (hinder := _of_parcel(row))]
    found += [hinder for row in order.shipments.all() if (hinder := _of(row, now))]
    # Several packages may say the same.
    return list(dict.fromkeys(found))


def _of_parcel(parcel: Parcel) -> Hinder | None:
    if parcel.state == _Parcel.REFUSED:
        return Hinder("error", sentence("A parcel needs a person."))
    if parcel.state == _Parcel.WAITING:
        return Hinder("waiting", sentence("A parcel waits to be packed."))
    return None


def _of(shipment: Shipment, now: datetime) -> Hinder | None:
    if shipment.state == _Package.REFUSED:
        return Hinder("error", sentence("Amazon refused a package."))
    if shipment.state == _Package.CONFIRMED:
        return Hinder("busy", sentence("Amazon accepted a package."))
    if shipment.state != _Package.WAITING:
        return None
    if shipment.error_code:
        return Hinder("warning", sentence("A confirmation failed and is tried again."))
    at = shipment.send_after
    if at is not None and at > now:
        return Hinder(
            "waiting",
            sentence("To be confirmed at %(at)s UTC.", at=f"{at:%Y-%m-%d %H:%M}"),
        )
    return Hinder("busy", sentence("A package waits for its confirmation."))
