"""Keeps buyer and recipient encrypted, masked by default, not too long; services layer.

Amazon's policy: personal data serves to fulfil the order, and goes 30 days after it was
delivered. We do not know the delivery, so the days count from shipping, which is
earlier.
"""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from typing import Any

from cryptography.fernet import InvalidToken
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, DateTimeField, Max, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from channels_amazon.errors import ShoplinkError
from channels_amazon.models import (
    Order,
    OrderPersonalData,
    Shipment,
    Store,
    dump_secret,
    load_secret,
)
from channels_amazon.services.diagnostics import Entry, Level, record
from channels_amazon.wording import sentence

logger = logging.getLogger(__name__)

KEPT = timedelta(days=30)
# An order that nobody ever shipped must not keep its buyer for ever.
KEPT_OPEN = timedelta(days=90)
_BATCH = 500
# Not personal by Amazon's list, and needed to see at a glance where a parcel goes.
_SHOWN = frozenset({"addressType", "city", "countryCode", "stateOrRegion"})
_DOTS = "•••"
_ENDED = (Order.Status.SHIPPED, Order.Status.CANCELLED, Order.Status.UNFULFILLABLE)


class PersonalDataUnreadable(ShoplinkError):
    """The key that encrypted the data is gone."""


def store_personal_data(
    order: Order, buyer: dict[str, Any] | None, recipient: dict[str, Any] | None
) -> bool:
    """Keep what Amazon gave of buyer and recipient; return whether anything is kept.

    Nothing is kept of orders that Amazon ships, which nobody here needs it for, nor of
    orders whose time is over. What Amazon no longer gives leaves what there is.
    """
    is_ours = order.fulfilled_by == Order.FulfilledBy.MERCHANT
    if not is_ours or not (buyer or recipient):
        return False
    now = timezone.now()
    if orders_past_their_time(now).filter(pk=order.pk).exists():
        return False
    given = {"buyer": dump_secret(buyer), "recipient": dump_secret(recipient)}
    OrderPersonalData.objects.update_or_create(
        order=order,
        defaults={name: text for name, text in given.items() if text}
        | {"received_at": now},
    )
    return True


def masked(order: Order) -> dict[str, Any]:
    """Return buyer and recipient with all that is personal hidden, {} for none."""
    try:
        data = _read(order)
    except InvalidToken:
        logger.warning("personal data unreadable order=%s", order.pk)
        return {}
    return {name: _mask(part) for name, part in data.items() if part}


def reveal(order: Order, user: AbstractBaseUser | AnonymousUser) -> dict[str, Any]:
    """Return buyer and recipient as they are; who asked is written down.

    The caller has checked that the user may. Raises PersonalDataUnreadable.
    """
    record(
        Entry(
            code="personal_data.revealed",
            level=Level.INFO,
            account=order.account,
            reference=order.amazon_order_id,
            message=sentence("Buyer and recipient of the order were shown unmasked."),
            actor=user.get_username(),
        )
    )
    try:
        return {name: part for name, part in _read(order).items() if part}
    except InvalidToken:
        raise PersonalDataUnreadable(
            "personal_data.undecryptable",
            sentence(
                "FERNET_KEYS no longer holds the key that encrypted this order's buyer."
            ),
            fix=sentence("Add the old key to FERNET_KEYS again, as a later one."),
        ) from None


def purge(now: datetime) -> int:
    """Delete the personal data of orders whose time is over; return of how many.

    Each store's log keeps the proof.
    """
    total = 0
    while True:
        over = orders_past_their_time(now).filter(personal_data__isnull=False)
        ids = list(over.order_by("pk").values_list("pk", flat=True)[:_BATCH])
        if not ids:
            return total
        counts = dict(
            Order.objects.filter(pk__in=ids)
            .order_by()
            .values("account__store")
            .annotate(orders=Count("pk"))
            .values_list("account__store", "orders")
        )
        OrderPersonalData.objects.filter(order__in=ids).delete()
        for store in Store.objects.filter(pk__in=counts):
            _tell_purged(store, counts[store.pk])
        total += len(ids)


def orders_past_their_time(now: datetime) -> QuerySet[Order]:
    """Return the orders of which no personal data may be kept any more."""
    shipped = (
        Shipment.objects.filter(order=OuterRef("pk"))
        .order_by()
        .values("order")
        .annotate(last=Max("shipped_at"))
        .values("last")
    )
    left_at = Coalesce(
        Subquery(shipped), "ship_by", "ordered_at", output_field=DateTimeField()
    )
    ended = Q(status__in=_ENDED, left_at__lt=now - KEPT)
    forgotten = Q(left_at__lt=now - KEPT_OPEN)
    orders: QuerySet[Order] = Order.objects.annotate(left_at=left_at)
    return orders.filter(ended | forgotten)


def _read(order: Order) -> dict[str, Any]:
    row = OrderPersonalData.objects.filter(order=order).first()
    if row is None:
        return {}
    return {"buyer": load_secret(row.buyer), "recipient": load_secret(row.recipient)}


def _mask(value: Any, key: str = "") -> Any:
    if isinstance(value, dict):
        return {name: _mask(inner, name) for name, inner in value.items()}
    if isinstance(value, list):
        return [_mask(inner, key) for inner in value]
    if key in _SHOWN or value in (None, ""):
        return value
    return _DOTS


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
