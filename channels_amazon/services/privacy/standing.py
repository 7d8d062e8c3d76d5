"""Measures which personal data is kept and which is past its time; services layer.

The days of an order count from its delivery, and where that is not known from its
shipping (`rules/privacy/retention.py` has the days). Nothing is asked of Amazon for
it: the sweep brings every order that Amazon changed, and the first time it shows all
packages as delivered counts. A delivery that is known only after the days of shipping
have ended prolongs nothing, and where Amazon tells of none those days stand.

Each row of personal data keeps when it must go, `due_at`, so that a page need not
reckon that of all orders. Whoever stores the people of an order or changes one of its
packages takes the date back by `forget_due_dates`, and rows without one are reckoned
here. Whatever else moves an order's days, the hourly purge compares every date with
what the order says now (`differing_due_dates`), and deletes by the order alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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

from channels_amazon.models import Order, OrderPersonalData, Shipment, Store
from channels_amazon.rules.privacy.retention import (
    OPEN_PERSONAL_DATA_KEPT,
    PERSONAL_DATA_KEPT,
    personal_data_due_at,
)

_DATES_A_STATEMENT = 200
_ENDED = (Order.Status.SHIPPED, Order.Status.CANCELLED, Order.Status.UNFULFILLABLE)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """The personal data of one order: since when it is kept and when it must go."""

    amazon_order_id: str
    received_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What a store keeps at a moment, measured from its rows.

    `kept` and `overdue` count orders; `oldest` is only filled in for one store.
    """

    kept: int = 0
    overdue: int = 0
    next_due_at: datetime | None = None
    oldest: KeptRow | None = None


def standing(store: Store, now: datetime) -> Standing:
    """Return how much personal data the store keeps, and what of it is overdue.

    By the due dates that are stored, for a page: at most an hour behind the orders.
    """
    dated = OrderPersonalData.objects.filter(store=store).aggregate(
        kept=Count("due_at"),
        overdue=Count("due_at", filter=Q(due_at__lt=now)),
        next_due_at=Min("due_at"),
    )
    undated = _kept_orders([store.pk]).filter(personal_data__due_at__isnull=True)
    rest = _measured(undated, now).get(store.pk, Standing())
    dues = [at for at in (dated["next_due_at"], rest.next_due_at) if at is not None]
    kept = Standing(
        dated["kept"] + rest.kept,
        dated["overdue"] + rest.overdue,
        min(dues, default=None),
    )
    # By its key, so that the days of this one alone are reckoned.
    people = OrderPersonalData.objects.filter(store=store).order_by("received_at")
    order_id = people.values_list("order_id", flat=True).first()
    if order_id is None:
        return kept
    row = (
        _with_clock(Order.objects.filter(pk=order_id))
        .values(
            "amazon_order_id", "personal_data__received_at", "starts_at", "is_ended"
        )
        .first()
    )
    return replace(kept, oldest=_kept_row(row) if row else None)


def standings(stores: list[int], now: datetime) -> dict[int, Standing]:
    """Return what each of the stores keeps, in one query; no entry for nothing.

    By the orders themselves, for a proof: it takes seconds for many orders.
    """
    return _measured(_kept_orders(stores), now)


def forget_due_dates(orders: Iterable[int]) -> None:
    """Take the due dates of these orders' personal data back, to be reckoned anew."""
    rows = OrderPersonalData.objects.filter(order__in=list(orders))
    rows.filter(due_at__isnull=False).update(due_at=None)


def undated_due_dates(
    first_store: int, last_store: int, most: int
) -> dict[int, datetime]:
    """Return rows of these stores without a date, each with that of its order."""
    rows = _due_dates(first_store, last_store)
    return dict(rows.filter(personal_data__due_at__isnull=True)[:most])


def differing_due_dates(
    first_store: int, last_store: int, most: int
) -> dict[int, datetime]:
    """Return rows whose date is not what their order says, each with the right one.

    Those without a date are among them.
    """
    rows = _due_dates(first_store, last_store)
    return dict(rows.exclude(personal_data__due_at=F("due"))[:most])


def keep_due_dates(dates: Mapping[int, datetime]) -> None:
    """Store the due dates, by the rows' primary keys; what is gone stays gone."""
    OrderPersonalData.objects.bulk_update(
        [OrderPersonalData(pk=pk, due_at=due_at) for pk, due_at in dates.items()],
        ["due_at"],
        batch_size=_DATES_A_STATEMENT,
    )


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


def _measured(orders: QuerySet[Any], now: datetime) -> dict[int, Standing]:
    measured = (
        orders.order_by()
        .values("personal_data__store_id")
        .annotate(
            kept=Count("pk"),
            overdue=Count("pk", filter=_is_over(now)),
            ended=Min("starts_at", filter=Q(is_ended=True)),
            open=Min("starts_at", filter=Q(is_ended=False)),
        )
    )
    return {
        row["personal_data__store_id"]: Standing(
            row["kept"], row["overdue"], _next_due_at(row)
        )
        for row in measured
    }


def _due_dates(first_store: int, last_store: int) -> Any:
    """Return key and due date of each row of personal data, by what its order says."""
    # By the range of keys, which takes any number of stores as two parameters.
    orders = Order.objects.filter(
        personal_data__store__gte=first_store, personal_data__store__lte=last_store
    )
    due = Case(
        When(is_ended=True, then=F("starts_at") + PERSONAL_DATA_KEPT),
        default=F("starts_at") + OPEN_PERSONAL_DATA_KEPT,
        output_field=DateTimeField(),
    )
    dated = _with_clock(orders).annotate(due=due).order_by()
    return dated.values_list("personal_data__pk", "due")


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
