"""Deletes personal data whose time is over, and proves it; services layer.

Amazon's policy: personal data goes 30 days after delivery, and where the delivery is
not known 30 days after shipping, which is earlier. Nothing is asked of Amazon for it:
the sweep brings every order that Amazon changed, and the first time it shows all
packages as delivered counts. A delivery that is known only after the days of shipping
have ended prolongs nothing, and where Amazon tells of none those days stand.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
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

from channels_amazon.models import (
    Order,
    OrderPersonalData,
    PersonalDataWord,
    PurgeProof,
    Shipment,
    Store,
)
from channels_amazon.services.diagnostics.entries import Entry, Level, record
from channels_amazon.services.mcf.store_orders import purge_destinations
from channels_amazon.wording import sentence

KEPT = timedelta(days=30)
# An order that nobody ever shipped must not keep its buyer for ever.
KEPT_OPEN = timedelta(days=90)
# The purge runs every hour: what is overdue for longer was forgotten.
GRACE = timedelta(hours=3)
_BATCH = 500
_ENDED = (Order.Status.SHIPPED, Order.Status.CANCELLED, Order.Status.UNFULFILLABLE)


@dataclass(frozen=True, slots=True)
class KeptRow:
    """The personal data of one order: since when it is kept and when it must go."""

    amazon_order_id: str
    received_at: datetime
    due_at: datetime


@dataclass(frozen=True, slots=True)
class Standing:
    """What a store keeps at a moment, measured from its rows."""

    kept: int
    overdue: int
    next_due_at: datetime | None
    oldest: KeptRow | None


def purge(now: datetime) -> list[PurgeProof]:
    """Delete what may not be kept any more; return the proofs written, one a store.

    A store of which nothing had to go gets a proof once a day. Destinations of store
    orders go by the same rule; the proofs count Amazon's orders.
    """
    purge_destinations(now)
    proofs = (_purge_store(store, now) for store in Store.objects.order_by("pk"))
    return [proof for proof in proofs if proof is not None]


def standing(store: Store, now: datetime) -> Standing:
    """Return how much personal data the store keeps, and what of it is overdue."""
    kept = _with_clock(
        Order.objects.filter(account__store=store, personal_data__isnull=False)
    )
    measured = kept.aggregate(
        kept=Count("pk"),
        overdue=Count("pk", filter=_is_over(now)),
        ended=Min("starts_at", filter=Q(is_ended=True)),
        open=Min("starts_at", filter=Q(is_ended=False)),
    )
    dues = [
        _due_at(measured[name], is_ended=name == "ended")
        for name in ("ended", "open")
        if measured[name]
    ]
    first = kept.order_by("personal_data__received_at").values(
        "amazon_order_id", "personal_data__received_at", "starts_at", "is_ended"
    )
    row = first.first()
    return Standing(
        kept=measured["kept"],
        overdue=measured["overdue"],
        next_due_at=min(dues, default=None),
        oldest=_kept_row(row) if row else None,
    )


def orders_past_their_time(now: datetime) -> QuerySet[Order]:
    """Return the orders of which no personal data may be kept any more."""
    return _with_clock(Order.objects.all()).filter(_is_over(now))


def is_past_its_time(order: Order, now: datetime) -> bool:
    """Tell whether no personal data of a stored order may be kept any more."""
    times = (order.delivered_at, order.shipped_at, order.ship_by, order.ordered_at)
    # No clock began before the first of these, so that young orders cost no query.
    if all(at is None or at >= now - KEPT for at in times):
        return False
    return bool(orders_past_their_time(now).filter(pk=order.pk).exists())


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
    in_time = Q(delivered_at__lte=F("left_at") + KEPT)
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
    ended = Q(is_ended=True, starts_at__lt=now - KEPT)
    return ended | Q(starts_at__lt=now - KEPT_OPEN)


def _due_at(starts_at: datetime, *, is_ended: bool) -> datetime:
    return starts_at + (KEPT if is_ended else KEPT_OPEN)


def _kept_row(row: dict[str, Any]) -> KeptRow:
    return KeptRow(
        amazon_order_id=row["amazon_order_id"],
        received_at=row["personal_data__received_at"],
        due_at=_due_at(row["starts_at"], is_ended=row["is_ended"]),
    )


def _purge_store(store: Store, now: datetime) -> PurgeProof | None:
    orders = _delete(store, now)
    left = standing(store, now)
    if not orders and not left.overdue and _is_proved_today(store, now):
        return None
    if orders:
        _tell_purged(store, orders)
    proof: PurgeProof = PurgeProof.objects.create(
        store=store,
        at=now,
        orders=orders,
        kept=left.kept,
        overdue=left.overdue,
        next_due_at=left.next_due_at,
        days_after_delivery=KEPT.days,
        days_after_shipping=KEPT.days,
    )
    return proof


def _delete(store: Store, now: datetime) -> int:
    """Delete batch by batch, each in a transaction of its own; return of how many."""
    over = orders_past_their_time(now).filter(
        account__store=store, personal_data__isnull=False
    )
    ids = list(over.order_by("pk").values_list("pk", flat=True))
    total = 0
    for start in range(0, len(ids), _BATCH):
        rows = OrderPersonalData.objects.filter(order__in=ids[start : start + _BATCH])
        with transaction.atomic():
            PersonalDataWord.objects.filter(
                personal_data__in=rows.values("pk")
            ).delete()
            # Only the key: data that no key opens any more must go all the same.
            _all, by_model = rows.only("pk").delete()
        total += by_model.get(OrderPersonalData._meta.label, 0)
    return total


def _is_proved_today(store: Store, now: datetime) -> bool:
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return bool(
        PurgeProof.objects.filter(store=store, at__range=(midnight, now)).exists()
    )


def _tell_purged(store: Store, orders: int) -> None:
    record(
        Entry(
            code="personal_data.purged",
            level=Level.INFO,
            store=store,
            message=sentence(
                "Buyer and recipient of %(count)d orders were deleted: their time was "
                "over.",
                count=orders,
            ),
        )
    )
