"""Measures which personal data is kept and which is past its time; services layer.

The days of an order count from its delivery, and where that is not known from its
shipping (`rules/privacy/retention.py` has the days). Nothing is asked of Amazon for
it: the sweep brings every order that Amazon changed, and the first time it shows all
packages as delivered counts. A delivery that is known only after the days of shipping
have ended prolongs nothing, and where Amazon tells of none those days stand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db.models import (
    BooleanField,
    Case,
    Count,
    DateTimeField,
    F,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Coalesce

from channels_amazon.models import Order, Shipment, Store
from channels_amazon.rules.privacy.retention import (
    OPEN_PERSONAL_DATA_KEPT,
    PERSONAL_DATA_KEPT,
    personal_data_due_at,
)

_ENDED = (Order.Status.SHIPPED, Order.Status.CANCELLED, Order.Status.UNFULFILLABLE)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """The personal data of one order: since when it is kept and when it must go."""

    amazon_order_id: str
    received_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class RetentionStanding:
    """What a store keeps at a moment, measured from its rows.

    `kept` and `overdue` count orders; `oldest` is only filled in for one store.
    """

    kept: int = 0
    overdue: int = 0
    next_due_at: datetime | None = None
    oldest: KeptRow | None = None


def standing(store: Store, now: datetime) -> RetentionStanding:
    """Return how much personal data the store keeps, and what of it is overdue."""
    kept = standings([store.pk], now).get(store.pk)
    if kept is None:
        return RetentionStanding()
    first = _kept_orders([store.pk]).order_by("personal_data__received_at")
    row = first.values(
        "amazon_order_id", "personal_data__received_at", "starts_at", "is_ended"
    ).first()
    return replace(kept, oldest=_kept_row(row) if row else None)


def standings(stores: list[int], now: datetime) -> dict[int, RetentionStanding]:
    """Return what each of the stores keeps, in one query; no entry for nothing."""
    measured = (
        _kept_orders(stores)
        .order_by()
        .values("personal_data__store_id")
        .annotate(
            kept=Count("pk"),
            overdue=Count("pk", filter=_is_over(now)),
            ended=Min("starts_at", filter=Q(is_ended=True)),
            open=Min("starts_at", filter=Q(is_ended=False)),
        )
    )
    return {
        row["personal_data__store_id"]: RetentionStanding(
            row["kept"], row["overdue"], _next_due_at(row)
        )
        for row in measured
    }


def orders_past_their_time(now: datetime) -> QuerySet[Order]:
    """Return the orders of which no personal data may be kept any more."""
    return _with_clock(Order.objects.all()).filter(_is_over(now))


def is_past_its_time(order: Order, now: datetime) -> bool:
    """Tell whether no personal data of a stored order may be kept any more."""
    times = (order.delivered_at, order.shipped_at, order.ship_by, order.ordered_at)
    # No clock began before the first of these, so that young orders cost no query.
    if all(at is None or at >= now - PERSONAL_DATA_KEPT for at in times):
        return False
    return bool(orders_past_their_time(now).filter(pk=order.pk).exists())


def _kept_orders(stores: list[int]) -> QuerySet[Any]:
    return _with_clock(Order.objects.filter(personal_data__store__in=stores))


def _with_clock(orders: QuerySet[Order]) -> QuerySet[Any]:
    """Annotate `starts_at`, from when the days count, and whether the order ended."""
    packages = (
        Shipment.objects.filter(order=OuterRef("pk"))
        .order_by()
        .values("order")
        .annotate(last=Max("shipped_at"))
        .values("last")
    )
    left_at = Coalesce(
        "shipped_at",
        Subquery(packages),
        "ship_by",
        "ordered_at",
        "created_at",
        output_field=DateTimeField(),
    )
    in_time = Q(delivered_at__lte=F("left_at") + PERSONAL_DATA_KEPT)
    return orders.annotate(left_at=left_at).annotate(
        starts_at=Case(
            When(in_time, then=F("delivered_at")),
            default=F("left_at"),
            output_field=DateTimeField(),
        ),
        is_ended=Case(
            When(Q(status__in=_ENDED) | in_time, then=Value(True)),
            default=Value(False),
            output_field=BooleanField(),
        ),
    )


def _is_over(now: datetime) -> Q:
    ended = Q(is_ended=True, starts_at__lt=now - PERSONAL_DATA_KEPT)
    return ended | Q(starts_at__lt=now - OPEN_PERSONAL_DATA_KEPT)


def _next_due_at(row: dict[str, Any]) -> datetime | None:
    dues = [
        personal_data_due_at(row[name], is_ended=name == "ended")
        for name in ("ended", "open")
        if row[name]
    ]
    return min(dues, default=None)


def _kept_row(row: dict[str, Any]) -> KeptRow:
    return KeptRow(
        amazon_order_id=row["amazon_order_id"],
        received_at=row["personal_data__received_at"],
        due_at=personal_data_due_at(row["starts_at"], is_ended=row["is_ended"]),
    )
